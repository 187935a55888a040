//! Connection URLs of PostgreSQL, read as `psql` reads them.
//!
//! sqlx reads them by the URL standard of the web: an IPv6 address keeps its brackets, a user
//! needs a host, and an unknown parameter has no effect. Errors contain no part of the URL,
//! because a part of the password may have been mistaken for a host, a port or a parameter.

use std::{borrow::Cow, net::IpAddr};

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sqlx::postgres::PgConnectOptions;

/// Parameters that sqlx knows under the same names.
const KNOWN: [&str; 12] = [
    "user",
    "password",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "options",
];

/// Parameters without an effect on a tool that connects, runs a few statements and exits.
const WITHOUT_EFFECT: [&str; 9] = [
    "client_encoding",
    "connect_timeout",
    "fallback_application_name",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "sslsni",
    "tcp_user_timeout",
];

/// Values of other parameters that match what this program does anyway.
const FULFILLED: [(&str, &[&str]); 4] = [
    ("channel_binding", &["disable", "prefer"]),
    ("gssencmode", &["disable", "prefer"]),
    ("sslnegotiation", &["postgres"]),
    ("target_session_attrs", &["any", "primary", "read-write"]),
];

const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

#[derive(Debug, thiserror::Error, PartialEq)]
pub(super) enum Problem {
    #[error("expected `postgres://user@host/database`")]
    NotAUrl,
    #[error("several hosts are not supported: name the one that accepts writes")]
    SeveralHosts,
    #[error("an IPv6 address needs brackets, as in `postgres://[::1]/database`")]
    Brackets,
    #[error("the port is not a number from 1 to 65535: percent-encode `/`, `?`, `#` and `@` in a password")]
    Port,
    #[error("`hostaddr` is not an IP address, or stands beside a host: name one of them")]
    Address,
    #[error("`sslmode` is not one of {}", SSL_MODES.join(", "))]
    SslMode,
    #[error("`sslrootcert` has to name a file")]
    RootCertificate,
    #[error("a parameter or its value is not supported: use {}", KNOWN.join(", "))]
    Parameter,
}

type Parameters<'u> = Vec<(&'static str, Cow<'u, str>)>;

/// Returns the options for a URL, or `None` if the text is not a URL of PostgreSQL.
pub(super) fn parse(text: &str) -> Option<Result<PgConnectOptions, Problem>> {
    let schemes = ["postgres://", "postgresql://"];
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme))?;
    Some(parameters(rest).and_then(|parameters| {
        check(&parameters)?;
        let pairs = parameters.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            format!("{name}={value}")
        });
        let query: Vec<_> = pairs.collect();
        format!("postgres:?{}", query.join("&")).parse().map_err(|_| Problem::NotAUrl)
    }))
}

/// Returns the parameters that the parts of a URL set.
fn parameters(rest: &str) -> Result<Parameters<'_>, Problem> {
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, address) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let (host, port) = split_address(address)?;
    let parts =
        [("user", user), ("password", password), ("host", host), ("port", port), ("dbname", database)];
    let mut parameters = Vec::new();
    for (name, value) in parts.into_iter().filter(|(_, value)| !value.is_empty()) {
        parameters.push((name, decode(value)?));
    }
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or(Problem::Parameter)?;
        parameters.extend(known(name, decode(value)?)?);
    }
    Ok(parameters)
}

fn decode(part: &str) -> Result<Cow<'_, str>, Problem> {
    percent_decode_str(part).decode_utf8().map_err(|_| Problem::NotAUrl)
}

fn split_address(address: &str) -> Result<(&str, &str), Problem> {
    if let Some(bracketed) = address.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']').ok_or(Problem::Brackets)?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, port)),
            None if rest.is_empty() => Ok((host, "")),
            None => Err(Problem::Brackets),
        };
    }
    match address.split_once(':') {
        Some((_, port)) if port.contains(':') && !address.contains(',') => Err(Problem::Brackets),
        Some(split) => Ok(split),
        None => Ok((address, "")),
    }
}

/// Returns a parameter of the query under its name in sqlx, or `None` if there is nothing to set.
fn known<'u>(name: &str, value: Cow<'u, str>) -> Result<Option<(&'static str, Cow<'u, str>)>, Problem> {
    if let Some(name) = KNOWN.iter().find(|known| **known == name) {
        return Ok(Some((name, value)));
    }
    let is_fulfilled =
        |(fulfilled, values): &(&str, &[&str])| *fulfilled == name && values.contains(&&*value);
    if WITHOUT_EFFECT.contains(&name) || FULFILLED.iter().any(is_fulfilled) {
        return Ok(None);
    }
    // JDBC's spelling, which `psql` accepts, too.
    if name == "ssl" && value == "true" {
        return Ok(Some(("sslmode", "require".into())));
    }
    Err(Problem::Parameter)
}

/// Checks the values that sqlx would repeat in its error or would misunderstand.
fn check(parameters: &Parameters<'_>) -> Result<(), Problem> {
    let value =
        |name| parameters.iter().rev().find(|parameter| parameter.0 == name).map(|parameter| &*parameter.1);
    let (host, port) = (value("host"), value("port"));
    if host.into_iter().chain(port).any(|value| value.contains(',')) {
        return Err(Problem::SeveralHosts);
    }
    if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
        return Err(Problem::Port);
    }
    // With both, sqlx would compare the certificate with the address instead of the host.
    if value("hostaddr").is_some_and(|address| host.is_some() || address.parse::<IpAddr>().is_err()) {
        return Err(Problem::Address);
    }
    if value("sslmode").is_some_and(|mode| !SSL_MODES.contains(&mode)) {
        return Err(Problem::SslMode);
    }
    // In libpq, `system` stands for the certificates of the system. sqlx would read a file.
    if value("sslrootcert") == Some("system") {
        return Err(Problem::RootCertificate);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;

    use super::*;

    fn options(url: &str) -> PgConnectOptions {
        parse(url).unwrap().unwrap()
    }

    fn host(options: &PgConnectOptions) -> &str {
        options.get_socket().map_or(options.get_host(), |socket| socket.to_str().unwrap())
    }

    fn password(options: &PgConnectOptions) -> String {
        let url = options.to_url_lossy();
        percent_decode_str(url.password().unwrap()).decode_utf8().unwrap().into_owned()
    }

    #[test]
    fn each_part_can_be_given_in_each_way_that_psql_reads() {
        for url in [
            "postgres://u:p@h.example:6543/d",
            "postgresql://u:p@h.example:6543/d",
            "postgres://u:p@/d?host=h.example&port=6543",
            "postgres:///d?host=h.example&port=6543&user=u&password=p",
            "postgres://?host=h.example&port=6543&user=u&password=p&dbname=d",
            "postgres://other@h.example:1/e?user=u&password=p&port=6543&dbname=d",
            "postgresql://%75:%70@%68.example:6543/%64?connect_timeout=10&target_session_attrs=read-write",
        ] {
            let options = options(url);
            let (host, port, user) = (host(&options), options.get_port(), options.get_username());
            assert_eq!((host, port, user), ("h.example", 6543, "u"), "{url}");
            assert_eq!((&*password(&options), options.get_database()), ("p", Some("d")), "{url}");
        }
    }

    #[test]
    fn hosts_are_addresses_names_or_folders() {
        for (url, expected) in [
            ("postgres://u@[::1]/d", "::1"),
            ("postgres://u@[2001:db8::1]:6543/d", "2001:db8::1"),
            ("postgres://u@[fe80::1%25eth0]:6543/d", "fe80::1%eth0"),
            ("postgres://u@/d?host=::1", "::1"),
            ("postgres://u@/d?hostaddr=::1", "::1"),
            ("postgres://u@/d?hostaddr=%3A%3A1", "::1"),
            ("postgres://u@/d?host=/var/run/postgresql", "/var/run/postgresql"),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/d", "/var/run/postgresql"),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql:6543/d", "/var/run/postgresql"),
        ] {
            assert_eq!(host(&options(url)), expected, "{url}");
        }
    }

    #[test]
    fn passwords_may_contain_any_character() {
        for (encoded, expected) in [
            ("a%40b%3Ac%2Fd%3Fe%23f", "a@b:c/d?e#f"),
            ("a+b&c=d#e", "a+b&c=d#e"),
            ("a@b", "a@b"),
            ("a:b", "a:b"),
            ("100%", "100%"),
            ("%E2%82%AC€", "€€"),
        ] {
            assert_eq!(password(&options(&format!("postgres://u:{encoded}@h/d"))), expected);
        }
        assert_eq!(password(&options("postgres://u@h/d?password=a%26b+c")), "a&b+c");
    }

    #[test]
    fn modes_of_tls_are_those_of_psql() {
        for mode in SSL_MODES {
            let options = options(&format!("postgres://h/d?sslmode={mode}"));
            assert_eq!(format!("{:?}", options.get_ssl_mode()).to_lowercase(), mode.replace('-', ""));
        }
        assert!(matches!(
            options("postgres://h/d?ssl=true").get_ssl_mode(),
            sqlx::postgres::PgSslMode::Require
        ));
    }

    #[test]
    fn unsupported_urls_are_refused() {
        for (url, problem) in [
            ("postgres://a,b/d", Problem::SeveralHosts),
            ("postgres://a:1,b:2/d", Problem::SeveralHosts),
            ("postgres:///d?host=a,b", Problem::SeveralHosts),
            ("postgres://::1/d", Problem::Brackets),
            ("postgres://[::1/d", Problem::Brackets),
            ("postgres://[::1]5432/d", Problem::Brackets),
            ("postgres://u:secret/more@h/d", Problem::Port),
            ("postgres://h:0/d", Problem::Port),
            ("postgres://h:65536/d", Problem::Port),
            ("postgres://u:secret?more@h/d", Problem::Parameter),
            ("postgres://h/d?sslmode=secret", Problem::SslMode),
            ("postgres://h/d?sslrootcert=system", Problem::RootCertificate),
            ("postgres://h/d?hostaddr=secret", Problem::Address),
            ("postgres://h/d?hostaddr=127.0.0.1", Problem::Address),
            ("postgres://h/d?channel_binding=require", Problem::Parameter),
            ("postgres://h/d?service=secret", Problem::Parameter),
            ("postgres://h/d?secret", Problem::Parameter),
            ("postgres://h/d?secret=x", Problem::Parameter),
            ("postgres://%ff/d", Problem::NotAUrl),
        ] {
            let refused = parse(url).unwrap().unwrap_err();
            assert_eq!(refused, problem, "{url}");
            assert!(!refused.to_string().contains("secret"));
        }
        for other in ["mysql://u@h/d", "POSTGRES://u@h/d", "postgres:/d", "inbox.db", " postgres://h/d"] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
