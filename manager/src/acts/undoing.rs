//! Undoing an import while there is time, and making deletions last afterwards.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::{Act, Actor, UndoStep, UnixTime, undo};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{Touch, Transaction};

use super::importing::off_the_loop;

/// The longest time in which an import can be undone, in seconds.
const UNDO_WINDOW_MAX_S: u32 = 30 * 24 * 3600;
/// For how long a plan that nobody applies is kept with what it says of people, in seconds.
const PLAN_LIFE_S: u32 = 7 * 24 * 3600;

/// What undoing an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Undone {
    /// The plan that is undone.
    pub plan: Uuid,
    /// Users who had been added and are gone.
    pub removed: usize,
    /// Users who had been changed and are as before.
    pub put_back: usize,
    /// Users who had been deleted and are there again.
    pub restored: usize,
}

impl Manager {
    /// Puts back what an import did, all of it or nothing: the plan of this id, or the one that was applied last.
    ///
    /// Serials that were revoked stay revoked; a phone of a restored user gets a new credential at its next renewal.
    ///
    /// # Errors
    /// [`Error::Undo`] with everybody who was changed meanwhile, [`Refusal::UndoOver`], [`Refusal::PlanUndone`],
    /// [`Refusal::PlanNotApplied`], [`Refusal::PlanUnknown`].
    pub async fn undo_import(&self, actor: Actor, plan: Option<Uuid>) -> Result<Undone, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let id = match plan {
            Some(id) => id,
            None => tx.last_applied_plan(project).await?.ok_or(Refusal::PlanNotApplied)?,
        };
        let plan = tx.plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        if plan.undone_at.is_some() {
            return Err(Refusal::PlanUndone.into());
        }
        let (Some(applied_at), Some(until)) = (plan.applied_at, plan.undo_until) else {
            return Err(Refusal::PlanNotApplied.into());
        };
        if now >= until {
            return Err(Refusal::UndoOver.into());
        }
        let undone = self.put_back(&mut tx, id, applied_at).await?;
        tx.mark_plan_undone(project, id, now).await?;
        tx.roster_changed(project).await?;
        let Undone { removed, put_back, restored, .. } = undone;
        let detail = format!("removed {removed}, put back {put_back}, restored {restored}");
        tx.record(project, now, actor, Act::ImportUndone, id.to_string(), detail).await?;
        tx.commit().await?;
        Ok(undone)
    }

    /// For how long an import can be undone, in seconds.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn undo_window_s(&self) -> Result<u32, Error> {
        Ok(self.read().await?.undo_window_s(self.project_id()).await?)
    }

    /// Sets for how long the imports to come can be undone, in seconds: nothing to 30 days.
    ///
    /// # Errors
    /// [`Refusal::UndoWindow`].
    pub async fn set_undo_window(&self, actor: Actor, seconds: u32) -> Result<(), Error> {
        if seconds > UNDO_WINDOW_MAX_S {
            return Err(Refusal::UndoWindow.into());
        }
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        tx.set_undo_window(project, seconds).await?;
        let detail = format!("{seconds} s");
        tx.record(project, now, actor, Act::UndoWindowSet, String::new(), detail).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn put_back(
        &self,
        tx: &mut Transaction,
        plan: Uuid,
        applied_at: UnixTime,
    ) -> Result<Undone, Error> {
        let (project, now) = (self.project_id(), self.now());
        let done = tx.plan_steps(project, plan).await?;
        let before = tx.before(project, plan).await?;
        let users = tx.current_users(project).await?;
        let added: Vec<Uuid> = done.iter().filter_map(|done| done.added).collect();
        let has_added = !added.is_empty();
        let with_phone = if has_added { tx.users_with_phones(project).await? } else { Default::default() };
        let steps =
            off_the_loop(move || undo(&done, &before, &users, &with_phone, applied_at, now)).await??;
        if has_added {
            tx.touch_users(project, plan, Touch::Add, &added).await?;
            tx.remove_added(project, plan).await?;
        }
        let changed: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                UndoStep::PutBack { user, person, updated_at } => Some((*user, person, *updated_at)),
                _ => None,
            })
            .collect();
        if !changed.is_empty() {
            tx.park_planned(project, plan).await?;
        }
        tx.restore_deleted(project, plan).await?;
        let put_back = changed.len();
        for (user, person, updated_at) in changed {
            tx.update_person(project, user, person, updated_at.unwrap_or(now)).await?;
        }
        let restored = steps.iter().filter(|step| matches!(step, UndoStep::Restore(_))).count();
        Ok(Undone { plan, removed: added.len(), put_back, restored })
    }

    /// Whether a deleted user may still come back, so that the phone must keep its key.
    pub(super) async fn is_restorable(&self, tx: &mut Transaction, user: Uuid) -> Result<bool, Error> {
        let until = tx.restorable_until(self.project_id(), user).await?;
        Ok(until.is_some_and(|until| self.now() < until))
    }

    /// Makes deletions last whose import can no longer be undone, and forgets what old plans say of people.
    pub(super) async fn end_undo(&self, tx: &mut Transaction) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        for user in tx.no_longer_restorable(project, now).await? {
            tx.revoke_devices(project, user, self.now()).await?;
            tx.end_restorable(project, user).await?;
        }
        let unapplied_before = UnixTime(now.0.saturating_sub(PLAN_LIFE_S));
        tx.forget_plan_steps(project, now, unapplied_before).await?;
        Ok(())
    }
}
