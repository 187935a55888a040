//! A dashboard under test, and an inbox with events.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header::LOCATION, request::Parts},
};
use panora_hooks::{
    Verifier,
    inbox::{
        AttemptOutcome, AttemptReport, Decision, EventKey, Inbox, LeaseRequest, MemoryInbox, NewEvent,
        ParkReason, Settlement,
    },
};
use panora_hooks_dashboard::{Access, Dashboard};
use serde_json::json;
use tower_service::Service;

/// The answer to a request.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    #[track_caller]
    pub(crate) fn assert(self, status: u16, parts: &[&str]) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        for part in parts {
            assert!(self.body.contains(part), "no {part:?} in {}", self.body);
        }
        self
    }

    #[track_caller]
    pub(crate) fn assert_absent(&self, parts: &[&str]) {
        for part in parts {
            assert!(!self.body.contains(part), "{part:?} in {}", self.body);
        }
    }

    /// Returns the addresses of links and forms on the page.
    pub(crate) fn links(&self) -> Vec<String> {
        let attributes = ["href=\"", "action=\""];
        let links = attributes.iter().flat_map(|attribute| self.body.split(attribute).skip(1));
        links.map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
    }
}

/// A dashboard, called without a socket.
#[derive(Clone)]
pub(crate) struct Site(Router);

impl Site {
    pub(crate) fn new(inbox: impl Inbox, access: Access) -> Self {
        Self::of(Dashboard::new(inbox, move |_: &Parts| access.clone()).into_router())
    }

    pub(crate) fn of(router: Router) -> Self {
        Self(router)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response: Result<_, Infallible> = self.0.clone().call(request).await;
        let (parts, body) = response.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.into()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Sends a POST as a form of the dashboard does.
    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(request(Method::POST, path, &[("sec-fetch-site", "same-origin")])).await
    }

    /// Confirms an action and returns the page of its result.
    pub(crate) async fn act(&self, query: &str) -> Answer {
        let form = self.confirmation(query).await;
        self.submit(&form).await
    }

    /// Returns the address of the form that confirms an action.
    pub(crate) async fn confirmation(&self, query: &str) -> String {
        let page = self.get(&format!("/confirm?{query}")).await.assert(200, &[]);
        let form = page.links().into_iter().find(|link| link.starts_with("actions?"));
        format!("/{}", form.unwrap())
    }

    /// Sends the form of a confirmation and returns the page of the result.
    pub(crate) async fn submit(&self, form: &str) -> Answer {
        let started = self.post(form).await;
        assert_eq!(started.status, 303, "{}", started.body);
        self.get(&format!("/{}", started.location())).await
    }
}

pub(crate) fn request(method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

/// Stores an event and returns its key.
pub(crate) async fn put(inbox: &impl Inbox, id: &str, wire_type: &str, data: &str) -> EventKey {
    put_event(inbox, new_event(id, wire_type, data)).await
}

pub(crate) fn new_event(id: &str, wire_type: &str, data: &str) -> NewEvent {
    let verifier = Verifier::new("a secret of the tests").unwrap();
    let data = serde_json::to_string(data).unwrap();
    let (id, wire_type) = (json!(id), json!(wire_type));
    let body = format!(r#"{{"id_event":{id},"type":{wire_type},"data":{data}}}"#);
    let delivery = verifier.verify(body.as_bytes(), verifier.sign(&data)).unwrap();
    NewEvent::new(delivery)
}

pub(crate) async fn put_event(inbox: &impl Inbox, event: NewEvent) -> EventKey {
    inbox.put(vec![event]).await.unwrap()[0].key()
}

/// Stores an event without a hook.
pub(crate) async fn put_parked(inbox: &impl Inbox, id: &str) -> EventKey {
    let event = new_event(id, "crm.note.push", &format!("[\"{id}\"]"));
    put_event(inbox, event.parked(ParkReason::Unhandled)).await
}

/// Stores an event whose attempt ends with a decision.
pub(crate) async fn put_settled(
    inbox: &impl Inbox,
    (id, wire_type): (&str, &str),
    decision: Decision,
    outcome: AttemptOutcome,
    error: Option<&str>,
) -> EventKey {
    let data = serde_json::to_string(&[id]).unwrap();
    let key = put(inbox, id, wire_type, &data).await;
    settle_some(inbox, Some(key), decision, outcome, error).await;
    key
}

/// Settles the events that are ready.
pub(crate) async fn settle(
    inbox: &impl Inbox,
    decision: Decision,
    outcome: AttemptOutcome,
    error: Option<&str>,
) {
    settle_some(inbox, None, decision, outcome, error).await;
}

/// Settles one ready event or all of them.
async fn settle_some(
    inbox: &impl Inbox,
    only: Option<EventKey>,
    decision: Decision,
    outcome: AttemptOutcome,
    error: Option<&str>,
) {
    let worker: Arc<str> = "worker-of-the-tests".into();
    let request = LeaseRequest::new(u32::MAX, Duration::from_secs(60)).worker(Arc::clone(&worker));
    let settlements = inbox.lease(request).await.unwrap().into_iter().map(|leased| {
        let report = AttemptReport::new(outcome, Arc::clone(&worker)).duration(Duration::from_millis(25));
        let report = match error {
            Some(error) => report.error(error),
            None => report,
        };
        if only.is_some_and(|only| only != leased.token.key()) {
            return Settlement::new(leased.token, Decision::Release);
        }
        Settlement::new(leased.token, decision.clone()).attempt(report)
    });
    inbox.settle(settlements.collect()).await.unwrap();
}

/// Stores an event that is dead for a reason.
pub(crate) async fn put_dead(inbox: &impl Inbox, id: &str, reason: &str) -> EventKey {
    let (event, bury) = ((id, "crm.task.push"), Decision::Bury(reason.to_owned()));
    put_settled(inbox, event, bury, AttemptOutcome::Failed, Some(reason)).await
}

/// Stores an event whose hook succeeded.
pub(crate) async fn put_done(inbox: &impl Inbox, id: &str) -> EventKey {
    put_settled(inbox, (id, "crm.deal.push"), Decision::Complete, AttemptOutcome::Handled, None).await
}

/// An inbox with one event in each state: 1 done, 2 dead, 3 delayed, 4 parked, 5 ready.
pub(crate) async fn one_of_each() -> MemoryInbox {
    let inbox = MemoryInbox::new();
    put_done(&inbox, "done-1").await;
    put_dead(&inbox, "dead-2", "customer 17 is missing").await;
    let (later, error) = (Decision::RetryAfter(Duration::from_secs(3600)), Some("the service is busy"));
    put_settled(&inbox, ("delayed-3", "crm.company.push"), later, AttemptOutcome::TimedOut, error).await;
    put_parked(&inbox, "parked-4").await;
    put(&inbox, "ready-5", "crm.task.push", r#"{"first_name":"canary","id":5}"#).await;
    inbox
}

/// Returns a time in the form of a parameter.
pub(crate) fn seconds_from_now(seconds: i64) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let time = jiff::Timestamp::from_second(i64::try_from(since).unwrap() + seconds).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
