//! The audit log: a chain of hashes, so that a row that was changed, removed or added afterwards is found.

mod act;
mod actor;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::ids::{ProjectId, UnixTime};
pub use act::Act;
pub use actor::Actor;

/// One row of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub sequence: u64,
    /// When it happened.
    pub time: UnixTime,
    /// Who acted.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// To whom or what.
    pub subject: String,
    /// More about it, without personal data.
    pub detail: String,
    /// The hash of the row before.
    #[serde(skip)]
    pub previous: [u8; 32],
    /// The hash of this row.
    #[serde(skip)]
    pub hash: [u8; 32],
}

/// Where the log does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// The row was changed, or a row before it was removed or added.
    #[error("the audit log does not hold at row {0}")]
    Row(u64),
    /// The log holds in itself and does not have the row that was expected of it.
    #[error("row {0} of the audit log is not the one that was expected: the log was replaced or cut")]
    Head(u64),
    /// Rows at the end are missing or too many.
    #[error("the audit log has {found} rows and its project says {expected}")]
    Length {
        /// Rows that the project says there are.
        expected: u64,
        /// Rows that there are.
        found: u64,
    },
}

impl AuditEntry {
    /// The row that follows `previous`, with its hash.
    pub fn following(
        (sequence, previous): (u64, [u8; 32]),
        time: UnixTime,
        actor: Actor,
        act: Act,
        subject: String,
        detail: String,
    ) -> Self {
        let mut entry = Self {
            sequence: sequence.saturating_add(1),
            time,
            actor: actor.to_string(),
            act: act.name().to_owned(),
            subject,
            detail,
            previous,
            hash: [0; 32],
        };
        entry.hash = entry.compute_hash();
        entry
    }

    /// SHA-256 over every field, each text behind its length so that no two rows read alike.
    fn compute_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"ostiary audit\0");
        hash.update(self.previous);
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.time.0.to_be_bytes());
        for text in [&self.actor, &self.act, &self.subject, &self.detail] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

/// The hash that stands before the first row of a project.
pub fn chain_start(project: ProjectId) -> [u8; 32] {
    Sha256::new().chain_update(b"ostiary audit start\0").chain_update(project.0).finalize().into()
}

/// Verifies rows that follow `(sequence, hash)`, and returns what the next ones have to follow.
///
/// # Errors
/// The first row that does not hold.
pub fn verify_chain(
    (mut sequence, mut previous): (u64, [u8; 32]),
    entries: &[AuditEntry],
) -> Result<(u64, [u8; 32]), AuditBreak> {
    for entry in entries {
        sequence = sequence.saturating_add(1);
        if entry.sequence != sequence || entry.previous != previous || entry.hash != entry.compute_hash() {
            return Err(AuditBreak::Row(sequence));
        }
        previous = entry.hash;
    }
    Ok((sequence, previous))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: ProjectId = ProjectId([7; 8]);

    fn chain(length: u64) -> Vec<AuditEntry> {
        let mut head = (0, chain_start(PROJECT));
        (0..length)
            .map(|number| {
                let entry = AuditEntry::following(
                    head,
                    UnixTime(100),
                    Actor::Operator,
                    Act::UserInvited,
                    format!("user {number}"),
                    String::new(),
                );
                head = (entry.sequence, entry.hash);
                entry
            })
            .collect()
    }

    #[test]
    fn an_untouched_chain_holds() {
        let entries = chain(5);
        let end = verify_chain((0, chain_start(PROJECT)), &entries);
        assert_eq!(end, Ok((5, entries[4].hash)));
    }

    #[test]
    fn every_changed_field_is_found_at_its_row() {
        let changes: [fn(&mut AuditEntry); 7] = [
            |entry| entry.time.0 += 1,
            |entry| entry.actor.push('x'),
            |entry| entry.act.push('x'),
            |entry| entry.subject.clear(),
            |entry| entry.detail.push('x'),
            |entry| entry.previous[0] ^= 1,
            |entry| entry.hash[31] ^= 1,
        ];
        for change in changes {
            let mut entries = chain(5);
            change(&mut entries[2]);
            assert_eq!(verify_chain((0, chain_start(PROJECT)), &entries), Err(AuditBreak::Row(3)));
        }
    }

    #[test]
    fn a_removed_or_exchanged_row_is_found() {
        let mut removed = chain(5);
        removed.remove(1);
        assert_eq!(verify_chain((0, chain_start(PROJECT)), &removed), Err(AuditBreak::Row(2)));
        let mut exchanged = chain(5);
        exchanged.swap(3, 4);
        assert_eq!(verify_chain((0, chain_start(PROJECT)), &exchanged), Err(AuditBreak::Row(4)));
        assert_eq!(verify_chain((0, chain_start(ProjectId([8; 8]))), &chain(1)), Err(AuditBreak::Row(1)));
    }

    #[test]
    fn text_cannot_move_between_fields() {
        let entry = |subject: &str, detail: &str| {
            let head = (0, chain_start(PROJECT));
            AuditEntry::following(
                head,
                UnixTime(1),
                Actor::Manager,
                Act::UserDeleted,
                subject.into(),
                detail.into(),
            )
        };
        assert_ne!(entry("ab", "c").hash, entry("a", "bc").hash);
    }
}
