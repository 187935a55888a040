//! State that the pages share, and the parts of a request that they need.

use std::{fmt, sync::Arc};

use axum::http::request::Parts;
use panora_hooks::inbox::{Capability, Inbox};

use crate::{
    Access,
    filter::{EventFilter, InvalidParameter},
    jobs::Jobs,
    store::Store,
};

/// The dashboard as its handlers see it.
pub(crate) struct App {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) jobs: Jobs,
    access: Box<dyn Fn(&Parts) -> Access + Send + Sync>,
}

impl App {
    pub(crate) fn new(inbox: impl Inbox, access: impl Fn(&Parts) -> Access + Send + Sync + 'static) -> Self {
        Self { store: Arc::new(inbox), jobs: Jobs::new(), access: Box::new(access) }
    }

    pub(crate) fn access(&self, request: &Parts) -> Access {
        (self.access)(request)
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// A permitted request.
pub(crate) struct Context {
    pub(crate) app: Arc<App>,
    pub(crate) access: Access,
    /// The query of the URL.
    pub(crate) query: String,
    /// The relative path from the page to the root of the dashboard, such as `../`.
    pub(crate) root: String,
}

impl Context {
    pub(crate) fn new(app: Arc<App>, access: Access, request: &Parts) -> Self {
        let depth = request.uri.path().matches('/').count();
        let query = request.uri.query().unwrap_or_default().to_owned();
        Self { app, access, query, root: "../".repeat(depth.saturating_sub(1)) }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.app.store
    }

    /// Reads the filter from the query.
    pub(crate) fn filter(&self) -> Result<EventFilter, InvalidParameter> {
        let filter = EventFilter::parse(&self.query)?;
        if filter.filter.lane.is_some() && !self.has(Capability::Lanes) {
            return Err(InvalidParameter::new("lane", "this inbox has no lanes"));
        }
        Ok(filter)
    }

    pub(crate) fn has(&self, capability: Capability) -> bool {
        self.app.store.capabilities().has(capability)
    }
}
