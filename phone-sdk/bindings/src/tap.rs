//! A tap over NFC, and what every tap tells.

use std::sync::{Mutex, MutexGuard, PoisonError};

use credential::device::RefusedReader;
use credential::reader::Path;
use phone_sdk::NfcPresenter;

use crate::card::project_text;
use crate::ports::Presence;

/// A phone as a card: fits `HostApduService` and a card session.
#[derive(uniffi::Object)]
pub struct NfcTap(Mutex<NfcPresenter>);

/// Why the phone is no longer a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Deactivation {
    /// The field is gone.
    LinkLoss,
    /// The reader has selected an application that another app serves.
    Deselected,
}

/// Something that the app may show.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TapEvent {
    /// The door is open.
    Granted {
        /// The door's project.
        project: String,
        /// The door's number.
        reader: u32,
        /// The card that was presented.
        card: Option<u32>,
        /// How the door decided.
        path: TapPath,
        /// Whether the door was brought a newer revocation list or the time.
        brought: bool,
        /// Whether the door may hand over a report now; the link is better kept until it goes by itself.
        takes_report: bool,
    },
    /// The door stays shut.
    Refused {
        /// The door's project.
        project: String,
        /// The door's number.
        reader: u32,
        /// The card that was presented.
        card: Option<u32>,
        /// How the door decided.
        path: TapPath,
        /// Why, in one stable word.
        code: String,
        /// The same to a developer.
        detail: String,
        /// Whether the door was brought a newer revocation list or the time.
        brought: bool,
        /// Whether the door may hand over a report now; the link is better kept until it goes by itself.
        takes_report: bool,
    },
    /// The door waits for the holder: unlock or verify, and tap again.
    PresenceNeeded {
        /// What the door demands.
        presence: Presence,
    },
    /// The reader was told nothing, and cannot tell why.
    ReaderUnknown {
        /// Why, in one stable word.
        code: String,
        /// The same to a developer.
        detail: String,
    },
    /// The tap came to nothing; the next one can begin.
    Failed {
        /// Why, in one stable word.
        code: String,
        /// The same to a developer.
        detail: String,
    },
}

/// How a door decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum TapPath {
    /// By certificate and credential.
    Full,
    /// By a ticket of an earlier visit.
    Fast,
}

#[uniffi::export]
impl NfcTap {
    /// Answers a command APDU; whatever comes in, there is a response.
    pub fn process_command(&self, apdu: Vec<u8>) -> Vec<u8> {
        self.presenter().process_command(&apdu)
    }

    /// The phone is no longer a card: a tap under way is forgotten.
    pub fn deactivated(&self, reason: Deactivation) {
        self.presenter().deactivated(match reason {
            Deactivation::LinkLoss => phone_sdk::Deactivation::LinkLoss,
            Deactivation::Deselected => phone_sdk::Deactivation::Deselected,
        });
    }

    /// What has happened since it was last asked, oldest first.
    pub fn next_event(&self) -> Option<TapEvent> {
        self.presenter().poll_event().map(TapEvent::from)
    }
}

impl NfcTap {
    pub(crate) const fn new(presenter: NfcPresenter) -> Self {
        Self(Mutex::new(presenter))
    }

    fn presenter(&self) -> MutexGuard<'_, NfcPresenter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<phone_sdk::TapEvent> for TapEvent {
    fn from(event: phone_sdk::TapEvent) -> Self {
        let code = event.code().to_owned();
        match event {
            phone_sdk::TapEvent::Finished(tap) => finished(&tap, code),
            phone_sdk::TapEvent::ReaderRefused(RefusedReader::PresenceRequired(presence)) => {
                use credential::object::Presence as Demanded;
                Self::PresenceNeeded {
                    presence: match presence {
                        Demanded::None => Presence::None,
                        Demanded::Unlocked => Presence::Unlocked,
                        Demanded::Verified => Presence::Verified,
                    },
                }
            }
            phone_sdk::TapEvent::ReaderRefused(refused) => {
                Self::ReaderUnknown { code, detail: refused.to_string() }
            }
            phone_sdk::TapEvent::Failed(failure) => Self::Failed { code, detail: failure.to_string() },
            _ => Self::Failed { code, detail: "something that this version does not know".to_owned() },
        }
    }
}

fn finished(tap: &phone_sdk::Tap, code: String) -> TapEvent {
    let (project, reader, card) = (project_text(tap.project), tap.reader.0, tap.card.map(|card| card.0));
    let brought = tap.brought_list || tap.brought_time;
    let takes_report = tap.takes_report;
    let path = match tap.path {
        Path::Full => TapPath::Full,
        Path::Fast => TapPath::Fast,
    };
    match tap.result {
        Ok(()) => TapEvent::Granted { project, reader, card, path, brought, takes_report },
        Err(reason) => {
            let detail = reason.to_string();
            TapEvent::Refused { project, reader, card, path, code, detail, brought, takes_report }
        }
    }
}
