//! Serves dashboards of a filled inbox for the browser tests.
//!
//! `--plain` leaves out the events with hostile texts. Another argument is an IP address of this
//! machine that is not loopback, to listen there too. The program prints its addresses as a line of
//! JSON. It then takes the commands `hold` and `release` on its standard input, each of which it
//! answers with a line, and ends with the input.

mod fill;
mod held;
mod run;
mod sites;

use std::{
    env,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use anyhow::Context;
use axum::Router;
use axum_server::tls_rustls::{RustlsConfig, from_tcp_rustls};
use panora_hooks::{Verifier, Webhooks, hooks, on};
use panora_hooks_dashboard::LocalGuard;
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    net::TcpListener,
    sync::watch,
};

use self::held::Held;

const SECRET: &str = "the secret of the browser tests";

// Every stored event of these types has failed or succeeded before, so these are second runs.
#[on(
    "crm.contact.created",
    "crm.company.created",
    "crm.deal.pulled",
    "ticketing.ticket.created",
    "connection.created"
)]
async fn succeed() {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (options, addresses): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|it| it == "--plain");
    let elsewhere = addresses.first().map(|address| address.parse::<IpAddr>()).transpose()?;
    let verifier = Verifier::new(SECRET)?;
    let inbox = fill::inbox(&verifier, options.is_empty()).await?;
    let (webhook, worker) =
        Webhooks::new(verifier).hooks(hooks![succeed]).with_inbox(inbox.clone()).into_parts("/webhook");
    tokio::spawn(worker.run_until(std::future::pending()));

    let (switch, is_held) = watch::channel(false);
    let inbox = Held::new(inbox, is_held);
    let router = sites::all(&inbox).merge(webhook);

    let loopback = serve(Ipv4Addr::LOCALHOST.into(), router.clone()).await?;
    let elsewhere = match elsewhere {
        Some(address) => Some(format!("http://{}", serve(address, router.clone()).await?)),
        None => None,
    };
    let tls = serve_tls(router).await?;
    let guard = LocalGuard::new()?;
    let guarded = serve(Ipv4Addr::LOCALHOST.into(), guard.protect(sites::root(&inbox))).await?;
    let addresses = serde_json::json!({
        "loopback": format!("http://{loopback}"),
        "elsewhere": elsewhere,
        "tls": format!("https://localhost:{}", tls.port()),
        "guarded": guard.url(guarded, "/"),
        "secret": SECRET,
    });
    println!("{addresses}");

    let mut commands = BufReader::new(stdin()).lines();
    while let Some(command) = commands.next_line().await? {
        match command.as_str() {
            "hold" => switch.send_replace(true),
            "release" => switch.send_replace(false),
            other => anyhow::bail!("unknown command `{other}`"),
        };
        println!("{command}");
    }
    Ok(())
}

async fn serve(address: IpAddr, router: Router) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((address, 0)).await;
    let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn serve_tls(router: Router) -> anyhow::Result<SocketAddr> {
    let made_up = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (certificate, key) = (made_up.cert.pem(), made_up.signing_key.serialize_pem());
    let config = RustlsConfig::from_pem(certificate.into(), key.into()).await?;
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    tokio::spawn(from_tcp_rustls(listener, config)?.serve(router.into_make_service()));
    Ok(address)
}
