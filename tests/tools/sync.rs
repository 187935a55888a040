//! Plans of endpoints, carried out while the API gives wrong answers and others change the
//! endpoints.

/// Shared with the tests of the command-line tool.
#[path = "../support/api.rs"]
mod api;

use panora_hooks::{
    Verifier,
    endpoints::{ApiError, Client, Desired, NewEndpoint, Step, Warning, warnings},
};
use serde_json::{Value, json};

use crate::api::{Api, Fault, KEY, secret};

const URL: &str = "https://example.com/webhook";
const NAME: &str = "crm.contact.created";

fn client(api: &Api) -> Client {
    Client::new(KEY).unwrap().base_url(&api.url()).unwrap()
}

fn id(number: usize) -> String {
    format!("e0000000-0000-4000-8000-{number:012}")
}

fn desired(scope: &[&str]) -> Desired {
    Desired::new(NewEndpoint::new(URL, scope.iter().copied()))
}

fn changes(api: &Api) -> usize {
    api.state().calls.iter().filter(|call| !call.starts_with("GET ")).count()
}

#[tokio::test]
async fn a_created_endpoint_is_compared_with_the_request_and_not_created_again() {
    for (field, value) in [
        ("active", json!(false)),
        ("active", json!(null)),
        ("scope", json!(["crm.deal.created"])),
        ("scope", json!([])),
        ("scope", json!([NAME, "crm.deal.created"])),
        ("url", json!("https://example.com/other")),
        ("url", json!(null)),
        ("url", json!("https://example.com/webhook/")),
    ] {
        let api = Api::start();
        api.state().stored_instead = vec![(field, value.clone())];
        let error = client(&api).sync(&desired(&[NAME])).await.unwrap_err().cause;
        let ApiError::Different { id: created, fields } = error else { panic!("{error}") };
        assert_eq!((&*created, &*fields), (&*id(1), &[field][..]));
        for _ in 0..3 {
            let error = client(&api).sync(&desired(&[NAME])).await.unwrap_err().cause;
            assert!(
                matches!(&error, ApiError::Misstored { id } | ApiError::Disabled { id } if *id == created),
                "{field} {value}: {error}"
            );
        }
        assert_eq!(changes(&api), 1, "{field} {value}");
        // The error ends when the endpoint is replaced, and the API stores the requested values.
        api.state().stored_instead.clear();
        let replaced = desired(&[NAME]).replacing(&created).assume_accepted();
        assert_eq!(client(&api).sync(&replaced).await.unwrap().created.unwrap().id, id(2));
        client(&api).delete(&created).await.unwrap();
        assert_eq!(client(&api).plan(&desired(&[NAME])).await.unwrap().steps(), []);
    }
    // The secret is required, too, and the description belongs to the request.
    for (field, value) in [("secret", json!(" ")), ("endpoint_description", json!("mine"))] {
        let api = Api::start();
        api.state().stored_instead = vec![(field, value)];
        let error = client(&api).create(&NewEndpoint::new(URL, [NAME])).await.unwrap_err();
        assert!(matches!(error, ApiError::Different { fields, .. } if fields == [field]));
    }
}

#[tokio::test]
async fn an_endpoint_that_is_stored_differently_from_its_answer_is_detected() {
    for (field, value) in [("active", json!(false)), ("scope", json!(["x"])), ("secret", json!("other"))] {
        let api = Api::start();
        api.state().stored_silently = vec![(field, value)];
        let error = client(&api).sync(&desired(&[NAME])).await.unwrap_err();
        assert!(matches!(error.cause, ApiError::Changed(_)), "{field}: {}", error.cause);
        assert_eq!(error.synced.created.unwrap().id, id(1));
    }
}

#[tokio::test]
async fn a_plan_stops_when_the_endpoints_have_changed() {
    type Change = fn(&mut api::State);
    let cases: [(&str, Change); 7] = [
        ("is new at this URL", |state| drop(state.add("https://example.com/webhook/", &[NAME]))),
        ("is disabled", |state| state.endpoints[0]["active"] = false.into()),
        ("is disabled", |state| state.endpoints[1]["active"] = false.into()),
        ("has another scope", |state| state.endpoints[1]["scope"] = json!(["x"])),
        ("has another URL", |state| state.endpoints[0]["url"] = "https://example.com/other".into()),
        ("has another secret", |state| state.endpoints[1]["secret"] = "other".into()),
        ("is gone", |state| drop(state.endpoints.remove(1))),
    ];
    for (says, change) in cases {
        let api = Api::start();
        api.state().add(URL, &["crm.deal.created"]);
        let synced = client(&api).sync(&desired(&[NAME])).await.unwrap();
        assert_eq!(synced.left.len(), 2);
        change(&mut api.state());
        let error = client(&api).resume(synced.clone()).await.unwrap_err();
        assert!(
            matches!(&error.cause, ApiError::Changed(change) if change.contains(says)),
            "{}",
            error.cause
        );
        assert_eq!(error.synced.left, synced.left[1..]);
        assert_eq!(changes(&api), 1, "nothing but the creation");
    }
    // Endpoints at other URLs do not matter.
    let api = Api::start();
    api.state().add(URL, &["crm.deal.created"]);
    let synced = client(&api).sync(&desired(&[NAME])).await.unwrap();
    api.state().add("https://example.com/other", &[NAME]);
    let synced = client(&api).resume(synced).await.unwrap();
    assert_eq!((synced.created.unwrap().id, synced.disabled, synced.left), (id(2), vec![id(1)], vec![]));
}

#[tokio::test]
async fn only_endpoints_at_the_same_url_are_disabled() {
    let api = Api::start();
    let url = "https://example.com/w?tenant=a";
    for other in [
        "https://example.com/w?tenant=a/",
        "https://example.com/w?tenant=A",
        "https://example.com/w?tenant=a#f",
        "https://example.com/w//?tenant=a",
        "https://u@example.com/w?tenant=a",
        "http://example.com/w?tenant=a",
        "https://example.com:8443/w?tenant=a",
        "w?tenant=a",
    ] {
        api.state().add(other, &["crm.deal.created"]);
    }
    let same = ["HTTPS://EXAMPLE.com:443/w?tenant=a", "https://example.com/w/?tenant=a"];
    let same: Vec<_> = same.iter().map(|url| api.state().add(url, &["crm.deal.created"])).collect();
    let desired = Desired::new(NewEndpoint::new(url, [NAME])).assume_accepted();
    let mut disabled = client(&api).sync(&desired).await.unwrap().disabled;
    disabled.sort();
    assert_eq!(disabled, same);
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_disabled_does_not_keep_the_others_active() {
    let api = Api::start();
    for _ in 0..3 {
        api.state().add(URL, &["crm.deal.created"]);
    }
    api.state().stuck.push(id(1));
    let failed = client(&api).sync(&desired(&[NAME]).assume_accepted()).await.unwrap_err();
    assert!(matches!(failed.cause, ApiError::MayHaveHappened(_)), "{}", failed.cause);
    assert_eq!(failed.synced.disabled, [id(2), id(3)]);
    assert!(matches!(&failed.synced.left[..], [Step::Disable { id: left, .. }] if *left == id(1)));
}

#[tokio::test]
async fn runs_that_are_interrupted_or_raced_leave_one_active_endpoint_whose_secret_is_accepted() {
    for interrupted in [None, Some(0), Some(1), Some(2)] {
        let api = Api::start();
        api.state().add(URL, &["crm.deal.created"]);
        api.state().add("https://example.com/other", &["crm.note.created"]);
        api.state().answers_left = interrupted;
        let (first, second) = (client(&api), client(&api));
        let desired = desired(&[NAME]);
        let _ = tokio::join!(first.sync(&desired), second.sync(&desired));
        api.state().answers_left = None;
        assert!(api.summary()[0].ends_with(" active"), "the endpoint whose secret is accepted");
        // The receiver accepts the new secret as well as the old one, and two operators run the
        // sync again concurrently.
        let verifier = Verifier::new(secret(3)).unwrap().also_accept(secret(1)).unwrap();
        let desired = desired.accepted_by(&verifier);
        let _ = tokio::join!(first.sync(&desired), second.sync(&desired));
        first.sync(&desired).await.unwrap();
        let active: Vec<_> =
            api.summary().into_iter().filter(|endpoint| endpoint.ends_with(" active")).collect();
        assert_eq!(
            active,
            ["https://example.com/other crm.note.created active".to_owned(), format!("{URL} {NAME} active")]
        );
        assert_eq!(first.plan(&desired).await.unwrap().kept(), Some(&*id(3)));
    }
}

/// Returns the active endpoints at the URL.
fn active(endpoints: &[Value]) -> Vec<&Value> {
    endpoints.iter().filter(|endpoint| endpoint["url"] == URL && endpoint["active"] == true).collect()
}

fn secrets(endpoints: &[Value]) -> Vec<String> {
    active(endpoints).iter().map(|endpoint| endpoint["secret"].as_str().unwrap().to_owned()).collect()
}

fn accepting(secrets: &[String]) -> Verifier {
    let first = Verifier::new(&secrets[0]).unwrap();
    secrets[1..].iter().fold(first, |verifier, secret| verifier.also_accept(secret).unwrap())
}

/// Operators run `sync` for varying scopes, alone or two at once for the same scope, while requests
/// and answers are lost. At times, the receiver begins to accept all current secrets. (Two
/// concurrent runs for different scopes can disable each other's endpoint, because the API has no
/// locks.)
#[tokio::test]
async fn losses_and_races_keep_an_accepted_endpoint_active_and_leave_one() {
    for seed in 0..150 {
        let mut random = fastrand::Rng::with_seed(seed);
        let api = Api::start();
        api.state().add(URL, &["crm.deal.created"]);
        let other = api.state().add("https://example.com/other", &["crm.note.created"]);
        let mut accepted = vec![secret(1)];
        let clients = [client(&api), client(&api)];
        let scopes = [&[NAME][..], &["crm.deal.created"], &[NAME, "crm.deal.created"]];
        for _ in 0..random.usize(1..5) {
            api.state().faults = (0..random.usize(..8))
                .map(|_| match random.u8(..4) {
                    0 => Fault::Lost,
                    1 => Fault::AnswerLost,
                    _ => Fault::None,
                })
                .collect();
            let verifier = accepting(&accepted);
            let desired = desired(random.choice(scopes).unwrap()).accepted_by(&verifier);
            if random.bool() {
                let _ = clients[0].sync(&desired).await;
            } else {
                let _ = tokio::join!(clients[0].sync(&desired), clients[1].sync(&desired));
            }
            for endpoints in std::mem::take(&mut api.state().history) {
                let is_served = secrets(&endpoints).iter().any(|secret| accepted.contains(secret));
                assert!(is_served, "{seed}: no endpoint is active whose secret is accepted: {endpoints:?}");
                let is_untouched = endpoints
                    .iter()
                    .any(|endpoint| endpoint["id_webhook_endpoint"] == *other && endpoint["active"] == true);
                assert!(is_untouched, "{seed}: {endpoints:?}");
            }
            if random.bool() {
                accepted.extend(secrets(&api.state().endpoints));
            }
        }
        api.state().faults.clear();
        let wanted = random.choice(scopes).unwrap();
        // One run creates the new endpoint, and the next one follows once its secret is accepted.
        for _ in 0..2 {
            accepted.extend(secrets(&api.state().endpoints));
            let done = clients[0].sync(&desired(wanted).accepted_by(&accepting(&accepted))).await;
            done.unwrap_or_else(|error| panic!("{seed}: {}", error.cause));
        }
        let endpoints = api.state().endpoints.clone();
        let left = active(&endpoints);
        assert_eq!(left.len(), 1, "{seed}: {endpoints:?}");
        assert_eq!(left[0]["scope"], json!(wanted), "{seed}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_change_says_that_it_may_have_happened() {
    let api = Api::start();
    let client = client(&api);
    for (status, body) in [
        (500, ""),
        (502, "<html>"),
        (201, ""),
        (204, ""),
        (200, "<html>"),
        (201, "{}"),
        (201, "[]"),
        (201, "{"),
    ] {
        api.state().answer = Some((status, "", body.to_owned()));
        let created = client.create(&NewEndpoint::new(URL, [NAME])).await;
        let error = created.unwrap_err();
        // This stub also answers 500 to lists, as the API does for an unknown key.
        if status == 500 {
            assert!(matches!(error, ApiError::UnknownKey), "{error}");
        } else {
            assert!(error.to_string().contains("may have happened"), "{status} {body}: {error}");
        }
    }
    for status in [400, 401, 404, 422, 429, 302] {
        api.state().answer = Some((status, "", String::new()));
        let error = client.create(&NewEndpoint::new(URL, [NAME])).await.unwrap_err();
        assert!(!error.to_string().contains("may have happened"), "{status}: {error}");
    }
}

#[tokio::test]
async fn a_damaged_row_does_not_hide_the_others() {
    let api = Api::start();
    let good = api.state().add(URL, &[NAME]);
    for row in [
        json!(null),
        json!("row"),
        json!({}),
        json!({ "id_webhook_endpoint": null, "url": "https://example.com/lost" }),
        json!({ "id_webhook_endpoint": "b", "active": null, "url": null, "secret": null, "scope": null }),
        json!({ "id_webhook_endpoint": "c", "active": "true", "url": 5, "secret": {}, "scope": [null, "x"] }),
        json!({ "id_webhook_endpoint": "d", "active": true, "url": URL, "secret": null, "created_at": 5 }),
    ] {
        api.state().endpoints.push(row);
    }
    let listed = client(&api).list().await.unwrap();
    assert_eq!((listed.len(), &*listed[0].id), (8, &*good));
    let found = warnings(&listed);
    assert_eq!(found.iter().filter(|warning| matches!(warning, Warning::Unreadable { .. })).count(), 4);
    assert!(found.contains(&Warning::NoSecret { endpoint: "d".to_owned() }));
    client(&api).disable(&good.to_uppercase()).await.unwrap();
    assert!(
        !client(&api).list().await.unwrap().iter().any(|endpoint| endpoint.id == good && endpoint.is_active)
    );
}

#[test]
fn overlaps_of_many_endpoints_are_grouped_into_few_warnings() {
    let row = |number: usize| {
        json!({
            "id_webhook_endpoint": number.to_string(), "active": true, "secret": "s", "id_project": "p",
            "url": format!("https://example.com/{number}"), "scope": [NAME, "crm.deal.created"],
        })
    };
    let endpoints: Vec<_> = (0..600).map(|number| serde_json::from_value(row(number)).unwrap()).collect();
    let found = warnings(&endpoints);
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [format!(
            "endpoints `0`, `1`, `2` and 597 more all subscribe to `{NAME}`, `crm.deal.created`: only one of them gets \
             each event"
        )]
    );
}
