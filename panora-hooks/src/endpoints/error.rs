//! What goes wrong with the API.

use std::time::Duration;

/// Why there is no client. It holds nothing of the key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The environment variable does not exist, or is blank.
    #[error("the environment variable `{0}` is not set: set it to an API key of the project")]
    Unset(String),
    /// The key is blank, has white space at an end, or holds what no header can.
    #[error(
        "the API key is not one: it is blank, begins or ends with white space, or has characters that no key has"
    )]
    Key,
    /// The base URL is no URL to which a path can be added.
    #[error(
        "the base URL is not one: expected a URL such as `https://api.panora.dev`, without a user, query or fragment"
    )]
    BaseUrl,
    /// TLS cannot be set up, such as where the system has no certificates.
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
}

/// Why the API did not do what it was asked. It holds nothing that the API has answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// The API says that there is no key, or that it is not allowed.
    #[error(
        "the API refused the key with {status}: set it to an API key of the project, and check that the API is \
             of the generation that takes it (`x-api-key` or, before August 2024, Bearer)"
    )]
    Refused {
        /// 401 or 403.
        status: u16,
    },
    /// The API answers a key that it does not know like a fault of its own.
    #[error(
        "the API answered 500, as it does to a key that it does not know: check the key; if it is right, \
             the API's own log says more"
    )]
    UnknownKey,
    /// The project of the key has no such endpoint. The API itself answers 500.
    #[error("there is no endpoint `{id}` in the project of this key: list the endpoints")]
    UnknownEndpoint {
        /// What was asked for.
        id: String,
    },
    /// An endpoint that subscribes to nothing gets nothing.
    #[error("the endpoint would subscribe to nothing: name the event types that it is for")]
    NoScope,
    /// Nothing could be delivered to the endpoint. The API would take it.
    #[error(
        "the URL of the endpoint is not one: expected an http(s) URL such as `https://example.com/webhook`"
    )]
    NoUrl,
    /// Deliveries are recorded for the endpoint. The API cannot delete it, and answers 500.
    #[error("endpoint `{id}` cannot be deleted, since deliveries are recorded for it: disable it")]
    InUse {
        /// The endpoint.
        id: String,
    },
    /// The API answered with success, and left the endpoint as it was.
    #[error("the API answered with success but did not change endpoint `{id}`: look at the API's own log")]
    Unchanged {
        /// The endpoint.
        id: String,
    },
    /// More than 100 requests in a minute.
    #[error("the API takes 100 requests a minute: wait a minute")]
    TooManyRequests,
    /// A redirect, which is not followed: the key would go to whoever is named there.
    #[error("the API redirects ({status}), which is not followed: set the base URL to where the API is{}", at(.to.as_ref()))]
    Redirect {
        /// 3xx.
        status: u16,
        /// The host to which it redirects, if it says so.
        to: Option<String>,
    },
    /// The path of the API's generation is not there.
    #[error(
        "there is no `{path}` at this base URL: check the URL, and whether the API is the current one \
             (`/webhooks`) or the one before August 2024 (`/webhook`)"
    )]
    NotFound {
        /// The path that was asked for.
        path: String,
    },
    /// Any other status.
    #[error(
        "the API answered {status}, so that it may have done it or not: list the endpoints, and look at the API's own log"
    )]
    Status {
        /// The status.
        status: u16,
    },
    /// An answer that is not what the API sends.
    #[error("the answer is not one of Panora's API: check the base URL")]
    Malformed,
    /// An answer that nobody could want to read.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// No answer in time. Whether it was done is not known.
    #[error(
        "the API did not answer within {} seconds, so that it may have done it or not: list the endpoints before it is asked \
             again",
        .0.as_secs()
    )]
    TimedOut(Duration),
    /// The API cannot be reached.
    #[error("the API cannot be reached: check the base URL and the network")]
    Unreachable(#[source] reqwest::Error),
}

fn at(host: Option<&String>) -> String {
    host.map(|host| format!(", perhaps `{host}`")).unwrap_or_default()
}
