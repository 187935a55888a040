//! Headers of every answer, and the origin of actions.

use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    request::Parts,
};

const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Adds the headers that every answer has.
pub(crate) fn add_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // With `no-referrer` a browser would send `Origin: null` with the forms of the dashboard.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// Returns whether a page of the same origin has sent a request.
///
/// Every browser of today says so in `Sec-Fetch-Site`, except over plain HTTP to another machine.
/// Then the authority of `Origin` must be that of the request. The scheme cannot be compared,
/// because a proxy may end TLS.
pub(crate) fn is_same_origin(request: &Parts) -> bool {
    let mut sites = request.headers.get_all(SEC_FETCH_SITE).iter().peekable();
    if sites.peek().is_some() {
        return sites.all(|site| site == "same-origin");
    }
    let Some(origin) = single(&request.headers, &ORIGIN) else { return false };
    let Some((scheme, origin)) = origin.split_once("://") else { return false };
    // A browser leaves out the default port of the scheme, and a proxy may add it.
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let without_port = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_owned();
    let is_own = |authority: &str| without_port(authority).eq_ignore_ascii_case(&without_port(origin));
    single(&request.headers, &HOST).is_some_and(is_own)
        || request.uri.authority().is_some_and(|authority| is_own(authority.as_str()))
}

/// Returns the value of a header that is there exactly once.
pub(crate) fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return None;
    }
    value.to_str().ok()
}
