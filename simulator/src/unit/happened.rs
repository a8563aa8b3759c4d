//! What happened at a door, in words: from the door itself, or from a board's report.

use credential::reader::Path;
use reader_firmware::door::DoorEvent;
use reader_firmware::serial::{Event, Way};
use serde_json::{Value, json};

use crate::output::path_name;

/// What happened at a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// The user ID as it goes to the access control system.
    Granted {
        /// Text, or bits as characters.
        output: String,
        /// How the decision was reached.
        path: Path,
        /// The credential.
        serial: Option<u64>,
    },
    /// Nobody is named.
    Denied {
        /// Why.
        reason: String,
        /// How the decision was reached.
        path: Path,
        /// The credential, if it was genuine.
        serial: Option<u64>,
    },
    /// The output format cannot carry the user ID.
    DoesNotFit(String),
    /// A phone brought a revocation list of this version.
    ListTaken(u32),
    /// A phone brought the time, seconds since 1970.
    TimeTaken(u32),
    /// The tap is over and the device knows its result.
    Finished,
    /// The device knows none of the door's applications.
    NoApplication,
    /// The exchange failed.
    Failed(String),
    /// The link failed.
    LinkFailed(String),
    /// What a phone brought is in force and could not be kept.
    NotKept(String),
    /// The wire did not take the user ID, and the phone is told no.
    NotPutOut,
    /// The access control system can be reached, or can no longer.
    Controller(bool),
    /// The NFC front end answers, or does no longer.
    FrontEnd(bool),
    /// Somebody took the reader off the wall, or put it back.
    Tamper(bool),
    /// The access control system has sent this for the board, which has taken it or not.
    Delivered(String, bool),
}

impl Happened {
    /// Whether it is the decision of a tap.
    pub const fn decides(&self) -> bool {
        matches!(self, Self::Granted { .. } | Self::Denied { .. } | Self::DoesNotFit(_))
    }

    /// Whether it ends a tap, in a good way or a bad one.
    pub const fn ends(&self) -> bool {
        matches!(self, Self::Finished | Self::NoApplication | Self::Failed(_) | Self::LinkFailed(_))
    }

    /// For programs.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Granted { output, path, serial } => {
                json!({ "event": "granted", "output": output, "path": path_name(*path), "serial": serial })
            }
            Self::Denied { reason, path, serial } => {
                json!({ "event": "denied", "reason": reason, "path": path_name(*path), "serial": serial })
            }
            Self::DoesNotFit(why) => json!({ "event": "does-not-fit", "reason": why }),
            Self::ListTaken(version) => json!({ "event": "list-taken", "version": version }),
            Self::TimeTaken(time) => json!({ "event": "time-taken", "time": time }),
            Self::Finished => json!({ "event": "finished" }),
            Self::NoApplication => json!({ "event": "no-application" }),
            Self::Failed(why) => json!({ "event": "failed", "reason": why }),
            Self::LinkFailed(why) => json!({ "event": "link-failed", "reason": why }),
            Self::NotKept(why) => json!({ "event": "not-kept", "reason": why }),
            Self::NotPutOut => json!({ "event": "not-put-out" }),
            Self::Controller(online) => json!({ "event": "controller", "online": online }),
            Self::FrontEnd(works) => json!({ "event": "front-end", "works": works }),
            Self::Tamper(open) => json!({ "event": "tamper", "open": open }),
            Self::Delivered(what, taken) => json!({ "event": "delivered", "what": what, "taken": taken }),
        }
    }
}

impl From<&DoorEvent> for Happened {
    fn from(event: &DoorEvent) -> Self {
        match event {
            DoorEvent::Granted { output, path, serial, .. } => Self::Granted {
                output: output.to_string(),
                path: *path,
                serial: serial.map(|serial| serial.0),
            },
            DoorEvent::Denied { reason, path, serial } => Self::Denied {
                reason: reason.to_string(),
                path: *path,
                serial: serial.map(|serial| serial.0),
            },
            DoorEvent::DoesNotFit(error) => Self::DoesNotFit(error.to_string()),
            DoorEvent::ListTaken { version } => Self::ListTaken(*version),
            DoorEvent::TimeTaken { time } => Self::TimeTaken(time.0),
            DoorEvent::Finished => Self::Finished,
            DoorEvent::NoApplication => Self::NoApplication,
            DoorEvent::Failed(error) => Self::Failed(error.to_string()),
            DoorEvent::LinkFailed(error) => Self::LinkFailed(error.to_string()),
        }
    }
}

impl From<Event<'_>> for Happened {
    fn from(event: Event<'_>) -> Self {
        match event {
            Event::Granted { output, way, serial } => {
                Self::Granted { output: output.to_owned(), path: path(way), serial }
            }
            Event::Denied { reason, way, serial } => {
                Self::Denied { reason: reason.to_owned(), path: path(way), serial }
            }
            Event::DoesNotFit(why) => Self::DoesNotFit(why.to_owned()),
            Event::ListTaken(version) => Self::ListTaken(version),
            Event::TimeTaken(time) => Self::TimeTaken(time),
            Event::Finished => Self::Finished,
            Event::NoApplication => Self::NoApplication,
            Event::Failed(why) => Self::Failed(why.to_owned()),
            Event::LinkFailed(why) => Self::LinkFailed(why.to_owned()),
            Event::NotKept(why) => Self::NotKept(why.to_owned()),
            Event::NotPutOut => Self::NotPutOut,
            Event::Controller(online) => Self::Controller(online),
            Event::FrontEnd(works) => Self::FrontEnd(works),
            Event::Tamper(open) => Self::Tamper(open),
            Event::Delivered(what) => Self::Delivered(what.to_owned(), true),
            Event::DeliveryRefused(what) => Self::Delivered(what.to_owned(), false),
        }
    }
}

const fn path(way: Way) -> Path {
    match way {
        Way::Full => Path::Full,
        Way::Fast => Path::Fast,
    }
}
