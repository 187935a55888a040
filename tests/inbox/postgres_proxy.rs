//! A proxy between an inbox and its server.

use std::{net::SocketAddr, time::Duration};

use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Starts a proxy that delays every answer of the server.
pub async fn delayed(options: PgConnectOptions, delay: Duration) -> PgConnectOptions {
    let server = (options.get_host().to_owned(), options.get_port());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let server = server.clone();
            tokio::spawn(async move { drop(forward(client, server, delay).await) });
        }
    });
    options.host("127.0.0.1").port(address.port())
}

async fn forward(client: TcpStream, server: (String, u16), delay: Duration) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let ask = async {
        tokio::io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let answer = async {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from_server.read(&mut buffer).await?;
            if count == 0 {
                return to_client.shutdown().await;
            }
            tokio::time::sleep(delay).await;
            to_client.write_all(&buffer[..count]).await?;
        }
    };
    tokio::try_join!(ask, answer).map(drop)
}
