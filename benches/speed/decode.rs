//! Decoding the list of a first sync, compared with the obvious two steps: the string, then its
//! JSON.

use std::hint::black_box;

use panora_hooks::{
    Verifier,
    models::crm::CompanyRow,
    testing::{Sample, sample},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    bodies::SECRET,
    ratio::{self, SIZES},
    table::Row,
};

pub(crate) fn compare() -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for size in SIZES.into_iter().skip(1) {
        let sample = rows_of(size)?;
        let models = against_two_steps::<Vec<CompanyRow>>(&sample)?;
        rows.push(Row::at_most(format!("decode rows / in two steps, {} KB", size >> 10), models, 1.0));
        let values = against_two_steps::<Value>(&sample)?;
        rows.push(Row::at_most(format!("decode a Value / in two steps, {} KB", size >> 10), values, 1.0));
    }
    Ok(rows)
}

fn against_two_steps<T: DeserializeOwned>(sample: &Sample) -> anyhow::Result<f64> {
    let verifier = Verifier::new(SECRET)?;
    let (body, signature) = (sample.body(), sample.signature(&verifier));
    let delivery = verifier.verify(body.as_bytes(), signature)?;
    let ours = || drop(black_box(black_box(&delivery).payload::<T>().expect("it fits")));
    let in_two_steps = || {
        let text: String = serde_json::from_str(black_box(delivery.data())).expect("it is a string");
        drop(black_box(serde_json::from_str::<T>(&text).expect("it fits")));
    };
    Ok(ratio::of_time(ours, in_two_steps))
}

/// Returns about `bytes` bytes of rows of companies.
fn rows_of(bytes: usize) -> anyhow::Result<Sample> {
    let payload = sample("crm.company.pulled").payload();
    let fixture: Vec<CompanyRow> = serde_json::from_str(&payload)?;
    let count = fixture.len() * bytes / payload.len();
    Ok(Sample::new("crm.company.pulled", fixture.iter().cycle().take(count).collect::<Vec<_>>()))
}
