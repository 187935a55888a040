//! The first steps of a new user: run the quickstart, paste the printed command, stop it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use panora_hooks::Verifier;

use crate::{program::Quickstart, support::Request};

#[test]
fn a_client_that_never_ends_its_request_does_not_block_shutdown() {
    let quickstart = Quickstart::run(&[]).introduced();
    let (address, _) = quickstart.request();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"POST /webhook HTTP/1.1\r\nHost: x\r\n").unwrap();
    // A complete request after it shows that the first has arrived.
    assert_eq!(quickstart.deliver(|request| request), 200);
    let (is_success, _) = quickstart.stop("-TERM");
    assert!(is_success);
    drop(stream);
}

#[test]
fn the_printed_curl_is_accepted_and_a_tampered_copy_refused() {
    for signal in ["-INT", "-TERM"] {
        let quickstart = Quickstart::run(&[]).introduced();
        let secret = quickstart.between("for development only: ", "\n");
        assert_eq!(quickstart.deliver(|request| request), 200);
        let body = quickstart.between("--data-raw '", "'");
        let tampered = body.replace("Ada", "Eve");
        assert_ne!(tampered, body);
        assert_eq!(quickstart.deliver(|request| request.body(tampered)), 400);

        let verifier = Verifier::new(secret).unwrap();
        let other = r#"{"id_event":"x","data":"[{}]","type":"crm.contact.pulled"}"#;
        let signature = verifier.sign(r#""[{}]""#);
        let status = quickstart
            .deliver(|_| Request::post("/webhook/").header("Panora-Signature", signature).body(other));
        assert_eq!(status, 200);
        let path = quickstart.folder.path().canonicalize().unwrap().join("panora-inbox.db");
        assert!(quickstart.introduction.contains(&format!("stored in {}\n", path.display())));
        assert!(path.exists());
        let mut quickstart = quickstart;
        let output = quickstart.until(&["a sync brought 1 contacts", "writing to a new contact"]);
        assert!(!output.contains("welcome"), "{output}");
        // The event that it has begun is finished.
        let (is_success, output) = quickstart.stop(signal);
        assert!(is_success, "{signal}");
        assert!(output.contains("welcome, Ada Lovelace"), "{output}");
    }
}

#[test]
fn the_printed_dashboard_shows_the_three_printed_deliveries() {
    let mut quickstart = Quickstart::run(&[]).introduced();
    let introduction = quickstart.introduction.clone();
    let (address, _) = quickstart.request();
    for command in introduction.split("curl -i ").skip(1) {
        let part = |before: &str| command.split_once(before).unwrap().1.split_once('\'').unwrap().0;
        let request = Request::post("/webhook").header("Panora-Signature", part("'Panora-Signature: "));
        let request = request.body(part("--data-raw '"));
        assert_eq!(quickstart.deliver(|_| request), 200);
    }
    quickstart.until(&["the contact has no name", "welcome, Ada Lovelace"]);

    let (_, url) = introduction.split_once(&format!("http://{address}/dashboard")).unwrap();
    let (token, _) = url.split_once('\n').unwrap();
    let get = |path: &str, cookie: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let headers = format!("Host: {address}\r\nConnection: close\r\nCookie: {cookie}");
        write!(stream, "GET {path} HTTP/1.1\r\n{headers}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let entered = get(&format!("/dashboard{token}"), "");
    let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let events = get("/dashboard/events", cookie.split_once(';').unwrap().0);
    for state in ["done", "dead", "parked"] {
        assert!(events.contains(state), "{state}: {events}");
    }
    assert!(get("/dashboard/events", "").starts_with("HTTP/1.1 403"));
    let (is_success, output) = quickstart.stop("-TERM");
    assert!(is_success && !output.contains(token), "{output}");
}

#[test]
fn a_delivery_survives_a_kill() {
    let secret = &[("PANORA_WEBHOOK_SECRET", "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de")];
    let mut quickstart = Quickstart::run(secret).introduced();
    assert_eq!(quickstart.deliver(|request| request), 200);
    let request = quickstart.request().1;
    quickstart.until(&["writing to a new contact"]);
    let folder = Arc::clone(&quickstart.folder);
    let (_, output) = quickstart.stop("-KILL");
    assert!(!output.contains("welcome"), "{output}");

    let mut quickstart = Quickstart::run_in(folder, secret).introduced();
    assert_eq!(quickstart.deliver(|_| request), 200, "a duplicate");
    let output = quickstart.until(&["welcome, Ada Lovelace"]);
    assert!(output.contains("attempt=2"), "{output}");
    let (is_success, output) = quickstart.stop("-TERM");
    assert!(is_success);
    assert!(!output.contains("welcome"), "{output}");
}

#[test]
fn an_inbox_in_use_is_an_error_that_names_it() {
    let first = Quickstart::run(&[]).introduced();
    let mut second = Quickstart::run_in(Arc::clone(&first.folder), &[]);
    let mut errors = String::new();
    second.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(errors.contains("the inbox `panora-inbox.db` is open in another receiver"), "{errors}");
    assert_eq!(second.child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_given_secret_is_used_and_not_printed() {
    let secret = "canary-f1f9a1c6";
    let quickstart = Quickstart::run(&[("PANORA_WEBHOOK_SECRET", secret)]).introduced();
    assert_eq!(quickstart.deliver(|request| request), 200);
    let data = r#""{}""#;
    let signature = Verifier::new(secret).unwrap().sign(data);
    let body = format!(r#"{{"id_event":"x","data":{data},"type":"crm.company.push"}}"#);
    let company = Request::post("/webhook").header("Panora-Signature", signature).body(body);
    assert_eq!(quickstart.deliver(|_| company), 200);
    let mut quickstart = quickstart;
    let output = quickstart.until(&["a company was created"]);
    let introduction = quickstart.introduction.clone();
    let (is_success, rest) = quickstart.stop("-TERM");
    assert!(is_success);
    assert!(!introduction.contains("canary") && !output.contains("canary") && !rest.contains("canary"));
}

#[test]
fn an_invalid_variable_is_an_error_that_shows_no_secret() {
    for (name, value, complaint) in [
        ("PANORA_WEBHOOK_SECRET", "", "`PANORA_WEBHOOK_SECRET` is blank"),
        ("PANORA_WEBHOOK_SECRET", "canary\n", "`PANORA_WEBHOOK_SECRET` begins or ends with white space"),
        ("PORT", "many", "PORT is `many`, not a port number"),
    ] {
        let mut quickstart = Quickstart::run(&[(name, value)]);
        let mut errors = String::new();
        quickstart.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
        assert!(errors.contains(complaint), "{errors}");
        assert!(!errors.contains("canary"), "{errors}");
        assert_eq!(quickstart.child.wait().unwrap().code(), Some(1));
    }
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut quickstart = Quickstart::run(&[("PORT", &port)]);
    let mut errors = String::new();
    quickstart.child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert!(errors.contains(&format!("cannot listen on port {port}; PORT sets another")), "{errors}");
    assert_eq!(quickstart.child.wait().unwrap().code(), Some(1));
}
