//! The program with Bumble's host in it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Where `modem.py` and its environment are; `tests/bumble/check` sets it.
const ROOM: &str = "OSTIARY_BUMBLE";

pub(crate) struct Modem {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    socket: PathBuf,
}

impl Modem {
    pub(crate) async fn start() -> Self {
        let room = std::env::var_os(ROOM).expect("run tests/bumble/check, which sets OSTIARY_BUMBLE");
        let room = PathBuf::from(room);
        let name = std::thread::current().name().unwrap_or_default().replace("::", "-");
        let socket = std::env::temp_dir().join(format!("ostiary-{}-{name}", std::process::id()));
        let mut child = Command::new(room.join(".venv/bin/python"))
            .arg(room.join("modem.py"))
            .arg(&socket)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Bumble starts");
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut modem = Self { child, input, output, socket };
        modem.expect("ready").await;
        modem
    }

    pub(crate) const fn socket(&self) -> &PathBuf {
        &self.socket
    }

    /// Connects to the reader this way; how many octets a packet has.
    pub(crate) async fn connect(&mut self, way: &str) -> u16 {
        self.say(way).await;
        self.expect("up").await.parse().unwrap()
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        self.say(&format!("send {hex}")).await;
    }

    pub(crate) async fn received(&mut self) -> Vec<u8> {
        let hex = self.expect("got").await;
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    /// Until the reader has ended the connection.
    pub(crate) async fn ended(&mut self) {
        self.expect("down").await;
    }

    async fn say(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// What stands behind this word on the next line.
    async fn expect(&mut self, word: &str) -> String {
        let line = tokio::time::timeout(Duration::from_secs(20), self.output.next_line()).await;
        let line = line.expect("Bumble says something within 20 s").unwrap().expect("Bumble goes on");
        let rest = line.strip_prefix(word).unwrap_or_else(|| panic!("{line:?} instead of {word:?}"));
        rest.trim().to_owned()
    }
}

impl Drop for Modem {
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let _ = std::fs::remove_file(&self.socket);
    }
}
