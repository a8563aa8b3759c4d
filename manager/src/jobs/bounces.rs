//! Reading reports on mail that did not arrive from a Maildir.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Next, Stop};
use crate::acts::BounceTaken;
use crate::error::Error;
use crate::mail::REPORT_MAX;
use crate::manager::Manager;

/// Reports of one run.
const PORTION: usize = 200;
/// A report that no project has claimed for so long is put aside.
const UNCLAIMED: Duration = Duration::from_secs(24 * 3600);

/// Reads what is new in the mailbox; what is about another project's mail is left there for it.
///
/// A report that is read twice changes nothing, so a run that is cut off does no harm.
pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error> {
    let Some(mailbox) = manager.mail_options().bounces.clone() else { return Ok(Next::Usual) };
    let listed = mailbox.clone();
    let reports = off_the_loop(move || new_reports(&listed)).await?;
    let is_full = reports.len() >= PORTION;
    let mut taken = 0_usize;
    for report in reports {
        if stop.is_requested() {
            return Ok(Next::Again);
        }
        let path = report.clone();
        let Some(octets) = off_the_loop(move || read(&path)).await? else { continue };
        let what = manager.take_bounce(&octets).await?;
        let path = report.clone();
        if what != BounceTaken::Unknown || off_the_loop(move || is_old(&path)).await? {
            let mailbox = mailbox.clone();
            off_the_loop(move || put_aside(&mailbox, &report)).await?;
            taken = taken.saturating_add(1);
        }
    }
    Ok(if is_full && taken > 0 { Next::Again } else { Next::Usual })
}

/// The oldest files in `new`, none while there is no mailbox yet.
fn new_reports(mailbox: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(mailbox.join("new")) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut reports: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_file())
        .collect();
    // Names in a Maildir begin with the time.
    reports.sort_unstable();
    reports.truncate(PORTION);
    Ok(reports)
}

/// The beginning of a file; `None` if another process has put it aside by now.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    use std::io::Read;
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut octets = Vec::new();
    file.take(u64::try_from(REPORT_MAX).unwrap_or(u64::MAX)).read_to_end(&mut octets)?;
    Ok(Some(octets))
}

fn is_old(path: &Path) -> io::Result<bool> {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
    let age = modified.ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
    Ok(age.is_some_and(|age| age > UNCLAIMED))
}

/// Moves a report to `cur` as seen.
fn put_aside(mailbox: &Path, report: &Path) -> io::Result<()> {
    let cur = mailbox.join("cur");
    fs::create_dir_all(&cur)?;
    let name = report.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let base = name.split(":2,").next().unwrap_or_default();
    match fs::rename(report, cur.join(format!("{base}:2,S"))) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopping)?;
    done.map_err(|error| Error::Mailbox(error.to_string()))
}
