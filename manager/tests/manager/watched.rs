//! A watched folder: what becomes of the lists that a program puts there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use manager::domain::{Actor, Mode, NewProject};
use manager::{ImportOptions, JobKind, Manager, Origin, Unlock, WatchedFolder};
use tempfile::TempDir;

use crate::support::Served;

/// A manager that watches a folder.
struct Watching {
    served: Served,
    manager: Manager,
    folder: TempDir,
}

const ANNA: &str = "Anna,Berg,anna@x.example,1\n";
const BERT: &str = "Bert,Tal,bert@x.example,2\n";

impl Watching {
    async fn start() -> Self {
        let served = Served::start().await;
        let folder = tempfile::tempdir().unwrap();
        let manager = watching(&served.manager, folder.path());
        Self { served, manager, folder }
    }

    /// Puts a list that stands still.
    fn put(&self, name: &str, list: impl AsRef<[u8]>) {
        put(&self.folder.path().join(name), list.as_ref(), 3600);
    }

    async fn run(&self) {
        let report = self.manager.run_kind(JobKind::Folder).await.unwrap();
        assert!(report.is_none_or(|report| report.outcome == manager::JobOutcome::Done));
        self.served.clock.advance(10);
    }

    async fn emails(&self) -> Vec<String> {
        let users = self.manager.users(None, 1000).await.unwrap();
        let present = users.into_iter().filter(|user| user.status.is_present());
        present.map(|user| user.person.email).collect()
    }

    /// What lies in one of the folders, without what was put before the names.
    fn lies_in(&self, place: &str) -> Vec<String> {
        names(&self.folder.path().join(place)).iter().map(|name| name[26..].to_owned()).collect()
    }

    /// The report beside the only list in a folder.
    fn report(&self, place: &str) -> String {
        let dir = self.folder.path().join(place);
        let name = names(&dir).into_iter().find(|name| name.ends_with(".csv.txt")).unwrap();
        fs::read_to_string(dir.join(name)).unwrap()
    }

    async fn alerts(&self) -> Vec<&'static str> {
        self.manager.alerts(None, 100).await.unwrap().into_iter().map(|alert| alert.kind.name()).collect()
    }

    async fn applied(&self) -> usize {
        let log = self.manager.audit_log(0, 1000).await.unwrap();
        log.iter().filter(|entry| entry.act == "import_applied").count()
    }

    /// Where a run has the lists that it took.
    fn working(&self) -> PathBuf {
        let id = manager::domain::project_id_text(self.manager.project().id);
        self.folder.path().join("working").join(id)
    }
}

fn watching(manager: &Manager, folder: &Path) -> Manager {
    manager.clone().with_watched([WatchedFolder::new(manager.project().id, folder.to_owned())])
}

fn put(path: &Path, list: &[u8], seconds_ago: u64) {
    fs::write(path, list).unwrap();
    let modified = SystemTime::now().checked_sub(Duration::from_secs(seconds_ago)).unwrap();
    fs::File::options().write(true).open(path).unwrap().set_modified(modified).unwrap();
}

/// The names of the files in a folder, sorted.
fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap()).filter(|entry| entry.file_type().unwrap().is_file());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_list_is_applied_and_lies_where_what_is_done_lies() {
    let watching = Watching::start().await;
    watching.put("people.csv", format!("{ANNA}{BERT}"));
    watching.run().await;
    assert_eq!(watching.emails().await, ["anna@x.example", "bert@x.example"]);
    assert_eq!(watching.lies_in("done"), ["people.csv"]);
    // A list of the same name is another one, and the list says who is there.
    watching.put("people.csv", ANNA);
    watching.run().await;
    assert_eq!(watching.emails().await, ["anna@x.example"]);
    assert_eq!(watching.lies_in("done"), ["people.csv", "people.csv"]);
    assert!(names(watching.folder.path()).is_empty() && names(&watching.working()).is_empty());
    let plans = watching.manager.import_plans(10).await.unwrap();
    assert!(plans[0].origin.starts_with("folder: ") && plans[0].origin.ends_with("-people.csv"));
    watching.served.stop().await;
}

#[tokio::test]
async fn a_list_with_errors_is_refused_whole_with_all_of_them_beside_it() {
    let watching = Watching::start().await;
    watching.put("people.csv", format!("{ANNA}Bert,Tal,bert@,2\nCarl,,carl@x.example,é\n"));
    watching.run().await;
    assert!(watching.emails().await.is_empty());
    assert_eq!(watching.lies_in("failed"), ["people.csv", "people.csv.txt"]);
    let report = watching.report("failed");
    assert_eq!(report.lines().count(), 3, "{report}");
    assert!(report.starts_with("line 2, column 3 (E-mail address): \"bert@\""), "{report}");
    assert_eq!(watching.alerts().await, ["import_refused"]);
    let alerts = watching.manager.alerts(None, 1).await.unwrap();
    assert!(alerts[0].detail.starts_with("3 errors, which stand in failed/"), "{alerts:?}");
    assert!(!alerts[0].detail.contains("bert"), "{alerts:?}");
    watching.served.stop().await;
}

#[tokio::test]
async fn a_list_that_the_guard_stops_waits_and_can_be_confirmed() {
    let watching = Watching::start().await;
    let many: String = (0..20).map(|number| format!("A,B,u{number}@x.example,{number}\n")).collect();
    watching.put("people.csv", many);
    watching.run().await;
    watching.put("people.csv", "A,B,u0@x.example,0\n");
    watching.run().await;
    assert_eq!(watching.emails().await.len(), 20);
    assert_eq!(watching.lies_in("waiting"), ["people.csv", "people.csv.txt"]);
    assert_eq!(watching.alerts().await, ["import_stopped"]);
    let report = watching.report("waiting");
    let plan = watching.manager.import_plans(1).await.unwrap()[0].id;
    assert!(report.contains(&format!("manager apply {plan} --confirm-deletions")), "{report}");
    watching.manager.apply_import(Actor::Operator, plan, true).await.unwrap();
    watching.run().await;
    assert_eq!(watching.emails().await, ["u0@x.example"]);
    watching.served.stop().await;
}

#[tokio::test]
async fn what_is_still_being_written_or_is_no_list_is_left_alone() {
    let watching = Watching::start().await;
    let folder = watching.folder.path();
    put(&folder.join("growing.csv"), ANNA.as_bytes(), 0);
    watching.put("people.csv.part", ANNA);
    watching.put(".people.csv", ANNA);
    watching.put("notes.txt", "x");
    fs::create_dir(folder.join("people.d.csv")).unwrap();
    watching.put("elsewhere", BERT);
    std::os::unix::fs::symlink(folder.join("elsewhere"), folder.join("link.csv")).unwrap();
    watching.run().await;
    assert!(watching.emails().await.is_empty());
    assert_eq!(names(folder), [".people.csv", "elsewhere", "growing.csv", "notes.txt", "people.csv.part"]);
    // Renamed into place, it is taken.
    fs::rename(folder.join("people.csv.part"), folder.join("PEOPLE.CSV")).unwrap();
    watching.run().await;
    assert_eq!(watching.emails().await, ["anna@x.example"]);
    watching.served.stop().await;
}

#[tokio::test]
async fn several_lists_are_applied_in_the_order_of_their_age() {
    let watching = Watching::start().await;
    let folder = watching.folder.path();
    put(&folder.join("a.csv"), BERT.as_bytes(), 100);
    put(&folder.join("b.csv"), ANNA.as_bytes(), 200);
    watching.run().await;
    assert_eq!(watching.emails().await, ["bert@x.example"]);
    assert_eq!(watching.applied().await, 2);
    watching.served.stop().await;
}

#[tokio::test]
async fn a_list_that_a_run_died_with_is_applied_once() {
    let watching = Watching::start().await;
    fs::create_dir_all(watching.working()).unwrap();
    // Killed before it was applied.
    let name = "20260921T141320Z-00000000-people.csv";
    put(&watching.working().join(name), format!("{ANNA}{BERT}").as_bytes(), 100);
    watching.run().await;
    assert_eq!(watching.emails().await, ["anna@x.example", "bert@x.example"]);
    assert_eq!(names(&watching.folder.path().join("done")), [name]);
    // Killed after it was applied and before it was moved, and somebody edited a user since.
    let name = "20260921T141320Z-00000001-people.csv";
    put(&watching.working().join(name), ANNA.as_bytes(), 100);
    let origin = Origin::Folder(name.to_owned());
    let options = ImportOptions { mode: Mode::Replace, origin, ..ImportOptions::default() };
    watching.manager.sync(Actor::Manager, ANNA.as_bytes().to_vec(), options).await.unwrap();
    let carl = serde_json::from_value(serde_json::json!({
        "first_name": "Carl", "last_name": "Dahl", "email": "carl@x.example", "user_id": "3", "sync_id": null,
    }));
    watching.manager.add_user(Actor::Operator, &carl.unwrap()).await.unwrap();
    watching.run().await;
    assert_eq!(watching.emails().await, ["anna@x.example", "carl@x.example"]);
    assert_eq!(watching.applied().await, 2);
    assert_eq!(watching.lies_in("done").len(), 2);
    watching.served.stop().await;
}

#[tokio::test]
async fn two_processes_that_watch_one_folder_apply_each_list_once() {
    let watching = Watching::start().await;
    let unlock = Unlock::KeyFile(watching.served.dir.path().join("unlock.key"));
    let clock = watching.served.clock.clone();
    let other = Manager::open(watching.served.database.home(), &unlock, clock).await.unwrap();
    let other = self::watching(&other, watching.folder.path());
    for round in 0..10 {
        for part in 0..3_u32 {
            let number = round * 3 + part;
            let list: String = (0..=number).map(|user| format!("A,B,u{user}@x.example,{user}\n")).collect();
            put(&watching.folder.path().join(format!("{part}.csv")), list.as_bytes(), 100 - u64::from(part));
        }
        let (one, two) =
            tokio::join!(watching.manager.run_kind(JobKind::Folder), other.run_kind(JobKind::Folder));
        one.and(two).unwrap();
        watching.served.clock.advance(10);
    }
    watching.run().await;
    assert_eq!(watching.applied().await, 30);
    assert_eq!(watching.emails().await.len(), 30);
    assert_eq!(watching.lies_in("done").len(), 30);
    other.close().await;
    watching.served.stop().await;
}

#[tokio::test]
async fn a_folder_is_one_project_s_and_an_idle_one_is_not_written_to() {
    let watching = Watching::start().await;
    let (annex, _) = watching.served.manager.add_project(&NewProject::named("Annex")).await.unwrap();
    let both = annex
        .clone()
        .with_watched([WatchedFolder::new(watching.manager.project().id, watching.folder.path().to_owned())]);
    watching.put("people.csv", ANNA);
    assert_eq!(both.run_kind(JobKind::Folder).await.unwrap(), None);
    watching.run().await;
    assert_eq!(watching.emails().await, ["anna@x.example"]);
    assert!(annex.users(None, 10).await.unwrap().is_empty());
    assert_eq!(watching.manager.run_kind(JobKind::Folder).await.unwrap(), None);
    watching.served.stop().await;
}
