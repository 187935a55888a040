//! The dashboards, one for each kind of user.

use axum::{Router, http::request::Parts};
use panora_hooks_dashboard::{Access, Dashboard};

use crate::held::Held;

/// Returns the dashboards by their paths.
pub(crate) fn all(inbox: &Held) -> Router {
    Router::new()
        .nest("/admin/webhooks", dashboard(inbox, operator()))
        // Also answers the path with a trailing slash.
        .nest_service("/service/webhooks", dashboard::<()>(inbox, operator()))
        .nest("/operate", dashboard(inbox, Access::operate().named("olga")))
        .nest("/read", dashboard(inbox, Access::read().named("rita")))
        .nest("/data", dashboard(inbox, Access::read().with_data().named("dora")))
        .nest("/denied", dashboard(inbox, Access::deny()))
}

/// Returns a dashboard without a path.
pub(crate) fn root(inbox: &Held) -> Router {
    dashboard(inbox, operator())
}

fn operator() -> Access {
    Access::operate().with_data().named("ada")
}

fn dashboard<S: Clone + Send + Sync + 'static>(inbox: &Held, access: Access) -> Router<S> {
    Dashboard::new(inbox.clone(), move |_: &Parts| access.clone()).into_router()
}
