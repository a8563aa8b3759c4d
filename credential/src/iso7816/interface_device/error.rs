//! What can go wrong between an interface device and a card, by blame.

use super::{BufferTooSmall, EncodeError};
use core::fmt;

/// Why a command ended without a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceDeviceError {
    /// The card does not keep to the standard.
    Peer(PeerViolation),
    /// The response is longer than the reassembly buffer.
    ResponseTooLong,
    /// The caller did what the interface does not allow.
    Misuse(InterfaceDeviceMisuse),
}

/// What a card did against the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerViolation {
    /// A response is shorter than its status word.
    NoStatusWord,
    /// A response has more data than Le allowed.
    MoreThanExpected,
    /// A part of a chain that is not the last was answered with 61xx or 6Cxx.
    AnswerInChain,
    /// 6Cxx came with data, or for the Le that an earlier 6Cxx asked for.
    WrongLeAgain,
    /// GET RESPONSE fetched nothing although more waits.
    EmptyPart,
}

/// What a caller did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceDeviceMisuse {
    /// The data of a command is longer than the reassembly buffer.
    CommandTooLong,
    /// Output buffer or front end cannot take an APDU.
    BufferTooSmall,
    /// A response was given although no command is under way.
    NoCommand,
}

impl From<PeerViolation> for InterfaceDeviceError {
    fn from(violation: PeerViolation) -> Self {
        Self::Peer(violation)
    }
}

impl From<InterfaceDeviceMisuse> for InterfaceDeviceError {
    fn from(misuse: InterfaceDeviceMisuse) -> Self {
        Self::Misuse(misuse)
    }
}

impl From<BufferTooSmall> for InterfaceDeviceError {
    fn from(_: BufferTooSmall) -> Self {
        Self::Misuse(InterfaceDeviceMisuse::BufferTooSmall)
    }
}

// The driver chooses form and Ne to fit, so that only the buffer can be the reason.
impl From<EncodeError> for InterfaceDeviceError {
    fn from(_: EncodeError) -> Self {
        Self::Misuse(InterfaceDeviceMisuse::BufferTooSmall)
    }
}

impl fmt::Display for InterfaceDeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(violation) => violation.fmt(f),
            Self::ResponseTooLong => f.write_str("the response is longer than the reassembly buffer"),
            Self::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl fmt::Display for PeerViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoStatusWord => "the card sent a response without a status word",
            Self::MoreThanExpected => "the card sent more data than was expected",
            Self::AnswerInChain => "the card answered a chain before its last command",
            Self::WrongLeAgain => "the card refused the length that it asked for",
            Self::EmptyPart => "the card announced more data and sent none",
        })
    }
}

impl fmt::Display for InterfaceDeviceMisuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CommandTooLong => "the command is longer than the reassembly buffer",
            Self::BufferTooSmall => "the output buffer or the front end cannot take an APDU",
            Self::NoCommand => "no command is under way",
        })
    }
}

impl core::error::Error for InterfaceDeviceError {}
impl core::error::Error for PeerViolation {}
impl core::error::Error for InterfaceDeviceMisuse {}
