//! What a door keeps of what happened, and how it hands it over.
//!
//! Spec: `docs/PROTOCOL.md#reports`

use credential::reader::{Decision, Outcome, Verdict};
use credential::report::{Acknowledged, Blame, CONTENTS_HEAD_OCTETS, Event, Evidence, write_head};
use credential::time::UnixTime;

use crate::log::EventLog;

/// Blames that are counted: every one that this code knows.
const BLAMES: [Blame; 8] = [
    Blame::InvalidMessage,
    Blame::PeerMisbehaved,
    Blame::PeerIncompatible,
    Blame::AuthFailed,
    Blame::TimedOut,
    Blame::Reader,
    Blame::Link,
    Blame::NoApplication,
];

/// The log, and what has been handed over of it.
pub(super) struct Reporting<L> {
    pub(super) log: L,
    /// The next entry to hand over, so that two phones in a row carry different ones.
    next: u32,
    /// Where `next` goes once the phone has said that it keeps the report.
    under_way: u32,
    /// Failures since they were last written down: a stranger must not be able to flush the log.
    failures: [u32; BLAMES.len()],
}

impl<L: EventLog> Reporting<L> {
    pub(super) const fn new(log: L) -> Self {
        Self { log, next: 1, under_way: 1, failures: [0; BLAMES.len()] }
    }

    pub(super) fn note(&mut self, time: Option<UnixTime>, event: &Event<'_>) {
        self.log.append(time, event);
    }

    /// Writes down a decision as the device was, or would have been, told it.
    pub(super) fn decided(&mut self, time: Option<UnixTime>, decision: &Decision, verdict: Verdict) {
        let Decision { outcome, path, serial, receipt } = decision;
        let refused = credential::reader::DenyReason::Refused;
        let event = match (outcome, verdict) {
            (Outcome::Grant(_), Verdict::Stands) => match (receipt, serial) {
                (Some(receipt), _) => Event::GrantedFull(Evidence::from(receipt)),
                (None, Some(serial)) => Event::GrantedFast { serial: *serial },
                (None, None) => Event::GrantedOther,
            },
            (Outcome::Grant(_), Verdict::Refused) => {
                Event::Denied { reason: refused, path: *path, serial: *serial }
            }
            (Outcome::Deny(reason), _) => Event::Denied { reason: *reason, path: *path, serial: *serial },
        };
        self.note(time, &event);
    }

    pub(super) fn failed(&mut self, blame: Blame) {
        for (known, count) in BLAMES.iter().zip(&mut self.failures) {
            if *known == blame {
                *count = count.saturating_add(1);
            }
        }
    }

    /// Forgets what the manager has, if it speaks of this log.
    pub(super) fn acknowledged(&mut self, acknowledged: Acknowledged) {
        if acknowledged.log == self.log.id() {
            self.log.acknowledge(acknowledged.up_to);
        }
    }

    /// Writes down the failures that were counted.
    pub(super) fn settle_failures(&mut self, time: Option<UnixTime>) {
        for (blame, count) in BLAMES.into_iter().zip(core::mem::take(&mut self.failures)) {
            if count > 0 {
                self.log.append(time, &Event::Failed { blame, count });
            }
        }
    }

    /// Writes the contents of the next report, and returns their length.
    pub(super) fn fill(&mut self, room: &mut [u8]) -> usize {
        let (oldest, next) = (self.log.oldest(), self.log.next());
        let from = if (oldest..next).contains(&self.next) { self.next } else { oldest };
        let Some(entries) = write_head(self.log.id(), oldest, room) else { return 0 };
        let copied = self.log.read(from, entries);
        self.under_way = copied.next;
        if copied.octets == 0 { 0 } else { CONTENTS_HEAD_OCTETS.saturating_add(copied.octets) }
    }

    /// A phone has the report: the next one gets what comes behind.
    pub(super) const fn handed_over(&mut self) {
        self.next = self.under_way;
    }
}
