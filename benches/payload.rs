//! The time to decode a list of 16 KB into models, into `serde_json::Value`, and into structs that
//! collect unknown fields with serde's derive.
//!
//! The figures are comparable only within one run.

use divan::{Bencher, counter::BytesCount};
use panora_hooks::{
    Verifier,
    models::crm::CompanyRow,
    testing::{Sample, sample},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

fn main() {
    divan::main();
}

/// The row of a company, with serde's derive.
#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read and dropped")]
struct DerivedCompanyRow {
    id_crm_company: String,
    name: Option<String>,
    industry: Option<String>,
    number_of_employees: Option<String>,
    created_at: Option<String>,
    modified_at: Option<String>,
    remote_id: Option<String>,
    remote_platform: Option<String>,
    id_crm_user: Option<String>,
    id_linked_user: Option<String>,
    id_connection: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

/// Returns 16 KB of rows of companies.
fn rows() -> Sample {
    let payload = sample("crm.company.pulled").payload();
    let fixture: Vec<CompanyRow> = serde_json::from_str(&payload).expect("the fixture fits its model");
    let count = fixture.len() * 16 * 1024 / payload.len();
    Sample::new("crm.company.pulled", fixture.iter().cycle().take(count).collect::<Vec<_>>())
}

fn decode<T: DeserializeOwned>(bencher: Bencher<'_, '_>, sample: &Sample) {
    let verifier = Verifier::new("secret").expect("a secret");
    let (body, signature) = (sample.body(), sample.signature(&verifier));
    let delivery = verifier.verify(body.as_bytes(), signature).expect("a right signature");
    bencher
        .counter(BytesCount::of_str(&sample.payload()))
        .bench_local(|| delivery.payload::<T>().expect("it fits"));
}

#[divan::bench]
fn models(bencher: Bencher<'_, '_>) {
    decode::<Vec<CompanyRow>>(bencher, &rows());
}

#[divan::bench]
fn value(bencher: Bencher<'_, '_>) {
    decode::<Value>(bencher, &rows());
}

#[divan::bench]
fn derived(bencher: Bencher<'_, '_>) {
    decode::<Vec<DerivedCompanyRow>>(bencher, &rows());
}

#[divan::bench]
fn models_in_no_string(bencher: Bencher<'_, '_>) {
    decode::<Vec<CompanyRow>>(bencher, &rows().as_object());
}

#[divan::bench]
fn value_in_no_string(bencher: Bencher<'_, '_>) {
    decode::<Value>(bencher, &rows().as_object());
}
