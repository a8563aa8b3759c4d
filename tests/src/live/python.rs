//! The second implementation as a process that listens.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

/// The interpreter that has what the generator needs, if it is not the one of the virtual environment.
const INTERPRETER: &str = "OSTIARY_PYTHON";

/// A running `live` program; killed when it is dropped before its end.
pub struct Python {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// Where it listens.
    pub address: SocketAddr,
}

/// The role that the program has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The door.
    Reader,
    /// The phone.
    Device,
}

/// What it prints for each tap.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// `full` or `fast`.
    pub path: String,
    /// `grant` or `deny`.
    pub result: String,
    /// Why it denied.
    pub reason: Option<u8>,
    /// Whose credential it was.
    pub user_id: String,
    /// What a device brought, or a reader took.
    pub brought: Vec<Value>,
    /// Whether a report was handed over and kept; `None` if there was none.
    pub reported: Option<bool>,
}

impl Python {
    /// Starts the program for so many taps; the material is written to `file`.
    ///
    /// # Panics
    /// When it cannot be started; the message says what to do.
    pub fn listen(role: Role, material: &Value, file: &Path, taps: usize) -> Self {
        std::fs::write(file, material.to_string()).expect("the material can be written");
        let role = match role {
            Role::Reader => "reader",
            Role::Device => "device",
        };
        let mut child = Command::new(interpreter())
            .current_dir(vectors())
            .args(["-m", "generator", "live", "--role", role, "--listen", "127.0.0.1:0", "--material"])
            .arg(file)
            .args(["--taps", &taps.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the second implementation starts");
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut said = String::new();
        stderr.read_line(&mut said).expect("it says where it listens");
        let address = said.trim_end().strip_prefix("listening on ").and_then(|at| at.parse().ok());
        if address.is_none() {
            let _ = stderr.read_to_string(&mut said);
        }
        let address = address.ok_or(said).expect("the second implementation listens");
        Self { child, stderr, address }
    }

    /// Waits for its end and returns what it printed.
    ///
    /// # Panics
    /// When a tap did not come to its end, or a line is not understood.
    pub fn finish(mut self) -> Vec<Line> {
        let (mut printed, mut said) = (String::new(), String::new());
        let stdout = self.child.stdout.as_mut().expect("a pipe");
        stdout.read_to_string(&mut printed).expect("what it printed");
        self.stderr.read_to_string(&mut said).expect("what it said");
        let status = self.child.wait().expect("its exit status");
        assert!(status.success(), "the second implementation ended with {status}: {said}");
        let lines = printed.lines().map(serde_json::from_str).collect::<Result<Vec<Line>, _>>();
        lines.expect("a line of the shape that is known")
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It has ended by itself unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn interpreter() -> PathBuf {
    if let Some(path) = std::env::var_os(INTERPRETER) {
        return path.into();
    }
    let path = vectors().join(".venv/bin/python");
    assert!(
        path.exists(),
        "the live taps need the second implementation: run tests/vectors/setup once, \
         or set {INTERPRETER} to a Python that has tests/vectors/generator/requirements.txt"
    );
    path
}
