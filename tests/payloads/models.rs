//! Values whose JSON differs from their meaning.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use crate::support::{Delivery, verifier};
use panora_hooks::{
    Event, HookError, State, hooks,
    models::{
        Connection, ConnectionTokenType, Expandable, PassthroughRetryResult, Secret, ats, crm, ecommerce,
        filestorage, hris, ticketing,
    },
    on,
    testing::{Outcome, sample},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Reads JSON as a model, which must write the same JSON.
#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "it is written where it is read")]
fn read<T: DeserializeOwned + Serialize>(json: Value) -> T {
    let model = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(&model).unwrap(), json);
    model
}

#[track_caller]
fn refused<T: DeserializeOwned>(json: Value) -> String {
    match serde_json::from_value::<T>(json) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn numbers_of_64_bits_are_read_from_text_and_from_numbers() {
    let amount = |json| read::<crm::DealRow>(json!({ "id_crm_deal": "1", "amount": json })).amount;
    assert_eq!(amount(json!("1500")), Some(1500));
    assert_eq!(amount(json!(1500)), Some(1500));
    assert_eq!(amount(json!("-1")), Some(-1));
    assert_eq!(amount(json!("9007199254740993")), Some(9_007_199_254_740_993));
    assert_eq!(amount(json!("9223372036854775807")), Some(i64::MAX));
    assert_eq!(amount(json!("-9223372036854775808")), Some(i64::MIN));
    assert_eq!(amount(Value::Null), None);
}

#[test]
fn numbers_that_javascript_has_rounded_are_read() {
    let amount = |json: &str| {
        let deal: crm::Deal = serde_json::from_str(&format!(r#"{{"id":"1","amount":{json}}}"#)).unwrap();
        deal.amount
    };
    // The largest 64-bit integer, as JavaScript writes it.
    assert_eq!(amount("9223372036854776000"), Some(i64::MAX));
    assert_eq!(amount("-9223372036854776000"), Some(i64::MIN));
    assert_eq!(amount("1e3"), Some(1000));
}

#[test]
fn values_that_are_not_64_bit_integers_are_refused() {
    for wrong in [
        json!(1.5),
        json!(1e30),
        json!("1.5"),
        json!(""),
        json!("12 000"),
        json!("inf"),
        json!("5.0"),
        json!("9223372036854775808"),
        json!(true),
    ] {
        let error = refused::<crm::DealRow>(json!({ "id_crm_deal": "1", "amount": wrong }));
        assert!(error.contains("expected a 64-bit number"), "{error}");
    }
    let error = refused::<ecommerce::Order>(json!({ "id": "1", "total_price": "NaN" }));
    assert!(error.contains("expected a number"), "{error}");
}

#[test]
fn amounts_are_written_as_javascript_writes_them() {
    for text in [
        "1500",
        "0",
        "-3",
        "12.5",
        "0.1",
        "1234567.89",
        "123.456",
        "9007199254740993000",
        "12345678901234567000",
        "1e+21",
        "1e-7",
    ] {
        let json = format!(r#"{{"id":"1","total_price":{text}}}"#);
        let order: ecommerce::Order = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&order).unwrap(), json);
        assert_eq!(order.total_price, Some(text.parse().unwrap()));
    }
    assert_eq!(read::<ecommerce::Order>(json!({ "id": "1", "total_tax": "12.5" })).total_tax, Some(12.5));
}

#[test]
fn a_size_that_is_the_text_null_is_none() {
    let file: filestorage::File = read(json!({ "id": "1", "size": "null" }));
    assert_eq!(file.size, None);
    let file: filestorage::File = read(json!({ "id": "1", "size": "2048" }));
    assert_eq!(file.size, Some(2048));
    let folder: filestorage::Folder = read(json!({ "id": "1", "size": "null", "name": "null" }));
    assert_eq!((folder.size, folder.name.as_deref()), (None, Some("null")));
}

#[test]
fn dates_are_text_that_converts_to_a_time() {
    let time = |text: &str| {
        let activity: ats::Activity = read(json!({ "id": "1", "remote_created_at": text }));
        activity.remote_created_at.map(|date| date.timestamp().map(|time| time.to_string()))
    };
    let noon = || Some(Ok("2024-10-01T12:00:00Z".to_owned()));
    assert_eq!(time("2024-10-01T12:00:00.000Z"), noon());
    assert_eq!(time("2024-10-01T14:00:00+02:00"), noon());
    assert_eq!(time("Tue Oct 01 2024 12:00:00 GMT+0000 (Coordinated Universal Time)"), noon());
    assert_eq!(time("Tue Oct 01 2024 14:00:00 GMT+0200 (Central European Summer Time)"), noon());
    assert_eq!(time("Tue Oct 01 2024 12:00:00 GMT+0000"), noon());
    assert_eq!(time("null"), None);
    for wrong in ["", "yesterday", "2024-10-01", "2024-13-01T12:00:00.000Z", "Invalid Date", "1727784000000"]
    {
        let error = time(wrong).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "expected a date and time such as `2024-10-01T12:00:00.000Z`");
    }
    let activity: ats::Activity = read(json!({ "id": "1", "remote_created_at": "yesterday" }));
    assert_eq!(activity.remote_created_at.as_deref(), Some("yesterday"));
}

#[test]
fn an_unknown_enum_value_is_kept() {
    let task = |status: &str| read::<crm::Task>(json!({ "id": "1", "status": status })).status.unwrap();
    assert_eq!(task("PENDING"), crm::TaskStatus::Pending);
    assert_eq!(task("ON_HOLD"), crm::TaskStatus::Unknown("ON_HOLD".to_owned()));
    assert_eq!(task("pending").as_str(), "pending");
    assert_eq!(task("COMPLETED").to_string(), "COMPLETED");
    let gender = read::<hris::Employee>(json!({ "id": "1", "gender": "NON-BINARY" })).gender;
    assert_eq!(gender, Some(hris::Gender::NonBinary));
    // A row has the same values as its object.
    let row: crm::EngagementRow = read(json!({ "id_crm_engagement": "1", "type": "CALL" }));
    assert_eq!(row.r#type, Some(crm::EngagementType::Call));
    for (text, known) in [("oauth2", ConnectionTokenType::Oauth2), ("api_key", ConnectionTokenType::ApiKey)] {
        let connection: Connection = read(json!({ "id_connection": "1", "token_type": text }));
        assert_eq!(connection.token_type, Some(known));
    }
}

#[test]
fn custom_fields_with_the_text_null_have_no_value() {
    let contact: crm::Contact = read(json!({
        "id": "1",
        "field_mappings": { "points": "42", "nickname": "null", "nested": { "a": 1 } },
    }));
    let mappings = contact.field_mappings.unwrap();
    assert_eq!(mappings.text("points"), Some("42"));
    assert_eq!(mappings.text("nickname"), None);
    assert_eq!(mappings.text("nothing"), None);
    assert_eq!(mappings["nested"]["a"], 1);
}

#[test]
fn a_reference_is_an_id_or_an_object() {
    let candidate: ats::Candidate = read(json!({
        "id": "1",
        "tags": ["t1", { "id": "t2", "name": "senior", "new": true }],
    }));
    let Some([Expandable::Id(id), Expandable::Object(tag)]) = candidate.tags.as_deref() else { panic!() };
    assert_eq!((&**id, tag.name.as_deref()), ("t1", Some("senior")));
    assert_eq!(tag.extra["new"], true);
    let error = refused::<ats::Candidate>(json!({ "id": "1", "tags": [7] }));
    assert!(error.contains("expected an id or an object"), "{error}");
}

#[test]
fn a_missing_row_in_a_list_is_none() {
    let ticket: ticketing::Ticket =
        read(json!({ "id": "1", "tags": [null, { "id_tcg_tag": "t", "name": "urgent" }] }));
    let Some([None, Some(tag)]) = ticket.tags.as_deref() else { panic!() };
    assert_eq!(tag.name.as_deref(), Some("urgent"));
}

#[test]
fn the_answer_of_a_provider_is_read() {
    let answer: PassthroughRetryResult = read(json!({
        "status": 200,
        "statusText": "OK",
        "headers": { "authorization": "Bearer hunter2" },
        "config": { "headers": { "Authorization": "Bearer hunter2" } },
        "request": "[object ClientRequest]",
        "data": { "id": 1 },
    }));
    assert_eq!((answer.status, answer.status_text.as_deref()), (Some(200.0), Some("OK")));
    assert!(!format!("{answer:?}").contains("hunter2"));
}

#[test]
fn a_changed_model_is_written_with_its_changes() {
    let mut deal: crm::Deal =
        serde_json::from_value(json!({ "id": "1", "name": null, "amount": "5", "new": 1 })).unwrap();
    deal.name = Some("Rockets".to_owned());
    deal.amount = Some(6);
    deal.description = Some("Ten".to_owned());
    deal.extra.insert("newer".to_owned(), json!(2));
    // For a known name, the field of the model counts.
    deal.extra.insert("name".to_owned(), json!("not this"));
    let written = serde_json::to_value(&deal).unwrap();
    let expected =
        json!({ "id": "1", "name": "Rockets", "amount": "6", "description": "Ten", "new": 1, "newer": 2 });
    assert_eq!(written, expected);
    deal.amount = None;
    assert_eq!(serde_json::to_value(&deal).unwrap().get("amount"), None);
    let mut file: filestorage::File = read(json!({ "id": "1", "size": "null" }));
    file.size = Some(7);
    assert_eq!(serde_json::to_value(&file).unwrap(), json!({ "id": "1", "size": "7" }));
    let built = crm::Deal { id: "1".to_owned(), amount: Some(6), ..crm::Deal::default() };
    assert_eq!(serde_json::to_value(&built).unwrap(), json!({ "id": "1", "amount": 6 }));
}

#[test]
fn unknown_fields_can_be_moved_to_another_model() {
    let deal: crm::DealRow =
        serde_json::from_value(json!({ "id_crm_deal": "1", "name": null, "amount": "5", "new": 1 })).unwrap();
    let contact = crm::Contact { id: "1".to_owned(), extra: deal.extra, ..crm::Contact::default() };
    assert_eq!(serde_json::to_value(&contact).unwrap(), json!({ "id": "1", "new": 1 }));
}

#[test]
fn a_secret_of_the_wrong_type_is_not_shown() {
    let error = refused::<hris::EmployeeRow>(json!({ "id_hris_employee": "1", "ssn": 123_456_789 }));
    assert_eq!(error, "expected a string");
}

#[test]
fn models_can_be_embedded_in_other_types() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Scored {
        score: u8,
        #[serde(flatten)]
        deal: crm::DealRow,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        Many(Vec<crm::DealRow>),
        One(Box<crm::Deal>),
    }

    let deal = json!({ "score": 7, "id_crm_deal": "1", "amount": "5", "name": null, "new": [1] });
    let scored: Scored = serde_json::from_value(deal.clone()).unwrap();
    assert_eq!((scored.score, scored.deal.amount, &scored.deal.extra["new"]), (7, Some(5), &json!([1])));
    assert_eq!(serde_json::to_value(&scored).unwrap(), deal);
    let many: OneOrMany = read(json!([{ "id_crm_deal": "1", "amount": 5 }]));
    assert!(matches!(many, OneOrMany::Many(rows) if rows[0].amount == Some(5)));
    let one: OneOrMany = read(json!({ "id": "1", "amount": 5, "name": null }));
    assert!(matches!(one, OneOrMany::One(deal) if deal.amount == Some(5)));
}

#[test]
fn models_are_equal_by_their_values() {
    let read = |json| serde_json::from_value::<crm::DealRow>(json).unwrap();
    let text = read(json!({ "id_crm_deal": "1", "amount": "5", "name": null }));
    let number = read(json!({ "amount": 5, "id_crm_deal": "1" }));
    assert_eq!(text, number);
    assert_ne!(text, read(json!({ "id_crm_deal": "1", "amount": "5", "new": 1 })));
    assert_ne!(text, read(json!({ "id_crm_deal": "1", "amount": "6" })));
}

#[test]
fn a_duplicate_field_is_refused() {
    let error = serde_json::from_str::<crm::Contact>(r#"{"id":"1","id":"2"}"#).unwrap_err();
    assert!(error.to_string().starts_with("duplicate field `id`"), "{error}");
}

#[test]
fn a_payload_that_is_not_an_object_is_refused() {
    for wrong in [json!(null), json!([]), json!("1"), json!(1)] {
        assert!(refused::<crm::Contact>(wrong).contains("expected struct Contact"));
    }
    assert!(refused::<crm::Contact>(json!({ "id": null })).contains("expected a string"));
    assert!(refused::<crm::Contact>(json!({ "id": 7 })).contains("expected a string"));
}

#[test]
fn debug_hides_credentials() {
    const CANARY: &str = "hunter2";
    for (event_type, fields) in [
        ("connection.created", &["access_token", "refresh_token", "connection_token", "client_secret"][..]),
        ("hris.employee.created", &["ssn", "remote_data"]),
        ("hris.employee.pulled", &["[0].ssn"]),
        ("hris.dependent.pulled", &["[0].ssn"]),
        ("hris.bankinfo.pulled", &["[0].account_number", "[0].routing_number"]),
        ("filestorage.sharedlink.pulled", &["[0].password", "[0].secret"]),
        ("filestorage.file.created", &["shared_link.password", "remote_data.password"]),
        ("crm.contact.created", &["remote_data.password", "new.password", "field_mappings.api_key"]),
    ] {
        let sample = fields.iter().fold(sample(event_type), |sample, field| sample.set(field, CANARY));
        let payload = sample.payload();
        assert_eq!(payload.matches(CANARY).count(), fields.len());
        let shown = match event_type {
            "connection.created" => show::<Connection>(&payload),
            "hris.employee.created" => show::<hris::Employee>(&payload),
            "hris.employee.pulled" => show::<Vec<hris::EmployeeRow>>(&payload),
            "hris.dependent.pulled" => show::<Vec<hris::DependentRow>>(&payload),
            "hris.bankinfo.pulled" => show::<Vec<hris::BankInfoRow>>(&payload),
            "filestorage.sharedlink.pulled" => show::<Vec<filestorage::SharedLinkRow>>(&payload),
            "filestorage.file.created" => show::<filestorage::File>(&payload),
            _ => show::<crm::Contact>(&payload),
        };
        assert!(!shown.contains(CANARY), "{shown}");
    }
    let secret = Secret::from(CANARY);
    assert_eq!((format!("{secret:?}").as_str(), &*secret), ("..", CANARY));
}

fn show<T: DeserializeOwned + Debug>(payload: &str) -> String {
    let model = serde_json::from_str::<T>(payload).unwrap();
    format!("{model:?}{model:#?}")
}

#[test]
fn debug_shows_other_fields() {
    let payload = json!({ "id": "1", "first_name": "Ada", "remote_data": { "a": 1 }, "new": 1 });
    let contact = format!("{:?}", read::<crm::Contact>(payload));
    assert!(
        contact.starts_with(r#"Contact { id: "1", first_name: Some("Ada"), last_name: None"#),
        "{contact}"
    );
    assert!(contact.ends_with(r#"remote_data: Some(..), extra: {"new"} }"#), "{contact}");
    let connection = read::<Connection>(json!({ "id_connection": "1", "access_token": "a" }));
    let connection = format!("{connection:?}");
    assert!(connection.contains("access_token: Some(..), refresh_token: None"), "{connection}");
}

type Seen = Arc<Mutex<Option<crm::Contact>>>;

#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<crm::Contact>, State(seen): State<Seen>) {
    *seen.lock().unwrap() = Some(contact);
}

#[tokio::test]
async fn an_error_has_the_path_of_the_field() {
    let sample = sample("crm.contact.created").set("email_addresses[1].email_address", 42);
    let outcome = sample.run(Seen::default(), hooks![contact_created]).await;
    let Outcome::Failed { error: HookError::Payload(error), .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(error.path(), Some("email_addresses[1].email_address"));
    assert_eq!(
        error.to_string(),
        "the payload of `crm.contact.created` does not fit `Contact` at \
         `email_addresses[1].email_address`: expected a string, found a number"
    );
}

#[test]
fn deep_nesting_is_refused_in_every_field() {
    let deep = [r#"{"a":["#.repeat(100_000), r#""x""#.to_owned(), "]}".repeat(100_000)].concat();
    for field in ["new", "remote_data", "field_mappings", "first_name", "email_addresses"] {
        let payload = format!(r#"{{"id":"1",{field:?}:{deep}}}"#);
        for data in [serde_json::to_string(&payload).unwrap(), payload] {
            let delivery = Delivery::new("crm.contact.created", &data);
            let delivery = verifier().verify(&delivery.body, &delivery.signature).map(|delivery| {
                drop(delivery.payload::<Value>().unwrap_err());
                delivery.payload::<crm::Contact>().unwrap_err()
            });
            // A payload that is not in a string is refused with the envelope.
            let Ok(error) = delivery else { continue };
            // Text and lists are not nested, so there the type is wrong.
            match field {
                "first_name" | "email_addresses" => assert!(error.path().unwrap().starts_with(field)),
                _ => assert!(error.to_string().ends_with("is nested too deep"), "{field}: {error}"),
            }
        }
    }
}
