//! [`LocalGuard`]: protection of a dashboard on loopback.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    extract::{OriginalUri, Request, State},
    http::{
        HeaderMap, StatusCode, Uri,
        header::{CACHE_CONTROL, COOKIE, HOST, SET_COOKIE},
        uri::Authority,
    },
    middleware::{Next, from_fn_with_state},
    response::{Html, IntoResponse, Response},
};
use form_urlencoded::Serializer;
use maud::{DOCTYPE, html};
use subtle::ConstantTimeEq;

use crate::security;

/// The parameter that carries the token in the first URL.
const PARAMETER: &str = "token";

/// A guard for a dashboard on loopback, where every program and every page in a browser of the
/// machine can send requests.
///
/// It admits requests with a random token, which the first URL carries and which then moves into a
/// cookie. It refuses requests for other hosts than this machine, because a page of another site
/// may have a name that resolves to 127.0.0.1.
///
/// ```no_run
/// use panora_hooks::inbox::MemoryInbox;
/// use panora_hooks_dashboard::{Access, Dashboard, LocalGuard};
///
/// # async fn example() -> std::io::Result<()> {
/// let guard = LocalGuard::new()?;
/// let dashboard = Dashboard::new(MemoryInbox::new(), |_: &_| Access::operate());
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// println!("dashboard: {}", guard.url(listener.local_addr()?, "/"));
/// axum::serve(listener, guard.protect(dashboard.into_router())).await
/// # }
/// ```
#[derive(Clone)]
pub struct LocalGuard {
    token: Arc<str>,
}

impl LocalGuard {
    /// Creates a guard with a new token.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system has no random numbers.
    pub fn new() -> io::Result<Self> {
        let (mut first, mut second) = ([0; 16], [0; 16]);
        getrandom::fill(&mut first)?;
        getrandom::fill(&mut second)?;
        let (first, second) = (u128::from_ne_bytes(first), u128::from_ne_bytes(second));
        Ok(Self { token: format!("{first:032x}{second:032x}").into() })
    }

    /// Returns the first URL, for the terminal: the page at `path` of the server at `address`, with
    /// the token. The URL of a server that listens on every address has that of loopback.
    #[must_use]
    pub fn url(&self, mut address: SocketAddr, path: &str) -> String {
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}{path}?{PARAMETER}={}", self.token)
    }

    /// Protects every route of a router.
    pub fn protect<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        router.layer(from_fn_with_state(self.clone(), check))
    }

    fn is_token(&self, token: &str) -> bool {
        self.token.as_bytes().ct_eq(token.as_bytes()).into()
    }

    fn has_cookie(&self, headers: &HeaderMap, name: &str) -> bool {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut cookies = cookies.flat_map(|cookies| cookies.split(';'));
        cookies.any(|cookie| {
            let cookie = cookie.trim().split_once('=');
            cookie.is_some_and(|(key, value)| key == name && self.is_token(value))
        })
    }
}

/// Leaves out the token.
impl fmt::Debug for LocalGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalGuard").finish_non_exhaustive()
    }
}

async fn check(State(guard): State<LocalGuard>, request: Request, next: Next) -> Response {
    let Some(host) = local_host(&request) else {
        return refuse("This page is served only under the address that the program has printed.\n");
    };
    // Browsers send the cookies of a host to all of its ports.
    let cookie = format!("panora-hooks-dashboard-{}", host.port_u16().unwrap_or(80));
    let token = crate::filter::parameter(request.uri().query().unwrap_or_default(), PARAMETER);
    if token.is_some_and(|token| guard.is_token(&token)) {
        let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |OriginalUri(uri)| uri);
        let cookie = format!("{cookie}={}; Path=/; HttpOnly; SameSite=Strict", guard.token);
        let mut response = ([(SET_COOKIE, cookie)], entrance(&without_token(uri))).into_response();
        security::add_headers(response.headers_mut());
        return response;
    }
    if guard.has_cookie(request.headers(), &cookie) {
        return next.run(request).await;
    }
    refuse("Open the URL that the program has printed: it contains the key to this page.\n")
}

/// Returns a page that leads to the page behind the token.
///
/// A redirect would belong to the navigation that opened the printed URL. If a page of another site
/// began that one, such as a terminal in the browser, no `SameSite=Strict` cookie is sent with it.
fn entrance(address: &str) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="refresh" content={ "0; url=" (address) };
                title { "panora-hooks" }
            }
            body { main { h1 { "panora-hooks" } p { a href=(address) { "Open the dashboard" } } } }
        }
    };
    Html(page.into_string())
}

fn refuse(text: &'static str) -> Response {
    (StatusCode::FORBIDDEN, [(CACHE_CONTROL, "no-store")], text).into_response()
}

/// Returns the host of a request if it is this machine.
fn local_host(request: &Request) -> Option<Authority> {
    let host: Authority = if request.headers().contains_key(HOST) {
        security::single(request.headers(), &HOST)?.parse().ok()?
    } else {
        request.uri().authority()?.clone()
    };
    let name = host.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_local = name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|ip| ip.is_loopback());
    (is_local && !host.as_str().contains('@')).then_some(host)
}

/// Returns the same page without the token, relative to the page.
fn without_token(uri: &Uri) -> String {
    let page = uri.path().rsplit('/').next().unwrap_or_default();
    let query = uri.query().unwrap_or_default();
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != PARAMETER);
    let query = Serializer::new(String::new()).extend_pairs(kept).finish();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("./{page}{query}")
}
