//! Sending, to receivers with various answers.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use panora_hooks::{State, Webhooks, hooks, on, testing::sample};
use panora_hooks_cli::{
    batch::{Batch, CONCURRENCY},
    send::{Client, Request, SendError},
    template::Template,
};

use crate::verifier;

fn request(url: &str) -> Request {
    Request::of_sample(&sample("crm.contact.created"), &verifier(), url).unwrap()
}

#[on("crm.contact.created")]
async fn count_contact(State(count): State<Arc<AtomicUsize>>) {
    count.fetch_add(1, Ordering::SeqCst);
}

/// Serves a router, and returns its URL.
async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

#[tokio::test]
async fn every_answer_is_reported() {
    let count = Arc::<AtomicUsize>::default();
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&count)).hooks(hooks![count_contact]);
    let server = serve(webhooks.into_router("/webhook")).await;
    let client = Client::new().unwrap();
    let answer = client.send(request(&format!("{server}/webhook"))).await.unwrap();
    assert!(answer.is_success() && answer.body.is_empty() && answer.location.is_none());
    assert_eq!(count.load(Ordering::SeqCst), 1);

    let refused = client.send(request(&format!("{server}/webhook")).signed(&"0".repeat(64))).await.unwrap();
    assert_eq!((refused.status, refused.is_success()), (400, false));
    assert_eq!(refused.body, b"Webhook Error: missing or invalid signature");
    let elsewhere = client.send(request(&format!("{server}/elsewhere"))).await.unwrap();
    assert_eq!(elsewhere.status, 404);
}

#[tokio::test]
async fn a_slow_body_is_the_same_delivery() {
    let webhooks = Webhooks::new(verifier()).with_state(Arc::default()).hooks(hooks![count_contact]);
    let server = serve(webhooks.into_router("/webhook")).await;
    let takes = Duration::from_millis(80);
    let slow = request(&format!("{server}/webhook")).body_takes(takes);
    let answer = Client::new().unwrap().send(slow).await.unwrap();
    assert!(answer.is_success() && answer.latency >= takes, "{answer:?}");
}

#[tokio::test]
async fn unreachable_and_silent_receivers_are_distinguished() {
    let client = Client::new().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client.send(request(&format!("http://{nobody}/"))).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Unreachable { origin, .. } if *origin == format!("http://{nobody}")),
        "{error}"
    );

    // Accepts the connection, and closes it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hang_up = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let error = client.send(request(&format!("http://user:canary@{address}/?canary"))).await.unwrap_err();
    assert!(matches!(error, SendError::NoAnswer { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    hang_up.join().unwrap();

    for url in ["", "/webhook", "localhost:8000", "ftp://a", "data:a"] {
        let request = Request::of_sample(&sample("crm.contact.created"), &verifier(), url);
        assert!(matches!(request, Err(SendError::Url)), "{url}");
    }
}

#[tokio::test]
async fn no_more_deliveries_are_in_flight_than_from_the_sender() {
    static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let router = axum::Router::new().fallback(async || {
        MOST.fetch_max(UNDER_WAY.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    });
    let server = serve(router).await;
    let template = Template::new("crm.contact.created").unwrap();
    let batch = Batch { count: 100, interval: None, is_duplicated: false, is_shuffled: false };
    let mut told = Vec::new();
    let request = |number| Request::of_sample(&template.delivery(number), &verifier(), &server);
    batch.send(&Client::new().unwrap(), request, |sent| told.push(sent.number)).await.unwrap();
    told.sort_unstable();
    assert_eq!(told, (0..100).collect::<Vec<_>>());
    assert!(MOST.load(Ordering::SeqCst) <= CONCURRENCY);
}

#[test]
fn deliveries_are_in_order_unless_they_are_shuffled() {
    let batch = Batch { count: 50, interval: None, is_duplicated: true, is_shuffled: false };
    assert_eq!(batch.order()[..5], [0, 0, 1, 1, 2]);
    let mut shuffled = Batch { is_shuffled: true, ..batch.clone() }.order();
    assert_ne!(shuffled, batch.order());
    shuffled.sort_unstable();
    assert_eq!(shuffled, batch.order());
}

#[tokio::test]
async fn an_unreachable_receiver_ends_the_batch() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let batch = Batch { count: 1_000_000, interval: None, is_duplicated: false, is_shuffled: false };
    let mut told = 0;
    let url = format!("http://{nobody}/");
    let sent = batch.send(&Client::new().unwrap(), |_| Ok(request(&url)), |_| told += 1).await;
    assert!(matches!(sent, Err(SendError::Unreachable { .. })));
    assert_eq!(told, 0);
}

/// In virtual time.
#[tokio::test(start_paused = true)]
async fn a_silent_receiver_ends_the_batch() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let batch = Batch { count: 1_000, interval: None, is_duplicated: false, is_shuffled: false };
    let mut told = 0;
    let sent = batch.send(&Client::new().unwrap(), |_| Ok(request(&url)), |_| told += 1).await;
    assert!(matches!(sent, Err(SendError::TimedOut { .. })), "{sent:?}");
    assert_eq!(told, CONCURRENCY - 1);
}

/// Like a host that does not exist, on a network that does not report it.
#[tokio::test(start_paused = true)]
async fn connecting_has_its_own_time_limit() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(200));
    let _waiting: Vec<_> = std::iter::from_fn(|| connect().ok()).collect();
    let start = tokio::time::Instant::now();
    let error = Client::new().unwrap().send(request(&format!("http://{address}/"))).await.unwrap_err();
    assert!(matches!(error, SendError::Unreachable { .. }), "{error}");
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn debug_shows_neither_signature_nor_payload() {
    let shown = format!("{:?}", request("http://user:canary@localhost/?canary").signed("canary"));
    assert!(!shown.contains("canary") && !shown.contains("Ada"), "{shown}");
}
