//! What a tap costs, in ticks of the board's counter, without the time on the serial line.

use super::Board;
use super::told::Told;
use crate::door::DoorEvent;
use crate::link::Sink;
use crate::serial::Report;

/// The tap under way.
pub(super) struct Meter {
    spent: u32,
    decision: Option<u32>,
    running: bool,
}

impl Meter {
    pub(super) const fn idle() -> Self {
        Self { spent: 0, decision: None, running: false }
    }

    pub(super) const fn begin(&mut self) {
        *self = Self { spent: 0, decision: None, running: true };
    }

    /// Adds what `work` takes; what it transmits goes on the line and is not counted.
    pub(super) fn measure<B: Board>(&mut self, told: &mut Told<'_>, work: &mut dyn FnMut(Sink<'_>)) {
        let began = B::ticks();
        let mut on_line = 0_u32;
        work(&mut |octets| {
            let began = B::ticks();
            told.say(Report::Transmit(octets));
            on_line = on_line.wrapping_add(B::ticks().wrapping_sub(began));
        });
        let took = B::ticks().wrapping_sub(began).wrapping_sub(on_line);
        self.spent = self.spent.saturating_add(took);
    }

    /// The first decision of a tap is the one that counts.
    pub(super) fn note(&mut self, event: &DoorEvent) {
        let decides =
            matches!(event, DoorEvent::Granted { .. } | DoorEvent::Denied { .. } | DoorEvent::DoesNotFit(_));
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
