//! An image on its way into the second slot.

use core::fmt;

use credential::crypto::Crypto;
use sha2::{Digest, Sha256};

use super::{Firmware, FirmwareHeader, SlotError};

/// Octets that are read at a time for the hash.
const PIECE: usize = 256;

/// An image of which the header has been believed.
pub struct Receiving {
    header: FirmwareHeader,
    received: u32,
}

/// Why an image is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateError {
    /// What came first is no header.
    Header,
    /// The firmware key has not signed it.
    Signature,
    /// It is for other boards.
    OtherBoard,
    /// It is not newer than the newest firmware that this board has confirmed.
    NotNewer,
    /// It is longer than the slot.
    TooLong,
    /// There is no header yet, or the piece is not the one that follows.
    OutOfPlace,
    /// What was written is not what was signed.
    Different,
    /// The slot fails.
    Slot(SlotError),
}

impl Receiving {
    /// Begins with a header, if this board takes such an image; `newest` is the newest version ever confirmed.
    ///
    /// # Errors
    /// [`UpdateError`]; nothing has changed then.
    pub fn begin<C: Crypto>(
        crypto: &C,
        firmware: &mut dyn Firmware,
        newest: u32,
        octets: &[u8],
    ) -> Result<Self, UpdateError> {
        let header = FirmwareHeader::verify(crypto, octets, &firmware.key())?;
        if header.board != firmware.board() {
            return Err(UpdateError::OtherBoard);
        }
        if header.version <= newest.max(firmware.version()) {
            return Err(UpdateError::NotNewer);
        }
        if header.octets == 0 || header.octets > firmware.capacity() {
            return Err(UpdateError::TooLong);
        }
        if firmware.is_on_trial()? {
            return Err(SlotError::OnTrial.into());
        }
        Ok(Self { header, received: 0 })
    }

    /// Takes the piece that follows.
    ///
    /// # Errors
    /// [`UpdateError`]; what came before stays.
    pub fn piece(&mut self, firmware: &mut dyn Firmware, at: u32, octets: &[u8]) -> Result<(), UpdateError> {
        let length = u32::try_from(octets.len()).map_err(|_| UpdateError::OutOfPlace)?;
        let behind = at.checked_add(length).ok_or(UpdateError::OutOfPlace)?;
        if at != self.received || length == 0 || behind > self.header.octets {
            return Err(UpdateError::OutOfPlace);
        }
        firmware.write(at, octets)?;
        self.received = behind;
        Ok(())
    }

    /// Reads back all that was written and has the next start try it.
    ///
    /// # Errors
    /// [`UpdateError`]; the next start then changes nothing.
    pub fn finish(self, firmware: &mut dyn Firmware) -> Result<(), UpdateError> {
        if self.received != self.header.octets {
            return Err(UpdateError::OutOfPlace);
        }
        let mut hash = Sha256::new();
        let mut at = 0_u32;
        while at < self.header.octets {
            let mut piece = [0; PIECE];
            let left = usize::try_from(self.header.octets.saturating_sub(at)).unwrap_or(PIECE);
            let length = left.min(PIECE);
            firmware.read(at, &mut piece)?;
            hash.update(piece.get(..length).unwrap_or_default());
            at = at.saturating_add(PIECE as u32);
        }
        let digest: [u8; 32] = hash.finalize().into();
        if digest != self.header.digest {
            return Err(UpdateError::Different);
        }
        Ok(firmware.mark()?)
    }
}

impl From<SlotError> for UpdateError {
    fn from(error: SlotError) -> Self {
        Self::Slot(error)
    }
}

impl fmt::Display for UpdateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "this is no firmware image",
            Self::Signature => "not signed by this board's firmware key",
            Self::OtherBoard => "the image is for another board",
            Self::NotNewer => "the image is not newer than what this board has run",
            Self::TooLong => "the image is empty or does not fit",
            Self::OutOfPlace => "send the header, then the pieces in order, then the end",
            Self::Different => "the image is not the one that was signed; send it again",
            Self::Slot(SlotError::Flash) => "the flash reports an error",
            Self::Slot(SlotError::OnTrial) => "the firmware that runs is on trial itself",
        })
    }
}

impl core::error::Error for UpdateError {}
