//! What a board tells its host.

use serde::{Deserialize, Serialize};

/// What a board tells its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report<'a> {
    /// The board has started and wants to be asked for its status.
    Started,
    /// The command is carried out.
    Done,
    /// The command is not carried out.
    Refused(Trouble<'a>),
    /// What the board is and has.
    Status(Status),
    /// To be transmitted to the device at the door.
    Transmit(&'a [u8]),
    /// What happened at the door.
    Event(Event<'a>),
    /// What the tap that is over cost, in ticks of the board's counter, without the serial line.
    Cost {
        /// From the arrival to the decision.
        decision: u32,
        /// From the arrival to the end.
        whole: u32,
    },
    /// What came of a cross-check.
    Digest([u8; 32]),
    /// What came of a self-test.
    SelfTest(SelfTest),
}

/// What a board has found out about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {
    /// A spare page of the flash was erased, written, read and erased.
    pub flash: Check,
    /// The random source passes the health tests of NIST SP 800-90B over 512 octets.
    pub random: Check,
    /// Known answers of P-256.
    pub curve: Check,
    /// The counter runs, and the wall clock is set.
    pub clock: Check,
    /// Every entry of the log can be read, and their numbers follow one another.
    pub log: Check,
    /// The board is enrolled, and its configuration is in the flash.
    pub configuration: Check,
}

/// What came of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Check {
    /// All is well.
    Passed,
    /// Something is broken.
    Failed,
    /// There is nothing to check: no spare page, no time yet, not enrolled.
    Absent,
}

impl SelfTest {
    /// Each check with its name, for people.
    pub const fn checks(&self) -> [(&'static str, Check); 6] {
        [
            ("flash", self.flash),
            ("random source", self.random),
            ("P-256", self.curve),
            ("clock", self.clock),
            ("log", self.log),
            ("configuration", self.configuration),
        ]
    }

    /// Whether nothing is broken; what is not there yet does not count.
    pub fn is_sound(&self) -> bool {
        self.checks().iter().all(|(_, check)| *check != Check::Failed)
    }
}

impl From<bool> for Check {
    fn from(well: bool) -> Self {
        if well { Self::Passed } else { Self::Failed }
    }
}

/// What a board is and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What is spoken on the line.
    pub version: u8,
    /// How far the door has come.
    pub state: DoorState,
    /// Version of the revocation list held, 0 = none.
    pub list_version: u32,
    /// The wall clock, seconds since 1970; 0 = not set.
    pub time: u32,
    /// Frames that were dropped because of noise.
    pub damaged: u32,
    /// Ticks of the board's counter in one second.
    pub ticks_per_second: u32,
    /// Erases of the flash since the start.
    pub erases: u32,
    /// Numbers of the oldest event in the log and of the next one; 0 and 0 without a log.
    pub log: (u32, u32),
    /// Version of the firmware, and the newest that was ever confirmed.
    pub firmware: (u32, u32),
    /// What the firmware takes.
    pub footprint: Footprint,
}

/// How far a door has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoorState {
    /// The random source waits for its seed.
    Unseeded,
    /// It has a key and no configuration.
    Keyed {
        /// The public key to enrol, as prefix and x coordinate.
        public_key: (u8, [u8; 32]),
    },
    /// It is a door.
    Enrolled {
        /// The public key that is enrolled.
        public_key: (u8, [u8; 32]),
        /// The project.
        project: [u8; 8],
        /// The reader.
        reader: u32,
        /// Version of the configuration in force.
        configuration_version: u32,
    },
}

/// What a firmware takes of its microcontroller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Code and constants, octets.
    pub flash_octets: u32,
    /// Memory that is taken from the start to the end, octets.
    pub static_octets: u32,
    /// The deepest that the stack has been so far, octets.
    pub stack_octets: u32,
}

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble<'a> {
    /// The frame's check holds and its content is not a command of this version.
    Unreadable,
    /// This board does not do that.
    Unsupported,
    /// The random source waits for its seed.
    Unseeded,
    /// The door is not enrolled.
    NotEnrolled,
    /// Another device is being tapped.
    Busy,
    /// The signed object does not hold; why, in words.
    Object(&'a str),
    /// The flash fails; what is held is as before.
    Storage(&'a str),
    /// The firmware image is not taken; why, in words.
    Update(&'a str),
}

/// What happened at the door; reasons in words.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event<'a> {
    /// The user ID as it goes to the access control system: text, or the bits as the characters 0 and 1.
    Granted {
        /// The output.
        output: &'a str,
        /// How the decision was reached.
        way: Way,
        /// The credential.
        serial: Option<u64>,
    },
    /// Nobody is named.
    Denied {
        /// Why.
        reason: &'a str,
        /// How the decision was reached.
        way: Way,
        /// The credential, if it was genuine.
        serial: Option<u64>,
    },
    /// The output format cannot carry the user ID.
    DoesNotFit(&'a str),
    /// A phone brought a newer revocation list of this version.
    ListTaken(u32),
    /// A phone brought the time, seconds since 1970.
    TimeTaken(u32),
    /// The tap is over, the device knows its result.
    Finished,
    /// The device knows none of the reader's applications.
    NoApplication,
    /// The exchange failed.
    Failed(&'a str),
    /// The link failed.
    LinkFailed(&'a str),
    /// What a phone brought is in force and could not be kept: it is gone after a power cut.
    NotKept(&'a str),
    /// The wire did not take the user ID of the grant that follows, and the phone is told no.
    NotPutOut,
    /// Whether the access control system can be reached.
    Controller(bool),
    /// Whether the NFC front end answers.
    FrontEnd(bool),
    /// Whether somebody has taken the reader off the wall.
    Tamper(bool),
    /// The access control system has sent this, and it is taken.
    Delivered(&'a str),
    /// The access control system has sent this, and it is not taken.
    DeliveryRefused(&'a str),
}

/// How a decision was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    /// By credential and device signature.
    Full,
    /// By a ticket.
    Fast,
}

impl core::fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Granted { way, serial, .. } => {
                f.debug_struct("Granted").field("way", way).field("serial", serial).finish_non_exhaustive()
            }
            Self::Denied { reason, way, serial } => f
                .debug_struct("Denied")
                .field("reason", reason)
                .field("way", way)
                .field("serial", serial)
                .finish(),
            Self::DoesNotFit(why) => f.debug_tuple("DoesNotFit").field(why).finish(),
            Self::ListTaken(version) => f.debug_tuple("ListTaken").field(version).finish(),
            Self::TimeTaken(time) => f.debug_tuple("TimeTaken").field(time).finish(),
            Self::Finished => f.write_str("Finished"),
            Self::NoApplication => f.write_str("NoApplication"),
            Self::Failed(why) => f.debug_tuple("Failed").field(why).finish(),
            Self::LinkFailed(why) => f.debug_tuple("LinkFailed").field(why).finish(),
            Self::NotKept(why) => f.debug_tuple("NotKept").field(why).finish(),
            Self::NotPutOut => f.write_str("NotPutOut"),
            Self::Controller(online) => f.debug_tuple("Controller").field(online).finish(),
            Self::FrontEnd(works) => f.debug_tuple("FrontEnd").field(works).finish(),
            Self::Tamper(open) => f.debug_tuple("Tamper").field(open).finish(),
            Self::Delivered(what) => f.debug_tuple("Delivered").field(what).finish(),
            Self::DeliveryRefused(what) => f.debug_tuple("DeliveryRefused").field(what).finish(),
        }
    }
}
