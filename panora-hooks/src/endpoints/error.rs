//! Errors of the API and of its client.

use std::time::Duration;

use crate::printable::Printable;

/// The error of setting up a client. It does not contain the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The environment variable does not exist or is blank.
    #[error("the environment variable `{0}` is not set: set it to an API key of the project")]
    Unset(String),
    /// The key is blank, begins or ends with white space, or has characters that a header cannot
    /// hold.
    #[error(
        "the API key is invalid: it is blank, begins or ends with white space, or has characters that no key has"
    )]
    Key,
    /// The base URL is not a URL to which a path can be added.
    #[error(
        "the base URL is invalid: expected a URL such as `https://api.panora.dev`, without a user, query or fragment"
    )]
    BaseUrl,
    /// TLS cannot be set up, for example because the system has no certificates.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

/// The error of a call of the API. It does not contain the text of the response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The API reports that the key is missing or not allowed.
    #[error(
        "the API refused the key with {status}: set it to an API key of the project, and check that the API is \
             of the generation that takes it (`x-api-key` or, before August 2024, Bearer)"
    )]
    Refused {
        /// 401 or 403.
        status: u16,
    },
    /// The API does not know the key. It answers 500, as for an internal error.
    #[error(
        "the API answered 500, as it does to a key that it does not know: check the key; if it is right, \
             the API's own log says more"
    )]
    UnknownKey,
    /// The project of the key has no such endpoint. The API itself answers 500.
    #[error("there is no endpoint `{}` in the project of this key: list the endpoints", Printable(.id))]
    UnknownEndpoint {
        /// The id that was asked for.
        id: String,
    },
    /// The scope is empty. Such an endpoint would receive nothing.
    #[error("the endpoint would subscribe to nothing: name the event types that it is for")]
    NoScope,
    /// Nothing could be delivered to the URL. The API would accept it.
    #[error(
        "the URL of the endpoint is invalid: expected an http(s) URL such as `https://example.com/webhook`"
    )]
    NoUrl,
    /// Deliveries are recorded for the endpoint. The API cannot delete it, and answers 500.
    #[error("endpoint `{id}` cannot be deleted, since deliveries are recorded for it: disable it")]
    InUse {
        /// The endpoint.
        id: String,
    },
    /// An endpoint was created, but it differs from the request.
    #[error(
        "the API created endpoint `{}`, but not as requested: {} differ; delete or disable the endpoint, and look at \
             the API's own log",
        Printable(.id),
        list(.fields)
    )]
    Different {
        /// The endpoint.
        id: String,
        /// The fields that differ, by the names of the API.
        fields: Vec<&'static str>,
    },
    /// An earlier [`sync`](super::Client::sync) created an endpoint for exactly this purpose, but
    /// the API stored another URL or scope. Creating another endpoint would not help.
    #[error(
        "endpoint `{}` was created for this URL and scope, but the API stored others: delete the endpoint, or replace it",
        Printable(.id)
    )]
    Misstored {
        /// The endpoint.
        id: String,
    },
    /// The desired endpoint exists but is disabled. The secret of a disabled endpoint may have
    /// leaked, so [`sync`](super::Client::sync) does not enable it.
    #[error(
        "endpoint `{}` is the desired one, but it is disabled: enable it, or replace it if its secret may have leaked",
        Printable(.id)
    )]
    Disabled {
        /// The endpoint.
        id: String,
    },
    /// The endpoints differ from those that the plan was made for. Nothing was done after the
    /// change was noticed.
    #[error("the endpoints have changed since the plan was made: {0}; make a new plan")]
    Changed(String),
    /// The response to a change is lost or unreadable.
    #[error("the change may have happened, but its answer is lost: list the endpoints before you repeat it")]
    MayHaveHappened(#[source] Box<ApiError>),
    /// The API answered with success but left the endpoint unchanged.
    #[error("the API answered with success but did not change endpoint `{id}`: look at the API's own log")]
    Unchanged {
        /// The endpoint.
        id: String,
    },
    /// The client sent more than 100 requests in a minute.
    #[error("the API takes 100 requests a minute: wait a minute")]
    TooManyRequests,
    /// The API redirects. Redirects are not followed, because they would send the key to another
    /// host.
    #[error("the API redirects ({status}), which is not followed: set the base URL to where the API is{}", at(.to.as_ref()))]
    Redirect {
        /// 3xx.
        status: u16,
        /// The host to which it redirects, if it says so.
        to: Option<String>,
    },
    /// The base URL does not have the path of this API generation.
    #[error(
        "there is no `{path}` at this base URL: check the URL, and whether the API is the current one \
             (`/webhooks`) or the one before August 2024 (`/webhook`)"
    )]
    NotFound {
        /// The path that was asked for.
        path: String,
    },
    /// Any other status.
    #[error("the API answered {status}: look at its own log")]
    Status {
        /// The status.
        status: u16,
    },
    /// The response is not one of this API.
    #[error("the answer is not one of Panora's API: check the base URL")]
    Malformed,
    /// The list of events cannot be read completely.
    #[error("the list of events cannot be read: {0}")]
    EventList(&'static str),
    /// The response is too large.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The API did not respond in time.
    #[error("the API did not answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// The API is unreachable.
    #[error("the API cannot be reached: check the base URL and the network")]
    Unreachable(#[source] reqwest::Error),
    /// The connection was closed before the response was complete.
    #[error("the API closed the connection without a complete answer")]
    NoAnswer(#[source] reqwest::Error),
}

impl ApiError {
    /// Marks the error of a change that the API may have made nevertheless.
    pub(super) fn of_change(self) -> Self {
        let is_open = match &self {
            Self::Malformed | Self::TooLarge { .. } | Self::TimedOut(_) | Self::NoAnswer(_) => true,
            Self::Status { status } => *status >= 500,
            _ => false,
        };
        if is_open { Self::MayHaveHappened(Box::new(self)) } else { self }
    }

    /// Returns whether the same call for another endpoint may succeed.
    pub(super) fn is_of_one_endpoint(&self) -> bool {
        match self {
            Self::MayHaveHappened(cause) => !matches!(**cause, Self::TimedOut(_)),
            // A proxy in front of the API may answer with another status for one id.
            Self::UnknownEndpoint { .. } | Self::Unchanged { .. } | Self::Status { .. } => true,
            _ => false,
        }
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn at(host: Option<&String>) -> String {
    host.map(|host| format!(", perhaps `{host}`")).unwrap_or_default()
}
