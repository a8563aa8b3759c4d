//! Backups of a PostgreSQL, where `OSTIARY_TEST_DATABASE` names one: by its own tools, while others write.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use manager::backup::{BackupError, BackupKind, Manifest, RestoreOptions, ServerAddress, backup, restore};
use manager::clock::ManualClock;
use manager::domain::{Actor, NewProject, Person};
use manager::{DatabaseUrl, Home, Manager, Unlock};
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, Connection, PgConnection, raw_sql};
use tempfile::TempDir;

use crate::support::START;

/// A database of its own, dropped with this.
struct ServerDatabase {
    server: String,
    name: String,
}

/// A project on a database of its own.
struct Site {
    dir: TempDir,
    database: ServerDatabase,
    manager: Manager,
    clock: Arc<ManualClock>,
}

impl ServerDatabase {
    /// An empty one; `None` where tests run on SQLite.
    async fn empty() -> Option<Self> {
        let server = std::env::var("OSTIARY_TEST_DATABASE").ok()?;
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("backup_{:016x}", u64::from_be_bytes(random));
        execute(&server, format!("CREATE DATABASE {name}")).await;
        Some(Self { server, name })
    }

    fn url(&self) -> String {
        let (place, _) = self.server.rsplit_once('/').unwrap();
        format!("{place}/{}", self.name)
    }

    fn home(&self, dir: &Path) -> Home {
        Home::from(dir).with_database(Some(self.url().parse::<DatabaseUrl>().unwrap()))
    }

    fn address(&self) -> ServerAddress {
        ServerAddress::parse(&self.url()).unwrap()
    }
}

impl Drop for ServerDatabase {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // A test may end within a runtime, where nothing can be waited for.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&server, drop));
        });
        let _failed = dropping.join();
    }
}

async fn execute(server: &str, statement: String) {
    let mut connection = PgConnection::connect(server).await.unwrap();
    raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

impl Site {
    async fn new() -> Option<Self> {
        let database = ServerDatabase::empty().await?;
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(ManualClock::new(START)));
        let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
        let project = NewProject::named("Example Works");
        let home = database.home(dir.path());
        let (manager, _) = Manager::init(home, &project, &unlock, clock.clone()).await.unwrap();
        Some(Self { dir, database, manager, clock })
    }

    fn unlock(&self) -> Unlock {
        Unlock::KeyFile(self.dir.path().join("unlock.key"))
    }

    async fn backup(&self, file: &Path) -> Result<Manifest, BackupError> {
        let home = self.database.home(self.dir.path());
        backup(&home, Some(&self.database.address()), file, &*self.clock).await
    }

    async fn restore_to(&self, database: &ServerDatabase, file: &Path) -> Result<(), BackupError> {
        let options = RestoreOptions { server: Some(database.address()), lists: Vec::new() };
        restore(file, &database.home(self.dir.path()), &options, &*self.clock).await.map(|_| ())
    }

    async fn add(&self, number: usize) {
        let person = Person {
            first_name: "Anna".to_owned(),
            last_name: "Berg".to_owned(),
            email: format!("anna{number}@x.example"),
            user_id: format!("{number}"),
            sync_id: None,
        };
        let user = self.manager.add_user(Actor::Operator, &person).await.unwrap();
        self.manager.invite(Actor::Operator, user.id).await.unwrap();
    }
}

#[tokio::test]
async fn a_server_is_backed_up_while_others_write_and_gone_on_from_in_an_empty_database() {
    let Some(site) = Site::new().await else { return };
    site.add(0).await;
    site.manager.publish_revocation_list(Actor::Operator).await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    let is_made = AtomicBool::new(false);
    let writing = async {
        let mut number = 0;
        while !is_made.load(Ordering::SeqCst) {
            number += 1;
            site.add(number).await;
        }
        number
    };
    let backing_up = async {
        let made = site.backup(&file).await;
        is_made.store(true, Ordering::SeqCst);
        made
    };
    let (added, manifest) = tokio::join!(writing, backing_up);
    let manifest = manifest.unwrap();
    assert!(added > 1, "nobody wrote meanwhile");
    assert_eq!((manifest.kind, manifest.projects[0].list_version), (BackupKind::Postgresql, 1));

    let empty = ServerDatabase::empty().await.unwrap();
    site.restore_to(&empty, &file).await.unwrap();
    let again = site.restore_to(&empty, &file).await.unwrap_err();
    assert!(matches!(again, BackupError::NotEmpty(_)), "{again}");
    let onto_itself = site.restore_to(&site.database, &file).await.unwrap_err();
    assert!(matches!(onto_itself, BackupError::NotEmpty(_)), "{onto_itself}");

    let home = empty.home(site.dir.path());
    let restored = Manager::open(home, &site.unlock(), site.clock.clone()).await.unwrap();
    let entries = restored.verify_audit().await.unwrap().unwrap();
    assert!(entries > manifest.projects[0].audit_entries, "{entries}");
    restored.publish_revocation_list(Actor::Operator).await.unwrap();
    assert!(restored.newest_list().await.unwrap().unwrap().version > 1000);
    restored.find_user("anna0@x.example").await.unwrap();
    restored.close().await;
    site.manager.close().await;
}

#[tokio::test]
async fn a_damaged_dump_is_refused_and_leaves_the_database_empty() {
    let Some(site) = Site::new().await else { return };
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    site.backup(&file).await.unwrap();
    let manifest_file = place.path().join("backup.manifest.json");
    let (whole, manifest) = (std::fs::read(&file).unwrap(), std::fs::read_to_string(&manifest_file).unwrap());
    let empty = ServerDatabase::empty().await.unwrap();

    let half = &whole[..whole.len() / 2];
    std::fs::write(&file, half).unwrap();
    let refused = site.restore_to(&empty, &file).await.unwrap_err();
    assert!(matches!(refused, BackupError::Changed), "{refused}");

    // A manifest that describes what is left of it.
    let digits = |octets: &[u8]| -> String {
        Sha256::digest(octets).iter().map(|octet| format!("{octet:02x}")).collect()
    };
    let described = manifest
        .replace(&digits(&whole), &digits(half))
        .replace(&format!("\"octets\": {}", whole.len()), &format!("\"octets\": {}", half.len()));
    assert_ne!(described, manifest);
    std::fs::write(&manifest_file, described).unwrap();
    let refused = site.restore_to(&empty, &file).await.unwrap_err();
    assert!(matches!(refused, BackupError::ToolFailed { tool: "pg_restore", .. }), "{refused}");

    std::fs::write(&file, &whole).unwrap();
    std::fs::write(&manifest_file, manifest).unwrap();
    site.restore_to(&empty, &file).await.unwrap();
    site.manager.close().await;
}

#[tokio::test]
async fn a_backup_whose_audit_log_does_not_hold_leaves_the_database_empty() {
    let Some(site) = Site::new().await else { return };
    let place = tempfile::tempdir().unwrap();
    let (good, bad) = (place.path().join("good"), place.path().join("bad"));
    site.backup(&good).await.unwrap();
    execute(&site.database.url(), "UPDATE audit SET detail = 'another' WHERE sequence = 1".to_owned()).await;
    site.backup(&bad).await.unwrap();
    let empty = ServerDatabase::empty().await.unwrap();
    let refused = site.restore_to(&empty, &bad).await.unwrap_err();
    assert!(matches!(refused, BackupError::Audit { .. }), "{refused}");
    site.restore_to(&empty, &good).await.unwrap();
    site.manager.close().await;
}

#[tokio::test]
async fn a_restoration_that_did_not_end_is_not_gone_on_from() {
    let Some(site) = Site::new().await else { return };
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    site.backup(&file).await.unwrap();
    let restored = ServerDatabase::empty().await.unwrap();
    site.restore_to(&restored, &file).await.unwrap();
    let open =
        async || Manager::open(restored.home(site.dir.path()), &site.unlock(), site.clock.clone()).await;
    open().await.unwrap().close().await;
    // As it is until the transaction that lets the numbers jump ahead.
    execute(&restored.url(), "CREATE TABLE unfinished_restoration ()".to_owned()).await;
    let refused = open().await.unwrap_err().to_string();
    assert!(refused.contains("empty the database and restore the backup again"), "{refused}");
    site.manager.close().await;
}

#[tokio::test]
async fn a_missing_tool_is_told_with_what_to_do_and_leaves_nothing() {
    let Some(site) = Site::new().await else { return };
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    let command = |words: [&str; 2]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_manager"));
        command.arg(words[0]).arg(&file).arg(words[1]).arg(site.dir.path());
        command.env("PATH", place.path()).env("OSTIARY_DATABASE", site.database.url());
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let told = command(["backup", "--dir"]);
    assert!(told.contains("pg_dump cannot be run"), "{told}");
    assert!(told.contains("install the client programs of PostgreSQL"), "{told}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
    site.manager.close().await;
}

#[tokio::test]
async fn a_server_with_a_password_is_backed_up() {
    let Some(site) = Site::new().await else { return };
    let address = site.database.url().replace("postgres://ostiary@", "postgres://ostiary:not%20asked@");
    let place = tempfile::tempdir().unwrap();
    let server = ServerAddress::parse(&address).unwrap();
    assert!(!format!("{server:?}").contains("asked"));
    let home = site.database.home(site.dir.path());
    backup(&home, Some(&server), &place.path().join("backup"), &*site.clock).await.unwrap();
    site.manager.close().await;
}
