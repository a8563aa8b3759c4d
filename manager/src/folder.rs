//! A watched folder: lists of people that a program puts there, and what became of each.
//!
//! A file is in one place at any time, and moves by renaming, which is one step of the file system:
//! `FOLDER` → `working/PROJECT` → `done`, `failed` or `waiting`. Whoever's renaming into `working` succeeds has it.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::domain::{Mode, ProjectId, UnixTime, hex, project_id_text};
use crate::random;

/// The longest list, in octets, as over the API.
const LIST_MAX: u64 = 128 * 1024 * 1024;
/// What the name of a list ends with.
const EXTENSION: &str = "csv";
const WORKING: &str = "working";

/// A folder whose lists are applied by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchedFolder {
    /// Whose lists they are.
    pub project: ProjectId,
    /// Where lists are put.
    pub folder: PathBuf,
    /// What a list means for those who are in it and those who are not.
    pub mode: Mode,
    /// For how long a file has to stand still before it is taken.
    pub settle: Duration,
}

/// What became of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was applied, or there was nothing to do.
    Done,
    /// It was refused, for what stands in the report.
    Failed,
    /// It waits to be confirmed, as the report says.
    Waiting,
}

/// A list that this process has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// Its name from now on: when it was taken, chance, and the name that it had.
    pub(crate) name: String,
    path: PathBuf,
    /// How it looked when it was taken; `None` for one that another run had taken.
    looked: Option<Look>,
}

/// What can be read of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    Octets(Vec<u8>),
    TooLong,
    /// Somebody was still writing: it was put back.
    Unfinished,
}

/// By what it is seen that a file stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    size: u64,
    modified: SystemTime,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Done, Self::Failed, Self::Waiting];

    const fn folder(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Waiting => "waiting",
        }
    }
}

impl WatchedFolder {
    /// A folder whose lists say who is there, and whose files are taken when they have stood still for 5 seconds.
    pub const fn new(project: ProjectId, folder: PathBuf) -> Self {
        Self { project, folder, mode: Mode::Replace, settle: Duration::from_secs(5) }
    }

    /// Whether there is something to do; looks only.
    pub(crate) fn has_lists(&self) -> io::Result<bool> {
        Ok(!files(&self.working())?.is_empty() || !self.ready()?.is_empty())
    }

    /// Lists that a run had taken which died; only whoever has the work may ask.
    pub(crate) fn left_over(&self) -> io::Result<Vec<Claimed>> {
        let mut left = Vec::new();
        for path in files(&self.working())? {
            if let Some(name) = name_of(&path) {
                left.push(Claimed { name, path, looked: None });
            }
        }
        left.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(left)
    }

    /// Takes the oldest list that stands still, if there is one that nobody else was faster to take.
    pub(crate) fn take(&self, now: UnixTime) -> io::Result<Option<Claimed>> {
        self.make_folders()?;
        for (look, name) in self.ready()? {
            let path = self.folder.join(&name);
            let name = claimed_name(&name, now)?;
            let claimed = self.working().join(&name);
            match fs::rename(&path, &claimed) {
                Ok(()) => return Ok(Some(Claimed { name, path: claimed, looked: Some(look) })),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Reads a list that was taken; one that changed since it was looked at is put back.
    pub(crate) fn read(&self, claimed: &Claimed) -> io::Result<Contents> {
        let mut octets = Vec::new();
        fs::File::open(&claimed.path)?.take(LIST_MAX.saturating_add(1)).read_to_end(&mut octets)?;
        if let Some(looked) = claimed.looked
            && look(&claimed.path)? != Some(looked)
        {
            // The name tells when it was taken first; it is taken again when it stands still.
            fs::rename(&claimed.path, self.folder.join(&claimed.name))?;
            return Ok(Contents::Unfinished);
        }
        let is_too_long = u64::try_from(octets.len()).is_ok_and(|length| length > LIST_MAX);
        Ok(if is_too_long { Contents::TooLong } else { Contents::Octets(octets) })
    }

    /// Moves a list to where its outcome says, with a report beside it if there is one.
    ///
    /// The report is there before the list is, so that nobody finds a list without one.
    pub(crate) fn finish(&self, claimed: &Claimed, outcome: Outcome, report: Option<&str>) -> io::Result<()> {
        self.make_folders()?;
        let path = self.folder.join(outcome.folder()).join(&claimed.name);
        if let Some(report) = report {
            let mut name = path.clone().into_os_string();
            name.push(".txt");
            fs::write(PathBuf::from(name), report)?;
        }
        match fs::rename(&claimed.path, path) {
            // Another run has finished it.
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    /// Lists that stand still, oldest first.
    fn ready(&self) -> io::Result<Vec<(Look, String)>> {
        let mut found = Vec::new();
        for path in files(&self.folder)? {
            let is_list = path.extension().is_some_and(|end| end.eq_ignore_ascii_case(EXTENSION));
            let Some(name) = name_of(&path).filter(|name| is_list && !name.starts_with('.')) else {
                continue;
            };
            if let Some(look) = look(&path)?.filter(|look| self.stands_still(*look)) {
                found.push((look, name));
            }
        }
        found.sort_by(|(one, name), (other, other_name)| {
            (one.modified, name).cmp(&(other.modified, other_name))
        });
        Ok(found)
    }

    fn working(&self) -> PathBuf {
        self.folder.join(WORKING).join(project_id_text(self.project))
    }

    fn stands_still(&self, look: Look) -> bool {
        // Also where the clock of whoever wrote it goes ahead.
        let age = SystemTime::now().duration_since(look.modified);
        age.unwrap_or_else(|ahead| ahead.duration()) >= self.settle
    }

    fn make_folders(&self) -> io::Result<()> {
        for name in Outcome::ALL.map(Outcome::folder) {
            fs::create_dir_all(self.folder.join(name))?;
        }
        fs::create_dir_all(self.working())
    }
}

/// The plain files in a folder; none while there is no such folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        // A link would lead to files that nobody put here.
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// How a file looks now; `None` if it is gone.
fn look(path: &Path) -> io::Result<Option<Look>> {
    let look = |metadata: Metadata| Ok(Look { size: metadata.len(), modified: metadata.modified()? });
    match fs::symlink_metadata(path) {
        Ok(metadata) => look(metadata).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The name of a file, if it is text.
fn name_of(path: &Path) -> Option<String> {
    path.file_name()?.to_str().map(str::to_owned)
}

fn claimed_name(name: &str, now: UnixTime) -> io::Result<String> {
    let chance = random::octets::<4>().map_err(|_| io::Error::other("no random octets"))?;
    let time = jiff::Timestamp::from_second(i64::from(now.0)).unwrap_or_default();
    Ok(format!("{}-{}-{name}", time.strftime("%Y%m%dT%H%M%SZ"), hex(&chance)))
}
