//! Receives deliveries over HTTPS on 127.0.0.1:8443 at `/webhook`, without a proxy.
//!
//! ```text
//! cargo run -p panora-hooks-https-example --example https
//! ```
//!
//! `PANORA_TLS_CERT` and `PANORA_TLS_KEY` name PEM files: the certificate with its chain, and its
//! key. Without them, the program generates a certificate for `localhost` for this run, and writes
//! it to `panora-cert.pem` for clients to trust. `PANORA_WEBHOOK_SECRET` sets the endpoint's
//! secret, `PORT` another port. (Other machines can connect if the address is `0.0.0.0` instead of
//! `127.0.0.1`.)

use std::{
    env,
    io::{self, IsTerminal},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use anyhow::Context;
use axum_server::{
    Handle,
    tls_rustls::{RustlsConfig, from_tcp_rustls},
};
use panora_hooks::{
    Event, Metadata, Verifier, Webhooks, hooks, inbox::SqliteInbox, models::crm::Contact, on,
};

/// The file of the inbox.
const INBOX: &str = "panora-inbox.db";

/// The file of the generated certificate.
const CERTIFICATE: &str = "panora-cert.pem";

/// The time limit for the head of a request. `axum::serve` has no such limit, and
/// `Webhooks::read_timeout` begins with the body. (A TLS handshake has its own limit of 10
/// seconds.)
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// The time that requests in flight get at shutdown.
const GRACE: Duration = Duration::from_secs(10);

#[on("crm.contact.created")]
async fn contact_created(Event(contact): Event<Contact>) {
    tracing::info!("welcome, {}", contact.first_name.unwrap_or_default());
}

#[on("*")]
async fn rest(meta: Metadata) {
    tracing::info!(event_type = ?meta.event_type, "something else");
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_ansi(io::stdout().is_terminal()).init();
    let port = match env::var("PORT") {
        Ok(port) => port.parse().with_context(|| format!("PORT is `{port}`, not a port number"))?,
        Err(_) => 8443,
    };
    let verifier = verifier()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .with_context(|| format!("cannot listen on port {port}; PORT sets another"))?;
    let (certificate, is_made_up) = certificate().await?;
    let (router, worker) = Webhooks::new(verifier.clone())
        .hooks(hooks![contact_created, rest])
        .with_inbox(SqliteInbox::open(INBOX)?)
        .into_parts("/webhook");

    print_introduction(&verifier, listener.local_addr()?, is_made_up);
    let handle = Handle::new();
    let mut server = from_tcp_rustls(listener, certificate)?
        .handle(handle.clone())
        // Covers the time before the HTTP version of the client is known. The next limit covers the
        // rest.
        .first_request_timeout(HEADER_TIMEOUT);
    server.http_builder().http1().header_read_timeout(HEADER_TIMEOUT);
    let server = tokio::spawn(server.serve(router.into_make_service()));
    worker
        .run_until(async {
            shutdown_signal().await;
            // The server stops together with the worker instead of after it.
            handle.graceful_shutdown(Some(GRACE));
        })
        .await;
    server.await??;
    Ok(())
}

/// Returns the certificate from the files, or one generated for this run, and whether it is
/// generated.
async fn certificate() -> anyhow::Result<(RustlsConfig, bool)> {
    const FILES: [&str; 2] = ["PANORA_TLS_CERT", "PANORA_TLS_KEY"];
    match FILES.map(env::var_os) {
        [Some(certificate), Some(key)] => {
            let config = RustlsConfig::from_pem_file(certificate, key).await;
            Ok((
                config.context("PANORA_TLS_CERT and PANORA_TLS_KEY are not a certificate and its key")?,
                false,
            ))
        }
        [None, None] => {
            let names = ["localhost".to_owned(), Ipv4Addr::LOCALHOST.to_string()];
            let made_up = rcgen::generate_simple_self_signed(names)?;
            let certificate = made_up.cert.pem();
            std::fs::write(CERTIFICATE, &certificate)
                .with_context(|| format!("cannot write {CERTIFICATE}"))?;
            let key = made_up.signing_key.serialize_pem();
            Ok((RustlsConfig::from_pem(certificate.into(), key.into()).await?, true))
        }
        _ => anyhow::bail!("set both PANORA_TLS_CERT and PANORA_TLS_KEY, or neither"),
    }
}

/// Reads `PANORA_WEBHOOK_SECRET`, or generates a secret for this run.
#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn verifier() -> anyhow::Result<Verifier> {
    const SECRET: &str = "PANORA_WEBHOOK_SECRET";
    if env::var_os(SECRET).is_some() {
        return Ok(Verifier::from_env(SECRET)?);
    }
    let secret = uuid::Uuid::new_v4().to_string();
    println!("{SECRET} is not set. The secret of this run, for development only: {secret}\n");
    Ok(Verifier::new(secret)?)
}

#[expect(clippy::print_stdout, reason = "the program talks to its user")]
fn print_introduction(verifier: &Verifier, address: SocketAddr, is_made_up: bool) {
    let data = r#""{\"id\":\"1\",\"first_name\":\"Ada\"}""#;
    let id = uuid::Uuid::new_v4();
    let trust = if is_made_up { format!("--cacert {CERTIFICATE} ") } else { String::new() };
    println!("Listening on https://localhost:{}/webhook. Deliver an event:\n", address.port());
    println!("curl -i {trust}https://localhost:{}/webhook \\", address.port());
    println!("  -H 'Content-Type: application/json' \\");
    println!("  -H 'Panora-Signature: {}' \\", verifier.sign(data));
    println!(r#"  --data-raw '{{"id_event":"{id}","data":{data},"type":"crm.contact.created"}}'"#);
    println!();
}

/// Resolves on Ctrl-C or SIGTERM. Running hooks finish before the program ends.
async fn shutdown_signal() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
