//! Each kind of access, on each page and each action.

use axum::http::Method;
use panora_hooks::inbox::Inbox;
use panora_hooks_dashboard::{Access, Dashboard};

use crate::support::{Site, one_of_each, request};

const PAGES: [&str; 12] = [
    "/overview",
    "/overview?range=week",
    "/events",
    "/event/2",
    "/dead",
    "/actions",
    "/audit",
    "/pauses",
    "/assets/style.css",
    "/assets/live.js",
    "/assets/icon.svg",
    "/",
];
const CONFIRM: &str = "/confirm?action=replay&event=2";
const ACTIONS: [&str; 4] = [
    "/actions?action=replay&event=2",
    "/actions?action=drop&event=2",
    "/actions?action=replay&state=dead",
    "/actions?action=drop&state=dead",
];
const REVEAL: &str = "/event/5/reveal";

#[tokio::test]
async fn a_denied_request_gets_404_without_a_body_everywhere() {
    for access in [Access::deny(), Access::deny().with_data().named("mallory")] {
        let site = Site::new(one_of_each().await, access);
        for path in PAGES.into_iter().chain([CONFIRM, "/event/nonsense", "/overview?range=nonsense"]) {
            let answer = site.get(path).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (404, ""), "{path}");
            let headers: Vec<_> = answer.headers.keys().filter(|name| *name != "content-length").collect();
            assert!(headers.is_empty(), "{path}: {headers:?}");
        }
        for path in ACTIONS.into_iter().chain([REVEAL, "/action/1/stop"]) {
            let answer = site.post(path).await;
            assert_eq!((answer.status.as_u16(), &*answer.body), (404, ""), "{path}");
        }
    }
}

#[tokio::test]
async fn a_reader_sees_every_page_but_no_action() {
    for access in [Access::read(), Access::read().with_data()] {
        let inbox = one_of_each().await;
        let site = Site::new(inbox.clone(), access);
        for path in PAGES {
            let answer = site.get(path).await;
            assert!(answer.status.is_success() || answer.status == 303, "{path}: {}", answer.status);
            let actions = answer.links().into_iter().filter(|link| link.contains("action="));
            assert_eq!(actions.count(), 0, "{path}: {}", answer.body);
        }
        site.get("/events?state=dead").await.assert(200, &[]).assert_absent(&["confirm?"]);
        site.get(CONFIRM).await.assert(403, &["You may not replay or drop events."]);
        for path in ACTIONS {
            site.post(path).await.assert(403, &["You may not replay or drop events."]);
        }
        site.post("/action/1/stop").await.assert(403, &[]);
        site.get("/pauses?pattern=crm.*")
            .await
            .assert(200, &["Nothing is paused."])
            .assert_absent(&["<form"]);
        site.post("/pauses?action=pause&pattern=crm.*").await.assert(403, &["You may not pause"]);
        assert!(inbox.paused().await.unwrap().is_empty());
        site.get("/overview").await.assert(200, &["1 event is dead"]);
        site.get("/audit").await.assert(200, &["No action is recorded."]);
    }
}

#[tokio::test]
async fn an_operator_may_act() {
    let site = Site::new(one_of_each().await, Access::operate().named("ada"));
    for path in PAGES.into_iter().chain([CONFIRM]) {
        let answer = site.get(path).await;
        assert!(answer.status.is_success() || answer.status == 303, "{path}: {}", answer.status);
    }
    site.get("/event/2").await.assert(200, &["confirm?action=replay&amp;event=2"]);
    site.act("action=replay&event=2").await.assert(200, &["Completed: 1 event replayed."]);
    site.get("/overview").await.assert(200, &["Nothing needs attention."]);
}

#[tokio::test]
async fn a_payload_is_revealed_only_with_access_to_data() {
    for access in [Access::read(), Access::operate()] {
        let site = Site::new(one_of_each().await, access);
        site.get("/event/5")
            .await
            .assert(200, &["first_name", "text of 6"])
            .assert_absent(&["canary", "reveal"]);
        let refused = site.post(REVEAL).await.assert(403, &["You may not reveal payloads."]);
        refused.assert_absent(&["canary"]);
    }
    for access in [Access::read(), Access::operate()] {
        let site = Site::new(one_of_each().await, access.with_data().named("grace"));
        site.get("/event/5").await.assert(200, &["event/5/reveal"]).assert_absent(&["canary"]);
        site.post(REVEAL).await.assert(200, &["canary"]);
        site.get("/audit").await.assert(200, &["grace", "reveal", "event 5"]);
        // A reveal is a POST, so that no link or image reveals a payload.
        let answer = site.get(REVEAL).await;
        assert_eq!(answer.status, 405);
        answer.assert_absent(&["canary"]);
    }
}

#[tokio::test]
async fn the_access_function_sees_headers_and_extensions() {
    #[derive(Clone)]
    struct User(&'static str);
    let dashboard = Dashboard::new(one_of_each().await, |request: &axum::http::request::Parts| {
        match (request.extensions.get::<User>(), request.headers.get("x-role")) {
            (Some(User(name)), Some(role)) if role == "admin" => Access::operate().named(*name),
            (Some(_), _) => Access::read(),
            _ => Access::deny(),
        }
    });
    let site = Site::of(dashboard.into_router());
    site.get("/overview").await.assert(404, &[]);
    let mut visit = request(Method::GET, "/overview", &[("x-role", "admin")]);
    visit.extensions_mut().insert(User("ada"));
    site.send(visit).await.assert(200, &["ada", "may operate"]);
    let mut visit = request(Method::GET, "/overview", &[]);
    visit.extensions_mut().insert(User("ada"));
    site.send(visit).await.assert(200, &["read only"]);
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let site = Site::new(one_of_each().await, Access::operate());
    let own = [("sec-fetch-site", "same-origin")];
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        for path in ["/actions?action=drop&state=dead", "/event/2"] {
            assert_eq!(site.send(request(method.clone(), path, &own)).await.status, 405);
        }
    }
    site.get("/overview").await.assert(200, &["1 event is dead"]);
    let head = site.send(request(Method::HEAD, "/overview", &[])).await.assert(200, &[]);
    assert_eq!(head.body, "");
}
