//! What the access control system sends for the board itself.

use credential::crypto::Crypto;
use credential::limits::MESSAGE_MAX;
use embedded_storage::nor_flash::NorFlash;

use super::told::Told;
use super::{Board, Failure, Life, Station};
use crate::micros::Micros;
use crate::port::Delivery;
use crate::serial::Update;

/// How long after its last piece a firmware is tried: the panel wants its answer before.
const RESTART_MS: u64 = 3_000;

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// Takes what has come, and says what became of it.
    #[inline(never)]
    pub(super) fn take_deliveries(&mut self, now: Micros, told: &mut Told<'_>) {
        let mut space = [0; MESSAGE_MAX];
        while let Life::Enrolled(entrance) = &mut self.life
            && let Some((delivery, length)) = entrance.take_delivery(&mut space)
        {
            let taken = self.delivered(delivery, space.get(..length).unwrap_or_default(), now);
            told.delivered(delivery, taken);
        }
    }

    fn delivered(&mut self, delivery: Delivery, octets: &[u8], now: Micros) -> Result<(), Failure> {
        match delivery {
            Delivery::Configuration => self.configure(octets, now),
            Delivery::RevocationList => self.take_list(octets, now.instant()),
            Delivery::TimeToken => self.take_time(octets, now.instant()),
            Delivery::FirmwareHeader => self.update(Update::Begin(octets)),
            Delivery::FirmwarePiece { at } => self.update(Update::Piece { at, octets }),
            Delivery::FirmwareEnd => {
                self.update(Update::Finish)?;
                self.restart_at = Some(now.after_ms(RESTART_MS));
                Ok(())
            }
        }
    }

    /// Starts anew, if it is time for a firmware that was delivered.
    pub(super) fn restart_when_due(&mut self, now: Micros) {
        if self.restart_at.is_some_and(|at| now >= at) {
            self.restart_at = None;
            let _stays = self.update(Update::Restart);
        }
    }
}
