//! Undoing an import: from what it did and the users as they are now, to what puts everything back.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;
use uuid::Uuid;

use super::fields::email_key;
use super::ids::UnixTime;
use super::person::{Field, Person};
use super::plan::Step;
use super::user::UserStatus;

/// A user as somebody is now, deleted or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentUser {
    /// Identifies the user.
    pub id: Uuid,
    /// Where the user stands.
    pub status: UserStatus,
    /// Name, address and ID.
    pub person: Person,
    /// When the user was last changed.
    pub updated_at: UnixTime,
    /// Until when the user may come back, if deleted.
    pub restorable_until: Option<UnixTime>,
}

/// What is known of a user from before the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Where the user stood.
    pub status: UserStatus,
    /// When the user was last changed.
    pub updated_at: UnixTime,
}

/// A step that an import did: the step, and the user whom it added where it is one that adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneStep {
    /// What was done.
    pub step: Step,
    /// Who was added.
    pub added: Option<Uuid>,
}

/// One thing that puts back what an import did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoStep {
    /// A user who was added goes without a trace.
    Remove(Uuid),
    /// A user who was changed is as before.
    PutBack {
        /// Who.
        user: Uuid,
        /// As it was.
        person: Person,
        /// When the user was changed before the import; `None` where something else changed since.
        updated_at: Option<UnixTime>,
    },
    /// A user who was deleted comes back.
    Restore(Uuid),
}

/// A user on whom the undoing of an import would trample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndoConflict {
    /// Who.
    pub user: Uuid,
    /// First and last name.
    pub name: String,
    /// What stands against it.
    #[serde(flatten)]
    pub reason: UndoConflictReason,
}

/// What stands against undoing what an import did to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum UndoConflictReason {
    /// Somebody changed name, address or ID since.
    Changed,
    /// Somebody deleted the user since.
    Deleted,
    /// The user whom the import added is past being only invited.
    Begun,
    /// The user whom the import deleted is gone for good, or there again.
    Gone,
    /// What the user had belongs to somebody else now.
    Taken {
        /// What.
        field: Field,
        /// Its value.
        value: String,
        /// The name of who has it.
        holder: String,
    },
}

/// Everybody on whom the undoing of an import would trample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoConflicts(pub Vec<UndoConflict>);

/// Plans the undoing of an import that was applied at `applied_at`.
///
/// `with_phone` are the users who have activated a phone, whatever became of it.
///
/// # Errors
/// Everybody whom somebody else changed meanwhile, or whose address or IDs somebody else has now.
pub fn undo(
    done: &[DoneStep],
    before: &HashMap<Uuid, Before>,
    users: &[CurrentUser],
    with_phone: &HashSet<Uuid>,
    applied_at: UnixTime,
    now: UnixTime,
) -> Result<Vec<UndoStep>, UndoConflicts> {
    let by_id: HashMap<Uuid, &CurrentUser> = users.iter().map(|user| (user.id, user)).collect();
    let mut steps = Vec::new();
    let mut conflicts = Vec::new();
    for DoneStep { step, added } in done {
        let undone = match step {
            Step::Add { new, .. } => added.map(|user| {
                let step = UndoStep::Remove(user);
                (user, new, added_conflict(new, by_id.get(&user).copied(), with_phone), step)
            }),
            Step::Change { user, old, new, .. } => {
                let (current, before) = (by_id.get(user).copied(), before.get(user));
                let updated_at = before
                    .map(|before| before.updated_at)
                    .filter(|_| current.is_some_and(|current| current.updated_at == applied_at));
                let step = UndoStep::PutBack { user: *user, person: old.clone(), updated_at };
                Some((*user, new, changed_conflict(new, current), step))
            }
            Step::Delete { user, old } => {
                let conflict = deleted_conflict(by_id.get(user).copied(), now);
                Some((*user, old, conflict, UndoStep::Restore(*user)))
            }
            Step::SkipListed { .. } | Step::SkipReset { .. } => None,
        };
        let Some((user, person, reason, step)) = undone else { continue };
        match reason {
            Some(reason) => conflicts.push(UndoConflict { user, name: person.full_name(), reason }),
            None => steps.push(step),
        }
    }
    conflicts.extend(taken(done, &steps, users));
    if conflicts.is_empty() { Ok(steps) } else { Err(UndoConflicts(conflicts)) }
}

fn added_conflict(
    new: &Person,
    current: Option<&CurrentUser>,
    with_phone: &HashSet<Uuid>,
) -> Option<UndoConflictReason> {
    let Some(current) = current.filter(|current| current.status.is_present()) else {
        return Some(UndoConflictReason::Deleted);
    };
    let only_invited = matches!(
        current.status,
        UserStatus::NotInvited | UserStatus::Invited | UserStatus::InvitationExpired
    );
    if !only_invited || with_phone.contains(&current.id) {
        return Some(UndoConflictReason::Begun);
    }
    (current.person != *new).then_some(UndoConflictReason::Changed)
}

fn changed_conflict(new: &Person, current: Option<&CurrentUser>) -> Option<UndoConflictReason> {
    match current.filter(|current| current.status.is_present()) {
        None => Some(UndoConflictReason::Deleted),
        Some(current) => (current.person != *new).then_some(UndoConflictReason::Changed),
    }
}

fn deleted_conflict(current: Option<&CurrentUser>, now: UnixTime) -> Option<UndoConflictReason> {
    let restorable = current.is_some_and(|current| {
        !current.status.is_present() && current.restorable_until.is_some_and(|until| now < until)
    });
    (!restorable).then_some(UndoConflictReason::Gone)
}

/// Who could not have back what somebody has whom the import did not touch.
fn taken(done: &[DoneStep], steps: &[UndoStep], users: &[CurrentUser]) -> Vec<UndoConflict> {
    let moved: HashSet<Uuid> = steps
        .iter()
        .map(|step| match step {
            UndoStep::Remove(user) | UndoStep::Restore(user) | UndoStep::PutBack { user, .. } => *user,
        })
        .collect();
    let mut held = HashMap::new();
    for user in users.iter().filter(|user| user.status.is_present() && !moved.contains(&user.id)) {
        for (field, value, _) in keys(&user.person) {
            held.insert((field, value), user);
        }
    }
    let mut conflicts = Vec::new();
    for DoneStep { step, .. } in done {
        let (Step::Change { user, old, .. } | Step::Delete { user, old }) = step else { continue };
        for (field, key, value) in keys(old).into_iter().filter(|_| moved.contains(user)) {
            if let Some(holder) = held.get(&(field, key)) {
                let holder = holder.person.full_name();
                let reason = UndoConflictReason::Taken { field, value, holder };
                conflicts.push(UndoConflict { user: *user, name: old.full_name(), reason });
            }
        }
    }
    conflicts
}

/// What only one user can have: as it is compared, and as it is shown.
fn keys(person: &Person) -> Vec<(Field, String, String)> {
    let mut keys = vec![
        (Field::Email, email_key(&person.email), person.email.clone()),
        (Field::UserId, person.user_id.clone(), person.user_id.clone()),
    ];
    keys.extend(person.sync_id.clone().map(|id| (Field::SyncId, id.clone(), id)));
    keys
}

impl fmt::Display for UndoConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.reason {
            UndoConflictReason::Changed => write!(f, "{name} was changed since the import"),
            UndoConflictReason::Deleted => write!(f, "{name} was deleted since the import"),
            UndoConflictReason::Begun => {
                write!(f, "{name} was added by the import and is more than invited by now")
            }
            UndoConflictReason::Gone => write!(f, "{name} can no longer be restored"),
            UndoConflictReason::Taken { field, value, holder } => {
                write!(f, "the {} {value:?} of {name} belongs to {holder} now", field.name())
            }
        }
    }
}

impl fmt::Display for UndoConflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The import cannot be undone")?;
        self.0.iter().try_for_each(|conflict| write!(f, "\n{conflict}"))
    }
}

impl std::error::Error for UndoConflicts {}
