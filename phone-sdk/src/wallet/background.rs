//! Renewal by itself: what the app's background task calls, and when it should.

use credential::time::UnixTime;

use super::card::CardId;
use super::carrying::deliver_at;
use super::{Core, Wallet};
use crate::error::{Error, Retry};
use crate::state::{CardRecord, Standing};

/// The first pause after a failure, in seconds; each further one doubles it.
const PAUSE_S: u32 = 60;

/// The longest pause, in seconds: six hours.
const PAUSE_MAX_S: u32 = 6 * 3600;

/// What [`Wallet::renew_due`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenewalReport {
    /// Cards with a new credential.
    pub renewed: Vec<CardId>,
    /// Cards that were not renewed, and why; those whose failure is not final are tried again by themselves.
    pub failed: Vec<(CardId, Error)>,
    /// How many reports of readers have arrived at their managers.
    pub delivered: usize,
    /// When to call again; `None` while no card will have to be renewed.
    pub next: Option<UnixTime>,
}

impl Wallet {
    /// When [`Wallet::renew_due`] has something to do: ask the platform to wake the app then, with a network.
    ///
    /// `None` while there is no card that can be renewed, and no report of a reader that waits for its manager.
    pub fn next_renewal_at(&self) -> Option<UnixTime> {
        let vault = self.core.vault();
        let document = vault.document();
        document.cards.iter().filter_map(due_at).chain(deliver_at(document)).min()
    }

    /// Renews the cards whose time has come, fetches lists and time for the doors of their projects, and takes along
    /// what readers have reported; blocks until the managers have answered.
    ///
    /// A card whose renewal fails waits longer each time, from a minute to six hours, a quarter more or less so that
    /// phones do not all come back at once.
    ///
    /// # Errors
    /// [`Error::Storage`] when it cannot be noted that a renewal failed; what a manager said of a card is in the
    /// report.
    pub fn renew_due(&self) -> Result<RenewalReport, Error> {
        let mut report = RenewalReport::default();
        let now = self.core.ports.clock.now().unix.ok_or(Retry::NoClock)?;
        let is_due = |card: &CardRecord| due_at(card).is_some_and(|due| due <= now);
        let due: Vec<CardRecord> = {
            let vault = self.core.vault();
            vault.document().cards.iter().filter(|card| is_due(card)).cloned().collect()
        };
        for card in due {
            match self.renew(card.id) {
                Ok(_) => {
                    report.renewed.push(card.id);
                    // The renewal counts also when the list cannot be had; it comes with the next one.
                    let _ = self.refresh(card.project);
                }
                Err(error) => {
                    self.core.postpone(card.id, now)?;
                    report.failed.push((card.id, error));
                }
            }
        }
        report.delivered = self.deliver_due(now)?;
        report.next = self.next_renewal_at();
        Ok(report)
    }
}

impl Core {
    /// Notes a failure, and until when the card rests.
    fn postpone(&self, id: CardId, now: UnixTime) -> Result<(), Error> {
        let mut chance = [0; 2];
        self.ports.random.fill(&mut chance)?;
        let chance = u32::from(u16::from_be_bytes(chance));
        self.vault().change(|document| {
            let Some(card) = document.card_mut(id) else { return };
            let pause = pause_s(card.failures, card.standing, chance);
            card.failures = card.failures.saturating_add(1);
            card.retry_at = now.0.saturating_add(pause);
        })?;
        Ok(())
    }
}

/// When a card should be renewed by itself.
fn due_at(card: &CardRecord) -> Option<UnixTime> {
    let due = match card.standing {
        Standing::Good => card.renew_after.max(card.retry_at),
        // The administrator may resume the user at any time.
        Standing::Suspended => card.retry_at,
        Standing::Revoked => return None,
    };
    Some(UnixTime(due))
}

/// Seconds to wait after so many failures before; `chance` is any number up to 65,535.
fn pause_s(failures: u32, standing: Standing, chance: u32) -> u32 {
    let doubled = PAUSE_S.checked_shl(failures.min(16)).unwrap_or(PAUSE_MAX_S);
    let pause = if standing == Standing::Suspended { PAUSE_MAX_S } else { doubled.min(PAUSE_MAX_S) };
    // From three quarters to five quarters of the pause.
    let spread = pause.saturating_mul(chance).checked_div(2 * 65_535).unwrap_or(0);
    let quarter = pause.checked_div(4).unwrap_or(0);
    pause.saturating_sub(quarter).saturating_add(spread)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_six_hours_and_differ_by_half() {
        let middle = |failures| pause_s(failures, Standing::Good, 32_768);
        assert_eq!((middle(0), middle(1), middle(5)), (60, 120, 1920));
        assert_eq!((middle(9), middle(40), middle(u32::MAX)), (PAUSE_MAX_S, PAUSE_MAX_S, PAUSE_MAX_S));
        assert_eq!((pause_s(0, Standing::Good, 0), pause_s(0, Standing::Good, 65_535)), (45, 75));
        assert_eq!(pause_s(0, Standing::Suspended, 32_768), PAUSE_MAX_S);
        assert_eq!(pause_s(40, Standing::Good, 65_535), PAUSE_MAX_S + PAUSE_MAX_S / 4);
    }
}
