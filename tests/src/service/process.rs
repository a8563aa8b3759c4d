//! The manager's processes: made, started, killed.

use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::binary;
use super::database::Database;
use super::http::{Client, Request};

/// A project in a directory of its own, removed in the end.
#[derive(Debug)]
pub struct Installation {
    dir: TempDir,
    /// Where its PostgreSQL is, unless it is on SQLite.
    database: Option<String>,
    /// What every command finds in its environment.
    variables: Vec<(String, String)>,
    /// Length and hash of the audit log when it was verified last.
    audit_head: Mutex<Option<String>>,
    /// An administrator's token.
    pub token: String,
    /// The project's id, 16 hexadecimal digits.
    pub project: String,
}

/// A manager that serves; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Installation {
    /// Makes a project on SQLite.
    ///
    /// # Panics
    /// When `manager init` fails.
    pub fn new() -> Self {
        Self::with(None, &[], Vec::new())
    }

    /// Makes a project on SQLite with variables in the environment of all its commands.
    ///
    /// # Panics
    /// When `manager init` fails.
    pub fn in_environment(variables: Vec<(String, String)>) -> Self {
        Self::with(None, &[], variables)
    }

    /// Makes a project on a PostgreSQL, whose address may name several servers.
    ///
    /// # Panics
    /// When `manager init` fails.
    pub fn on(database: &str) -> Self {
        Self::with(Some(database.to_owned()), &[], Vec::new())
    }

    /// Makes a project on SQLite with further arguments of `manager init`.
    ///
    /// # Panics
    /// When `manager init` fails.
    pub fn with_settings(arguments: &[&str]) -> Self {
        Self::with(None, arguments, Vec::new())
    }

    fn with(database: Option<String>, arguments: &[&str], variables: Vec<(String, String)>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut init = command(database.as_deref());
        init.envs(variables.iter().map(|(name, value)| (name, value)));
        init.arg("init").arg(dir.path().join("project")).args(["--name", "Siege"]).args(arguments);
        let made = run(&mut init);
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        Self {
            token: text("api_token"),
            project: text("project"),
            dir,
            database,
            variables,
            audit_head: Mutex::default(),
        }
    }

    /// Looks into the database from outside.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn database(&self) -> Database {
        match &self.database {
            None => Database::sqlite(&self.path().join("manager.db")),
            Some(url) => Database::postgres(url),
        }
    }

    /// The project's directory.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// Starts a manager on a port that the system chooses, and waits until it listens.
    ///
    /// # Panics
    /// When it does not come so far; what it said stands in the message.
    pub fn start(&self) -> Process {
        self.start_with(&[])
    }

    /// Starts a manager with variables in its environment, and waits until it listens.
    ///
    /// # Panics
    /// When it does not come so far; what it said stands in the message.
    pub fn start_with(&self, variables: &[(&str, String)]) -> Process {
        let log = self.dir.path().join("manager.log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = self.command();
        command.arg("serve").arg(self.path()).args(["--listen", "127.0.0.1:0"]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let listening = first_object(&mut child);
        let address = listening.and_then(|object| object["listening"].as_str()?.parse().ok());
        let Some(address) = address else {
            panic!("the manager does not start: {}", self.log());
        };
        Process { child, address }
    }

    /// Imports people with these user IDs and nobody else through the manager at `address`; the users' ids in the same
    /// order.
    ///
    /// # Panics
    /// When the manager does not take them.
    pub fn populate(&self, address: SocketAddr, user_ids: &[String]) -> Vec<String> {
        let (mut client, token) = (Client::new(address), Some(self.token.as_str()));
        let mut ask = |request| client.send(&request).unwrap().expect(200);
        let mut file = String::from("First name,Last name,E-mail address,ID\n");
        for user_id in user_ids {
            file.push_str(&format!("Fixed,Example,{user_id}@siege.example,{user_id}\n"));
        }
        let plan = ask(Request::csv("/v1/imports", &self.token, &file));
        let apply = format!("/v1/imports/{}/apply", plan["id"].as_str().unwrap());
        ask(Request::post(&apply, token, &json!({ "confirm": true })));
        let mut ids = HashMap::new();
        let mut path = "/v1/users?limit=1000".to_owned();
        loop {
            let page = ask(Request::get(&path, token));
            for user in page["users"].as_array().unwrap() {
                let text = |member: &str| user[member].as_str().unwrap().to_owned();
                ids.insert(text("user_id"), text("id"));
            }
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/v1/users?limit=1000&cursor={next}");
        }
        user_ids.iter().map(|user_id| ids[user_id].clone()).collect()
    }

    /// Verifies the audit log with the manager's own command; what it had when it was verified last still stands in it.
    ///
    /// # Panics
    /// When it does not hold.
    pub fn verify_audit(&self) {
        let mut verify = self.command();
        verify.args(["audit", "verify", "--dir"]).arg(self.path());
        let mut head = self.audit_head.lock().unwrap_or_else(PoisonError::into_inner);
        verify.args(head.iter().flat_map(|head| ["--expect-head", head.as_str()]));
        *head = Some(run(&mut verify)["head"].as_str().unwrap().to_owned());
    }

    /// The manager's command, with the environment of the installation.
    pub fn command(&self) -> Command {
        let mut command = command(self.database.as_deref());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// What the managers wrote on standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("manager.log")).unwrap_or_default()
    }
}

impl Default for Installation {
    fn default() -> Self {
        Self::new()
    }
}

/// A test that fails shows what the managers said: why they answered 500, for example.
impl Drop for Installation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the managers said:\n{}", self.log());
        }
    }
}

impl Process {
    /// Ends it as a power failure would: at once and without a word.
    pub fn kill(&mut self) {
        // The only failure is that it is gone already.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }

    /// The id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command(database: Option<&str>) -> Command {
    let mut command = Command::new(binary::manager());
    command.envs(database.map(|url| ("OSTIARY_DATABASE", url)));
    command.arg("--json").env("OSTIARY_LOG", "warn").stdin(Stdio::null());
    // Everybody comes from one address here.
    command.envs(["ACTIVATION", "RENEWAL", "FETCH"].map(|kind| (format!("OSTIARY_LIMIT_{kind}"), "0")));
    command
}

fn run(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{command:?} printed {out}"))
}

fn first_object(child: &mut Child) -> Option<Value> {
    let out = child.stdout.take().unwrap();
    serde_json::Deserializer::from_reader(out).into_iter().next()?.ok()
}
