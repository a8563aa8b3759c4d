//! Firmware updates: taken from the line, and confirmed or taken back at the next start.

use credential::crypto::Crypto;
use embedded_storage::nor_flash::NorFlash;

use super::{Board, Failure, Station};
use crate::micros::Micros;
use crate::serial::Update;
use crate::storage::Item;
use crate::update::{Receiving, UpdateError};

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// What the host says of an image.
    #[inline(never)]
    pub(super) fn update(&mut self, update: Update<'_>) -> Result<(), Failure> {
        let newest = self.newest_version()?;
        let firmware = self.board.firmware().ok_or(Failure::Unsupported)?;
        match update {
            Update::Begin(header) => {
                self.receiving = None;
                self.receiving = Some(Receiving::begin(&self.crypto, firmware, newest, header)?);
            }
            Update::Piece { at, octets } => {
                let receiving = self.receiving.as_mut().ok_or(UpdateError::OutOfPlace)?;
                receiving.piece(firmware, at, octets)?;
            }
            Update::Finish => {
                let receiving = self.receiving.take().ok_or(UpdateError::OutOfPlace)?;
                receiving.finish(firmware)?;
            }
            Update::Restart => firmware.restart(),
        }
        Ok(())
    }

    /// Confirms a firmware that is on trial once it has tested itself, or starts anew, which takes it back; and keeps
    /// the newest version that was ever confirmed.
    #[inline(never)]
    pub(super) fn confirm_firmware(&mut self, now: Micros) -> Result<(), Failure> {
        let Some(firmware) = self.board.firmware() else { return Ok(()) };
        let version = firmware.version();
        if firmware.is_on_trial().map_err(UpdateError::from)? {
            let is_sound = self.self_test(now).is_sound();
            let Some(firmware) = self.board.firmware() else { return Ok(()) };
            if !is_sound {
                firmware.restart();
                return Ok(());
            }
            firmware.confirm().map_err(UpdateError::from)?;
        }
        if version > self.newest_version()? {
            self.storage.store(Item::FirmwareVersion, &version.to_be_bytes())?;
        }
        Ok(())
    }

    pub(super) fn newest_version(&mut self) -> Result<u32, Failure> {
        let kept = self.storage.load(Item::FirmwareVersion)?.and_then(|octets| octets.try_into().ok());
        Ok(kept.map_or(0, u32::from_be_bytes))
    }
}
