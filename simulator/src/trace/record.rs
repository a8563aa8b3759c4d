//! What is in a trace.

use credential::iso7816::FrontEnd;
use reader_firmware::door::Arrival;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that happened at a tap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// A phone is at a door.
    Tap(TapBegins),
    /// Octets went over the link.
    Octets(Octets),
    /// Something happened at the door or at the phone.
    Event(Event),
    /// The tap is over.
    End(End),
}

/// A phone is at a door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapBegins {
    /// Counts the taps of a trace.
    pub tap: u64,
    /// When, in microseconds since 1970, or since the beginning of a world in virtual time.
    pub at_us: u64,
    /// Over what.
    #[serde(flatten)]
    pub link: Link,
    /// What the door is called.
    pub door: String,
    /// What the phone is called; empty where nobody knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
}

/// What the octets of a tap go over, and how they are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "transport", rename_all = "kebab-case")]
pub enum Link {
    /// APDUs.
    Nfc {
        /// The longest command APDU of the front end.
        max_transmit: usize,
        /// The longest response APDU, status word included.
        max_receive: usize,
    },
    /// GATT segments.
    BleGatt {
        /// The att_mtu of the connection.
        att_mtu: u16,
    },
    /// Pieces of an L2CAP channel.
    BleL2cap,
    /// Pieces of a TCP connection.
    Tcp,
}

/// One side of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The door.
    Reader,
    /// The phone.
    Device,
}

/// Octets that went over the link: an APDU, a segment, a piece of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Octets {
    /// Of this tap.
    pub tap: u64,
    /// When they were sent, microseconds.
    pub at_us: u64,
    /// By whom.
    pub from: Side,
    /// In hexadecimal in a file.
    #[serde(with = "super::hex::text")]
    pub octets: Vec<u8>,
    /// They never arrived.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
}

/// Something happened at one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// At this tap.
    pub tap: u64,
    /// When, microseconds.
    pub at_us: u64,
    /// At which side.
    pub at: Side,
    /// What, as the programs of this project print it.
    pub event: Value,
}

/// The tap is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// This tap.
    pub tap: u64,
    /// When, microseconds.
    pub at_us: u64,
    /// Why, if it ended before its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Record {
    /// Of which tap it is.
    pub const fn tap(&self) -> u64 {
        match self {
            Self::Tap(tap) => tap.tap,
            Self::Octets(octets) => octets.tap,
            Self::Event(event) => event.tap,
            Self::End(end) => end.tap,
        }
    }

    /// When it happened, microseconds.
    pub const fn at_us(&self) -> u64 {
        match self {
            Self::Tap(tap) => tap.at_us,
            Self::Octets(octets) => octets.at_us,
            Self::Event(event) => event.at_us,
            Self::End(end) => end.at_us,
        }
    }
}

impl From<&Arrival> for Link {
    fn from(arrival: &Arrival) -> Self {
        match arrival {
            Arrival::Nfc(FrontEnd { max_transmit, max_receive }) => {
                Self::Nfc { max_transmit: *max_transmit, max_receive: *max_receive }
            }
            Arrival::Gatt(att_mtu) => Self::BleGatt { att_mtu: att_mtu.octets() },
            Arrival::L2cap => Self::BleL2cap,
            Arrival::Tcp => Self::Tcp,
        }
    }
}
