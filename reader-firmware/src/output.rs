//! What the access control system gets: the user ID in the form that its wire wants.

pub mod wiegand;

use core::fmt;

use credential::id::UserId;
use credential::object::OutputFormat;

use wiegand::WiegandFrame;

/// A user ID, ready for the wire.
#[derive(Clone, PartialEq, Eq)]
pub enum Output {
    /// ASCII, for a serial line or a keyboard.
    Text(UserId),
    /// Bits, for D0 and D1.
    Wiegand(WiegandFrame),
}

/// Why a user ID cannot be written in the configured format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputError {
    /// A character that is not a digit of the configured base.
    NotANumber,
    /// A number that needs more bits than the frame has for it.
    TooLarge,
    /// A configuration that describes no frame: more bits of facility code and parity than bits in all, more than 128
    /// bits, or a facility code that needs more bits than it is given.
    Format,
}

impl Output {
    /// Writes `user_id` in `format`; an ID that does not fit is refused and never cut or padded into another one.
    ///
    /// # Errors
    /// [`OutputError`] says why it does not fit.
    pub fn new(format: OutputFormat, user_id: &UserId) -> Result<Self, OutputError> {
        match format {
            OutputFormat::Text => Ok(Self::Text(user_id.clone())),
            OutputFormat::Wiegand(wiegand) => WiegandFrame::new(wiegand, user_id).map(Self::Wiegand),
        }
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(user_id) => user_id.fmt(f),
            Self::Wiegand(frame) => frame.fmt(f),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Output(..)")
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "the user ID is not a number in the configured base",
            Self::TooLarge => "the user ID needs more bits than the Wiegand frame has for it",
            Self::Format => "the output format describes no Wiegand frame",
        })
    }
}

impl core::error::Error for OutputError {}
