//! Lists of people that lie in a watched folder: each is applied once, and what became of it is seen where it lies.

use std::io;
use std::sync::Arc;

use super::importing::off_the_loop;
use super::{ImportOptions, Origin};
use crate::domain::{Actor, AlertKind};
use crate::error::{Error, Refusal};
use crate::folder::{Claimed, Contents, Outcome, WatchedFolder};
use crate::import::Mapping;
use crate::manager::Manager;

/// Plans that are made anew when somebody changes users meanwhile, before the list waits for the next run.
const TRIES: u32 = 5;

impl Manager {
    /// The folder that is watched for this project, if one is.
    pub(crate) fn watched_folder(&self) -> Option<Arc<WatchedFolder>> {
        self.watched().iter().find(|folder| folder.project == self.project_id()).cloned()
    }

    /// Whether a list lies in the watched folder that is to be applied.
    pub(crate) async fn has_lists(&self) -> Result<bool, Error> {
        let Some(folder) = self.watched_folder() else { return Ok(false) };
        blocking(move || folder.has_lists()).await
    }

    /// Lists that a run had taken which died.
    pub(crate) async fn left_over(&self, folder: &Arc<WatchedFolder>) -> Result<Vec<Claimed>, Error> {
        let folder = Arc::clone(folder);
        blocking(move || folder.left_over()).await
    }

    /// Takes a list that stands still.
    pub(crate) async fn take_list(&self, folder: &Arc<WatchedFolder>) -> Result<Option<Claimed>, Error> {
        let (folder, now) = (Arc::clone(folder), self.now());
        blocking(move || folder.take(now)).await
    }

    /// Applies a list that was taken, unless that was done before, and moves it to where its outcome says.
    ///
    /// # Errors
    /// What keeps every list from being applied; this one is taken up again then.
    pub(crate) async fn apply_list(
        &self,
        folder: &Arc<WatchedFolder>,
        claimed: &Claimed,
    ) -> Result<(), Error> {
        let origin = Origin::Folder(claimed.name.clone());
        // A run may have died between applying the list and moving it.
        if self.read().await?.is_origin_applied(self.project_id(), &origin.name()).await? {
            return self.finish_list(folder, claimed, Outcome::Done, None).await;
        }
        let (reading, what) = (Arc::clone(folder), claimed.clone());
        let octets = match blocking(move || reading.read(&what)).await? {
            Contents::Octets(octets) => octets,
            Contents::Unfinished => return Ok(()),
            Contents::TooLong => {
                let report = "The list is longer than 128 MiB.".to_owned();
                return self.refuse_list(folder, claimed, report).await;
            }
        };
        for _ in 0..TRIES {
            let options =
                ImportOptions { mode: folder.mode, mapping: Mapping::default(), origin: origin.clone() };
            match self.sync(Actor::Manager, octets.clone(), options).await {
                Ok(_) => return self.finish_list(folder, claimed, Outcome::Done, None).await,
                Err(Error::Refused(Refusal::PlanOutdated)) => {}
                Err(Error::Refused(Refusal::SyncWaits { plan, question })) => {
                    let report = format!(
                        "{question}\nTo do so: manager apply {plan} --confirm-deletions\n\
                         Otherwise nothing is changed.\n"
                    );
                    return self.finish_list(folder, claimed, Outcome::Waiting, Some(report)).await;
                }
                Err(Error::Import(errors)) => {
                    let lines: Vec<String> = errors.0.iter().map(ToString::to_string).collect();
                    return self.refuse_list(folder, claimed, lines.join("\n")).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(Refusal::PlanOutdated.into())
    }

    /// Tells of a list that cannot be applied, and puts it aside with everything that is wrong with it.
    async fn refuse_list(
        &self,
        folder: &Arc<WatchedFolder>,
        claimed: &Claimed,
        report: String,
    ) -> Result<(), Error> {
        // What is wrong may name people, whom neither a log nor a mail to many has to name.
        let count = report.lines().count();
        let errors = if count == 1 { "error, which stands" } else { "errors, which stand" };
        let detail = format!("{count} {errors} in failed/{}.txt", claimed.name);
        let mut tx = self.write().await?;
        self.raise_alert(&mut tx, AlertKind::ImportRefused, &claimed.name, &detail).await?;
        tx.commit().await?;
        self.finish_list(folder, claimed, Outcome::Failed, Some(format!("{report}\n"))).await
    }

    async fn finish_list(
        &self,
        folder: &Arc<WatchedFolder>,
        claimed: &Claimed,
        outcome: Outcome,
        report: Option<String>,
    ) -> Result<(), Error> {
        tracing::info!(list = %claimed.name, ?outcome, "a list of the watched folder");
        let (folder, claimed) = (Arc::clone(folder), claimed.clone());
        blocking(move || folder.finish(&claimed, outcome, report.as_deref())).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    off_the_loop(work).await?.map_err(|error| Error::WatchedFolder(error.to_string()))
}
