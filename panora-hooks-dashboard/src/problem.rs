//! Pages that say why a request failed.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use maud::html;
use panora_hooks::inbox::InboxError;

use crate::{context::Context, filter::InvalidParameter, format::sentence, pages::layout, text::Foreign};

/// The reason why a page is not shown.
///
/// As a response it has no body. The router, which knows the links of the layout, adds the page.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    text: String,
    /// The address, relative to the root, and the text of a link.
    link: Option<(String, &'static str)>,
}

impl Problem {
    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", text)
    }

    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Not possible", text)
    }

    pub(crate) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Not permitted", text)
    }

    pub(crate) fn conflict(title: &'static str, text: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, title, text)
    }

    pub(crate) fn slow(has_filter: bool) -> Self {
        let advice = if has_filter { "Narrow the filter, or try again later." } else { "Try again later." };
        let text = "The inbox did not answer within two seconds, so the query was cancelled.";
        let text = format!("{text} {advice}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The inbox is too slow", text)
    }

    pub(crate) fn linked(self, address: String, text: &'static str) -> Self {
        Self { link: Some((address, text)), ..self }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn page(&self, context: &Context) -> Html<String> {
        let main = html! {
            p { (Foreign::long(&self.text)) }
            @if let Some((address, text)) = &self.link {
                p { a href={ (context.root) (address) } { (text) } }
            }
        };
        layout::page(context, self.title, None, &main)
    }

    fn new(status: StatusCode, title: &'static str, text: impl Into<String>) -> Self {
        Self { status, title, text: text.into(), link: None }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Leaves out the causes, which may name hosts and files.
impl From<InboxError> for Problem {
    fn from(error: InboxError) -> Self {
        tracing::warn!(error = &error as &dyn std::error::Error, "a query of the dashboard failed");
        if error.is_transient() {
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "The inbox does not answer", sentence(&error));
        }
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The inbox failed", sentence(&error))
    }
}

impl From<InvalidParameter> for Problem {
    fn from(error: InvalidParameter) -> Self {
        Self::invalid(sentence(&error))
    }
}
