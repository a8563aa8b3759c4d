//! The planner: from the users as they are and a list of people as it should be, to what is to be done.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::fields::email_key;
use super::person::{Field, Person};
use super::user::UserStatus;

/// Deletions that never need to be confirmed, however few users there are.
const DELETIONS_FREE: usize = 5;
/// Of ten users, one may be deleted without being confirmed.
const DELETIONS_FREE_SHARE: usize = 10;

/// What a list means for those who are in it and those who are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The list says who is there: users are added, changed, and deleted when they are not in it.
    #[default]
    Replace,
    /// Users are added and changed; who is not in the list stays.
    AddAndUpdate,
    /// Users are added; who is there already stays as is.
    AddOnly,
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
    /// A user is left as is because the list only adds.
    SkipListed {
        /// The line in the file.
        line: u64,
        /// Who is left as is.
        user: Uuid,
        /// As it is.
        old: Person,
        /// As the file has it.
        new: Person,
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
    /// Users whom the list would change or delete, and who are left as they are.
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

/// A row that cannot be planned: what it asks for belongs to a user who is left as is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The line in the file.
    pub line: u64,
    /// What is taken: e-mail address, user ID or Sync ID.
    pub taken: Field,
    /// Who has it.
    pub holder: Person,
    /// Why that user keeps it.
    pub keeps: Keeps,
}

/// Why a user is left as is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// The app was reset.
    Reset,
    /// The list does not name the user, and deletes nobody.
    NotListed,
    /// The list names the user, and changes nobody.
    Listed,
}

impl Counts {
    /// Whether nobody is added, changed or deleted.
    pub const fn is_nothing(&self) -> bool {
        self.added == 0 && self.changed == 0 && self.deleted == 0
    }
}

impl Mode {
    /// The modes, the usual one first.
    pub const ALL: [Self; 3] = [Self::Replace, Self::AddAndUpdate, Self::AddOnly];

    /// The name in the API and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::AddAndUpdate => "add_and_update",
            Self::AddOnly => "add_only",
        }
    }

    /// Undoes [`Mode::name`]; takes hyphens too.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// Plans what the people of `rows` mean for the users.
///
/// A row means the user with its Sync ID; failing that, the user with its e-mail address, unless both have a
/// Sync ID and the two differ. `has_sync_ids` says whether the list has that column: where it has not, users keep theirs.
///
/// # Errors
/// Every row that asks for something that a user keeps who is left as is.
pub fn plan(
    roster: &Roster,
    rows: &[SheetRow],
    has_sync_ids: bool,
    mode: Mode,
) -> Result<Plan, Vec<Conflict>> {
    let matches = match_rows(roster, rows);
    let conflicts = conflicts(roster, rows, &matches, mode);
    if !conflicts.is_empty() {
        return Err(conflicts);
    }
    let mut steps = Vec::new();
    let mut counts = Counts::default();
    let mut seen = HashSet::new();
    for (row, entry) in rows.iter().zip(&matches) {
        seen.extend(entry.map(|entry| entry.id));
        steps.extend(row_step(row, *entry, has_sync_ids, mode, &mut counts));
    }
    if mode != Mode::Replace {
        return Ok(Plan { steps, counts, confirmation: None });
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
    mode: Mode,
    counts: &mut Counts,
) -> Option<Step> {
    let line = row.line;
    let Some(entry) = entry else {
        counts.added = counts.added.saturating_add(1);
        return Some(Step::Add { line, new: row.person.clone() });
    };
    let mut new = row.person.clone();
    if !has_sync_ids {
        new.sync_id.clone_from(&entry.person.sync_id);
    }
    if new == entry.person {
        counts.unchanged = counts.unchanged.saturating_add(1);
        return None;
    }
    let (user, old) = (entry.id, entry.person.clone());
    if entry.status == UserStatus::Reset {
        counts.skipped = counts.skipped.saturating_add(1);
        return Some(Step::SkipReset { line: Some(line), user, old });
    }
    if mode == Mode::AddOnly {
        counts.skipped = counts.skipped.saturating_add(1);
        return Some(Step::SkipListed { line, user, old, new });
    }
    counts.changed = counts.changed.saturating_add(1);
    Some(Step::Change { line, user, old, new })
}

fn conflicts(
    roster: &Roster,
    rows: &[SheetRow],
    matches: &[Option<&RosterEntry>],
    mode: Mode,
) -> Vec<Conflict> {
    let listed: HashSet<Uuid> = match mode {
        Mode::Replace => HashSet::new(),
        _ => matches.iter().flatten().map(|entry| entry.id).collect(),
    };
    let keeps = |entry: &RosterEntry| match mode {
        _ if entry.status == UserStatus::Reset => Some(Keeps::Reset),
        Mode::Replace => None,
        _ if !listed.contains(&entry.id) => Some(Keeps::NotListed),
        Mode::AddAndUpdate => None,
        Mode::AddOnly => Some(Keeps::Listed),
    };
    let mut kept = HashMap::new();
    for (entry, keeps) in roster.entries.iter().filter_map(|entry| Some((entry, keeps(entry)?))) {
        for key in keys(&entry.person) {
            kept.insert(key, (entry, keeps));
        }
    }
    let mut conflicts = Vec::new();
    for (row, matched) in rows.iter().zip(matches) {
        if kept.is_empty() || matched.is_some_and(|entry| keeps(entry).is_some()) {
            continue;
        }
        for key in keys(&row.person) {
            if let Some((holder, keeps)) = kept.get(&key) {
                let (taken, holder, keeps) = (key.0, holder.person.clone(), *keeps);
                conflicts.push(Conflict { line: row.line, taken, holder, keeps });
            }
        }
    }
    conflicts
}

/// What only one user can have, as it is compared.
fn keys(person: &Person) -> impl Iterator<Item = (Field, String)> {
    let keys = [
        Some((Field::Email, email_key(&person.email))),
        Some((Field::UserId, person.user_id.clone())),
        person.sync_id.clone().map(|sync_id| (Field::SyncId, sync_id)),
    ];
    keys.into_iter().flatten()
}

/// The guard against a list that is not what it was meant to be.
pub fn confirmation(present: usize, listed: usize, deleted: usize) -> Option<Confirmation> {
    if listed == 0 {
        return Some(Confirmation::EmptyList);
    }
    let tenth_exceeded = deleted.saturating_mul(DELETIONS_FREE_SHARE) > present;
    (deleted > DELETIONS_FREE && tenth_exceeded).then_some(Confirmation::ManyDeletions)
}

#[cfg(test)]
mod tests;
