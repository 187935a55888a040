//! The binary, and receivers for it.

use std::{
    io::{BufRead, BufReader, Lines, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStdout, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use assert_cmd::Command;
use panora_hooks::Verifier;
use serde_json::Value;

use crate::api::KEY;

pub const SECRET: &str = "f1f9a1c6-1c57-4a6b-a5b8-2c1f42f2a1de";

/// Returns the binary, without the variables of this process that it would read.
pub fn cli<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_panora-hooks"));
    for name in foreign_variables() {
        command.env_remove(name);
    }
    command.env("PANORA_WEBHOOK_SECRET", SECRET).args(args);
    command
}

/// Returns the names of the variables that the binary would read.
fn foreign_variables() -> impl Iterator<Item = std::ffi::OsString> {
    let is_read = |name: &str| name.starts_with("PANORA_") || name.to_lowercase().ends_with("_proxy");
    std::env::vars_os().map(|(name, _)| name).filter(move |name| is_read(&name.to_string_lossy()))
}

pub fn verifier() -> Verifier {
    Verifier::new(SECRET).unwrap()
}

/// Returns the exit status, the standard output and the standard error.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains(SECRET) && !text.contains(KEY), "the secret or the key is shown: {text}");
        text
    };
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Asserts that a command fails with this status, prints nothing, and reports this error on one
/// line.
#[track_caller]
pub fn fails(command: &mut Command, status: i32, says: &str) {
    let (code, printed, errors) = run(command);
    assert_eq!((code, &*printed, &*errors), (status, "", &*format!("error: {says}\n")));
}

/// Returns the value that a successful command prints.
pub fn json(command: &mut Command) -> Value {
    let (status, printed, errors) = run(command.arg("--json"));
    assert_eq!(status, 0, "{errors}");
    serde_json::from_str(&printed).unwrap()
}

/// Returns the lines that a command prints as JSON, with any exit status.
pub fn json_lines(command: &mut Command) -> (i32, Vec<Value>) {
    let (status, printed, _) = run(command.arg("--json"));
    (status, printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// A receiver that stores requests byte for byte, and sends a fixed answer.
pub struct Raw {
    pub url: String,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Raw {
    pub fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}/webhook", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(connection.unwrap(), answer, &kept));
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }

    pub fn texts(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| String::from_utf8(request).unwrap()).collect()
    }

    /// Returns the bodies as JSON.
    pub fn bodies(&self) -> Vec<Value> {
        let body = |text: String| serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap();
        self.texts().into_iter().map(body).collect()
    }
}

fn serve(mut connection: TcpStream, answer: &str, kept: &Mutex<Vec<Vec<u8>>>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    loop {
        let (mut request, mut length) = (Vec::new(), 0);
        loop {
            let start = request.len();
            if reader.read_until(b'\n', &mut request).unwrap_or(0) == 0 {
                return;
            }
            let line = String::from_utf8_lossy(&request[start..]).to_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        request.extend(body);
        kept.lock().unwrap().push(request);
        // Without an answer, the connection is closed.
        if answer.is_empty() || connection.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Starts the binary.
pub fn start<const N: usize>(args: [&str; N]) -> Child {
    spawn(SECRET, args.to_vec())
}

fn spawn(secret: &str, args: Vec<&str>) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_panora-hooks"));
    for name in foreign_variables() {
        command.env_remove(name);
    }
    if !secret.is_empty() {
        command.env("PANORA_WEBHOOK_SECRET", secret);
    }
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Starts the binary with a pipe as its standard input.
pub fn piped<const N: usize>(args: [&str; N]) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_panora-hooks"));
    for name in foreign_variables() {
        command.env_remove(name);
    }
    let command = command.env("PANORA_WEBHOOK_SECRET", SECRET).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// A running `listen`.
pub struct Listening {
    child: Child,
    pub address: SocketAddr,
    lines: Option<Lines<BufReader<ChildStdout>>>,
}

impl Listening {
    pub fn start<const N: usize>(args: [&str; N]) -> Self {
        Self::start_with(SECRET, args)
    }

    /// Starts without a secret if it is empty.
    pub fn start_with<const N: usize>(secret: &str, args: [&str; N]) -> Self {
        let mut child = spawn(secret, [&["listen", "--port", "0"][..], &args].concat());
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect(&line).parse().unwrap();
        let lines = Some(BufReader::new(child.stdout.take().unwrap()).lines());
        Self { child, address, lines }
    }

    pub fn url(&self) -> String {
        format!("http://{}/webhook", self.address)
    }

    /// Returns the next line of the output.
    pub fn line(&mut self) -> String {
        self.lines.as_mut().unwrap().next().unwrap().unwrap()
    }

    pub fn json(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Presses Ctrl-C, and returns the exit status.
    pub fn interrupt(self) -> i32 {
        kill("-INT", &self.pid());
        self.end()
    }

    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Closes the output.
    pub fn hang_up(&mut self) {
        drop(self.lines.take());
    }

    /// Waits for the end, and returns the exit status.
    pub fn end(mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

/// Sends a signal to a process.
pub fn kill(signal: &str, pid: &str) {
    assert!(std::process::Command::new("kill").args([signal, pid]).status().unwrap().success());
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
