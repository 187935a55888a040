//! Warnings about endpoints that the API accepts.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use reqwest::Url;

use super::{Endpoint, destination::is_http, this_machine::is_this_machine};
use crate::{
    catalogue,
    printable::{Printable, PrintableUrl},
};

/// A problem that causes events to be lost or to be readable by others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Deliveries are sent over the network unencrypted.
    PlainHttp {
        /// The URL of the endpoint.
        url: String,
    },
    /// The URL of an endpoint is not one to which anything can be sent.
    NoUrl {
        /// The text.
        url: String,
    },
    /// An endpoint subscribes to nothing.
    NoScope {
        /// The URL of the endpoint.
        url: String,
    },
    /// Active endpoints of one project subscribe to the same events. Only one of them receives each
    /// event: usually the oldest, but Panora does not guarantee it.
    Overlap {
        /// The ids of the endpoints, two or more. A planned endpoint has a name instead.
        endpoints: Vec<String>,
        /// The names that all of these endpoints and no other endpoint subscribe to.
        names: Vec<String>,
    },
    /// The API lists an endpoint without an id, or a row that is not an endpoint.
    Unreadable {
        /// The URL of the endpoint, empty if it has none.
        url: String,
    },
    /// An active endpoint has no secret, so its deliveries cannot be verified.
    NoSecret {
        /// The id of the endpoint.
        endpoint: String,
    },
    /// No known release sends an event under this name.
    NeverSent {
        /// The name in the scope.
        name: String,
        /// The name under which the event is sent, if the catalogue knows `name` as another word
        /// for it.
        instead: Option<&'static str>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PlainHttp { url } => {
                write!(
                    f,
                    "`{}` is plain http: anyone on the way can read deliveries and send them again; use https",
                    PrintableUrl(url)
                )
            }
            Self::NoUrl { url } => {
                write!(f, "`{}` is not an http(s) URL, so nothing can be delivered there", PrintableUrl(url))
            }
            Self::NoScope { url } => {
                write!(f, "the endpoint at `{}` subscribes to nothing", PrintableUrl(url))
            }
            Self::Overlap { endpoints, names } => match &endpoints[..] {
                [first, second] => write!(
                    f,
                    "endpoints `{}` and `{}` both subscribe to {}: only one of them gets each event",
                    Printable(first),
                    Printable(second),
                    list(names)
                ),
                _ => write!(
                    f,
                    "endpoints {} all subscribe to {}: only one of them gets each event",
                    list(endpoints),
                    list(names)
                ),
            },
            Self::Unreadable { url } => write!(
                f,
                "the API lists an endpoint that cannot be read, at `{}`: look at it in Panora's dashboard",
                PrintableUrl(url)
            ),
            Self::NoSecret { endpoint } => write!(
                f,
                "endpoint `{}` has no secret, so its deliveries cannot be verified: disable it",
                Printable(endpoint)
            ),
            Self::NeverSent { name, instead: Some(instead) } => {
                write!(f, "nothing is sent under the name `{}`: subscribe to `{instead}`", Printable(name))
            }
            Self::NeverSent { name, instead: None } => {
                write!(f, "no known release of Panora sends `{}`", Printable(name))
            }
        }
    }
}

/// Returns the first few names and the number of further ones.
pub(super) fn list(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{}`", Printable(name))).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// Returns the problems of the active endpoints in a list from
/// [`Client::list`](super::Client::list).
#[must_use]
pub fn warnings(endpoints: &[Endpoint]) -> Vec<Warning> {
    let unreadable = endpoints.iter().filter(|endpoint| endpoint.id.is_empty());
    let mut warnings: Vec<_> =
        unreadable.map(|endpoint| Warning::Unreadable { url: endpoint.url.clone() }).collect();
    let active = endpoints.iter().filter(|endpoint| endpoint.is_active && !endpoint.id.is_empty());
    let without_secret = active.clone().filter(|endpoint| endpoint.secret.trim().is_empty());
    warnings.extend(without_secret.map(|endpoint| Warning::NoSecret { endpoint: endpoint.id.clone() }));
    warnings.extend(of_views(&active.map(View::of).collect::<Vec<_>>()));
    warnings
}

/// The relevant fields of an existing or planned endpoint.
pub(super) struct View<'e> {
    pub(super) name: &'e str,
    pub(super) url: &'e str,
    pub(super) scope: BTreeSet<&'e str>,
    /// `None` for the project of the key.
    pub(super) project: Option<&'e str>,
}

impl<'e> View<'e> {
    pub(super) fn of(endpoint: &'e Endpoint) -> Self {
        Self {
            name: &endpoint.id,
            url: &endpoint.url,
            scope: endpoint.scope.iter().map(String::as_str).collect(),
            project: endpoint.project_id.as_deref(),
        }
    }
}

pub(super) fn of_views(views: &[View<'_>]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let urls: BTreeSet<_> = views.iter().map(|view| view.url).collect();
    for url in urls {
        if !is_http(url) {
            warnings.push(Warning::NoUrl { url: url.to_owned() });
        } else if is_plain_http(url) {
            warnings.push(Warning::PlainHttp { url: url.to_owned() });
        }
    }
    for view in views.iter().filter(|view| view.scope.is_empty()) {
        warnings.push(Warning::NoScope { url: view.url.to_owned() });
    }
    warnings.extend(overlaps(views));
    let names: BTreeSet<_> = views.iter().flat_map(|view| &view.scope).copied().collect();
    warnings.extend(names.into_iter().filter_map(never_sent));
    warnings
}

/// Groups the names by the endpoints that subscribe to them, so that many endpoints cause few
/// warnings.
fn overlaps(views: &[View<'_>]) -> impl Iterator<Item = Warning> {
    // A key usually sees the endpoints of its own project only.
    let project = views.iter().find_map(|view| view.project);
    let mut subscribed: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for view in views {
        for name in &view.scope {
            subscribed.entry((view.project.or(project), *name)).or_default().push(view.name);
        }
    }
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for ((_, name), endpoints) in subscribed.into_iter().filter(|(_, endpoints)| endpoints.len() > 1) {
        groups.entry(endpoints).or_default().push(name.to_owned());
    }
    groups.into_iter().map(|(endpoints, names)| {
        let endpoints = endpoints.into_iter().map(str::to_owned).collect();
        Warning::Overlap { endpoints, names }
    })
}

/// Returns a warning if no known release sends an event under exactly this name.
fn never_sent(name: &str) -> Option<Warning> {
    let known = catalogue::find(name);
    let instead =
        known.filter(|known| known.name() != name && known.is_sent()).map(catalogue::EventType::name);
    let is_sent = known.is_some_and(|known| known.is_sent() && known.name() == name);
    (!is_sent).then(|| Warning::NeverSent { name: name.to_owned(), instead })
}

/// Returns whether a URL is plain http and does not belong to this machine.
pub(super) fn is_plain_http(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "http" && !is_this_machine(&url))
}
