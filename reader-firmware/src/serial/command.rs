//! What a host tells a board.

use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use serde::{Deserialize, Serialize};

use crate::door::Arrival;

/// What a host tells a board; each is answered, in the end, by one `Done` or `Refused` with its number.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command<'a> {
    /// Report what you are and have.
    Status,
    /// Octets for the random source of a board that has no noise of its own: once, before all else.
    Seed([u8; 32]),
    /// A sealed configuration: the first one enrols the door.
    Configure(&'a [u8]),
    /// A signed revocation list.
    RevocationList(&'a [u8]),
    /// A signed time token.
    TimeToken(&'a [u8]),
    /// A device is at the door, and the host is its radio.
    Arrived(Arrived),
    /// The device sent these octets: a response APDU, a GATT segment, a piece of a stream.
    Sent(&'a [u8]),
    /// The device is gone.
    Left,
    /// For tests; a board in a building refuses it.
    Rehearse(Rehearsal),
    /// Find out whether all is well, without changing what the door holds.
    SelfTest,
    /// A newer firmware.
    Update(Update<'a>),
}

/// A newer firmware, step by step.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update<'a> {
    /// Its signed header; what was begun before is given up.
    Begin(&'a [u8]),
    /// A piece of it: all but the last are of whole words of the flash.
    Piece {
        /// Octets before it.
        at: u32,
        /// The octets.
        octets: &'a [u8],
    },
    /// All has been sent: verify it, and try it at the next start.
    Finish,
    /// Start anew.
    Restart,
}

/// How a device came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Arrived {
    /// As a card before a front end.
    Nfc {
        /// The longest command APDU.
        max_transmit: u16,
        /// The longest response APDU, status word included.
        max_receive: u16,
    },
    /// Over GATT.
    Gatt {
        /// The att_mtu of the connection, octets.
        att_mtu: u16,
    },
    /// Over an L2CAP channel.
    L2cap,
    /// Over TCP.
    Tcp,
}

/// What only tests ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rehearsal {
    /// Let time pass at once.
    Skip {
        /// Milliseconds.
        ms: u64,
    },
    /// Lose the power in the middle of a write or an erase of the flash.
    CutPower {
        /// Whole writes and erases before it.
        after: u32,
    },
    /// The contact of the housing opens or closes.
    Tamper {
        /// Whether it opens.
        open: bool,
    },
    /// Hang in the middle of the main loop.
    Hang,
    /// Say what the backend makes of inputs that the host knows, too; only the firmware for this does.
    CrossCheck {
        /// The first one.
        first: u32,
        /// How many.
        count: u32,
    },
}

impl Arrived {
    /// As the door takes it; `None` for limits that no link has.
    pub fn arrival(self) -> Option<Arrival> {
        Some(match self {
            Self::Nfc { max_transmit, max_receive } => Arrival::Nfc(FrontEnd {
                max_transmit: usize::from(max_transmit),
                max_receive: usize::from(max_receive),
            }),
            Self::Gatt { att_mtu } => Arrival::Gatt(AttMtu::new(att_mtu).ok()?),
            Self::L2cap => Arrival::L2cap,
            Self::Tcp => Arrival::Tcp,
        })
    }
}

impl core::fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Status => "Status",
            Self::Seed(_) => "Seed(..)",
            Self::Configure(_) => "Configure(..)",
            Self::RevocationList(_) => "RevocationList(..)",
            Self::TimeToken(_) => "TimeToken(..)",
            Self::Arrived(_) => "Arrived(..)",
            Self::Sent(_) => "Sent(..)",
            Self::Left => "Left",
            Self::Rehearse(_) => "Rehearse(..)",
            Self::SelfTest => "SelfTest",
            Self::Update(_) => "Update(..)",
        })
    }
}
