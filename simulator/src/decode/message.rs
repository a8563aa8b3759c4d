//! The messages of a tap.

use super::field::{Fields, Layout, Wrong};
use super::object::{self, known};

const POINT: usize = 33;
const TICKET: usize = 72;
const TAG: usize = 16;

/// What a reader asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Select,
    Hello,
    Confirm,
    Outcome,
    Report,
    GetResponse,
}

impl Question {
    pub(super) const fn of(instruction: u8) -> Option<Self> {
        match instruction {
            0xA4 => Some(Self::Select),
            0x10 => Some(Self::Hello),
            0x12 => Some(Self::Confirm),
            0x14 => Some(Self::Outcome),
            0x16 => Some(Self::Report),
            0xC0 => Some(Self::GetResponse),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Hello => "HELLO",
            Self::Confirm => "CONFIRM",
            Self::Outcome => "OUTCOME",
            Self::Report => "REPORT",
            Self::GetResponse => "GET RESPONSE",
        }
    }

    /// What the answer to it is called.
    pub(super) const fn answer(self) -> &'static str {
        match self {
            Self::Select => "SELECT response",
            Self::Hello => "OFFER",
            Self::Confirm => "PROOF",
            Self::Outcome => "ACK",
            Self::Report => "RECEIVED",
            Self::GetResponse => "rest of a response",
        }
    }

    /// The data of the question.
    pub(super) fn data(self, data: &[u8], at: usize) -> Fields {
        let mut layout = Layout::of(data, at);
        match self {
            Self::Select => {
                let name = "AID";
                layout.told(data.len(), name, |aid| {
                    let own = if aid == credential::message::AID { " (Ostiary)" } else { "" };
                    format!("{}{own}", crate::trace::to_hex(aid))
                })?;
            }
            Self::Hello => {
                known(layout.number(1, "version")? == 1, "the version is not 1")?;
                known(layout.number(1, "suite")? == 1, "the suite is not 1")?;
                layout.time("reader time")?;
                layout.inside(120, "reader certificate", object::certificate)?;
                layout.point("reader ephemeral point")?;
            }
            Self::Confirm => {
                layout.octets(TAG, "tag, under the confirm key")?;
            }
            Self::Outcome => {
                known(data.len() == 241, "OUTCOME has 241 octets")?;
                layout.sealed(225, "result, tickets, wishes", "sealed under the reader key")?;
                layout.octets(TAG, "tag")?;
            }
            Self::Report => {
                known(data.len() >= 45, "REPORT has 45 octets at least")?;
                layout.sealed(
                    data.len().saturating_sub(TAG),
                    "report",
                    "sealed under the reader key, and inside of it to the manager",
                )?;
                layout.octets(TAG, "tag")?;
            }
            Self::GetResponse => {}
        }
        layout.finish()
    }

    /// The data of the answer.
    pub(super) fn answered(self, data: &[u8], at: usize) -> Fields {
        let mut layout = Layout::of(data, at);
        match self {
            Self::Select => {
                layout.number(1, "lowest version")?;
                layout.number(1, "highest version")?;
                layout
                    .counted(1, "suites", |suites| if suites & 1 == 0 { "none" } else { "1" }.to_owned())?;
                layout.counted(1, "flags", |flags| {
                    if flags & 1 == 0 { "short APDUs" } else { "APDUs of extended length" }.to_owned()
                })?;
                layout.number(2, "longest command data")?;
            }
            Self::Hello => {
                layout.point("device ephemeral point")?;
                layout.octets(TICKET, "ticket, or random octets")?;
                layout.octets(TAG, "binder, or random octets")?;
            }
            Self::Confirm => {
                known(data.len() == 237, "PROOF has 237 octets")?;
                layout.sealed(221, "device signature, credential", "sealed under the device key")?;
                layout.octets(TAG, "tag")?;
            }
            Self::Outcome => {
                let items =
                    data.len().checked_sub(TAG).ok_or_else(|| Wrong::because("ACK is a tag at least"))?;
                if items > 0 {
                    layout.sealed(items, "what the phone brings", "sealed under the device key")?;
                }
                layout.octets(TAG, "tag")?;
            }
            Self::Report => {
                layout.sealed(1, "whether it was kept", "sealed under the device key")?;
                layout.octets(TAG, "tag")?;
            }
            Self::GetResponse => {
                layout.octets(data.len(), "part of a response")?;
            }
        }
        layout.finish()
    }

    /// The question whose answer has so many octets of data, where only one has.
    pub(super) const fn answered_by(octets: usize) -> Option<Self> {
        const OFFER: usize = POINT + TICKET + TAG;
        match octets {
            6 => Some(Self::Select),
            OFFER => Some(Self::Hello),
            237 => Some(Self::Confirm),
            17 => Some(Self::Report),
            16 | 19.. => Some(Self::Outcome),
            _ => None,
        }
    }
}

/// Words for a status word.
pub(super) fn status(word: u16) -> String {
    let meaning = match word {
        0x9000 => "normal",
        0x6100..=0x61FF => "more octets wait",
        0x6700 => "wrong length",
        0x6883 => "last command of the chain expected",
        0x6982 => "security status not satisfied",
        0x6985 => "conditions of use not satisfied",
        0x6A81 => "function not supported",
        0x6A82 => "file or application not found",
        0x6A84 => "not enough memory",
        0x6A86 => "incorrect parameters P1-P2",
        0x6D00 => "instruction not supported",
        0x6E00 => "class not supported",
        _ => "not one of this exchange",
    };
    format!("{word:04X}, {meaning}")
}
