//! The ports: what a board gives to the main loop. No call waits; clock and random source are arguments.
//!
//! | port | real | in tests |
//! | --- | --- | --- |
//! | [`NfcFrontEnd`] | `nfc::Pn532FrontEnd` over I2C or SPI | a field with cards in it |
//! | [`ControllerLink`] | `controller`: Wiegand, text, keyboard, stand-alone, OSDP | a panel that writes down |
//! | [`Indicator`] | `pins::IndicatorPins` | a lamp that writes down |
//! | [`Relay`] | `pins::RelayPin` | a lock that writes down |
//! | [`TamperInput`] | `pins::TamperPin` | a lid |
//! | [`Watchdog`] | the board's chip | one that counts |

use credential::iso7816::FrontEnd;

use crate::indicator::{Light, LightPattern, SoundPattern};
use crate::micros::Micros;
use crate::output::Output;

/// A contactless front end that does ISO-DEP by itself. One operation at a time; beginning one gives up the other.
pub trait NfcFrontEnd {
    /// What it carries.
    fn limits(&self) -> FrontEnd;

    /// Begins to look for cards; ends with [`NfcEvent::Cards`].
    fn look(&mut self, now: Micros);

    /// Begins an exchange with a card that was found, 0 being the first; ends with [`NfcEvent::Response`].
    fn transmit(&mut self, card: u8, apdu: &[u8], now: Micros);

    /// Ends the exchange with all cards and switches the field off.
    fn release(&mut self, now: Micros);

    /// Sets the chip up anew, after [`NfcEvent::Failed`].
    fn restart(&mut self, now: Micros);

    /// How the operation ended, if it has; the front of `response` has the response APDU.
    fn poll(&mut self, now: Micros, response: &mut [u8]) -> Option<NfcEvent>;

    /// When it wants to be polled; `None` while nothing is under way.
    fn poll_at(&self) -> Option<Micros>;
}

/// How an operation of a front end ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NfcEvent {
    /// So many cards that speak ISO-DEP are in the field.
    Cards(u8),
    /// The card answered with so many octets.
    Response(usize),
    /// The card is gone, or what it said is beyond repair.
    CardLost,
    /// The chip itself does not answer, or answers what it should not.
    Failed,
}

/// The way to the access control system.
pub trait ControllerLink {
    /// Hands over what a tap gave.
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken;

    /// Goes on with what is under way, and says what the other side wants.
    fn poll(&mut self, now: Micros) -> Option<ControllerEvent>;

    /// When it wants to be polled; `None` while nothing is under way.
    fn poll_at(&self) -> Option<Micros>;

    /// The next thing that the other side sends for the board itself, copied to the front of `out`, which has room for
    /// the longest object; its length.
    fn take_delivery(&mut self, _out: &mut [u8]) -> Option<(Delivery, usize)> {
        None
    }

    /// Whether a late poll would spoil what is on the wire, so that the main loop leaves the other ports alone.
    fn holds_line(&self) -> bool {
        false
    }
}

/// What became of a user ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is on its way; the other side decides.
    HandedOver,
    /// This side decided, and the door is open.
    Opened,
    /// This side decided, and the door stays shut.
    Refused,
    /// The other side cannot be reached, or has not taken the one before.
    NotTaken,
    /// The link cannot carry this output: the configured format is for another wire.
    WrongFormat,
}

/// What comes from the access control system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControllerEvent {
    /// It can be reached.
    Online,
    /// It cannot.
    Offline,
    /// It wants this light: for good, or for so many milliseconds.
    Light(LightPattern, Option<u32>),
    /// It wants this sound.
    Sound(SoundPattern),
}

/// What an access control system sends for the board itself; nothing of it is believed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A sealed configuration.
    Configuration,
    /// A signed revocation list.
    RevocationList,
    /// A signed time token.
    TimeToken,
    /// The signed header of a firmware.
    FirmwareHeader,
    /// A piece of the firmware.
    FirmwarePiece {
        /// Octets before it.
        at: u32,
    },
    /// The firmware has been sent.
    FirmwareEnd,
}

/// A lamp and a buzzer.
pub trait Indicator {
    /// Shows one colour.
    fn light(&mut self, light: Light);

    /// Switches the buzzer.
    fn sound(&mut self, on: bool);
}

/// A switch that opens a lock.
pub trait Relay {
    /// Pulls or drops it.
    fn set(&mut self, pulled: bool);
}

/// A contact that opens when somebody takes the reader off the wall.
pub trait TamperInput {
    /// Whether it is open.
    fn is_open(&mut self) -> bool;
}

/// What starts the board anew unless it is fed in time.
pub trait Watchdog {
    /// Puts it off; the main loop does so when it has been all the way round.
    fn feed(&mut self);
}
