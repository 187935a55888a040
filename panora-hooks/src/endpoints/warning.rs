//! What is wrong with endpoints that the API takes all the same.

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

/// Something because of which events are lost or readable to others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Deliveries go over the network unencrypted.
    PlainHttp {
        /// Where they go.
        url: String,
    },
    /// What is subscribed to is not a URL to which anything can be sent.
    NoUrl {
        /// The text.
        url: String,
    },
    /// An endpoint subscribes to nothing.
    NoScope {
        /// Where it is.
        url: String,
    },
    /// Active endpoints of one project subscribe to the same events, of which each goes to only one
    /// of them: mostly to the oldest one, but nothing says so.
    Overlap {
        /// The ids of the endpoints, two or more. An endpoint that is only planned has a name
        /// instead.
        endpoints: Vec<String>,
        /// The names that all of them subscribe to, and no other endpoint.
        names: Vec<String>,
    },
    /// The API lists an endpoint without an id, or a row that is not an endpoint.
    Unreadable {
        /// The URL of the endpoint, empty if it has none.
        url: String,
    },
    /// An active endpoint has no secret, so that no delivery from it can be verified.
    NoSecret {
        /// The id of the endpoint.
        endpoint: String,
    },
    /// No known release sends an event under this name.
    NeverSent {
        /// What is subscribed to.
        name: String,
        /// The name under which there is one, if this is another word for it.
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
                write!(f, "`{}` is no http(s) URL: nothing can be delivered there", PrintableUrl(url))
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
                "endpoint `{}` has no secret: its deliveries cannot be verified, so disable it",
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

/// The first few names, and how many more there are.
pub(super) fn list(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{}`", Printable(name))).collect();
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// Returns the problems of the active ones of these endpoints, as [`Client::list`](super::Client::list)
/// gives them.
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

/// What matters of an endpoint, be it there or not.
pub(super) struct View<'e> {
    pub(super) name: &'e str,
    pub(super) url: &'e str,
    pub(super) scope: BTreeSet<&'e str>,
    /// `None` for that of the key.
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

/// Groups the names by the endpoints that subscribe to them, so that many endpoints make few
/// warnings.
fn overlaps(views: &[View<'_>]) -> impl Iterator<Item = Warning> {
    // All endpoints that a key sees are of its project, mostly.
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

/// Endpoints are matched with the exact name.
fn never_sent(name: &str) -> Option<Warning> {
    let known = catalogue::find(name);
    let instead =
        known.filter(|known| known.name() != name && known.is_sent()).map(catalogue::EventType::name);
    let is_sent = known.is_some_and(|known| known.is_sent() && known.name() == name);
    (!is_sent).then(|| Warning::NeverSent { name: name.to_owned(), instead })
}

/// Whether a URL is http, and not this machine's.
pub(super) fn is_plain_http(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| url.scheme() == "http" && !is_this_machine(&url))
}
