//! Importing a list of people: first a plan, then exactly that plan.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{self, Act, Actor, Confirmation, Counts, Roster, Step, UserStatus};
use crate::error::{Error, Refusal};
use crate::import::{self, Delimiter, ImportErrors, Sheet};
use crate::manager::Manager;
use crate::store::{PlanHeader, StoredPlan, Transaction};

/// What an import would do, under an id by which it can be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportPlan {
    /// Names the plan.
    pub id: Uuid,
    /// The encoding that was detected.
    pub encoding: String,
    /// The delimiter that was detected.
    pub delimiter: Delimiter,
    /// Whether the first row was taken for a header.
    pub has_header: bool,
    /// How many users are added, changed, deleted, left as they are.
    pub counts: Counts,
    /// Why the plan is applied only when it is confirmed; `None` if it is not so.
    pub confirmation: Option<Confirmation>,
    /// What would be done.
    pub steps: Vec<Step>,
}

impl Manager {
    /// Plans a full sync with the CSV file whose octets are given; nothing is changed.
    ///
    /// # Errors
    /// [`Error::Import`] with every error of the file.
    pub async fn plan_import(&self, octets: Vec<u8>) -> Result<ImportPlan, Error> {
        let (project, now) = (self.project_id(), self.now());
        let sheet = off_the_loop(move || import::read(&octets)).await??;
        let roster = self.read().await?.roster(project).await?;
        let roster_version = roster.version;
        let (plan, sheet) = off_the_loop(move || plan(&roster, sheet)).await??;
        let header = PlanHeader {
            encoding: sheet.encoding.to_owned(),
            delimiter: sheet.delimiter,
            has_header: sheet.has_header,
            counts: plan.counts,
            confirmation: plan.confirmation,
        };
        let id = self.ids().next(now);
        let stored = StoredPlan { roster_version, is_applied: false, header };
        let mut tx = self.write().await?;
        tx.insert_plan(project, id, &stored, &plan.steps, now).await?;
        tx.commit().await?;
        Ok(ImportPlan::new(id, stored.header, plan.steps))
    }

    /// The plan of this id, as it was shown.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`].
    pub async fn import_plan(&self, id: Uuid) -> Result<ImportPlan, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let stored = tx.plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        let steps = tx.plan_steps(project, id).await?;
        Ok(ImportPlan::new(id, stored.header, steps))
    }

    /// Does exactly what the plan says, all of it or nothing; `confirmed` when the guard's question was answered.
    ///
    /// Deleted users lose their phones at once: the serials stand on a new revocation list.
    ///
    /// # Errors
    /// [`Refusal::PlanOutdated`] when the users have changed since it was made, [`Refusal::ConfirmationNeeded`],
    /// [`Refusal::PlanApplied`], [`Refusal::PlanUnknown`].
    pub async fn apply_import(&self, actor: Actor, id: Uuid, confirmed: bool) -> Result<Counts, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let plan = tx.plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        if plan.is_applied || !tx.mark_plan_applied(project, id, now).await? {
            return Err(Refusal::PlanApplied.into());
        }
        if plan.roster_version != tx.roster_version(project).await? {
            return Err(Refusal::PlanOutdated.into());
        }
        let counts = plan.header.counts;
        if let Some(reason) = plan.header.confirmation.filter(|_| !confirmed) {
            return Err(Refusal::ConfirmationNeeded(question(reason, counts)).into());
        }
        let steps = tx.plan_steps(project, id).await?;
        self.apply_steps(&mut tx, &steps).await?;
        tx.roster_changed(project).await?;
        let detail =
            format!("added {}, changed {}, deleted {}", counts.added, counts.changed, counts.deleted);
        tx.record(project, now, actor, Act::ImportApplied, id.to_string(), detail).await?;
        tx.commit().await?;
        Ok(counts)
    }

    /// Deletions go first and changed values step aside, so that whatever they free can be taken in the same plan.
    async fn apply_steps(&self, tx: &mut Transaction, steps: &[Step]) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut revoked = 0_usize;
        for step in steps {
            match step {
                Step::Delete { user, .. } => {
                    revoked = revoked.saturating_add(self.delete_user(tx, *user).await?);
                }
                Step::Change { user, .. } => tx.park_person(project, *user).await?,
                Step::Add { .. } | Step::SkipReset { .. } => {}
            }
        }
        for step in steps {
            match step {
                Step::Change { user, new, .. } => tx.update_person(project, *user, new, now).await?,
                Step::Add { new, .. } => tx.insert_user(project, self.ids().next(now), new, now).await?,
                Step::Delete { .. } | Step::SkipReset { .. } => {}
            }
        }
        if revoked > 0 {
            self.publish_list(tx).await?;
        }
        Ok(())
    }

    /// Takes everything from a user who is deleted; how many serials have to go on the revocation list.
    async fn delete_user(&self, tx: &mut Transaction, user: Uuid) -> Result<usize, Error> {
        let withdrawn = self.withdraw(tx, user).await?;
        let status = if withdrawn.devices > 0 { UserStatus::DeletionPending } else { UserStatus::Deleted };
        tx.set_user_status(self.project_id(), user, status, self.now()).await?;
        Ok(withdrawn.serials.len())
    }
}

impl ImportPlan {
    fn new(id: Uuid, header: PlanHeader, steps: Vec<Step>) -> Self {
        let PlanHeader { encoding, delimiter, has_header, counts, confirmation } = header;
        Self { id, encoding, delimiter, has_header, counts, confirmation, steps }
    }
}

fn plan(roster: &Roster, sheet: Sheet) -> Result<(domain::Plan, Sheet), ImportErrors> {
    let plan = domain::plan(roster, &sheet.rows, sheet.has_sync_ids).map_err(ImportErrors::of_conflicts)?;
    Ok((plan, sheet))
}

/// What the guard asks before many users are deleted.
fn question(reason: Confirmation, counts: Counts) -> String {
    let deleted = counts.deleted;
    match reason {
        Confirmation::EmptyList => {
            format!("The list names nobody: all {deleted} users would be deleted. Confirm it.")
        }
        Confirmation::ManyDeletions => format!("{deleted} users would be deleted. Confirm it."),
    }
}

/// Computes beside the tasks that must not wait for it.
async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopping)
}
