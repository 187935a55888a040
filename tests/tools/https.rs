//! The example `https`, as clients see it.
#![cfg(unix)]

#[path = "../support/example.rs"]
mod example;

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use panora_hooks::{
    Verifier,
    testing::{Sample, sample},
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;

const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

struct Https {
    folder: TempDir,
    child: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Https {
    /// Starts the example in a folder, on a free port, with these files as its certificate and key.
    fn spawn(folder: &Path, files: &[(&str, &Path)]) -> Child {
        let mut command = Command::new(example::executable("https"));
        command.env_remove("PANORA_TLS_CERT").env_remove("PANORA_TLS_KEY").env_remove("RUST_LOG");
        command.env("PANORA_WEBHOOK_SECRET", SECRET).env("PORT", "0").envs(files.iter().copied());
        command.current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the example, and waits until it listens.
    fn run(folder: TempDir, files: &[(&str, &Path)]) -> Self {
        let mut child = Self::spawn(folder.path(), files);
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let introduction = until(&mut output, "--data-raw");
        let (_, rest) = introduction.split_once("Listening on https://localhost:").unwrap();
        let port = rest.split_once('/').unwrap().0.parse().unwrap();
        Self { folder, child, output, port }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        // The longest wait of a test. Past this, something hangs.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Connects as a client that trusts exactly this certificate.
    fn trusting(&self, certificate: &Path) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), self.connect())
    }

    /// Returns the head of the answer to a delivery.
    fn deliver(&self, sample: &Sample, certificate: &Path) -> io::Result<String> {
        let uri = format!("https://localhost:{}/webhook", self.port);
        let mut stream = self.trusting(certificate);
        stream.write_all(&sample.request_bytes(&Verifier::new(SECRET).unwrap(), &uri))?;
        let mut head = String::new();
        let mut lines = BufReader::new(stream);
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(lines.read_line(&mut head)?, 0, "{head}");
        }
        Ok(head)
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads until a text appears.
fn until(output: &mut impl BufRead, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        assert_ne!(output.read_line(&mut read).unwrap(), 0, "it ended: {read}");
    }
    read
}

fn folder() -> TempDir {
    TempDir::new().unwrap()
}

/// Writes a certificate for `localhost`, and its key.
fn write_certificate(certificate: &Path, key: &Path) {
    let made_up = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(certificate, made_up.cert.pem()).unwrap();
    fs::write(key, made_up.signing_key.serialize_pem()).unwrap();
}

#[test]
fn a_delivery_is_stored_and_run_and_the_program_stops_on_request() {
    let mut https = Https::run(folder(), &[]);
    let certificate = https.folder.path().join("panora-cert.pem");
    let ada = sample("crm.contact.created").set("first_name", "Ada");
    let head = https.deliver(&ada, &certificate).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-length: 0"), "{head}");
    until(&mut https.output, "welcome, Ada");

    let tampered = ada.set("first_name", "Eve").request_bytes(&Verifier::new("other").unwrap(), "/webhook");
    let mut stream = https.trusting(&certificate);
    stream.write_all(&tampered).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 400");
    drop(stream);

    let kill = Command::new("sh").args(["-c", &format!("kill -TERM {}", https.child.id())]).status();
    assert!(kill.unwrap().success());
    assert!(https.child.wait().unwrap().success());
    assert!(https.folder.path().join("panora-inbox.db").exists());
}

#[test]
fn a_certificate_from_files_is_used_and_no_other_trusted() {
    let folder = folder();
    let [certificate, key, other] = ["cert.pem", "key.pem", "other.pem"].map(|name| folder.path().join(name));
    write_certificate(&other, &key);
    write_certificate(&certificate, &key);
    let https = Https::run(folder, &[("PANORA_TLS_CERT", &certificate), ("PANORA_TLS_KEY", &key)]);
    let delivery = sample("crm.contact.created");
    assert!(https.deliver(&delivery, &certificate).unwrap().starts_with("HTTP/1.1 200 OK\r\n"));
    let error = https.deliver(&delivery, &other).unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(!https.folder.path().join("panora-cert.pem").exists(), "none was made up");
}

/// A redirect to https would look like a success, but lose the event.
#[test]
fn plain_http_is_not_redirected() {
    let https = Https::run(folder(), &[]);
    let mut stream = https.connect();
    let request = sample("crm.contact.created").request_bytes(&Verifier::new(SECRET).unwrap(), "/webhook");
    stream.write_all(&request).unwrap();
    let mut answer = Vec::new();
    // The connection may also be reset, because the server has not read the whole request.
    drop(stream.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP/"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn an_endless_head_is_cut_off() {
    let https = Https::run(folder(), &[]);
    let certificate = https.folder.path().join("panora-cert.pem");
    let begun = Instant::now();
    let heads = [
        // The beginning of `PRI`, which would be HTTP/2.
        "P",
        "POST /webhook HTTP/1.1\r\nHost: localhost\r\n",
        // A connection that has already sent a request.
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /webhook HTTP/1.1\r\n",
    ];
    let streams = heads.map(|head| {
        let mut stream = https.trusting(&certificate);
        stream.write_all(head.as_bytes()).unwrap();
        stream
    });
    let answers = streams.map(|mut stream| {
        let mut answer = Vec::new();
        // The server closes the connection without a TLS closure alert, which is an error.
        let ended = stream.read_to_end(&mut answer);
        assert!(
            ended.err().is_none_or(|error| error.kind() != io::ErrorKind::WouldBlock),
            "it is not cut off"
        );
        String::from_utf8(answer).unwrap()
    });
    let took = begun.elapsed();
    assert!((8..40).contains(&took.as_secs()), "{took:?}");
    assert!(!answers[0].contains("200") && !answers[1].contains("200"), "{answers:?}");
    assert!(answers[2].starts_with("HTTP/1.1 404"), "{answers:?}");
}

#[test]
fn invalid_certificate_files_are_an_error() {
    let folder = folder();
    let [certificate, key, other] = ["cert.pem", "key.pem", "other.pem"].map(|name| folder.path().join(name));
    write_certificate(&certificate, &other);
    write_certificate(&other, &key);
    let missing = folder.path().join("missing.pem");
    let pair = "PANORA_TLS_CERT and PANORA_TLS_KEY are not a certificate and its key";
    let half = "set both PANORA_TLS_CERT and PANORA_TLS_KEY, or neither";
    for (files, complaint) in [
        (vec![("PANORA_TLS_CERT", &*certificate), ("PANORA_TLS_KEY", &*key)], pair),
        (vec![("PANORA_TLS_CERT", &*certificate), ("PANORA_TLS_KEY", &*missing)], pair),
        (vec![("PANORA_TLS_CERT", &*certificate)], half),
    ] {
        let output = Https::spawn(folder.path(), &files).wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains(complaint), "{errors}");
        assert_eq!(output.status.code(), Some(1));
    }
}
