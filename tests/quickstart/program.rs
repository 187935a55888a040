//! The quickstart as a process.

use std::{
    io::{BufRead, BufReader, Read},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use tempfile::TempDir;

use crate::support::{Request, example::executable, read_answer};

pub(crate) struct Quickstart {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) child: Child,
    output: BufReader<Box<dyn Read>>,
    /// The output before it listened.
    pub(crate) introduction: String,
}

impl Quickstart {
    /// Starts the quickstart on a free port, in an empty folder, with no variables set but
    /// `variables`.
    pub(crate) fn run(variables: &[(&str, &str)]) -> Self {
        Self::run_in(Arc::new(TempDir::new().unwrap()), variables)
    }

    pub(crate) fn run_in(folder: Arc<TempDir>, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(executable("quickstart"));
        command.current_dir(folder.path());
        command.env_remove("PANORA_WEBHOOK_SECRET").env_remove("RUST_LOG").env("PORT", "0");
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output: Box<dyn Read> = Box::new(child.stdout.take().unwrap());
        Self { folder, child, output: BufReader::new(output), introduction: String::new() }
    }

    /// Waits until the introduction is printed.
    pub(crate) fn introduced(mut self) -> Self {
        while !self.introduction.contains("start again") {
            let read = self.output.read_line(&mut self.introduction).unwrap();
            assert_ne!(read, 0, "it ended: {}", self.introduction);
        }
        self
    }

    /// Returns the text between two others in the introduction.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let rest = self.introduction.split_once(before).unwrap().1;
        rest.split_once(after).unwrap().0
    }

    /// Returns the delivery of the printed `curl` command.
    pub(crate) fn request(&self) -> (SocketAddr, Request) {
        let address = self.between("curl -i http://", "/webhook").parse().unwrap();
        let signature = self.between("-H 'Panora-Signature: ", "'");
        let body = self.between("--data-raw '", "'");
        (address, Request::post("/webhook").header("Panora-Signature", signature).body(body))
    }

    pub(crate) fn deliver(&self, change: impl FnOnce(Request) -> Request) -> u16 {
        let (address, request) = self.request();
        let mut stream = TcpStream::connect(address).unwrap();
        change(request).send(&mut stream);
        read_answer(stream).status
    }

    /// Waits until all of these texts are printed, and returns the output.
    pub(crate) fn until(&mut self, texts: &[&str]) -> String {
        let mut output = String::new();
        while !texts.iter().all(|text| output.contains(text)) {
            assert_ne!(self.output.read_line(&mut output).unwrap(), 0, "it ended: {output}");
        }
        output
    }

    /// Sends a signal. Returns whether the process ended with status 0, and the rest of its output.
    pub(crate) fn stop(mut self, signal: &str) -> (bool, String) {
        // The `kill` of the shell, because not every system has the program.
        let kill = Command::new("sh").args(["-c", &format!("kill {signal} {}", self.child.id())]).status();
        assert!(kill.unwrap().success());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().success(), rest)
    }
}

impl Drop for Quickstart {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
