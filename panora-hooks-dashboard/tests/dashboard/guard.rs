//! The guard of a dashboard on loopback.

use std::net::SocketAddr;

use axum::{Router, http::Method, http::request::Parts};
use panora_hooks_dashboard::{Access, Dashboard, LocalGuard};
use reqwest::{Client, redirect::Policy};
use tokio::net::TcpListener;

use crate::support::{Answer, Site, one_of_each, request};

const ADDRESS: &str = "127.0.0.1:4321";

async fn guarded() -> (LocalGuard, Site) {
    let guard = LocalGuard::new().unwrap();
    let dashboard = Dashboard::new(one_of_each().await, |_: &Parts| Access::operate().with_data());
    let site = Site::of(guard.protect(dashboard.into_router()));
    (guard, site)
}

fn token(guard: &LocalGuard) -> String {
    let url = guard.url(ADDRESS.parse().unwrap(), "/");
    url.strip_prefix(&format!("http://{ADDRESS}/?token=")).unwrap().to_owned()
}

async fn visit(site: &Site, path: &str, headers: &[(&str, &str)]) -> Answer {
    site.send(request(Method::GET, path, headers)).await
}

#[tokio::test]
async fn the_token_moves_into_a_cookie_and_out_of_the_address() {
    let (guard, site) = guarded().await;
    let token = token(&guard);
    assert!(token.len() >= 32);
    let first = visit(&site, &format!("/events?state=dead&token={token}"), &[("host", ADDRESS)]).await;
    // A page and not a redirect, which would get no cookie if another site began the navigation.
    assert_eq!((first.status.as_u16(), first.location()), (200, ""));
    assert_eq!(first.links(), ["./events?state=dead"]);
    assert!(first.body.contains("http-equiv=\"refresh\" content=\"0; url=./events?state=dead\""));
    first.assert_absent(&[&token]);
    assert_eq!((first.header("cache-control"), first.header("referrer-policy")), ("no-store", "same-origin"));
    let cookie = first.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    let cookies = format!("other=1; {pair}");
    visit(&site, "/overview", &[("host", ADDRESS), ("cookie", &cookies)])
        .await
        .assert(200, &["1 event is dead"]);
    // Another dashboard on another port has another cookie.
    let answer = visit(&site, "/overview", &[("host", "127.0.0.1:4322"), ("cookie", pair)]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn requests_without_the_token_are_refused() {
    let (guard, site) = guarded().await;
    let other = token(&LocalGuard::new().unwrap());
    let token = token(&guard);
    assert_ne!(token, other);
    let name = "panora-hooks-dashboard-4321";
    let (half, other_cookie) = (&token[..32], format!("{name}={other}"));
    let half_cookie = format!("{name}={half}");
    let other_name = format!("other={token}");
    for (query, cookie) in [
        (String::new(), ""),
        (format!("token={other}"), ""),
        (format!("token={half}"), ""),
        ("token=".to_owned(), ""),
        (String::new(), &*other_cookie),
        (String::new(), &half_cookie),
        (String::new(), &other_name),
    ] {
        for path in ["/overview", "/assets/style.css", "/", "/events"] {
            let answer =
                visit(&site, &format!("{path}?{query}"), &[("host", ADDRESS), ("cookie", cookie)]).await;
            assert_eq!(answer.status, 403, "{path} {query} {cookie}");
            answer.assert_absent(&["dead", &token]);
            assert_eq!(answer.header("set-cookie"), "");
        }
    }
    let own = [("host", ADDRESS), ("sec-fetch-site", "same-origin")];
    let answer = site.send(request(Method::POST, "/actions?action=drop&state=dead", &own)).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn requests_for_other_hosts_are_refused_even_with_the_token() {
    let (guard, site) = guarded().await;
    let token = token(&guard);
    let cookie = format!("panora-hooks-dashboard-4321={token}");
    for host in [
        "evil.example",
        "evil.example:4321",
        "127.0.0.1.evil.example:4321",
        "localhost.evil.example:4321",
        "192.168.0.7:4321",
        "0.0.0.0:4321",
        "localhost@evil.example:4321",
        "evil.example@localhost:4321",
        "",
    ] {
        for path in [format!("/?token={token}"), "/overview".to_owned()] {
            let answer = visit(&site, &path, &[("host", host), ("cookie", &cookie)]).await;
            assert_eq!(answer.status, 403, "{host}");
            assert_eq!(answer.header("set-cookie"), "", "{host}");
        }
    }
    let two = [("host", ADDRESS), ("host", "evil.example"), ("cookie", &*cookie)];
    assert_eq!(visit(&site, "/overview", &two).await.status, 403);
    assert_eq!(visit(&site, "/overview", &[("cookie", &cookie)]).await.status, 403);
    for host in ["localhost:4321", "LOCALHOST:4321", "[::1]:4321", "127.0.0.2:4321"] {
        assert_eq!(
            visit(&site, "/overview", &[("host", host), ("cookie", &cookie)]).await.status,
            200,
            "{host}"
        );
    }
}

#[tokio::test]
async fn the_printed_url_opens_a_nested_dashboard() {
    let guard = LocalGuard::new().unwrap();
    let dashboard = Dashboard::new(one_of_each().await, |_: &Parts| Access::read());
    let receiver = Router::new().route("/webhook", axum::routing::post(|| async {}));
    let app = receiver.nest("/dashboard", guard.protect(dashboard.into_router()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });

    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let mut url = reqwest::Url::parse(&guard.url(address, "/dashboard")).unwrap();
    let entrance = client.get(url.clone()).send().await.unwrap();
    assert_eq!(entrance.status(), 200);
    let cookie = entrance.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = entrance.text().await.unwrap();
    url = url.join(page.split_once("href=\"").unwrap().1.split('"').next().unwrap()).unwrap();
    let root = client.get(url.clone()).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(root.status(), 303);
    url = url.join(root.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!(url.path(), "/dashboard/overview");
    assert_eq!(url.query(), None);
    let page = client.get(url).header("cookie", &cookie).send().await.unwrap();
    assert_eq!(page.status(), 200);
    // The receiver beside the dashboard needs no token.
    let answer = client.post(format!("http://{address}/webhook")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

#[test]
fn the_url_of_a_server_on_every_address_is_that_of_loopback() {
    let guard = LocalGuard::new().unwrap();
    for (address, expected) in [
        ("0.0.0.0:80", "http://127.0.0.1:80/a?token="),
        ("[::]:80", "http://[::1]:80/a?token="),
        ("127.0.0.2:80", "http://127.0.0.2:80/a?token="),
    ] {
        assert!(guard.url(address.parse().unwrap(), "/a").starts_with(expected));
    }
}

#[test]
fn the_token_is_not_part_of_the_debug_output() {
    let guard = LocalGuard::new().unwrap();
    assert!(!format!("{guard:?}").contains(&token(&guard)));
}
