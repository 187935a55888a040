//! The routes, and the checks of every request.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{Method, StatusCode, header::CONTENT_TYPE},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::time::timeout;

use crate::{
    context::{App, Context},
    pages::{actions, audit, confirmation, dead, event, events, overview, pauses},
    problem::Problem,
    redirect::redirect,
    security,
};

/// The most time that the queries of a page may take.
const TIME_LIMIT: Duration = Duration::from_secs(2);

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/live.js");
const ICON: &str = include_str!("assets/icon.svg");

pub(crate) fn router<S: Clone + Send + Sync + 'static>(app: Arc<App>) -> Router<S> {
    Router::new()
        .route("/", get(root))
        .route("/overview", get(overview::page))
        .route("/events", get(events::page))
        .route("/event/{key}", get(event::page))
        .route("/event/{key}/reveal", post(event::reveal))
        .route("/dead", get(dead::page))
        .route("/confirm", get(confirmation::page))
        .route("/actions", get(actions::list).post(confirmation::start))
        .route("/action/{number}", get(actions::show))
        .route("/action/{number}/stop", post(actions::stop))
        .route("/pauses", get(pauses::page).post(pauses::change))
        .route("/audit", get(audit::page))
        .route("/assets/style.css", get(([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE)))
        .route("/assets/live.js", get(([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT)))
        .route("/assets/icon.svg", get(([(CONTENT_TYPE, "image/svg+xml")], ICON)))
        .layer(from_fn_with_state(app, gate))
}

/// Redirects to the overview.
///
/// Links of a page without a trailing slash would lead out of the prefix, so the root is not a page
/// itself. The address is relative, because a proxy may have removed a prefix.
async fn root(OriginalUri(uri): OriginalUri) -> impl IntoResponse {
    let last = uri.path().rsplit('/').next().unwrap_or_default();
    let overview = match last {
        "" => "./overview".to_owned(),
        // A colon would end a scheme.
        last if last.contains(':') => format!("./{last}/overview"),
        last => format!("{last}/overview"),
    };
    redirect(overview)
}

/// Checks a request, runs its handler, and completes the answer.
async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let access = app.access(&parts);
    if access.is_denied() {
        // Nothing else, so that a stranger cannot tell the dashboard from a path without a page.
        return StatusCode::NOT_FOUND.into_response();
    }
    let context = Arc::new(Context::new(app, access, &parts));
    let is_action = !matches!(parts.method, Method::GET | Method::HEAD);
    let mut response = if is_action && !security::is_same_origin(&parts) {
        let text = "Actions are accepted only from pages of this dashboard. If this is one, its proxy has \
                    to pass on the header Host unchanged.";
        Problem::forbidden(text).into_response()
    } else {
        let has_filter = parts.uri.path() == "/events";
        parts.extensions.insert(Arc::clone(&context));
        let answer = timeout(TIME_LIMIT, next.run(Request::from_parts(parts, body))).await;
        answer.unwrap_or_else(|_| Problem::slow(has_filter).into_response())
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = (problem.status(), problem.page(&context)).into_response();
    }
    security::add_headers(response.headers_mut());
    response
}
