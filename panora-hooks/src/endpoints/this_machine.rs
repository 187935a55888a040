//! URLs of this machine itself, and an HTTP client that reaches them without a proxy.

use std::net::IpAddr;

use reqwest::{ClientBuilder, Method, RequestBuilder, Url};

/// Returns whether a URL belongs to this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches([']', '.']);
    match host.parse::<IpAddr>() {
        // A connection to the unspecified address reaches this machine.
        Ok(address) => address.to_canonical().is_loopback() || address.to_canonical().is_unspecified(),
        // RFC 6761 reserves the name and all names below it.
        Err(_) => host.rsplit('.').next() == Some("localhost"),
    }
}

/// An HTTP client that uses the proxies of the environment, except for URLs of this machine.
///
/// A proxy could read requests to a plain http URL, and a service on this machine needs no TLS.
#[derive(Debug, Clone)]
pub struct HttpClient {
    direct: reqwest::Client,
    proxied: reqwest::Client,
}

impl HttpClient {
    /// Creates a client from a configured builder.
    ///
    /// # Errors
    ///
    /// Returns an error if TLS cannot be set up.
    pub fn new(builder: impl Fn() -> ClientBuilder) -> reqwest::Result<Self> {
        Ok(Self { direct: builder().no_proxy().build()?, proxied: builder().build()? })
    }

    /// Starts a request.
    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let client = if is_this_machine(&url) { &self.direct } else { &self.proxied };
        client.request(method, url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_and_names_below_localhost_are_of_this_machine() {
        let is_local = |host: &str| is_this_machine(&Url::parse(&format!("http://{host}:8000/")).unwrap());
        for host in [
            "127.0.0.1",
            "127.255.0.9",
            "127.1",
            "0x7f000001",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "0.0.0.0",
            "[::]",
            "localhost",
            "LOCALHOST",
            "localhost.",
            "api.localhost",
            "a.b.localhost.",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "128.0.0.1",
            "10.0.0.1",
            "[::2]",
            "[::ffff:10.0.0.1]",
            "localhost.example.com",
            "notlocalhost",
            "127.0.0.1.example.com",
            "localhost-api",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
