//! One tap after another: what all links share.
//!
//! A presenter routes to an application, lends it the wallet for the time of one command, has the key store sign,
//! and tells the app what happened.

mod ble;
mod event;
mod nfc;
mod stream;

use std::collections::VecDeque;
use std::sync::Arc;

use credential::application::{DeviceAction, DeviceApplication, DeviceIncoming, OstiaryDevice};
use credential::ble::{MESSAGE_CAP, Uuid};
use credential::crypto::RustCrypto;
use credential::device::{CredentialHandle, DeviceEnv, DeviceEvent};
use credential::iso7816::StatusWord;
use credential::time::Instant;
use credential::transport::Transport;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use crate::port::UserPresence;
use crate::wallet::{CardId, Core};

pub use ble::{
    BleAction, BleCentral, BleEvent, BleHandles, BlePresenter, NearbyReader, NearbyReaders, Sighting,
};
pub use event::{Tap, TapEvent, TapFailure};
pub use nfc::{Deactivation, NfcPresenter};
pub use stream::{StreamClosed, StreamPresenter};

/// Events that wait for the app; of more the oldest are dropped.
const EVENTS_MAX: usize = 16;

/// The applications of this phone, and the one that has been selected.
pub(crate) struct Presenter {
    core: Arc<Core>,
    presence: Arc<dyn UserPresence>,
    applications: Vec<Box<dyn DeviceApplication + Send>>,
    selected: Option<Selected>,
    out: Zeroizing<Vec<u8>>,
    events: VecDeque<TapEvent>,
}

struct Selected {
    application: usize,
    rng: StdRng,
    /// Whether the app has been told how the tap ended.
    finished: bool,
}

/// An answer in the output buffer.
#[derive(Clone, Copy)]
struct Reply {
    length: usize,
    status: StatusWord,
}

impl Presenter {
    pub(crate) fn new(core: Arc<Core>, presence: Arc<dyn UserPresence>) -> Self {
        // Further exchanges (Aliro, PKOC) are further entries.
        let applications: Vec<Box<dyn DeviceApplication + Send>> =
            vec![Box::new(OstiaryDevice::new(RustCrypto))];
        let out = Zeroizing::new(vec![0; MESSAGE_CAP]);
        Self { core, presence, applications, selected: None, out, events: VecDeque::new() }
    }

    /// What has happened since it was last asked, oldest first.
    fn poll_event(&mut self) -> Option<TapEvent> {
        self.events.pop_front()
    }

    /// SELECT by AID came; a tap that was under way is forgotten.
    fn select(&mut self, aid: &[u8]) -> Reply {
        self.forget();
        let application = self.applications.iter().position(|candidate| candidate.aid().as_bytes() == aid);
        match application {
            Some(application) => self.open(application, Transport::Nfc),
            None => refused(StatusWord::FILE_OR_APPLICATION_NOT_FOUND),
        }
    }

    /// A link of a GATT service is up: the reply opens the session.
    fn connect(&mut self, service: Uuid, transport: Transport) -> Option<Reply> {
        self.forget();
        let application = self.applications.iter().position(|candidate| candidate.service() == Some(service));
        let reply = self.open(application?, transport);
        (reply.status == StatusWord::NORMAL).then_some(reply)
    }

    fn open(&mut self, application: usize, transport: Transport) -> Reply {
        let now = self.core.ports.clock.now();
        let rng = match self.core.rng() {
            Ok(rng) => rng,
            Err(failure) => return self.fail(TapFailure::Random(failure)),
        };
        let Some(chosen) = self.applications.get_mut(application) else {
            return refused(StatusWord::FILE_OR_APPLICATION_NOT_FOUND);
        };
        match chosen.open(transport, now, &mut self.out) {
            Ok(length) => {
                self.selected = Some(Selected { application, rng, finished: false });
                Reply { length, status: StatusWord::NORMAL }
            }
            Err(error) => self.fail(TapFailure::Exchange(error)),
        }
    }

    /// A command came; there is always a reply.
    fn receive(&mut self, incoming: DeviceIncoming<'_>) -> Reply {
        let Some(selected) = &mut self.selected else {
            return refused(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED);
        };
        let Some(application) = self.applications.get_mut(selected.application) else {
            return refused(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED);
        };
        let presence = self.presence.given();
        let now = self.core.ports.clock.now();
        let mut action = {
            let mut vault = self.core.vault();
            let mut env = DeviceEnv { now, rng: &mut selected.rng, wallet: &mut *vault, presence };
            application.receive(&mut env, incoming, &mut self.out)
        };
        let mut failure = None;
        let (length, status, event) = loop {
            match action {
                DeviceAction::Reply { length, status, event } => break (length, status, event),
                DeviceAction::Sign(request) => {
                    let signature = self.core.sign(request.credential, request.message());
                    failure = signature.err();
                    let now = self.core.ports.clock.now();
                    let mut vault = self.core.vault();
                    let mut env = DeviceEnv { now, rng: &mut selected.rng, wallet: &mut *vault, presence };
                    action = application.resume(&mut env, signature.ok().as_ref(), &mut self.out);
                }
            }
        };
        selected.finished = event.as_ref().is_some_and(|event| !matches!(event, DeviceEvent::Refused(_)));
        match (failure, event) {
            (Some(failure), _) => self.note(TapEvent::Failed(TapFailure::KeyStore(failure))),
            (None, Some(event)) => self.tell(event),
            (None, None) => {}
        }
        Reply { length, status }
    }

    /// Turns what the exchange says into what the app is told.
    fn tell(&mut self, event: DeviceEvent) {
        let event = match event {
            DeviceEvent::Refused(reason) => TapEvent::ReaderRefused(reason),
            DeviceEvent::Reported { .. } => return,
            DeviceEvent::Failed(error) => TapEvent::Failed(TapFailure::Exchange(error)),
            DeviceEvent::Finished(report) => {
                // What cannot be stored is still good until the app ends.
                let _ = self.core.vault().flush();
                TapEvent::Finished(Tap {
                    project: report.project,
                    reader: report.reader,
                    card: self.card_of(report.credential),
                    path: report.path,
                    result: report.result,
                    brought_list: report.brought_list,
                    brought_time: report.brought_time,
                    takes_report: report.takes_report,
                })
            }
        };
        self.note(event);
    }

    /// The link is gone; a tap that was under way has failed so.
    fn lost(&mut self, failure: TapFailure) {
        let under_way = self.selected.as_ref().is_some_and(|selected| !selected.finished);
        if under_way && self.poll_at().is_some() {
            self.note(TapEvent::Failed(failure));
        }
        self.forget();
    }

    /// When [`Presenter::expire`] gives up the tap; `None` while there is none.
    fn poll_at(&self) -> Option<Instant> {
        let selected = self.selected.as_ref()?;
        self.applications.get(selected.application)?.poll_at()
    }

    /// Gives up a tap that the reader broke off without a word; says whether there was one.
    fn expire(&mut self) -> bool {
        let now = self.core.ports.clock.now().instant;
        let application = self.selected.as_ref().and_then(|s| self.applications.get_mut(s.application));
        match application.map(|application| application.expire(now)) {
            Some(Err(error)) => {
                self.fail(TapFailure::Exchange(error));
                self.forget();
                true
            }
            _ => false,
        }
    }

    fn forget(&mut self) {
        self.selected = None;
        self.applications.iter_mut().for_each(|application| application.reset());
    }

    fn fail(&mut self, failure: TapFailure) -> Reply {
        self.note(TapEvent::Failed(failure));
        refused(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED)
    }

    fn note(&mut self, event: TapEvent) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    fn card_of(&self, handle: CredentialHandle) -> Option<CardId> {
        self.core.vault().card_of(handle).map(|card| card.id)
    }

    /// The octets of a reply.
    fn octets(&self, reply: Reply) -> &[u8] {
        self.out.get(..reply.length).unwrap_or_default()
    }
}

const fn refused(status: StatusWord) -> Reply {
    Reply { length: 0, status }
}
