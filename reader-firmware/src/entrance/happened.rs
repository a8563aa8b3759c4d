//! What an entrance tells its log.

use crate::door::DoorEvent;
use crate::port::Taken;

/// What happened.
#[derive(Clone, Copy, Debug)]
pub enum Happened<'e> {
    /// What the door reports; the indicator and the controller have been told already.
    Door(&'e DoorEvent),
    /// What became of the user ID of the grant that follows.
    PutOut(Taken),
    /// The access control system can be reached, or can no longer.
    Controller {
        /// Whether it can.
        online: bool,
    },
    /// The NFC front end does not answer and is set up anew, or does again.
    FrontEnd {
        /// Whether it does.
        works: bool,
    },
    /// Somebody took the reader off the wall, or put it back.
    Tamper {
        /// Whether it is off.
        open: bool,
    },
}
