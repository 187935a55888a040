//! The pages.

pub(crate) mod actions;
pub(crate) mod attempts;
pub(crate) mod attention;
pub(crate) mod audit;
pub(crate) mod confirmation;
pub(crate) mod dead;
pub(crate) mod event;
pub(crate) mod events;
pub(crate) mod layout;
pub(crate) mod overview;
pub(crate) mod pauses;

use std::sync::Arc;

use axum::{Extension, response::Html};

use crate::{context::Context, problem::Problem};

/// The request of a page.
type Request = Extension<Arc<Context>>;

/// The answer with a page.
type Answer = Result<Html<String>, Problem>;
