//! The client of the endpoint API, with answers as the API gives them.

/// Shared with the tests of the command-line tool.
#[path = "../support/api.rs"]
mod api;

use crate::api::{Api, KEY, PROJECT, secret};
use panora_hooks::{
    Verifier,
    endpoints::{
        Api as Generation, ApiError, Client, Desired, NewEndpoint, SetupError, Step, Synced, warnings,
    },
};

const URL: &str = "https://example.com/webhook";

fn client(api: &Api) -> Client {
    Client::new(KEY).unwrap().base_url(&api.url()).unwrap()
}

fn id(number: usize) -> String {
    format!("e0000000-0000-4000-8000-{number:012}")
}

#[tokio::test]
async fn the_client_works_with_either_api_with_or_without_bodies() {
    for (is_older, is_silent) in [(false, false), (false, true), (true, false), (true, true)] {
        let api = Api::start();
        (api.state().is_older, api.state().is_silent) = (is_older, is_silent);
        let generation = if is_older { Generation::Older } else { Generation::Current };
        let client = client(&api).api(generation);

        let new = NewEndpoint::new(URL, ["crm.contact.created"]).description("for contacts");
        let created = client.create(&new).await.unwrap();
        assert_eq!(created.secret.as_str(), secret(1));
        assert_eq!(created.project_id.as_deref(), Some(PROJECT));
        assert_eq!(created.last_update, None);
        assert_eq!(client.list().await.unwrap(), std::slice::from_ref(&created));

        client.disable(&created.id).await.unwrap();
        assert!(!client.list().await.unwrap()[0].is_active);
        client.enable(&created.id).await.unwrap();
        assert!(client.list().await.unwrap()[0].is_active);
        client.delete(&created.id).await.unwrap();
        assert_eq!(client.list().await.unwrap(), []);

        let path = if is_older { "/webhook" } else { "/webhooks" };
        let mut calls = api.state().calls.clone();
        // The client lists endpoints in between, and more often if changes are answered without a
        // body.
        calls.retain(|call| !call.starts_with("GET "));
        assert_eq!(
            calls[0],
            format!(
                r#"POST {path} {{"description":"for contacts","scope":["crm.contact.created"],"url":"{URL}"}}"#
            )
        );
        assert_eq!(calls[1], format!(r#"PUT {path}/{} {{"active":false}}"#, created.id));
        assert_eq!(calls[3], format!("DELETE {path}/{}", created.id));
    }
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let api = Api::start();
    let client = Client::new(KEY).unwrap();
    for base in [format!("{}/panora", api.url()), format!("{}/panora/", api.url())] {
        let listed = client.clone().base_url(&base).unwrap().list().await;
        assert!(matches!(listed, Err(ApiError::NotFound { path }) if path == "/panora/webhooks"));
    }
}

#[tokio::test]
async fn optional_fields_may_be_null_and_unknown_fields_are_ignored() {
    let api = Api::start();
    let body = r#"[{"id_webhook_endpoint":"1","endpoint_description":null,"url":"https://a","secret":"s","active":false,
                    "created_at":null,"scope":null,"id_project":null,"last_update":null,"colour":"red"}]"#;
    api.state().answer = Some((206, "", body.to_owned()));
    let listed = client(&api).list().await.unwrap();
    assert_eq!((&*listed[0].description, listed[0].scope.len()), ("", 0));
    assert_eq!((&listed[0].created_at, &listed[0].project_id), (&None, &None));
}

#[tokio::test]
async fn nothing_shows_a_secret_or_the_key() {
    let api = Api::start();
    api.state().add(URL, &["crm.contact.created"]);
    let client = client(&api);
    let shown = format!("{client:?} {:#?} {:?}", client.list().await.unwrap(), Client::new("a b"));
    assert!(!shown.contains(&secret(1)) && !shown.contains(KEY), "{shown}");
    assert!(shown.contains("secret: .."), "{shown}");

    for (status, body) in [(400, secret(1)), (500, KEY.to_owned()), (200, format!(r#"{{"secret":"{KEY}"}}"#))]
    {
        api.state().answer = Some((status, "https://user:pass@elsewhere/?key=canary", body));
        let error = client.list().await.unwrap_err();
        let shown = format!("{error} {error:?}") + &format!("{:?}", anyhow::Error::from(error));
        for canary in [&secret(1), KEY, "canary", "pass"] {
            assert!(!shown.contains(canary), "{shown}");
        }
    }
}

#[tokio::test]
async fn answers_to_a_bad_key_are_recognised() {
    let api = Api::start();
    api.state().add(URL, &["crm.contact.created"]);
    let unknown = Client::new("sk_prod_unknown").unwrap().base_url(&api.url()).unwrap();
    assert!(matches!(unknown.list().await, Err(ApiError::UnknownKey)));
    assert!(matches!(unknown.create(&NewEndpoint::new(URL, ["x"])).await, Err(ApiError::UnknownKey)));
    assert!(matches!(unknown.disable(&id(1)).await, Err(ApiError::UnknownKey)));
    assert!(matches!(unknown.delete(&id(1)).await, Err(ApiError::UnknownKey)));
    // The header of the other generation is ignored.
    let older = client(&api).api(Generation::Older);
    api.state().is_older = false;
    assert!(matches!(older.list().await, Err(ApiError::Refused { status: 401 })));
}

#[tokio::test]
async fn the_reason_of_a_500_for_an_endpoint_is_recognised() {
    let api = Api::start();
    let used = api.state().add(URL, &["crm.contact.created"]);
    api.state().used.push(used.clone());
    let client = client(&api);

    assert!(matches!(client.delete(&used).await, Err(ApiError::InUse { id }) if id == used));
    client.disable(&used).await.unwrap();
    for strange in ["e0000000-0000-4000-8000-000000000009", "no uuid", "..", "", "a/b", "?", "%2e%2e"] {
        let results =
            [client.delete(strange).await, client.enable(strange).await, client.disable(strange).await];
        for result in results {
            assert!(
                matches!(result, Err(ApiError::UnknownEndpoint { ref id }) if id == strange),
                "{strange}: {result:?}"
            );
        }
    }
    assert_eq!(api.summary(), [format!("{URL} crm.contact.created inactive")]);

    api.state().is_deaf = true;
    assert!(matches!(client.enable(&used).await, Err(ApiError::Unchanged { .. })));
}

#[tokio::test]
async fn errors_for_other_answers_say_what_to_do() {
    let api = Api::start();
    let client = client(&api);
    let cases = [
        (
            302,
            "https://login.example.com/a?b",
            "",
            "the API redirects (302), which is not followed: set the base URL to where the API is, perhaps `https://login.example.com`",
        ),
        (308, "", "", "the API redirects (308), which is not followed: set the base URL to where the API is"),
        (429, "", "", "the API takes 100 requests a minute: wait a minute"),
        (
            404,
            "",
            "",
            "there is no `/webhooks` at this base URL: check the URL, and whether the API is the current one (`/webhooks`) or the one before August 2024 (`/webhook`)",
        ),
        (503, "", "", "the API answered 503: look at its own log"),
        (200, "", "<html>", "the answer is not one of Panora's API: check the base URL"),
        (204, "", "", "the answer is not one of Panora's API: check the base URL"),
    ];
    for (status, location, body, says) in cases {
        api.state().answer = Some((status, location, body.to_owned()));
        let before = api.state().calls.len();
        assert_eq!(client.list().await.unwrap_err().to_string(), says);
        assert_eq!(api.state().calls.len(), before + 1, "nothing is asked twice");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_from_the_api_is_an_error() {
    let api = Api::start();
    let client = client(&api);
    let portal = "<html>sign in</html>";
    api.state().answer = Some((200, "", portal.to_owned()));
    for result in [client.disable(&id(1)).await, client.enable(&id(1)).await, client.delete(&id(1)).await] {
        let Err(ApiError::MayHaveHappened(cause)) = result else { panic!("{result:?}") };
        assert!(matches!(*cause, ApiError::Malformed), "{cause:?}");
    }
    api.state().answer = Some((200, "", " ".repeat(17 << 20)));
    assert!(matches!(client.list().await, Err(ApiError::TooLarge { limit: 16_777_216 })));
}

#[tokio::test]
async fn an_endpoint_without_scope_or_valid_url_is_refused_before_the_request() {
    let api = Api::start();
    let client = client(&api);
    let none = NewEndpoint::new(URL, [] as [&str; 0]);
    assert!(matches!(client.create(&none).await, Err(ApiError::NoScope)));
    assert!(matches!(client.plan(&Desired::new(none)).await, Err(ApiError::NoScope)));
    let nowhere = NewEndpoint::new("example.com/webhook", ["crm.contact.created"]);
    assert!(matches!(client.create(&nowhere).await, Err(ApiError::NoUrl)));
    assert!(matches!(client.plan(&Desired::new(nowhere)).await, Err(ApiError::NoUrl)));
    assert_eq!(api.state().calls, [] as [&str; 0]);
}

#[tokio::test]
async fn an_unreachable_api_is_reported_as_such() {
    let url = Api::start().url();
    let client = Client::new(KEY).unwrap().base_url(&url).unwrap();
    let error = client.list().await.unwrap_err();
    assert_eq!(error.to_string(), "the API cannot be reached: check the base URL and the network");
}

#[test]
fn an_invalid_key_or_base_url_is_an_error() {
    for key in ["", " ", "a b", "key\n", "schlüssel"] {
        assert!(matches!(Client::new(key), Err(SetupError::Key)), "{key:?}");
    }
    let unset = Client::from_env("PANORA_TEST_NO_SUCH_KEY").unwrap_err();
    assert_eq!(
        unset.to_string(),
        "the environment variable `PANORA_TEST_NO_SUCH_KEY` is not set: set it to an API key of the project"
    );
    let client = Client::new(KEY).unwrap();
    for url in
        ["", "api.panora.dev", "ftp://a", "https://user:pass@a", "https://a?b", "https://a#b", "data:text"]
    {
        let error = client.clone().base_url(url).unwrap_err();
        assert!(!error.to_string().contains("pass"));
    }
}

#[tokio::test]
async fn endpoints_that_the_api_should_not_accept_cause_warnings() {
    let api = Api::start();
    {
        let mut state = api.state();
        state.add(
            "http://example.com/webhook",
            &["crm.contact.created", "crm.company.push", "crm.contact.updated"],
        );
        state.add(
            "https://example.com",
            &["crm.contact.created", "crm.deal.created", "ats.eecos.pulled", "no.such.event"],
        );
        state.add("http://127.0.0.1:8000/webhook", &["ticketing.ticket.created"]);
        let off = state.add("http://off.example.com", &["crm.deal.created"]);
        state.endpoints.last_mut().unwrap()["active"] = false.into();
        assert_eq!(off, id(4));
        state.add("https://other.example.com", &["crm.contact.created"]);
        state.endpoints.last_mut().unwrap()["id_project"] = "another".into();
        state.add("webhook", &[]);
    }
    let found: Vec<_> =
        warnings(&client(&api).list().await.unwrap()).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "`http://example.com/webhook` is plain http: anyone on the way can read deliveries and send them again; use https",
            "`webhook` is not an http(s) URL, so nothing can be delivered there",
            "the endpoint at `webhook` subscribes to nothing",
            &format!(
                "endpoints `{}` and `{}` both subscribe to `crm.contact.created`: only one of them gets each event",
                id(1),
                id(2)
            ),
            "nothing is sent under the name `ats.eecos.pulled`: subscribe to `ats.eeocs.pulled`",
            "nothing is sent under the name `crm.company.push`: subscribe to `crm.company.created`",
            "no known release of Panora sends `crm.contact.updated`",
            "no known release of Panora sends `no.such.event`",
        ]
    );
}

/// Returns a receiver's verifier that accepts the secrets of the endpoints with these numbers.
fn accepting(numbers: &[usize]) -> Verifier {
    let (first, others) = numbers.split_first().unwrap();
    others.iter().fold(Verifier::new(secret(*first)).unwrap(), |verifier, number| {
        verifier.also_accept(secret(*number)).unwrap()
    })
}

fn desired(scope: &[&str]) -> Desired {
    Desired::new(NewEndpoint::new(URL, scope.iter().copied()))
}

#[tokio::test]
async fn a_first_sync_creates_and_a_second_does_nothing() {
    let api = Api::start();
    let client = client(&api);
    api.state().add("https://example.com/another", &["crm.deal.created"]);
    let desired = desired(&["crm.contact.created", "crm.contact.pulled"]);

    let plan = client.plan(&desired).await.unwrap();
    assert!(matches!(plan.steps(), [Step::Create(_)]) && plan.kept().is_none());
    assert_eq!(api.summary().len(), 1, "a plan changes nothing");

    let synced = client.sync(&desired).await.unwrap();
    assert_eq!(synced.created.unwrap().secret.as_str(), secret(2));
    assert_eq!((synced.disabled, synced.left), (vec![], vec![]));
    let summary = api.summary();
    assert_eq!(summary[1], format!("{URL} crm.contact.created,crm.contact.pulled active"));

    // The order of the names and the notation of the URL make no difference.
    for url in [URL, "HTTPS://EXAMPLE.COM:443/webhook"] {
        let again = Desired::new(NewEndpoint::new(url, ["crm.contact.pulled", "crm.contact.created"]));
        let plan = client.plan(&again).await.unwrap();
        assert_eq!((plan.steps(), plan.kept()), (&[][..], Some(&*id(2))));
        assert_eq!(client.sync(&again).await.unwrap().created, None);
    }
    // A redirect to a slash would lose events, so the other URL is distinct, although of the same
    // receiver.
    let slash = Desired::new(NewEndpoint::new("https://example.com/webhook/", ["crm.contact.pulled"]));
    assert_eq!(
        client.plan(&slash).await.unwrap().steps()[1..],
        [
            Step::Accept { id: None },
            Step::Disable { id: id(2), dropped: vec!["crm.contact.created".to_owned()] }
        ]
    );
    assert_eq!(api.summary(), summary);
}

#[tokio::test]
async fn a_changed_scope_replaces_the_endpoint_once_both_secrets_are_accepted() {
    let api = Api::start();
    let client = client(&api);
    api.state().add(URL, &["crm.contact.created"]);
    let desired = desired(&["crm.contact.created", "crm.deal.created"]);

    // The accepted secrets are unknown, or only the old one is accepted: the old endpoint stays.
    let synced = client.sync(&desired).await.unwrap();
    assert_eq!(synced.created.as_ref().unwrap().id, id(2));
    assert_eq!(synced.left, [Step::Accept { id: Some(id(2)) }, Step::Disable { id: id(1), dropped: vec![] }]);
    for accepted in [desired.clone(), desired.clone().accepted_by(&accepting(&[1]))] {
        let again = client.sync(&accepted).await.unwrap();
        assert_eq!((again.created, again.disabled.len(), again.left), (None, 0, synced.left.clone()));
    }
    assert!(api.summary().iter().all(|endpoint| endpoint.ends_with(" active")));

    for (accepted, disabled) in [(&[1, 2][..], vec![id(1)]), (&[2], vec![])] {
        let accepted = desired.clone().accepted_by(&accepting(accepted));
        let synced = client.sync(&accepted).await.unwrap();
        assert_eq!((synced.created, synced.disabled, synced.left), (None, disabled, vec![]));
        assert_eq!(
            api.summary(),
            [
                format!("{URL} crm.contact.created inactive"),
                format!("{URL} crm.contact.created,crm.deal.created active"),
            ]
        );
    }
}

#[tokio::test]
async fn a_secret_is_rotated_by_replacing_its_endpoint() {
    let api = Api::start();
    let client = client(&api);
    let old = api.state().add(URL, &["crm.contact.created"]);
    let rotate = desired(&["crm.contact.created"]).replacing(&old).accepted_by(&accepting(&[1]));

    let synced = client.sync(&rotate).await.unwrap();
    assert_eq!(synced.created.unwrap().id, id(2));
    assert_eq!(
        synced.left,
        [Step::Accept { id: Some(id(2)) }, Step::Disable { id: old.clone(), dropped: vec![] }]
    );
    let synced = client.sync(&rotate.clone().accepted_by(&accepting(&[2, 1]))).await.unwrap();
    assert_eq!((synced.created, synced.disabled), (None, vec![old.clone()]));
    assert_eq!(client.plan(&rotate.accepted_by(&accepting(&[2]))).await.unwrap().steps(), []);

    // A disabled endpoint is not enabled, because its secret may have leaked, and no other one is
    // created beside it.
    client.disable(&id(2)).await.unwrap();
    let refused = client.plan(&desired(&["crm.contact.created"])).await.unwrap_err();
    assert!(matches!(refused, ApiError::Disabled { id: disabled } if disabled == id(2)));
    let plan = client.plan(&desired(&["crm.contact.created"]).replacing(id(2))).await.unwrap();
    assert!(matches!(plan.steps(), [Step::Create(_)]));

    let unknown = desired(&["crm.contact.created"]).replacing("e0");
    let refused = client.sync(&unknown).await.unwrap_err();
    assert!(matches!(refused.cause, ApiError::UnknownEndpoint { id } if id == "e0"));
    assert_eq!(*refused.synced, Synced::default());
}

#[tokio::test]
async fn an_endpoint_moves_to_another_url() {
    let api = Api::start();
    let client = client(&api);
    let old = api.state().add("http://old.example.com", &["crm.contact.created"]);
    let stays = client.plan(&desired(&["crm.contact.created"])).await.unwrap();
    assert_eq!(
        stays.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "`http://old.example.com` is plain http: anyone on the way can read deliveries and send them again; use https",
            &format!(
                "endpoints `the new one` and `{old}` both subscribe to `crm.contact.created`: only one of them gets each event"
            ),
        ]
    );
    let moves = desired(&["crm.contact.created"]).replacing(&old).assume_accepted();
    assert_eq!(client.plan(&moves).await.unwrap().warnings(), []);
    let synced = client.sync(&moves).await.unwrap();
    assert_eq!((synced.created.unwrap().id, synced.disabled, synced.left), (id(2), vec![old], vec![]));
}

#[tokio::test]
async fn of_matching_endpoints_the_one_whose_secret_is_in_use_stays() {
    let api = Api::start();
    let client = client(&api);
    for _ in 0..3 {
        api.state().add(URL, &["crm.contact.created"]);
    }
    let desired = desired(&["crm.contact.created"]);
    let unknown = client.plan(&desired).await.unwrap();
    assert_eq!(unknown.kept(), Some(&*id(1)));
    assert!(matches!(unknown.steps(), [Step::Accept { .. }, Step::Disable { .. }, Step::Disable { .. }]));

    // The same if acceptance is assumed.
    let in_use = desired.clone().accepted_by(&accepting(&[2]));
    assert_eq!(client.plan(&in_use.clone().assume_accepted()).await.unwrap().kept(), Some(&*id(2)));
    let synced = client.sync(&in_use).await.unwrap();
    assert_eq!((synced.kept, synced.disabled), (Some(id(2)), vec![id(1), id(3)]));
    // A receiver that accepts none of the secrets would refuse every delivery.
    let plan = client.plan(&desired.accepted_by(&accepting(&[3]))).await.unwrap();
    assert_eq!(plan.steps(), [Step::Accept { id: Some(id(2)) }]);
}

#[tokio::test]
async fn a_failed_sync_reports_the_completed_changes() {
    let api = Api::start();
    let client = client(&api);
    for _ in 0..2 {
        api.state().add(URL, &["crm.contact.created"]);
    }
    // The creation is answered, and the first of two endpoints is disabled.
    api.state().answers_left = Some(2);
    let failed = client.sync(&desired(&["crm.deal.created"]).assume_accepted()).await.unwrap_err();
    assert!(matches!(failed.cause, ApiError::MayHaveHappened(_)));
    assert_eq!(failed.synced.created.unwrap().secret.as_str(), secret(3));
    assert_eq!(failed.synced.disabled, [id(1)]);
    let left = Step::Disable { id: id(2), dropped: vec!["crm.contact.created".to_owned()] };
    assert_eq!(failed.synced.left, [left]);
}

#[tokio::test]
async fn a_sync_that_is_interrupted_anywhere_ends_in_the_same_state() {
    let sync_all = async |interrupt: Option<usize>| {
        let api = Api::start();
        let client = client(&api);
        api.state().add(URL, &["crm.contact.created"]);
        api.state().add(URL, &["crm.deal.created"]);
        api.state().add("https://example.com/another", &["ticketing.ticket.created"]);
        let desired =
            desired(&["crm.contact.created", "crm.deal.created"]).accepted_by(&accepting(&[1, 2, 4]));
        api.state().answers_left = interrupt;
        let first = client.sync(&desired).await;
        assert_eq!(first.is_err(), interrupt.is_some(), "{first:?}");
        api.state().answers_left = None;
        let second = client.sync(&desired).await.unwrap();
        assert_eq!(second.left, []);
        assert_eq!(client.plan(&desired).await.unwrap().steps(), []);
        api.summary()
    };
    // With and without an interruption after the creation.
    let whole = sync_all(None).await;
    assert_eq!(whole.iter().filter(|endpoint| endpoint.ends_with(" active")).count(), 2);
    assert_eq!(sync_all(Some(0)).await, whole);

    // All changes in one run, interrupted after each of them.
    for interrupt in 0..3 {
        let api = Api::start();
        let client = client(&api);
        api.state().add(URL, &["crm.contact.created"]);
        api.state().add(URL, &["crm.deal.created"]);
        let desired = desired(&["crm.contact.created", "crm.deal.created"]).assume_accepted();
        api.state().answers_left = Some(interrupt);
        client.sync(&desired).await.unwrap_err();
        api.state().answers_left = None;
        client.sync(&desired).await.unwrap();
        assert_eq!(
            api.summary(),
            [
                format!("{URL} crm.contact.created inactive"),
                format!("{URL} crm.deal.created inactive"),
                format!("{URL} crm.contact.created,crm.deal.created active"),
            ]
        );
    }
}
