//! What happens at a door.

use credential::error::Error;
use credential::id::Serial;
use credential::reader::{DenyReason, Path, Receipt};
use credential::time::UnixTime;

use crate::link::LinkError;
use crate::output::{Output, OutputError};

/// What happened, for the controller link, the indicator and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "no heap to put the receipt on")]
pub enum DoorEvent {
    /// The one thing that a tap gives: hand it to the access control system now.
    Granted {
        /// The user ID, ready for the wire.
        output: Output,
        /// How the decision was reached.
        path: Path,
        /// The credential, if the application has such a thing.
        serial: Option<Serial>,
        /// Evidence of the tap.
        receipt: Option<Receipt>,
    },
    /// Nobody is named.
    Denied {
        /// Why.
        reason: DenyReason,
        /// How the decision was reached.
        path: Path,
        /// The credential, if it was genuine.
        serial: Option<Serial>,
    },
    /// The user ID is genuine and the output format cannot carry it: nothing was put out and the device was told no.
    DoesNotFit(OutputError),
    /// A phone brought a newer revocation list, and it is in force.
    ListTaken {
        /// Its version.
        version: u32,
    },
    /// A phone brought the time, and the clock is set.
    TimeTaken {
        /// The time now.
        time: UnixTime,
    },
    /// The tap is over, the device knows its result.
    Finished,
    /// The device knows none of the reader's applications.
    NoApplication,
    /// The exchange failed, by blame.
    Failed(Error),
    /// The link failed.
    LinkFailed(LinkError),
}
