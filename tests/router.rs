//! What the router answers, over a real socket.

mod support;

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::State as AxumState, routing::get};
use panora_hooks::{Event, HookError, State, Webhooks, hooks, on};
use serde_json::Value;
use support::{Answer, Delivery, Request, Server, read_answer, verifier};
use tokio::sync::Notify;
use tower::ServiceExt;

type Count = Arc<AtomicUsize>;

#[on("crm.contact.created")]
async fn count(State(count): State<Count>) {
    count.fetch_add(1, Ordering::SeqCst);
}

#[on("crm.deal.created")]
async fn fails() -> Result<(), &'static str> {
    Err("the hook's own words")
}

#[on("crm.note.created")]
async fn fails_for_good() -> Result<(), HookError> {
    Err(HookError::permanent("the hook's own words"))
}

#[on("crm.task.created")]
async fn panics() {
    panic!("the hook's own words")
}

#[on("crm.user.pulled")]
async fn takes_numbers(Event(_): Event<Vec<u32>>) {}

fn webhooks(count: &Count) -> Webhooks<Count> {
    Webhooks::new(verifier()).with_state(Arc::clone(count)).hooks(hooks![
        self::count,
        fails,
        fails_for_good,
        panics,
        takes_numbers
    ])
}

fn server() -> (Server, Count) {
    let count = Count::default();
    (Server::start(webhooks(&count).into_router("/webhook")), count)
}

fn contact() -> Delivery {
    Delivery::encoded("crm.contact.created", r#"{"first_name":"Ada"}"#)
}

#[track_caller]
fn assert_answer(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (status, body));
}

#[test]
fn a_delivery_is_handled_and_answered_with_an_empty_200() {
    let (server, count) = server();
    let answer = server.send(&contact().request());
    assert_answer(&answer, 200, "");
    assert_eq!(answer.header("content-length"), Some("0"));
    assert_eq!(answer.header("content-type"), None);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn the_header_name_may_be_in_any_case() {
    let (server, _) = server();
    let Delivery { body, signature } = contact();
    for name in ["panora-signature", "PANORA-SIGNATURE"] {
        let request = Request::post("/webhook").header(name, &signature).body(&body);
        assert_answer(&server.send(&request), 200, "");
    }
}

#[test]
fn neither_content_type_nor_user_agent_matters() {
    let (server, _) = server();
    let request = contact().request().header("Content-Type", "text/plain").header("User-Agent", "curl");
    assert_answer(&server.send(&request), 200, "");
}

#[test]
fn an_event_that_no_hook_names_is_acknowledged() {
    let (server, count) = server();
    for event_type in ["crm.contact.pulled", "crm.contact.imported", "\\n", "x"] {
        let delivery = Delivery::encoded(event_type, "{}");
        assert_answer(&server.send(&delivery.request()), 200, "");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_hook_that_fails_is_an_empty_500() {
    let (server, _) = server();
    for event_type in ["crm.deal.push", "crm.note.push", "crm.task.push"] {
        let answer = server.send(&Delivery::encoded(event_type, "{}").request());
        assert_answer(&answer, 500, "");
    }
    let misfit = Delivery::encoded("crm.user.pulled", r#"["secret"]"#);
    assert_answer(&server.send(&misfit.request()), 500, "");
    // It still serves.
    assert_answer(&server.send(&contact().request()), 200, "");
}

#[test]
fn only_post_is_allowed() {
    let (server, count) = server();
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"] {
        let Delivery { body, signature } = contact();
        let request = Request::new(method, "/webhook").header("Panora-Signature", signature).body(body);
        let answer = server.send(&request);
        assert_answer(&answer, 405, "Webhook Error: only POST is allowed");
        assert_eq!(answer.header("allow"), Some("POST"));
    }
    assert_eq!(server.send(&Request::new("HEAD", "/webhook")).status, 405);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// What an attacker could learn from is the same whatever is wrong with a signature.
#[test]
fn answers_to_bad_signatures_do_not_differ() {
    let (server, count) = server();
    let Delivery { body, signature } = contact();
    let post = |signature: &[u8]| Request::post("/webhook").header("Panora-Signature", signature).body(&body);
    let tampered = Delivery { body: contact().body, signature: signature.clone() };
    let tampered = String::from_utf8(tampered.body).unwrap().replace("Ada", "Eve");
    let mut requests = vec![
        Request::post("/webhook").body(&body),
        post(b""),
        post(&[0xff; 64]),
        post(&[0x80; 64]),
        post(&[b'0'; 64]),
        post(signature.to_uppercase().as_bytes()),
        post(format!("sha256={signature}").as_bytes()),
        post(&signature.as_bytes()[..62]),
        post(support::SECRET.as_bytes()),
        post(format!("{signature}, {signature}").as_bytes()),
        post(signature.as_bytes()).header("Panora-Signature", &signature),
        post(verifier().sign(&String::from_utf8(body.clone()).unwrap()).as_bytes()),
        post(signature.as_bytes()).body(tampered),
    ];
    requests.push(requests[2].clone().body("not even JSON"));
    let answers: Vec<_> = requests
        .iter()
        .map(|request| {
            let mut answer = server.send(request);
            answer.headers.retain(|(name, _)| name != "date");
            answer
        })
        .collect();
    assert_answer(&answers[0], 400, "Webhook Error: missing or invalid signature");
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(answer, &answers[0], "request {index}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn a_body_that_is_not_the_senders_says_in_which_way() {
    let (server, _) = server();
    let signature = verifier().sign("1");
    for (body, reason) in [
        ("", "malformed body"),
        ("{", "malformed body"),
        ("[]", "malformed body"),
        (r#"{"id_event":"x","data":1,"type":7}"#, "malformed body"),
        (r#"{"id_event":"x","data":1,"type":""}"#, "malformed body"),
        (r#"{"id_event":"","data":1,"type":"x"}"#, "malformed body"),
        (r#"{"id_event":"x","data":1,"type":"x"} x"#, "malformed body"),
        ("\u{feff}{\"id_event\":\"x\",\"data\":1,\"type\":\"x\"}", "malformed body"),
        (r#"{"id_event":"x","type":"x"}"#, "missing key in body"),
        (r#"{"id_event":"x","data":1}"#, "missing key in body"),
        (r#"{"data":1,"type":"x"}"#, "missing key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","data":1}"#, "duplicate key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","d\u0061ta":1}"#, "duplicate key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","t\u0079pe":"y"}"#, "duplicate key in body"),
        (r#"{"id_event":"x","data":1,"type":"x","id_event":"y"}"#, "duplicate key in body"),
    ] {
        let request = Request::post("/webhook").header("Panora-Signature", &signature).body(body);
        assert_answer(&server.send(&request), 400, &format!("Webhook Error: {reason}"));
    }
    let not_utf8 = b"{\"id_event\":\"x\",\"data\":1,\"type\":\"x\",\"more\":\"\xff\"}";
    let request = Request::post("/webhook").header("Panora-Signature", &signature).body(not_utf8);
    assert_answer(&server.send(&request), 400, "Webhook Error: malformed body");
}

mod limits {
    use super::*;

    const LIMIT: usize = 1000;

    fn limited() -> (Server, Count) {
        let count = Count::default();
        let webhooks = webhooks(&count).max_body_bytes(LIMIT);
        (Server::start(webhooks.into_router("/webhook")), count)
    }

    /// A contact whose body is `size` bytes long.
    fn contact_of(size: usize) -> Delivery {
        let around = Delivery::new("crm.contact.created", r#""""#).body.len();
        Delivery::new("crm.contact.created", &format!("\"{}\"", "x".repeat(size - around)))
    }

    fn chunked(delivery: &Delivery) -> Request {
        let body: Vec<u8> = delivery
            .body
            .chunks(7)
            .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .chain(*b"0\r\n\r\n")
            .collect();
        delivery.request().header("Transfer-Encoding", "chunked").body(body)
    }

    #[test]
    fn the_limit_holds_to_the_byte_for_declared_and_streamed_bodies() {
        let (server, count) = limited();
        for (size, status) in [(LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 413)] {
            let delivery = contact_of(size);
            assert_eq!(delivery.body.len(), size);
            let expected = if status == 200 { "" } else { "Webhook Error: body too large" };
            assert_answer(&server.send(&delivery.request()), status, expected);
            assert_answer(&server.send(&chunked(&delivery)), status, expected);
        }
        assert_eq!(count.load(Ordering::SeqCst), 4);
    }

    #[test]
    fn by_default_megabytes_are_read() {
        let (server, _) = server();
        assert_answer(&server.send(&contact_of(32 * 1024 * 1024).request()), 200, "");
        assert_eq!(server.send(&contact_of(32 * 1024 * 1024 + 1).request()).status, 413);
    }

    /// Sends the head alone: an answer that comes cannot have needed the body.
    fn answer_to_head(server: &Server, request: &Request) -> Answer {
        let mut stream = server.connect();
        stream.write_all(&request.head()).unwrap();
        read_answer(stream)
    }

    #[test]
    fn a_body_that_is_declared_too_large_is_not_waited_for() {
        let (server, _) = limited();
        let request = contact().request().header("Content-Length", "1001");
        assert_answer(&answer_to_head(&server, &request), 413, "Webhook Error: body too large");
    }

    #[test]
    fn a_signature_of_the_wrong_shape_is_refused_before_the_body() {
        let (server, _) = server();
        for signature in ["", "00", &"g".repeat(64)] {
            let request = Request::post("/webhook")
                .header("Panora-Signature", signature)
                .header("Expect", "100-continue")
                .header("Content-Length", "1000");
            let mut stream = server.connect();
            stream.write_all(&request.head()).unwrap();
            // Nor is the sender asked to go on.
            let answer = read_answer(stream);
            assert_answer(&answer, 400, "Webhook Error: missing or invalid signature");
        }
        let head = Request::post("/webhook").header("Content-Length", "1000");
        assert_eq!(answer_to_head(&server, &head).status, 400);
    }

    #[test]
    fn a_body_shorter_than_declared_is_not_taken_for_whole() {
        let (server, count) = server();
        let Delivery { body, .. } = contact();
        let request = contact().request().header("Content-Length", (body.len() + 1).to_string());
        let mut stream = server.connect();
        stream.write_all(&[request.head(), body].concat()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(read_answer(stream).status, 400);
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_slow_drip_is_cut_off() {
        let count = Count::default();
        let webhooks = webhooks(&count).read_timeout(Duration::from_millis(300));
        let server = Server::start(webhooks.into_router("/webhook"));
        let request = contact().request();
        let mut stream = server.connect();
        stream.write_all(&request.head()).unwrap();
        let mut drip = stream.try_clone().unwrap();
        let dripping = std::thread::spawn(move || {
            // Each byte is soon after the one before it: the limit is on the whole.
            contact()
                .body
                .iter()
                .take_while(|byte| {
                    std::thread::sleep(Duration::from_millis(20));
                    drip.write_all(&[**byte]).is_ok()
                })
                .count()
        });
        assert_answer(&read_answer(stream), 408, "Webhook Error: body not received in time");
        assert!(dripping.join().unwrap() < contact().body.len());
        assert_answer(&server.send(&request), 200, "");
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_sender_that_waits_keeps_nobody_waiting() {
        let (server, _) = server();
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let mut stream = server.connect();
                stream.write_all(&contact().request().head()).unwrap();
                stream
            })
            .collect();
        assert_answer(&server.send(&contact().request()), 200, "");
        drop(waiting);
    }
}

mod paths {
    use super::*;

    fn assert_served(router: Router, paths: &[&str], others: &[&str]) {
        let server = Server::start(router);
        let Delivery { body, signature } = contact();
        let post = |path: &str| Request::post(path).header("Panora-Signature", &signature).body(&body);
        for path in paths {
            assert_answer(&server.send(&post(path)), 200, "");
        }
        for path in others {
            assert_eq!(server.send(&post(path)).status, 404, "{path}");
        }
    }

    #[test]
    fn with_and_without_a_trailing_slash() {
        for path in ["/webhook", "/webhook/"] {
            let router = webhooks(&Count::default()).into_router(path);
            assert_served(
                router,
                &["/webhook", "/webhook/", "/webhook?x=1"],
                &["/", "/webhook/x", "/webhooks"],
            );
        }
        assert_served(webhooks(&Count::default()).into_router("/"), &["/", "/?x"], &["/webhook"]);
        assert_served(webhooks(&Count::default()).into_router("/a/b"), &["/a/b", "/a/b/"], &["/a", "/a/"]);
        assert_served(
            webhooks(&Count::default()).into_router("/{tenant}/hook"),
            &["/x/hook", "/y/hook/"],
            &["/x"],
        );
    }

    #[test]
    fn under_nest() {
        let nested = |path| Router::new().nest("/hooks", webhooks(&Count::default()).into_router(path));
        assert_served(nested("/panora"), &["/hooks/panora", "/hooks/panora/"], &["/panora", "/hooks"]);
        // Of a nested `/` axum serves the prefix alone.
        assert_served(nested("/"), &["/hooks"], &["/", "/hooks/", "/hooks/x"]);
    }

    #[test]
    fn beside_an_application_of_any_state() {
        #[derive(Clone)]
        struct Application(&'static str);

        async fn page(AxumState(application): AxumState<Application>) -> &'static str {
            application.0
        }

        let app = Router::new()
            .route("/page", get(page))
            .merge(webhooks(&Count::default()).into_router("/webhook"))
            .fallback(async || "fallback")
            .with_state(Application("page"));
        let server = Server::start(app);
        assert_answer(&server.send(&Request::new("GET", "/page")), 200, "page");
        assert_answer(&server.send(&Request::new("GET", "/elsewhere")), 200, "fallback");
        assert_answer(&server.send(&contact().request()), 200, "");
    }

    #[test]
    fn two_routers_have_hooks_of_their_own() {
        let (one, two) = (Count::default(), Count::default());
        let router = webhooks(&one).into_router("/one").merge(webhooks(&two).into_router("/two"));
        assert_served(router, &["/one", "/two", "/two/"], &["/three"]);
        assert_eq!((one.load(Ordering::SeqCst), two.load(Ordering::SeqCst)), (1, 2));
    }
}

/// Lets a test see a hook begin, and the hook see the test go on.
#[derive(Default)]
struct Gate {
    begun: Notify,
    may_end: Notify,
    ended: Notify,
}

#[on("crm.contact.created")]
async fn waits(State(gate): State<Arc<Gate>>, Event(_): Event<Value>) {
    gate.begun.notify_one();
    gate.may_end.notified().await;
    gate.ended.notify_one();
}

/// Long enough for anything that happens at all.
async fn soon(notified: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(60), notified).await.expect("it never happens");
}

/// What a server does with a request whose sender is gone: it drops the future.
#[tokio::test]
async fn a_hook_is_finished_when_the_sender_hangs_up() {
    let gate = Arc::new(Gate::default());
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&gate)).hooks(hooks![waits]);
    let Delivery { body, signature } = contact();
    let request = axum::http::Request::post("/webhook").header("Panora-Signature", signature);
    let answer = webhooks.into_router::<()>("/webhook").oneshot(request.body(Body::from(body)).unwrap());

    let server = tokio::spawn(answer);
    soon(gate.begun.notified()).await;
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    gate.may_end.notify_one();
    soon(gate.ended.notified()).await;
}

#[tokio::test]
async fn shutting_down_finishes_what_runs() {
    let gate = Arc::new(Gate::default());
    let webhooks = Webhooks::new(verifier()).with_state(Arc::clone(&gate)).hooks(hooks![waits]);
    let mut server = Server::start(webhooks.into_router("/webhook"));
    let delivery = contact();
    let mut stream = server.connect();
    stream.write_all(&[delivery.request().head(), delivery.body].concat()).unwrap();

    soon(gate.begun.notified()).await;
    server.stop();
    gate.may_end.notify_one();
    let answer = tokio::task::spawn_blocking(|| read_answer(stream)).await.unwrap();
    assert_answer(&answer, 200, "");
}
