//! What an identity provider asks for by SCIM: one user at a time, by the same plans, rules and guard as lists.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::{
    Act, Actor, Confirmation, Counts, Field, Mode, Person, Step, Turn, UnixTime, UserStatus, confirmation,
    email_key, next_status,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::scim::{Draft, Filter, IndexedField, Record, ScimError, ScimType, attribute, indexed, version};
use crate::store::{PlanHeader, Transaction};

use super::{Origin, Progress};

/// Users that are read at a time while a filter is applied.
const PAGE: u32 = 1000;
/// Deletions of this time count together for the guard, in seconds.
const GUARD_WINDOW_S: u32 = 24 * 3600;

/// A page of users, and how many there are in all.
pub(crate) struct Found {
    pub(crate) total: u32,
    pub(crate) records: Vec<Record>,
}

/// Why an identity provider does not get what it asks for.
#[derive(Debug)]
pub(crate) enum NotProvisioned {
    /// The request is wrong.
    Scim(ScimError),
    /// The user is another version than the request is about.
    Changed,
    /// Everything else.
    Error(Error),
}

impl<E: Into<Error>> From<E> for NotProvisioned {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<ScimError> for NotProvisioned {
    fn from(error: ScimError) -> Self {
        Self::Scim(error)
    }
}

impl Manager {
    /// The user of this id, if present.
    pub(crate) async fn provisioned(&self, id: Uuid) -> Result<Record, NotProvisioned> {
        let record = self.read().await?.scim_user(self.project_id(), id).await?;
        Ok(record.ok_or(Refusal::UserUnknown)?)
    }

    /// Up to `count` users from the place `start` on, from 0, of those for whom the filter holds.
    pub(crate) async fn provisioned_users(
        &self,
        filter: Option<&Filter>,
        start: u32,
        count: u32,
    ) -> Result<Found, NotProvisioned> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let Some(filter) = filter else {
            let total = tx.count_present(project).await?;
            let records = tx.scim_users(project, Uuid::nil(), start, count).await?;
            return Ok(Found { total, records });
        };
        let mut found = Found { total: 0, records: Vec::new() };
        let mut keep = |record: Record| {
            if filter.holds(&record) {
                let is_full = u32::try_from(found.records.len()).is_ok_and(|length| length >= count);
                if found.total >= start && !is_full {
                    found.records.push(record);
                }
                found.total = found.total.saturating_add(1);
            }
        };
        if let Some((field, value)) = indexed(filter) {
            for id in candidates(&mut tx, self, field, value).await? {
                if let Some(record) = tx.scim_user(project, id).await? {
                    keep(record);
                }
            }
            return Ok(found);
        }
        let mut after = Uuid::nil();
        loop {
            let page = tx.scim_users(project, after, 0, PAGE).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = last.id;
            page.into_iter().for_each(&mut keep);
        }
    }

    /// Adds a user.
    pub(crate) async fn provision(&self, actor: Actor, draft: &Draft) -> Result<Record, NotProvisioned> {
        let project = self.project_id();
        let (user_name, new) = (draft.checked_user_name()?, draft.person()?);
        let mut tx = self.write().await?;
        self.demand_unique(&mut tx, None, &user_name, &new).await?;
        let counts = Counts { added: 1, ..Counts::default() };
        self.do_step(&mut tx, actor, Step::Add { line: 0, new: new.clone() }, counts, None).await?;
        let id = tx.user_by_email(project, &new.email).await?.ok_or(Refusal::UserUnknown)?;
        if user_name != new.email {
            tx.set_user_name(project, id, &user_name, &user_name.to_lowercase(), self.now()).await?;
        }
        if draft.active == Some(false) {
            self.set_active(&mut tx, actor, id, false).await?;
        }
        let record = tx.scim_user(project, id).await?.ok_or(Refusal::UserUnknown)?;
        tx.commit().await?;
        Ok(record)
    }

    /// Makes a user what `change` makes of the user as it is, if that is one of the versions in `versions`.
    pub(crate) async fn reprovision(
        &self,
        actor: Actor,
        id: Uuid,
        versions: Option<&[String]>,
        change: impl FnOnce(&Record) -> Result<Draft, ScimError>,
    ) -> Result<Record, NotProvisioned> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let old = tx.scim_user(project, id).await?.ok_or(Refusal::UserUnknown)?;
        demand_version(&old, versions)?;
        let draft = change(&old)?;
        let (user_name, new) = (draft.checked_user_name()?, draft.person()?);
        let is_active = draft.active.unwrap_or(true);
        if user_name != old.user_name || new != old.person {
            self.demand_unique(&mut tx, Some(id), &user_name, &new).await?;
        }
        if new != old.person {
            let counts = Counts { changed: 1, ..Counts::default() };
            let step = Step::Change { line: 0, user: id, old: old.person.clone(), new: new.clone() };
            self.do_step(&mut tx, actor, step, counts, None).await?;
        }
        // A user without a name of its own would otherwise be called by the new address.
        if user_name != old.user_name || (new.email != old.person.email && user_name != new.email) {
            tx.set_user_name(project, id, &user_name, &user_name.to_lowercase(), now).await?;
        }
        if is_active != old.is_active() {
            self.set_active(&mut tx, actor, id, is_active).await?;
        }
        let record = tx.scim_user(project, id).await?.ok_or(Refusal::UserUnknown)?;
        tx.commit().await?;
        Ok(record)
    }

    /// Deletes a user, unless so many were deleted by SCIM within a day that it has to be confirmed.
    pub(crate) async fn deprovision(
        &self,
        actor: Actor,
        id: Uuid,
        versions: Option<&[String]>,
    ) -> Result<(), NotProvisioned> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let old = tx.scim_user(project, id).await?.ok_or(Refusal::UserUnknown)?;
        demand_version(&old, versions)?;
        let since = UnixTime(now.0.saturating_sub(GUARD_WINDOW_S));
        let before = tx.deleted_since(project, &Origin::Scim.name(), since).await?;
        let present = usize::try_from(tx.count_present(project).await?).unwrap_or(usize::MAX);
        let deleted = before.saturating_add(1);
        let reason = confirmation(present.saturating_add(before), deleted, deleted);
        let counts = Counts { deleted: 1, ..Counts::default() };
        let step = Step::Delete { user: id, old: old.person };
        let done = self.do_step(&mut tx, actor, step, counts, reason).await;
        match done {
            // The plan is kept, so that somebody can confirm it.
            Err(error @ NotProvisioned::Error(Error::Refused(Refusal::SyncWaits { .. }))) => {
                tx.commit().await?;
                Err(error)
            }
            Err(error) => Err(error),
            Ok(()) => Ok(tx.commit().await?),
        }
    }

    /// A plan of one step, applied at once unless it has to be confirmed.
    async fn do_step(
        &self,
        tx: &mut Transaction,
        actor: Actor,
        step: Step,
        counts: Counts,
        confirmation: Option<Confirmation>,
    ) -> Result<(), NotProvisioned> {
        let project = self.project_id();
        let roster_version = tx.roster_version(project).await?;
        let header = PlanHeader { mode: Mode::AddAndUpdate, file: None, counts, confirmation };
        let plan = self.keep_plan(tx, roster_version, &Origin::Scim, header, &[step]).await?;
        if confirmation.is_some() {
            let question = "More users are deleted by SCIM within a day than is usual.".to_owned();
            let detail = "deletions by SCIM have to be confirmed".to_owned();
            tx.record(project, self.now(), actor, Act::SyncWaiting, plan.id.to_string(), detail).await?;
            return Err(Refusal::SyncWaits { plan: plan.id, question }.into());
        }
        self.apply_plan(tx, actor, &plan, false, &Progress::default()).await?;
        Ok(())
    }

    /// Suspends a user or ends the suspension, by the rules that hold for everybody.
    async fn set_active(
        &self,
        tx: &mut Transaction,
        actor: Actor,
        user: Uuid,
        is_active: bool,
    ) -> Result<(), NotProvisioned> {
        let (project, now) = (self.project_id(), self.now());
        let old = self.present_user(tx, user).await?;
        let has_phone = tx.has_device(project, user).await?;
        let (turn, act) =
            if is_active { (Turn::Resume, Act::UserResumed) } else { (Turn::Suspend, Act::UserSuspended) };
        let next = next_status(old.status, turn, has_phone)
            .map_err(|_| Refusal::UserStatus(if is_active { "suspended" } else { "not suspended" }))?;
        let mut detail = String::new();
        if !is_active {
            tx.void_open_invitation(project, user).await?;
            let serials = tx.revoke_credentials(project, user, now).await?;
            detail = format!("list {}", self.publish_if(tx, !serials.is_empty()).await?);
        }
        tx.set_user_status(project, user, next, now).await?;
        if old.status == UserStatus::Reset {
            tx.roster_changed(project).await?;
        }
        tx.record(project, now, actor, act, user.to_string(), detail).await?;
        Ok(())
    }

    /// Refuses what another user has already.
    async fn demand_unique(
        &self,
        tx: &mut Transaction,
        user: Option<Uuid>,
        user_name: &str,
        person: &Person,
    ) -> Result<(), NotProvisioned> {
        let project = self.project_id();
        let is_other = |found: &Uuid| Some(*found) != user;
        let names = tx.users_by_user_name(project, &user_name.to_lowercase()).await?;
        if names.iter().any(is_other) {
            return Err(taken("userName", user_name));
        }
        let sync_id = match &person.sync_id {
            Some(id) => tx.holder_of_sync_id(project, id).await?,
            None => None,
        };
        let holders = [
            (Field::Email, person.email.as_str(), tx.user_by_email(project, &person.email).await?),
            (Field::UserId, person.user_id.as_str(), tx.user_by_user_id(project, &person.user_id).await?),
            (Field::SyncId, person.sync_id.as_deref().unwrap_or_default(), sync_id),
        ];
        match holders.iter().find(|(_, _, holder)| holder.as_ref().is_some_and(is_other)) {
            Some((field, value, _)) => Err(taken(attribute(*field), value)),
            None => Ok(()),
        }
    }
}

fn taken(attribute: &str, value: &str) -> NotProvisioned {
    let detail = format!("another user has {value:?} as {attribute}").trim_end_matches(',').to_owned();
    ScimError::new(ScimType::Uniqueness, detail).into()
}

fn demand_version(record: &Record, versions: Option<&[String]>) -> Result<(), NotProvisioned> {
    let is_meant = |versions: &[String]| {
        let current = version(record);
        let opaque = current.trim_start_matches("W/");
        versions.iter().any(|wanted| wanted == "*" || wanted.trim_start_matches("W/") == opaque)
    };
    if versions.is_none_or(is_meant) { Ok(()) } else { Err(NotProvisioned::Changed) }
}

async fn candidates(
    tx: &mut Transaction,
    manager: &Manager,
    field: IndexedField,
    value: &str,
) -> Result<BTreeSet<Uuid>, Error> {
    let project = manager.project_id();
    Ok(match field {
        IndexedField::UserName => {
            tx.users_by_user_name(project, &value.to_lowercase()).await?.into_iter().collect()
        }
        IndexedField::Person(Field::Email) => {
            tx.user_by_email(project, &email_key(value)).await?.into_iter().collect()
        }
        IndexedField::Person(Field::SyncId) => {
            tx.holder_of_sync_id(project, value).await?.into_iter().collect()
        }
        IndexedField::Person(_) => tx.user_by_user_id(project, value).await?.into_iter().collect(),
    })
}
