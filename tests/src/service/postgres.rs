//! A PostgreSQL server of one's own, on a free port of the loopback interface, with replicas if they are wanted.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process};
use tempfile::TempDir;

/// PostgreSQL refuses to run as root; this user has no files that could be harmed.
const NOBODY: u32 = 65534;
/// For how long a server may take to start or to be promoted.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(20);
/// The name under which a replica is waited for.
const REPLICA: &str = "ostiary_replica";

/// How a server treats what was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power failure, as in production.
    Disk,
    /// It survives the end of the server, not of the machine: as much as a test can tell, and much faster.
    Process,
}

/// A server; killed when dropped.
#[derive(Debug)]
pub struct Postgres {
    home: TempDir,
    port: u16,
    durability: Durability,
    /// Whether a commit waits until the replica has it.
    awaits_replica: bool,
    child: Option<Child>,
}

/// Whether PostgreSQL is installed.
pub fn is_installed() -> bool {
    bin().is_some()
}

impl Postgres {
    /// Makes an empty server and starts it.
    ///
    /// # Panics
    /// When PostgreSQL is not installed, or does not start.
    pub fn start(durability: Durability) -> Self {
        let mut server = Self::new(durability);
        let arguments = ["--username=ostiary", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
        run(server.command("initdb").arg("--pgdata").arg(server.data()).args(arguments));
        fs::write(server.data().join("pg_hba.conf"), HBA).unwrap();
        server.restart();
        server
    }

    /// A replica that follows this server; from now on this one answers a commit when the replica has it too.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn replicate(&mut self) -> Self {
        let mut replica = Self::new(self.durability);
        let source = format!("host=127.0.0.1 port={} user=ostiary application_name={REPLICA}", self.port);
        let mut copy = replica.command("pg_basebackup");
        copy.args(["--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--dbname", &source]);
        run(copy.arg("--pgdata").arg(replica.data()));
        replica.restart();
        self.kill();
        self.awaits_replica = true;
        self.restart();
        replica
    }

    /// Where it is asked.
    pub fn url(&self) -> String {
        format!("postgres://ostiary@127.0.0.1:{}/postgres", self.port)
    }

    /// Makes a replica the primary.
    ///
    /// # Panics
    /// When it is none, or does not become one.
    pub fn promote(&self) {
        run(self.command("pg_ctl").args(["promote", "--wait", "--pgdata"]).arg(self.data()));
    }

    /// Ends the server and all its processes at once.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        // The children are looked for first: without their parent nobody knows whose they are.
        let processes = children_of(child.id());
        let _gone = child.kill();
        let _reaped = child.wait();
        for process in processes {
            let _gone = kill_process(process, Signal::KILL);
        }
    }

    /// Starts it, with everything that it had when it ended.
    ///
    /// # Panics
    /// When it does not start; what it said stands in the message.
    pub fn restart(&mut self) {
        let log = self.home.path().join("server.log");
        let file = fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-h", "127.0.0.1", "-p", &self.port.to_string()]);
        command.arg("-k").arg(self.home.path()).args(["-c", "max_connections=200"]);
        if self.durability == Durability::Process {
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        if self.awaits_replica {
            command.args(["-c", &format!("synchronous_standby_names={REPLICA}")]);
        }
        let began = Instant::now();
        self.child = Some(command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap());
        while !self.is_ready() {
            let child = self.child.as_mut().unwrap();
            let ended = child.try_wait().unwrap();
            if ended.is_some() && began.elapsed() < PATIENCE {
                // What is left of the server before it may take a moment to go.
                return self.restart();
            }
            let said = || fs::read_to_string(&log).unwrap_or_default();
            assert!(began.elapsed() < PATIENCE, "PostgreSQL does not start: {}", said());
            thread::park_timeout(PAUSE);
        }
    }

    /// The id of its first process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    fn new(durability: Durability) -> Self {
        let home = tempfile::tempdir().unwrap();
        if getuid().is_root() {
            chown(home.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { home, port, durability, awaits_replica: false, child: None }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn is_ready(&self) -> bool {
        let mut command = self.command("pg_isready");
        command.args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()]);
        command.status().unwrap().success()
    }

    fn command(&self, name: &str) -> Command {
        let bin = bin().expect("PostgreSQL is not installed: apt-get install postgresql");
        let mut command = Command::new(bin.join(name));
        command.current_dir(self.home.path()).stdin(Stdio::null());
        if getuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Everybody on this machine may do everything, replication included.
const HBA: &str =
    "local all all trust\nhost all all 127.0.0.1/32 trust\nhost replication all 127.0.0.1/32 trust\n";

/// The directory of the newest version that is installed.
fn bin() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse::<u32>().ok()?, version.path())))
        .max();
    let on_path = || {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|dir| dir.join("initdb").exists())
    };
    newest.map(|(_, dir)| dir.join("bin")).filter(|bin| bin.join("initdb").exists()).or_else(on_path)
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

fn children_of(parent: u32) -> Vec<Pid> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|process| child_of(&process.path(), parent)).collect()
}

fn child_of(process: &Path, parent: u32) -> Option<Pid> {
    let id = process.file_name().and_then(OsStr::to_str)?.parse().ok()?;
    let status = fs::read_to_string(process.join("status")).ok()?;
    let of = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim();
    if of == parent.to_string() { Pid::from_raw(id) } else { None }
}
