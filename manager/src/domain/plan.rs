//! The planner: from the users as they are and a list of people as it should be, to what is to be done.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::email_key;
use super::user::UserStatus;

/// Deletions that never need to be confirmed, however few users there are.
const DELETIONS_FREE: usize = 5;
/// Of ten users, one may be deleted without being confirmed.
const DELETIONS_FREE_SHARE: usize = 10;

/// What is known of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// First name; may be empty when there is a last name.
    pub first_name: String,
    /// Last name; may be empty when there is a first name.
    pub last_name: String,
    /// E-mail address.
    pub email: String,
    /// What doors get.
    pub user_id: String,
    /// The identifier in the system that the list comes from.
    pub sync_id: Option<String>,
}

/// One person of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// The person; without a Sync ID where the list has no such column.
    pub person: Person,
}

/// The project's people as they are.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Goes up with every change.
    pub version: i64,
    /// Everybody who is present.
    pub entries: Vec<RosterEntry>,
}

/// A user, as far as the planner cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterEntry {
    /// Identifies the user.
    pub id: Uuid,
    /// Where the user stands.
    pub status: UserStatus,
    /// Name, address and ID.
    pub person: Person,
}

/// One thing to do, or to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Step {
    /// A user is added.
    Add {
        /// The line in the file.
        line: u64,
        /// The new user.
        new: Person,
    },
    /// A user is changed.
    Change {
        /// The line in the file.
        line: u64,
        /// Who is changed.
        user: Uuid,
        /// As it is.
        old: Person,
        /// As it will be.
        new: Person,
    },
    /// A user who is not in the file is deleted.
    Delete {
        /// Who is deleted.
        user: Uuid,
        /// As it is.
        old: Person,
    },
    /// A user is left alone because the app was reset.
    SkipReset {
        /// The line in the file, if the user is in it.
        line: Option<u64>,
        /// Who is left alone.
        user: Uuid,
        /// As it is.
        old: Person,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Users to be added.
    pub added: usize,
    /// Users to be changed.
    pub changed: usize,
    /// Users to be deleted.
    pub deleted: usize,
    /// Users who are already as they should be.
    pub unchanged: usize,
    /// Users who are left alone because the app was reset.
    pub skipped: usize,
}

/// Why a plan is applied only when it is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// The list names nobody.
    EmptyList,
    /// More than 5 users and more than 10 % of all would be deleted.
    ManyDeletions,
}

/// What an import would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The steps: rows of the file in their order, then those who are not in it.
    pub steps: Vec<Step>,
    /// How many of each.
    pub counts: Counts,
    /// Whether it must be confirmed, and why.
    pub confirmation: Option<Confirmation>,
}

/// A row that cannot be planned: what it asks for belongs to a user who is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The line in the file.
    pub line: u64,
    /// What is taken.
    pub taken: Taken,
    /// Who has it.
    pub holder: Person,
}

/// What only one user can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The e-mail address.
    Email,
    /// The user ID.
    UserId,
    /// The Sync ID.
    SyncId,
}

/// Plans a full sync: the people of `rows`, and nobody else.
///
/// A row means the user with its Sync ID; failing that, the user with its e-mail address, unless both have a
/// Sync ID and the two differ. `has_sync_ids` says whether the list has that column: where it has not, users keep theirs.
///
/// # Errors
/// Every row that asks for something that a user whose app was reset keeps.
pub fn plan(roster: &Roster, rows: &[SheetRow], has_sync_ids: bool) -> Result<Plan, Vec<Conflict>> {
    let matches = match_rows(roster, rows);
    let conflicts = conflicts(roster, rows, &matches);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let mut steps = Vec::new();
    let mut counts = Counts::default();
    let mut seen = HashSet::new();
    for (row, entry) in rows.iter().zip(&matches) {
        seen.extend(entry.map(|entry| entry.id));
        steps.extend(row_step(row, *entry, has_sync_ids, &mut counts));
    }
    for entry in roster.entries.iter().filter(|entry| !seen.contains(&entry.id)) {
        let (user, old) = (entry.id, entry.person.clone());
        if entry.status == UserStatus::Reset {
            counts.skipped = counts.skipped.saturating_add(1);
            steps.push(Step::SkipReset { line: None, user, old });
        } else {
            counts.deleted = counts.deleted.saturating_add(1);
            steps.push(Step::Delete { user, old });
        }
    }
    let confirmation = confirmation(roster.entries.len(), rows.len(), counts.deleted);
    Ok(Plan { steps, counts, confirmation })
}

/// For each row the user that it means.
fn match_rows<'a>(roster: &'a Roster, rows: &[SheetRow]) -> Vec<Option<&'a RosterEntry>> {
    let mut by_sync_id = HashMap::new();
    let mut by_email = HashMap::new();
    for entry in &roster.entries {
        if let Some(sync_id) = &entry.person.sync_id {
            by_sync_id.insert(sync_id.as_str(), entry);
        }
        by_email.insert(email_key(&entry.person.email), entry);
    }
    let by_id = |row: &SheetRow| row.person.sync_id.as_deref().and_then(|id| by_sync_id.get(id).copied());
    // A user that one row means by Sync ID is no longer to be had by another row's e-mail address.
    let taken: HashSet<Uuid> = rows.iter().filter_map(by_id).map(|entry| entry.id).collect();
    rows.iter()
        .map(|row| {
            by_id(row).or_else(|| {
                let entry = by_email.get(&email_key(&row.person.email)).copied()?;
                let other = row.person.sync_id.is_some() && entry.person.sync_id.is_some();
                (!other && !taken.contains(&entry.id)).then_some(entry)
            })
        })
        .collect()
}

fn row_step(
    row: &SheetRow,
    entry: Option<&RosterEntry>,
    has_sync_ids: bool,
    counts: &mut Counts,
) -> Option<Step> {
    let line = row.line;
    let Some(entry) = entry else {
        counts.added = counts.added.saturating_add(1);
        return Some(Step::Add { line, new: row.person.clone() });
    };
    let (user, old) = (entry.id, entry.person.clone());
    if entry.status == UserStatus::Reset {
        counts.skipped = counts.skipped.saturating_add(1);
        return Some(Step::SkipReset { line: Some(line), user, old });
    }
    let mut new = row.person.clone();
    if !has_sync_ids {
        new.sync_id.clone_from(&old.sync_id);
    }
    if new == old {
        counts.unchanged = counts.unchanged.saturating_add(1);
        return None;
    }
    counts.changed = counts.changed.saturating_add(1);
    Some(Step::Change { line, user, old, new })
}

fn conflicts(roster: &Roster, rows: &[SheetRow], matches: &[Option<&RosterEntry>]) -> Vec<Conflict> {
    let mut kept = HashMap::new();
    for entry in roster.entries.iter().filter(|entry| entry.status == UserStatus::Reset) {
        kept.insert((0, email_key(&entry.person.email)), (entry, Taken::Email));
        kept.insert((1, entry.person.user_id.clone()), (entry, Taken::UserId));
        if let Some(sync_id) = &entry.person.sync_id {
            kept.insert((2, sync_id.clone()), (entry, Taken::SyncId));
        }
    }
    let mut conflicts = Vec::new();
    for (row, matched) in rows.iter().zip(matches) {
        if kept.is_empty() || matched.is_some_and(|entry| entry.status == UserStatus::Reset) {
            continue;
        }
        let person = &row.person;
        let wants = [
            Some((0, email_key(&person.email))),
            Some((1, person.user_id.clone())),
            person.sync_id.clone().map(|sync_id| (2, sync_id)),
        ];
        for (holder, taken) in wants.into_iter().flatten().filter_map(|want| kept.get(&want)) {
            conflicts.push(Conflict { line: row.line, taken: *taken, holder: holder.person.clone() });
        }
    }
    conflicts
}

/// The guard against a list that is not what it was meant to be.
fn confirmation(present: usize, listed: usize, deleted: usize) -> Option<Confirmation> {
    if listed == 0 {
        return Some(Confirmation::EmptyList);
    }
    let tenth_exceeded = deleted.saturating_mul(DELETIONS_FREE_SHARE) > present;
    (deleted > DELETIONS_FREE && tenth_exceeded).then_some(Confirmation::ManyDeletions)
}

#[cfg(test)]
mod tests;
