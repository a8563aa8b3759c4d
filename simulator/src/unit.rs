//! A door as the simulator taps it: in this process, or on a board at the other end of a serial line.

mod board;
pub mod firmware;
mod happened;
mod in_process;
mod line;
mod qemu;

use std::time::Duration;

use anyhow::Result;
use credential::crypto::Point;
use credential::id::{ProjectId, ReaderId};
use reader_firmware::door::Device;
use reader_firmware::serial::Status;

pub use board::BoardUnit;
pub use happened::Happened;
pub use in_process::{InProcess, Ticks};
pub use line::{BegunAnew, SerialLine};
pub use qemu::{BOOT_LOADER, FIRMWARE, FIRMWARE_ASSEMBLER, FIRMWARE_CROSS_CHECK, Qemu};

/// Who an enrolled door is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The project.
    pub project: ProjectId,
    /// The reader.
    pub reader: ReaderId,
}

/// What came of one thing that the radio said.
#[derive(Debug, Default)]
pub struct Handled {
    /// What happened, oldest first.
    pub events: Vec<Happened>,
    /// What the door computed until it had handled it, without telling the device its result.
    pub took: Duration,
    /// Instructions of a microcontroller for the tap that is over.
    pub cost: Option<Cost>,
}

/// Instructions that a tap took on a microcontroller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// To the decision.
    pub decision: u64,
    /// To the end.
    pub whole: u64,
}

/// A door, wherever it runs.
pub trait DoorUnit {
    /// The key to enrol.
    ///
    /// # Errors
    /// When the board does not answer, or the door has no key.
    fn public_key(&mut self) -> Result<Point>;

    /// Who the door is; `None` before it is enrolled.
    ///
    /// # Errors
    /// When the board does not answer.
    fn identity(&mut self) -> Result<Option<Identity>>;

    /// Takes a sealed configuration, the first one or a newer one.
    ///
    /// # Errors
    /// When it does not hold.
    fn configure(&mut self, sealed: &[u8]) -> Result<()>;

    /// Takes a revocation list; returns the version held.
    ///
    /// # Errors
    /// When it does not hold, or is not newer.
    fn take_revocation_list(&mut self, list: &[u8]) -> Result<u32>;

    /// Takes a time token.
    ///
    /// # Errors
    /// When it does not hold, or is not newer.
    fn take_time_token(&mut self, token: &[u8]) -> Result<()>;

    /// Does what the next tap would otherwise wait for.
    fn prepare(&mut self);

    /// Takes what the radio says and tells the device the result of a decision; what is to be transmitted goes to
    /// `out`.
    ///
    /// # Errors
    /// When the board does not answer.
    fn handle(&mut self, device: Device<'_>, out: &mut Vec<Vec<u8>>) -> Result<Handled>;

    /// Lets time pass at the door.
    ///
    /// # Errors
    /// When the board does not answer, or is not one for tests.
    fn wait(&mut self, seconds: u32) -> Result<()>;

    /// Cuts the power without a warning and gives it back; `false` where there is nothing to cut.
    ///
    /// # Errors
    /// When the board does not come up again.
    fn cut_power(&mut self) -> Result<bool> {
        Ok(false)
    }

    /// What a board says of itself; `None` for a door that is none.
    ///
    /// # Errors
    /// When the board does not answer.
    fn status(&mut self) -> Result<Option<Status>> {
        Ok(None)
    }
}
