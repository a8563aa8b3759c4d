//! What a tap costs, in ticks of the board's counter, without the time on the serial line.

use crate::door::DoorEvent;
use crate::entrance::Happened;
use crate::serial::Report;

/// The tap under way.
pub(super) struct Meter {
    spent: u32,
    /// When the counter was last let run; `None` while nothing is counted.
    began: Option<u32>,
    decision: Option<u32>,
    running: bool,
}

impl Meter {
    pub(super) const fn idle() -> Self {
        Self { spent: 0, began: None, decision: None, running: false }
    }

    /// A device is there.
    pub(super) const fn begin(&mut self) {
        *self = Self { running: true, ..Self::idle() };
    }

    /// What is done from now on is counted.
    pub(super) const fn start(&mut self, ticks: u32) {
        self.began = Some(ticks);
    }

    /// What is done from now on is not counted.
    pub(super) const fn stop(&mut self, ticks: u32) {
        self.pause(ticks);
        self.began = None;
    }

    /// Something is said on the line, if anything is counted.
    pub(super) const fn pause(&mut self, ticks: u32) {
        if let Some(began) = self.began {
            self.spent = self.spent.saturating_add(ticks.wrapping_sub(began));
        }
    }

    /// It has been said.
    pub(super) const fn resume(&mut self, ticks: u32) {
        if let Some(began) = &mut self.began {
            *began = ticks;
        }
    }

    /// The first decision of a tap is the one that counts; the meter pauses.
    pub(super) const fn note(&mut self, happened: &Happened<'_>) {
        let decides = matches!(
            happened,
            Happened::Door(DoorEvent::Granted { .. } | DoorEvent::Denied { .. } | DoorEvent::DoesNotFit(_))
        );
        if decides && self.decision.is_none() {
            self.decision = Some(self.spent);
        }
    }

    /// The report on a tap that is over, once.
    pub(super) fn end(&mut self) -> Option<Report<'static>> {
        let report = Report::Cost { decision: self.decision.unwrap_or(0), whole: self.spent };
        core::mem::replace(&mut self.running, false).then_some(report)
    }
}
