//! Which URLs do not leave the machine.

use std::net::IpAddr;

use reqwest::Url;

/// Whether a URL is of this machine itself.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}
