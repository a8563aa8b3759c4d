//! What is said on the line, in the words of its protocol.

use core::fmt::{Display, Write};

use credential::reader::Path;
use heapless::String;

use super::Line;
use super::outcome::Failure;
use crate::door::DoorEvent;
use crate::entrance::Happened;
use crate::port::{Delivery, Taken};
use crate::serial::{Event, Numbered, Report, Trouble, Way};

/// The longest text: the bits of the longest Wiegand frame.
const TEXT: usize = 128;

/// Answers to one command.
pub(super) struct Told<'l> {
    pub(super) number: u8,
    pub(super) line: Line<'l>,
}

impl Told<'_> {
    pub(super) fn say(&mut self, content: Report<'_>) {
        // A report always can be encoded: it goes octet by octet.
        let _ = Numbered { number: self.number, content }.send(&mut *self.line);
    }

    #[inline(never)]
    pub(super) fn refused(&mut self, failure: Failure) {
        let words;
        self.say(Report::Refused(match failure {
            Failure::Unreadable => Trouble::Unreadable,
            Failure::Unsupported => Trouble::Unsupported,
            Failure::Unseeded => Trouble::Unseeded,
            Failure::NotEnrolled => Trouble::NotEnrolled,
            Failure::Busy => Trouble::Busy,
            Failure::Object(error) => {
                words = text(&error);
                Trouble::Object(&words)
            }
            Failure::Storage(error) => {
                words = text(&error);
                Trouble::Storage(&words)
            }
            Failure::Update(error) => {
                words = text(&error);
                Trouble::Update(&words)
            }
        }));
    }

    /// What a phone brought is lost at the next power cut.
    #[inline(never)]
    pub(super) fn not_kept(&mut self, failure: Failure) {
        let words = match failure {
            Failure::Storage(error) => text(&error),
            _ => String::new(),
        };
        self.say(Report::Event(Event::NotKept(&words)));
    }

    #[inline(never)]
    pub(super) fn happened(&mut self, happened: &Happened<'_>) {
        let event = match *happened {
            Happened::Door(event) => return self.event(event),
            Happened::PutOut(Taken::HandedOver | Taken::Opened) => return,
            Happened::PutOut(_) => Event::NotPutOut,
            Happened::Controller { online } => Event::Controller(online),
            Happened::FrontEnd { works } => Event::FrontEnd(works),
            Happened::Tamper { open } => Event::Tamper(open),
        };
        self.say(Report::Event(event));
    }

    /// What became of what the access control system sent.
    #[inline(never)]
    pub(super) fn delivered(&mut self, delivery: Delivery, taken: Result<(), Failure>) {
        let what = match delivery {
            Delivery::Configuration => "configuration",
            Delivery::RevocationList => "revocation list",
            Delivery::TimeToken => "time token",
            Delivery::FirmwareEnd => "firmware",
            // A firmware is one thing, unless something is wrong with it.
            Delivery::FirmwareHeader | Delivery::FirmwarePiece { .. } if taken.is_ok() => return,
            Delivery::FirmwareHeader | Delivery::FirmwarePiece { .. } => "firmware",
        };
        let event = match taken {
            Ok(()) => Event::Delivered(what),
            Err(_) => Event::DeliveryRefused(what),
        };
        self.say(Report::Event(event));
    }

    fn event(&mut self, event: &DoorEvent) {
        let words;
        self.say(Report::Event(match event {
            DoorEvent::Granted { output, path, serial, .. } => {
                words = text(output);
                Event::Granted { output: &words, way: way(*path), serial: serial.map(|serial| serial.0) }
            }
            DoorEvent::Denied { reason, path, serial } => {
                words = text(reason);
                Event::Denied { reason: &words, way: way(*path), serial: serial.map(|serial| serial.0) }
            }
            DoorEvent::DoesNotFit(error) => {
                words = text(error);
                Event::DoesNotFit(&words)
            }
            DoorEvent::ListTaken { version } => Event::ListTaken(*version),
            DoorEvent::TimeTaken { time } => Event::TimeTaken(time.0),
            DoorEvent::Finished => Event::Finished,
            DoorEvent::NoApplication => Event::NoApplication,
            DoorEvent::Failed(error) => {
                words = text(error);
                Event::Failed(&words)
            }
            DoorEvent::LinkFailed(error) => {
                words = text(error);
                Event::LinkFailed(&words)
            }
        }));
    }
}

const fn way(path: Path) -> Way {
    match path {
        Path::Full => Way::Full,
        Path::Fast => Way::Fast,
    }
}

/// The text, cut where it is longer than any that there is.
fn text(what: &dyn Display) -> String<TEXT> {
    let mut words = String::new();
    let _cut = write!(words, "{what}");
    words
}
