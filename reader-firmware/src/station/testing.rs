//! The self-test, put together.

use credential::crypto::Crypto;
use embedded_storage::nor_flash::NorFlash;

use super::{Board, Life, Station};
use crate::log::EventLog;
use crate::micros::Micros;
use crate::self_test;
use crate::serial::{Check, SelfTest};
use crate::storage::Item;

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// Finds out whether all is well, without changing what the door holds.
    #[inline(never)]
    pub fn self_test(&mut self, now: Micros) -> SelfTest {
        let began = B::ticks();
        let curve = self_test::curve(&self.crypto);
        let runs = B::ticks() != began;
        let (has_time, log) = match &self.life {
            Life::Enrolled(entrance) => {
                let door = entrance.door();
                let log = if door.log().keeps() { door.log().is_whole().into() } else { Check::Absent };
                (door.clock().now(now.instant()).unix.is_some(), log)
            }
            Life::Unseeded | Life::Keyed(_) => (false, Check::Absent),
        };
        SelfTest {
            flash: self
                .board
                .spare_page()
                .map_or(Check::Absent, |page| self_test::flash(self.storage.flash(), page)),
            random: self.board.random().map_or(Check::Absent, self_test::random),
            curve,
            clock: match (runs, has_time) {
                (false, _) => Check::Failed,
                (true, false) => Check::Absent,
                (true, true) => Check::Passed,
            },
            log,
            configuration: match (&self.life, self.storage.load(Item::Configuration)) {
                (Life::Enrolled(_), held) => Check::from(held.is_ok_and(|held| held.is_some())),
                (_, Err(_)) => Check::Failed,
                _ => Check::Absent,
            },
        }
    }
}
