//! Redirects after an action.

use axum::{
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
};

/// Redirects to a relative address.
pub(crate) fn redirect(address: String) -> impl IntoResponse {
    (StatusCode::SEE_OTHER, [(LOCATION, address)])
}
