//! Readers that were visited over BLE: what a repeat visit need not ask for again.

use credential::ble::Hint;
use credential::crypto::RustCrypto;
use credential::id::{ProjectId, ReaderId};

use super::Core;
use crate::state::VisitedRecord;

/// Readers that are remembered; the one that was visited longest ago gives way to a new one.
const VISITED_MAX: usize = 64;

impl Core {
    /// What is remembered of a reader.
    pub(crate) fn visited(&self, peripheral: &str) -> Option<VisitedRecord> {
        let vault = self.vault();
        vault.document().visited.iter().find(|visited| visited.peripheral == peripheral).cloned()
    }

    /// The door that was visited and whose hint this is, whatever the platform calls it today.
    pub(crate) fn hinted(&self, hint: Hint) -> Option<(ProjectId, ReaderId)> {
        let vault = self.vault();
        let mut visited = vault.document().visited.iter();
        let door = visited.find(|visited| hint.is_of(&RustCrypto, visited.project, visited.reader))?;
        Some((door.project, door.reader))
    }

    /// Remembers a reader that has proved itself; nothing is written when there is nothing new.
    pub(crate) fn keep_visited(&self, mut visited: VisitedRecord) {
        let mut vault = self.vault();
        let document = vault.document();
        let held = document.visited.iter().find(|held| held.peripheral == visited.peripheral);
        visited.handles = visited.handles.or(held.and_then(|held| held.handles));
        if held == Some(&visited) || !document.settings.remembers_certificates {
            return;
        }
        // What cannot be kept costs the next visit a discovery.
        let _ = vault.change(|document| {
            document.visited.retain(|held| held.peripheral != visited.peripheral);
            if document.visited.len() >= VISITED_MAX {
                document.visited.remove(0);
            }
            document.visited.push(visited);
        });
    }

    /// Forgets what does not hold any more.
    pub(crate) fn forget_visited(&self, peripheral: &str) {
        let mut vault = self.vault();
        if vault.document().visited.iter().any(|visited| visited.peripheral == peripheral) {
            // What stays is found wrong once more.
            let _ = vault.change(|document| document.visited.retain(|held| held.peripheral != peripheral));
        }
    }
}
