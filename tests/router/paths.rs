//! The paths at which the router answers, over a real socket.

use std::sync::atomic::Ordering;

use crate::support::{Count, Delivery, NotOurs, Request, Server, assert_answer, contact, counting};
use axum::{Extension, Router, extract::State, response::IntoResponse, routing::get};

fn assert_served(router: Router, paths: &[&str], others: &[&str]) {
    let server = Server::start(router);
    let Delivery { body, signature } = contact();
    let post = |path: &str| Request::post(path).header("Panora-Signature", &signature).body(&body);
    for path in paths {
        assert_answer(&server.send(&post(path)), 200, "");
    }
    for path in others {
        assert_eq!(server.send(&post(path)).status, 404, "{path}");
    }
}

#[test]
fn the_router_answers_with_and_without_a_trailing_slash() {
    for path in ["/webhook", "/webhook/"] {
        let router = counting(&Count::default()).into_router(path);
        assert_served(router, &["/webhook", "/webhook/", "/webhook?x=1"], &["/", "/webhook/x", "/webhooks"]);
    }
    assert_served(counting(&Count::default()).into_router("/"), &["/", "/?x"], &["/webhook"]);
    assert_served(counting(&Count::default()).into_router("/a/b"), &["/a/b", "/a/b/"], &["/a", "/a/"]);
    assert_served(
        counting(&Count::default()).into_router("/{tenant}/hook"),
        &["/x/hook", "/y/hook/"],
        &["/x"],
    );
}

#[test]
fn the_router_can_be_nested() {
    let nested = |path| Router::new().nest("/hooks", counting(&Count::default()).into_router(path));
    assert_served(nested("/panora"), &["/hooks/panora", "/hooks/panora/"], &["/panora", "/hooks"]);
    // For a nested `/`, axum serves only the prefix.
    assert_served(nested("/"), &["/hooks"], &["/", "/hooks/", "/hooks/x"]);
}

#[test]
fn the_router_can_be_merged_into_an_application_of_any_state() {
    #[derive(Clone)]
    struct Application(&'static str);

    async fn page(State(application): State<Application>) -> impl IntoResponse {
        (Extension(NotOurs), application.0)
    }

    let app = Router::new()
        .route("/page", get(page))
        .merge(counting(&Count::default()).into_router("/webhook"))
        .fallback(async || (Extension(NotOurs), "fallback"))
        .with_state(Application("page"));
    let server = Server::start(app);
    assert_answer(&server.send(&Request::new("GET", "/page")), 200, "page");
    assert_answer(&server.send(&Request::new("GET", "/elsewhere")), 200, "fallback");
    assert_answer(&server.send(&contact().request()), 200, "");
}

#[test]
fn two_routers_have_separate_hooks() {
    let (one, two) = (Count::default(), Count::default());
    let router = counting(&one).into_router("/one").merge(counting(&two).into_router("/two"));
    assert_served(router, &["/one", "/two", "/two/"], &["/three"]);
    assert_eq!((one.load(Ordering::SeqCst), two.load(Ordering::SeqCst)), (1, 2));
}
