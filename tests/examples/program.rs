//! An example that runs, and prints deliveries as `curl` commands.

use std::{
    io::{BufRead, BufReader, Lines},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
};

use crate::support::{Request, example::executable};

pub(crate) struct Program {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
    pub(crate) deliveries: Vec<Delivery>,
}

/// A delivery that the program prints.
pub(crate) struct Delivery {
    pub(crate) address: SocketAddr,
    signature: String,
    body: String,
}

impl Program {
    /// Starts an example in a folder, and waits until it has printed two deliveries.
    pub(crate) fn start(
        example: &str,
        arguments: &[&str],
        folder: &Path,
        (variable, value): (&str, &str),
    ) -> Self {
        let mut command = Command::new(executable(example));
        command.args(arguments).current_dir(folder).env(variable, value).env_remove("RUST_LOG");
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Self { child, output, deliveries: Vec::new() };
        program.deliveries = (0..2).map(|_| Delivery::parse(&program.wait_for("curl -i"))).collect();
        program
    }

    /// Returns the next line that contains a text.
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let mut lines = self.output.by_ref().map(Result::unwrap);
        lines.find(|line| line.contains(text)).unwrap_or_else(|| panic!("it ended before `{text}`"))
    }

    /// Stops the program as Ctrl-C does, and returns the rest of its output.
    pub(crate) fn stop(mut self) -> Vec<String> {
        let kill = Command::new("sh").args(["-c", &format!("kill -INT {}", self.child.id())]).status();
        assert!(kill.unwrap().success());
        let rest = self.output.by_ref().map(Result::unwrap).collect();
        assert!(self.child.wait().unwrap().success());
        rest
    }

    /// Waits until the program ends by itself.
    pub(crate) fn wait(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Delivery {
    fn parse(curl: &str) -> Self {
        let between = |before: &str, after: &str| {
            curl.split_once(before).unwrap().1.split_once(after).unwrap().0.to_owned()
        };
        Self {
            address: between("http://", "/webhook").parse().unwrap(),
            signature: between("Panora-Signature: ", "'"),
            body: between("--data-raw '", "'"),
        }
    }

    /// Returns the id of the event.
    pub(crate) fn id(&self) -> &str {
        self.body.split('"').nth(3).unwrap()
    }

    /// Sends the delivery, without waiting for the answer.
    pub(crate) fn send(&self) -> TcpStream {
        // The program listens before the inbox is open, so the connection waits.
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = Request::post("/webhook").header("Panora-Signature", &self.signature).body(&self.body);
        request.send(&mut stream);
        stream
    }
}
