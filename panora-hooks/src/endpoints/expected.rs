//! Comparison of the endpoints that a plan was made for with the current ones.

use super::{
    Endpoint,
    destination::{Destination, is_same_url},
    endpoint::is_same_scope,
};
use crate::printable::Printable;

/// The endpoints that a plan depends on, in the state expected before its next step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) url: String,
    pub(super) endpoints: Vec<Endpoint>,
    /// The endpoints whose change failed. The change may have happened.
    pub(super) doubtful: Vec<String>,
}

impl Expected {
    /// Returns the first difference from the current endpoints.
    pub(super) fn change(&self, found: &[Endpoint]) -> Option<String> {
        let destination = Destination::of(&self.url);
        let known = |id: &str| self.endpoints.iter().any(|endpoint| endpoint.has_id(id));
        let change = |expected: &Endpoint| {
            let id = Printable(&expected.id);
            let Some(now) = found.iter().find(|endpoint| endpoint.has_id(&expected.id)) else {
                return Some(format!("endpoint `{id}` is gone"));
            };
            let is_doubtful = self.doubtful.contains(&expected.id);
            if !is_same_url(&now.url, &expected.url) {
                Some(format!("endpoint `{id}` has another URL"))
            } else if !is_same_scope(&now.scope, &expected.scope) {
                Some(format!("endpoint `{id}` has another scope"))
            } else if now.secret != expected.secret {
                Some(format!("endpoint `{id}` has another secret"))
            } else if now.is_active != expected.is_active && !is_doubtful {
                let state = if now.is_active { "active" } else { "disabled" };
                Some(format!("endpoint `{id}` is {state}"))
            } else {
                None
            }
        };
        let is_new = |endpoint: &&Endpoint| {
            !known(&endpoint.id) && Destination::of(&endpoint.url).is_same_receiver(&destination)
        };
        self.endpoints.iter().find_map(change).or_else(|| {
            let new = found.iter().find(is_new)?;
            Some(format!("endpoint `{}` is new at this URL", Printable(&new.id)))
        })
    }

    pub(super) fn set_active(&mut self, id: &str, is_active: bool) {
        for endpoint in self.endpoints.iter_mut().filter(|endpoint| endpoint.has_id(id)) {
            endpoint.is_active = is_active;
        }
    }
}
