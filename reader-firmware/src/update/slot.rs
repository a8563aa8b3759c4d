//! The second slot and the state that the boot loader reads, over `embassy-boot`.

use embassy_boot::{BlockingFirmwareState, FirmwareUpdaterError, State};
use embedded_storage::nor_flash::NorFlash;

/// Octets of the longest word that a flash writes at once.
const WORD_MAX: usize = 32;

/// Octets that are written at a time.
const ROW: usize = 256;

/// Why a slot cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotError {
    /// The flash reports an error.
    Flash,
    /// The firmware that runs is on trial: the other slot holds what it would be taken back to.
    OnTrial,
}

/// The slot for the next firmware, and the state.
///
/// The slot has one page more than the one that the firmware runs from, which the exchange needs.
pub struct BootSlot<D, S> {
    slot: D,
    state: S,
}

/// Some flash controllers copy whole words.
#[repr(align(32))]
struct Word([u8; WORD_MAX]);

#[repr(align(32))]
struct Row([u8; ROW]);

impl<D: NorFlash, S: NorFlash> BootSlot<D, S> {
    /// A slot and a state in parts of a flash of their own.
    pub const fn new(slot: D, state: S) -> Self {
        const {
            assert!(
                S::WRITE_SIZE <= WORD_MAX
                    && ROW.is_multiple_of(D::WRITE_SIZE)
                    && D::ERASE_SIZE.is_multiple_of(ROW)
            )
        };
        Self { slot, state }
    }

    /// Octets of the longest image.
    pub fn capacity(&self) -> u32 {
        u32::try_from(self.slot.capacity().saturating_sub(D::ERASE_SIZE)).unwrap_or(0)
    }

    /// As [`Firmware::write`](super::Firmware::write); only the last piece may end within a word.
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn write(&mut self, at: u32, octets: &[u8]) -> Result<(), SlotError> {
        if self.is_on_trial()? {
            return Err(SlotError::OnTrial);
        }
        let page = u32::try_from(D::ERASE_SIZE).map_err(|_| SlotError::Flash)?;
        let (mut at, mut rest) = (at, octets);
        while !rest.is_empty() {
            if at.checked_rem(page) == Some(0) {
                self.slot.erase(at, at.saturating_add(page)).map_err(|_| SlotError::Flash)?;
            }
            // Up to the end of the row, so that no write crosses a page.
            let room = ROW.saturating_sub(at as usize % ROW);
            let (row, others) = rest.split_at(room.min(rest.len()));
            let mut copy = Row([0xFF; ROW]);
            for (to, from) in copy.0.iter_mut().zip(row) {
                *to = *from;
            }
            let whole = copy.0.get(..row.len().next_multiple_of(D::WRITE_SIZE)).ok_or(SlotError::Flash)?;
            self.slot.write(at, whole).map_err(|_| SlotError::Flash)?;
            at = at.saturating_add(row.len() as u32);
            rest = others;
        }
        Ok(())
    }

    /// As [`Firmware::read`](super::Firmware::read).
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn read(&mut self, at: u32, octets: &mut [u8]) -> Result<(), SlotError> {
        self.slot.read(at, octets).map_err(|_| SlotError::Flash)
    }

    /// As [`Firmware::mark`](super::Firmware::mark).
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn mark(&mut self) -> Result<(), SlotError> {
        self.with_state(|state| state.mark_updated())
    }

    /// As [`Firmware::is_on_trial`](super::Firmware::is_on_trial).
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn is_on_trial(&mut self) -> Result<bool, SlotError> {
        self.with_state(|state| state.get_state().map(|found| found == State::Swap))
    }

    /// As [`Firmware::confirm`](super::Firmware::confirm).
    ///
    /// # Errors
    /// [`SlotError`].
    pub fn confirm(&mut self) -> Result<(), SlotError> {
        self.with_state(|state| state.mark_booted())
    }

    fn with_state<T>(
        &mut self,
        act: impl FnOnce(&mut BlockingFirmwareState<'_, &mut S>) -> Result<T, FirmwareUpdaterError>,
    ) -> Result<T, SlotError> {
        let mut word = Word([0; WORD_MAX]);
        let (whole, _) = word.0.split_at_mut_checked(S::WRITE_SIZE).ok_or(SlotError::Flash)?;
        act(&mut BlockingFirmwareState::new(&mut self.state, whole)).map_err(|_| SlotError::Flash)
    }
}
