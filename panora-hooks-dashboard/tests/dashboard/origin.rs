//! Actions that other sites send, and the headers of answers.

use axum::http::Method;
use panora_hooks::inbox::Inbox;
use panora_hooks_dashboard::Access;

use crate::support::{Site, one_of_each, request};

type Headers<'h> = &'h [(&'h str, &'h str)];

const ACTIONS: [&str; 4] = [
    "/actions?action=drop&event=2",
    "/actions?action=replay&state=dead",
    "/action/1/stop",
    "/event/2/reveal",
];

#[tokio::test]
async fn an_action_of_another_origin_is_refused() {
    let inbox = one_of_each().await;
    let site = Site::new(inbox.clone(), Access::operate().with_data());
    let own = ("host", "inbox.example");
    let foreign: &[Headers<'_>] = &[
        &[own, ("sec-fetch-site", "cross-site")],
        &[own, ("sec-fetch-site", "same-site")],
        &[own, ("sec-fetch-site", "none")],
        &[own, ("sec-fetch-site", "")],
        &[own, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
        // The header decides, even if the origin is equal.
        &[own, ("sec-fetch-site", "cross-site"), ("origin", "http://inbox.example")],
        &[own],
        &[],
        &[own, ("origin", "null")],
        &[own, ("origin", "")],
        &[own, ("origin", "inbox.example")],
        &[own, ("origin", "http://")],
        &[own, ("origin", "http://evil.example")],
        &[own, ("origin", "http://inbox.example.evil.example")],
        &[own, ("origin", "http://inbox.example:81")],
        &[own, ("origin", "http://inbox.example:443")],
        &[own, ("origin", "https://inbox.example:80")],
        &[own, ("origin", "ftp://inbox.example")],
        &[own, ("origin", "http://inbox.example@evil.example")],
        &[own, ("origin", "http://inbox.example"), ("origin", "http://evil.example")],
        &[own, ("host", "evil.example"), ("origin", "http://evil.example")],
        &[("origin", "http://inbox.example")],
    ];
    for headers in foreign {
        for path in ACTIONS {
            let answer = site.send(request(Method::POST, path, headers)).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            answer.assert_absent(&["dead-2"]);
        }
    }
    assert_eq!(inbox.depth().await.unwrap().dead, 1);
    assert!(inbox.audit(None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_action_of_the_same_origin_is_accepted() {
    let own: &[Headers<'_>] = &[
        &[("sec-fetch-site", "same-origin")],
        &[("host", "inbox.example"), ("origin", "https://inbox.example")],
        &[("host", "192.168.0.7:8080"), ("origin", "http://192.168.0.7:8080")],
        &[("host", "[fd00::7]:8080"), ("origin", "http://[fd00::7]:8080")],
        &[("host", "Inbox.example"), ("origin", "http://inbox.example")],
        // A proxy may add the default port of the scheme.
        &[("host", "inbox.example:443"), ("origin", "https://inbox.example")],
        &[("host", "inbox.example:80"), ("origin", "http://inbox.example")],
        &[("host", "inbox.example"), ("origin", "https://inbox.example:443")],
    ];
    for headers in own {
        let inbox = one_of_each().await;
        let site = Site::new(inbox.clone(), Access::operate());
        let answer = site
            .send(request(Method::POST, "/actions?action=replay&event=2&state=dead&run=1", headers))
            .await;
        assert_eq!(answer.status, 303, "{headers:?}");
        assert_eq!(inbox.depth().await.unwrap().dead, 0, "{headers:?}");
    }
    // HTTP/2 has `:authority` in place of `Host`.
    let site = Site::new(one_of_each().await, Access::operate());
    let path = "http://inbox.example/actions?action=replay&event=2&state=dead&run=1";
    let answer = site.send(request(Method::POST, path, &[("origin", "http://inbox.example")])).await;
    assert_eq!(answer.status, 303);
    let answer = site.send(request(Method::POST, path, &[("origin", "http://evil.example")])).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn every_answer_has_the_headers_of_a_strict_page() {
    let site = Site::new(one_of_each().await, Access::operate().with_data());
    let own = [("sec-fetch-site", "same-origin")];
    let mut answers = Vec::new();
    for path in [
        "/",
        "/overview",
        "/events",
        "/events?state=nonsense",
        "/event/2",
        "/event/99",
        "/dead",
        "/confirm?action=drop&event=2",
        "/confirm?action=drop",
        "/actions",
        "/action/1",
        "/audit",
        "/assets/style.css",
        "/assets/live.js",
        "/assets/icon.svg",
    ] {
        answers.push((path, site.get(path).await));
    }
    for path in ["/actions?action=replay&event=2&state=dead&run=1", "/event/5/reveal", "/overview"] {
        answers.push((path, site.send(request(Method::POST, path, &own)).await));
    }
    answers.push(("cross-site", site.send(request(Method::POST, "/actions", &[])).await));
    for (path, answer) in answers {
        let policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        assert_eq!(answer.header("content-security-policy"), policy, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        answer.assert_absent(&["<script>", " style=", " onclick=", " onload=", "<style", "javascript:"]);
    }
}

#[tokio::test]
async fn files_have_their_content_types_and_the_script_is_small() {
    let site = Site::new(one_of_each().await, Access::read());
    for (path, content_type) in [
        ("/assets/style.css", "text/css; charset=utf-8"),
        ("/assets/live.js", "text/javascript; charset=utf-8"),
        ("/assets/icon.svg", "image/svg+xml"),
        ("/overview", "text/html; charset=utf-8"),
        ("/event/99", "text/html; charset=utf-8"),
    ] {
        assert_eq!(site.get(path).await.header("content-type"), content_type);
    }
    assert!(site.get("/assets/live.js").await.body.len() < 4096);
}
