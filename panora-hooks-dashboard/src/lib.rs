#![doc = include_str!("../README.md")]

mod access;
mod charts;
mod commands;
mod context;
mod credentials;
mod filter;
mod format;
mod jobs;
mod local_guard;
mod pages;
mod payload;
mod problem;
mod redirect;
mod router;
mod search;
mod security;
mod store;
mod text;

use std::sync::Arc;

use axum::{Router, http::request::Parts};
use panora_hooks::inbox::Inbox;

use self::context::App;
pub use self::{access::Access, local_guard::LocalGuard};

/// A dashboard of one inbox.
#[derive(Debug)]
pub struct Dashboard(App);

impl Dashboard {
    /// Creates a dashboard of an inbox.
    ///
    /// `access` decides on each request, from its headers or from extensions that a middleware has
    /// added. The function is called for every page and every file, so it should not block.
    pub fn new(inbox: impl Inbox, access: impl Fn(&Parts) -> Access + Send + Sync + 'static) -> Self {
        Self(App::new(inbox, access))
    }

    /// Returns the router, to be nested at a path of the application.
    ///
    /// Replays and drops run as tasks of the runtime that calls the router. They end with it.
    pub fn into_router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        router::router(Arc::new(self.0))
    }
}
