//! A proxy between an application and its server, which cuts connections during `COMMIT`.

use std::{
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use sqlx::{
    PgPool,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

/// When to cut the connection that sends the next `COMMIT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cut {
    /// Before the server sees it.
    Before,
    /// Once the server has answered it. The client does not see the answer.
    After,
    /// While the server executes it, when the test [says so](Proxy::cut_now).
    During,
}

#[derive(Default)]
struct Shared {
    cut: Mutex<Option<Cut>>,
    cut_now: Notify,
    cuts: AtomicUsize,
    /// All connections end while it is set.
    is_unreachable: watch::Sender<bool>,
    is_lost_after_cut: AtomicBool,
}

pub struct Proxy {
    options: PgConnectOptions,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Starts a proxy in front of a server.
    pub async fn start(options: PgConnectOptions) -> Self {
        let server = (options.get_host().to_owned(), options.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::<Shared>::default();
        let proxy = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let is_unreachable = *proxy.is_unreachable.borrow();
                if is_unreachable {
                    continue;
                }
                let (proxy, server) = (Arc::clone(&proxy), server.clone());
                tokio::spawn(async move { drop(proxy.forward(client, server).await) });
            }
        });
        let options = options.host("127.0.0.1").port(port).ssl_mode(PgSslMode::Disable);
        Self { options, shared }
    }

    /// Returns a pool whose connections go through the proxy.
    pub fn pool(&self, max: u32) -> PgPool {
        PgPoolOptions::new().max_connections(max).connect_lazy_with(self.options.clone())
    }

    /// Cuts the connection that sends the next `COMMIT`.
    pub fn cut(&self, cut: Cut) {
        *self.shared.cut.lock().unwrap() = Some(cut);
    }

    /// Makes the server unreachable from that cut on.
    pub fn lose_server(&self) {
        self.shared.is_lost_after_cut.store(true, Ordering::SeqCst);
    }

    /// Makes the server reachable again.
    pub fn restore_server(&self) {
        self.shared.is_unreachable.send_replace(false);
    }

    /// Cuts the connection that waits for it.
    pub fn cut_now(&self) {
        self.shared.cut_now.notify_one();
    }

    /// Returns how many connections were cut.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Shared {
    async fn forward(&self, mut client: TcpStream, server: (String, u16)) -> std::io::Result<()> {
        let mut server = TcpStream::connect(server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let mut messages = Messages::default();
        let (mut asked, mut answer) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
        let mut is_unreachable = self.is_unreachable.subscribe();
        loop {
            tokio::select! {
                () = async { drop(is_unreachable.wait_for(|is_lost| *is_lost).await) } => return Ok(()),
                count = client.read(&mut asked) => {
                    let count = count?;
                    if count == 0 {
                        return Ok(());
                    }
                    messages.buffer.extend_from_slice(&asked[..count]);
                    while let Some(message) = messages.next() {
                        let cut = if message == COMMIT { self.cut.lock().unwrap().take() } else { None };
                        if cut != Some(Cut::Before) {
                            server.write_all(&message).await?;
                        }
                        if let Some(cut) = cut {
                            match cut {
                                Cut::Before => {}
                                Cut::After => drop(server.read(&mut answer).await?),
                                Cut::During => self.cut_now.notified().await,
                            }
                            let is_lost = self.is_lost_after_cut.load(Ordering::SeqCst);
                            self.is_unreachable.send_replace(is_lost);
                            self.cuts.fetch_add(1, Ordering::SeqCst);
                            return Ok(());
                        }
                    }
                }
                count = server.read(&mut answer) => {
                    let count = count?;
                    if count == 0 {
                        return Ok(());
                    }
                    client.write_all(&answer[..count]).await?;
                }
            }
        }
    }
}

/// The message that sqlx sends for `COMMIT`: a simple query.
const COMMIT: &[u8] = b"Q\x00\x00\x00\x0bCOMMIT\x00";

/// The messages of a client.
#[derive(Default)]
struct Messages {
    buffer: Vec<u8>,
    /// The first message has no type.
    has_begun: bool,
}

impl Messages {
    /// Returns the next complete message.
    fn next(&mut self) -> Option<Vec<u8>> {
        let at = usize::from(self.has_begun);
        let length = self.buffer.get(at..at + 4)?;
        let length = u32::from_be_bytes(length.try_into().unwrap());
        let end = at + usize::try_from(length).unwrap();
        if self.buffer.len() < end {
            return None;
        }
        self.has_begun = true;
        let rest = self.buffer.split_off(end);
        Some(mem::replace(&mut self.buffer, rest))
    }
}
