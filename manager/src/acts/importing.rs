//! Importing a list of people: first a plan, then exactly that plan.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Progress;
use crate::domain::{
    self, Act, Actor, Confirmation, Counts, DoneStep, Mode, Roster, Step, Turn, UnixTime, after, next_status,
};
use crate::domain::{Person, UserStatus};
use crate::error::{Error, Refusal};
use crate::import::{self, Delimiter, ImportErrors, Mapping, Sheet, SheetColumn};
use crate::mail::MailKind;
use crate::manager::Manager;
use crate::store::{PlanFile, PlanHeader, StoredPlan, Touch, Transaction};

/// How a list is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// What the list means for those who are in it and those who are not.
    pub mode: Mode,
    /// Which columns hold which fields, where somebody says so.
    pub mapping: Mapping,
    /// Where the list comes from.
    pub origin: Origin,
}

/// Where a list comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Somebody gave it to the manager by hand.
    #[default]
    Administrator,
    /// A program sent it.
    Upload,
    /// It lay in a watched folder, under this name.
    Folder(String),
    /// An identity provider asked for it by SCIM.
    Scim,
}

/// What an import would do, under an id by which it can be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ImportPlan {
    /// What the plan says of itself.
    #[serde(flatten)]
    pub summary: PlanSummary,
    /// What would be done; empty once the plan can neither be applied nor undone any more.
    pub steps: Vec<Step>,
}

/// A plan without its steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlanSummary {
    /// Names the plan.
    pub id: Uuid,
    /// What the list means for those who are in it and those who are not.
    pub mode: Mode,
    /// Where the list came from.
    pub origin: String,
    /// The encoding that was detected; `None`, like the next three, where there was no file.
    pub encoding: Option<String>,
    /// The delimiter that was detected.
    pub delimiter: Option<Delimiter>,
    /// Whether the first row was taken for a header.
    pub has_header: Option<bool>,
    /// What each column was taken for.
    pub columns: Option<Vec<SheetColumn>>,
    /// How many users are added, changed, deleted, left as they are.
    pub counts: Counts,
    /// Why the plan is applied only when it is confirmed; `None` if it is not so.
    pub confirmation: Option<Confirmation>,
    /// When it was made.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was applied.
    #[schema(value_type = Option<u32>)]
    pub applied_at: Option<UnixTime>,
    /// The first second at which it can no longer be undone.
    #[schema(value_type = Option<u32>)]
    pub undo_until: Option<UnixTime>,
    /// When it was undone.
    #[schema(value_type = Option<u32>)]
    pub undone_at: Option<UnixTime>,
}

impl Manager {
    /// Plans to have exactly the people of a CSV file, whose octets are given; nothing is changed.
    ///
    /// # Errors
    /// [`Error::Import`] with every error of the file.
    pub async fn plan_import(&self, octets: Vec<u8>) -> Result<ImportPlan, Error> {
        self.plan_import_as(octets, ImportOptions::default()).await
    }

    /// Plans what a CSV file means; nothing is changed.
    ///
    /// # Errors
    /// [`Error::Import`] with every error of the file.
    pub async fn plan_import_as(&self, octets: Vec<u8>, options: ImportOptions) -> Result<ImportPlan, Error> {
        let ImportOptions { mode, mapping, origin } = options;
        let sheet = off_the_loop(move || import::read_mapped(&octets, &mapping)).await??;
        let roster = self.read().await?.roster(self.project_id()).await?;
        let roster_version = roster.version;
        let (plan, file) = off_the_loop(move || plan(roster, sheet, mode)).await??;
        let header =
            PlanHeader { mode, file: Some(file), counts: plan.counts, confirmation: plan.confirmation };
        let mut tx = self.write().await?;
        let stored = self.keep_plan(&mut tx, roster_version, &origin, header, &plan.steps).await?;
        tx.commit().await?;
        Ok(ImportPlan { summary: stored.into(), steps: plan.steps })
    }

    /// The plan of this id, as it was shown.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`].
    pub async fn import_plan(&self, id: Uuid) -> Result<ImportPlan, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let stored = tx.plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        let steps = tx.plan_steps(project, id).await?.into_iter().map(|done| done.step).collect();
        Ok(ImportPlan { summary: stored.into(), steps })
    }

    /// What the plan of this id says of itself, and up to `limit` of its steps behind the first `from`.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`].
    pub async fn import_plan_from(
        &self,
        id: Uuid,
        from: usize,
        limit: usize,
    ) -> Result<(PlanSummary, Vec<Step>), Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let stored = tx.plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        Ok((stored.into(), tx.plan_steps_from(project, id, from, limit).await?))
    }

    /// What the plan of this id says of itself.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`].
    pub async fn import_summary(&self, id: Uuid) -> Result<PlanSummary, Error> {
        let stored = self.read().await?.plan(self.project_id(), id).await?.ok_or(Refusal::PlanUnknown)?;
        Ok(stored.into())
    }

    /// The newest plans without their steps, at most `limit`, the newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn import_plans(&self, limit: u32) -> Result<Vec<PlanSummary>, Error> {
        let plans = self.read().await?.plans(self.project_id(), limit).await?;
        Ok(plans.into_iter().map(Into::into).collect())
    }

    /// Does exactly what the plan says, all of it or nothing; `confirmed` when the guard's question was answered.
    ///
    /// The credentials of deleted users stand on a new revocation list at once. Until the time to undo the import is
    /// over, their phones may come back.
    ///
    /// # Errors
    /// [`Refusal::PlanOutdated`] when the users have changed since it was made, [`Refusal::ConfirmationNeeded`],
    /// [`Refusal::PlanApplied`], [`Refusal::PlanUnknown`].
    pub async fn apply_import(&self, actor: Actor, id: Uuid, confirmed: bool) -> Result<Counts, Error> {
        self.apply_watched_import(actor, id, confirmed, &Progress::default()).await
    }

    /// Applies a plan as [`Manager::apply_import`] does, while somebody looks how far it is.
    ///
    /// # Errors
    /// Those of [`Manager::apply_import`].
    pub async fn apply_watched_import(
        &self,
        actor: Actor,
        id: Uuid,
        confirmed: bool,
        progress: &Progress,
    ) -> Result<Counts, Error> {
        let project = self.project_id();
        let mut tx = self.write().await?;
        let plan = tx.plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        let counts = self.apply_plan(&mut tx, actor, &plan, confirmed, progress).await?;
        tx.commit().await?;
        Ok(counts)
    }

    /// Keeps a plan to be applied.
    pub(super) async fn keep_plan(
        &self,
        tx: &mut Transaction,
        roster_version: i64,
        origin: &Origin,
        header: PlanHeader,
        steps: &[Step],
    ) -> Result<StoredPlan, Error> {
        let now = self.now();
        let stored = StoredPlan {
            id: self.ids().next(now),
            roster_version,
            origin: origin.name(),
            created_at: now,
            applied_at: None,
            undo_until: None,
            undone_at: None,
            header,
        };
        tx.insert_plan(self.project_id(), &stored, steps, || self.ids().next(now)).await?;
        Ok(stored)
    }

    /// Does what a plan says within a transaction.
    pub(super) async fn apply_plan(
        &self,
        tx: &mut Transaction,
        actor: Actor,
        plan: &StoredPlan,
        confirmed: bool,
        progress: &Progress,
    ) -> Result<Counts, Error> {
        let (project, now) = (self.project_id(), self.now());
        let undo_until = after(now, tx.undo_window_s(project).await?);
        if plan.applied_at.is_some() || !tx.mark_plan_applied(project, plan.id, now, undo_until).await? {
            return Err(Refusal::PlanApplied.into());
        }
        if plan.roster_version != tx.roster_version(project).await? {
            return Err(Refusal::PlanOutdated.into());
        }
        let counts = plan.header.counts;
        if let Some(reason) = plan.header.confirmation.filter(|_| !confirmed) {
            return Err(Refusal::ConfirmationNeeded(question(reason, counts)).into());
        }
        let steps = tx.plan_steps(project, plan.id).await?;
        self.apply_steps(tx, plan.id, &steps, undo_until, progress).await?;
        tx.roster_changed(project).await?;
        let detail =
            format!("added {}, changed {}, deleted {}", counts.added, counts.changed, counts.deleted);
        tx.record(project, now, actor, Act::ImportApplied, plan.id.to_string(), detail).await?;
        Ok(counts)
    }

    /// Deletions go first and changed values step aside, so that whatever they free can be taken in the same plan.
    async fn apply_steps(
        &self,
        tx: &mut Transaction,
        plan: Uuid,
        steps: &[DoneStep],
        undo_until: UnixTime,
        progress: &Progress,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        // Each step is done, and then the mail of it written.
        progress.begin(steps.len().saturating_mul(2));
        let deleted = steps.iter().filter_map(|done| match done.step {
            Step::Delete { user, .. } => Some(user),
            _ => None,
        });
        let changed = steps.iter().filter_map(|done| match &done.step {
            Step::Change { user, new, .. } => Some((*user, new)),
            _ => None,
        });
        let deleted: Vec<Uuid> = deleted.collect();
        let changed: Vec<(Uuid, &Person)> = changed.collect();
        let changed_ids: Vec<Uuid> = changed.iter().map(|(user, _)| *user).collect();
        tx.touch_users(project, plan, Touch::Delete, &deleted).await?;
        tx.touch_users(project, plan, Touch::Change, &changed_ids).await?;
        if !deleted.is_empty() || !changed.is_empty() {
            tx.keep_before(project, plan).await?;
        }
        let mut is_list_due = false;
        if !deleted.is_empty() {
            let status = |has_phone| {
                next_status(UserStatus::Active, Turn::Delete, has_phone).unwrap_or(UserStatus::Deleted)
            };
            let statuses = (status(true), status(false));
            is_list_due = tx.delete_planned(project, plan, statuses, now, undo_until).await? > 0;
            progress.add(deleted.len());
        }
        if !changed.is_empty() {
            tx.park_planned(project, plan).await?;
        }
        for (user, person) in changed {
            tx.update_person(project, user, person, now).await?;
            progress.add(1);
        }
        // As in an edit: a user ID that was taken away may be somebody else's in the next line.
        for done in steps {
            if let Step::Change { user, old, new, .. } = &done.step
                && old.user_id != new.user_id
            {
                is_list_due |= !tx.revoke_credentials(project, *user, now).await?.is_empty();
            }
        }
        if is_list_due {
            self.publish_list(tx).await?;
        }
        let added = steps.iter().filter_map(|done| match (&done.step, done.added) {
            (Step::Add { new, .. }, Some(user)) => Some((user, new)),
            _ => None,
        });
        let added: Vec<(Uuid, &Person)> = added.collect();
        tx.insert_users(project, &added, now, |count| progress.add(count)).await?;
        for done in steps {
            progress.add(1);
            match &done.step {
                // Told when the import can no longer be undone, and not at all when it was.
                Step::Delete { user, old, .. } => {
                    self.mail_user(tx, MailKind::Deletion, (*user, old), undo_until).await?;
                }
                Step::Change { user, old, new, .. } => self.mail_change(tx, (*user, new), old).await?,
                Step::Add { .. } | Step::SkipReset { .. } | Step::SkipListed { .. } => {}
            }
        }
        Ok(())
    }
}

impl Origin {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Administrator => "administrator".to_owned(),
            Self::Upload => "upload".to_owned(),
            Self::Folder(file) => format!("folder: {file}"),
            Self::Scim => "scim".to_owned(),
        }
    }
}

impl From<StoredPlan> for PlanSummary {
    fn from(plan: StoredPlan) -> Self {
        let PlanHeader { mode, file, counts, confirmation } = plan.header;
        let (encoding, delimiter, has_header, columns) = match file {
            Some(file) => {
                (Some(file.encoding), Some(file.delimiter), Some(file.has_header), Some(file.columns))
            }
            None => (None, None, None, None),
        };
        Self {
            id: plan.id,
            mode,
            origin: plan.origin,
            encoding,
            delimiter,
            has_header,
            columns,
            counts,
            confirmation,
            created_at: plan.created_at,
            applied_at: plan.applied_at,
            undo_until: plan.undo_until,
            undone_at: plan.undone_at,
        }
    }
}

fn plan(roster: Roster, sheet: Sheet, mode: Mode) -> Result<(domain::Plan, PlanFile), ImportErrors> {
    let plan = domain::plan(&roster, &sheet.rows, sheet.has_sync_ids, mode)
        .map_err(|conflicts| ImportErrors::of_conflicts(conflicts, &sheet.columns))?;
    let file = PlanFile {
        encoding: sheet.encoding.to_owned(),
        delimiter: sheet.delimiter,
        has_header: sheet.has_header,
        columns: sheet.columns,
    };
    Ok((plan, file))
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
pub(super) async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopping)
}
