//! The dashboard under a path, at the root, and behind a proxy that removes a prefix.

use std::net::SocketAddr;

use axum::{
    Router,
    http::{Method, Uri, request::Parts},
};
use panora_hooks_dashboard::{Access, Dashboard};
use reqwest::{Client, redirect::Policy};
use tokio::net::TcpListener;

use crate::support::{Site, one_of_each, request};

async fn dashboard<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Dashboard::new(one_of_each().await, |_: &Parts| Access::operate().with_data()).into_router()
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Follows every link from a page, and fails if one leads out of the dashboard or nowhere.
async fn crawl(start: &str, inside: &str) -> usize {
    let client = Client::new();
    let mut open = vec![start.to_owned()];
    let mut seen = Vec::<String>::new();
    while let Some(url) = open.pop() {
        let url = url.split('#').next().unwrap().to_owned();
        if seen.contains(&url) {
            continue;
        }
        assert!(url.starts_with(inside), "{url} is not inside {inside}");
        let answer = client.get(&url).send().await.unwrap();
        let (status, base) = (answer.status(), answer.url().clone());
        assert_eq!(status, 200, "{url}");
        assert!(base.as_str().starts_with(inside), "{url} redirects to {base}");
        seen.push(url);
        let body = answer.text().await.unwrap();
        for attribute in ["href=\"", "src=\""] {
            for link in body.split(attribute).skip(1) {
                let link = link.split('"').next().unwrap().replace("&amp;", "&");
                assert!(!link.starts_with('/'), "the absolute link {link} on {base}");
                open.push(base.join(&link).unwrap().into());
            }
        }
    }
    seen.len()
}

#[tokio::test]
async fn links_stay_inside_the_path_of_a_nested_dashboard() {
    let nested = Router::new().nest("/admin/webhooks", dashboard().await);
    let address = serve(nested).await;
    let inside = format!("http://{address}/admin/webhooks");
    assert!(crawl(&inside, &inside).await > 20);
}

#[tokio::test]
async fn a_nested_service_answers_with_and_without_the_trailing_slash() {
    let nested = Router::new().nest_service("/admin/webhooks", dashboard::<()>().await);
    let address = serve(nested).await;
    let inside = format!("http://{address}/admin/webhooks");
    assert!(crawl(&inside, &inside).await > 20);
    assert!(crawl(&format!("{inside}/"), &inside).await > 20);
}

#[tokio::test]
async fn links_work_at_the_root_of_a_server() {
    let address = serve(dashboard().await).await;
    let inside = format!("http://{address}/");
    assert!(crawl(&inside, &inside).await > 20);
}

#[tokio::test]
async fn the_root_redirects_to_an_address_that_is_relative_to_it() {
    let policy = Policy::none();
    let client = Client::builder().redirect(policy).build().unwrap();
    let nested = Router::new().nest("/admin/webhooks", dashboard().await);
    let addresses = [
        (serve(nested).await, "/admin/webhooks", "webhooks/overview"),
        (serve(dashboard().await).await, "/", "./overview"),
    ];
    for (address, path, location) in addresses {
        let answer = client.get(format!("http://{address}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        assert_eq!(answer.headers()["location"], location);
    }
}

#[tokio::test]
async fn a_path_parameter_in_front_cannot_redirect_elsewhere() {
    let nested = Site::of(Router::new().nest("/{tenant}", dashboard().await));
    let answer = nested.get("/https:").await;
    assert_eq!(answer.location(), "./https:/overview");
}

#[tokio::test]
async fn a_proxy_may_remove_the_prefix() {
    // The proxy maps `/tools/inbox/` to `/`, so a redirect to an absolute path would leave the
    // prefix.
    let inner = dashboard().await;
    let proxy = Router::new().fallback(move |request: axum::extract::Request| {
        let inner = Site::of(inner.clone());
        async move {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
            let Some(path) = path.strip_prefix("/tools/inbox/").map(|path| format!("/{path}")) else {
                return (axum::http::StatusCode::NOT_FOUND, axum::http::HeaderMap::new(), String::new());
            };
            let uri: Uri = path.parse().unwrap();
            let answer = inner.send(crate::support::request(Method::GET, &uri.to_string(), &[])).await;
            (answer.status, answer.headers, answer.body)
        }
    });
    let address = serve(proxy).await;
    let inside = format!("http://{address}/tools/inbox/");
    assert!(crawl(&inside, &inside).await > 20);
}

#[tokio::test]
async fn forms_post_to_the_dashboard() {
    let site = Site::of(Router::new().nest("/a/b", dashboard().await));
    let base = reqwest::Url::parse("http://h/a/b/confirm?action=replay&event=2").unwrap();
    let page = site.get("/a/b/confirm?action=replay&event=2").await;
    let form = page.links().into_iter().find(|link| link.starts_with("actions?")).unwrap();
    let target = base.join(&form).unwrap();
    let own = [("sec-fetch-site", "same-origin")];
    let path = format!("{}?{}", target.path(), target.query().unwrap());
    let started = site.send(request(Method::POST, &path, &own)).await;
    let result = target.join(started.location()).unwrap();
    assert!(result.path().starts_with("/a/b/action/"), "{result}");
    site.get(result.path()).await.assert(200, &["Completed: 1 event replayed."]);
}
