//! A board: a door with a lamp, a lid and a panel that write down what happens, on virtual time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use credential::crypto::{Crypto, RustCrypto};
use credential::id::IssuerIndex;
use credential::object::{OutputFormat, Presence, ReaderConfiguration, SEAL_OVERHEAD, seal};
use credential::time::Instant;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader_firmware::door::{Door, DoorEvent};
use reader_firmware::enrolment::{Trust, open_configuration};
use reader_firmware::entrance::{Entrance, Happened, Ports, RESPONSE_SPACE, Settings};
use reader_firmware::indicator::{Light, Status};
use reader_firmware::log::{EventLog, NoLog};
use reader_firmware::micros::Micros;
use reader_firmware::output::Output;
use reader_firmware::port::{ControllerEvent, ControllerLink, Indicator, NfcFrontEnd, Taken, TamperInput};

use crate::phone::{InField, Phone};
use crate::world::{CRYPTO, World};

/// A panel that takes everything, unless it is told what to answer.
#[derive(Clone, Default)]
pub(crate) struct Panel(pub(crate) Rc<RefCell<PanelState>>);

#[derive(Default)]
pub(crate) struct PanelState {
    pub(crate) read: Vec<String>,
    pub(crate) answers: VecDeque<Taken>,
    pub(crate) events: VecDeque<ControllerEvent>,
}

impl ControllerLink for Panel {
    fn put_out(&mut self, output: &Output, _: Micros) -> Taken {
        let mut state = self.0.borrow_mut();
        state.read.push(output.to_string());
        state.answers.pop_front().unwrap_or(Taken::HandedOver)
    }

    fn poll(&mut self, _: Micros) -> Option<ControllerEvent> {
        self.0.borrow_mut().events.pop_front()
    }

    fn poll_at(&self) -> Option<Micros> {
        None
    }
}

#[derive(Clone, Default)]
pub(crate) struct Lamp(pub(crate) Rc<RefCell<Vec<Light>>>);

impl Indicator for Lamp {
    fn light(&mut self, light: Light) {
        self.0.borrow_mut().push(light);
    }

    fn sound(&mut self, _: bool) {}
}

#[derive(Clone, Default)]
pub(crate) struct Lid(pub(crate) Rc<RefCell<bool>>);

impl TamperInput for Lid {
    fn is_open(&mut self) -> bool {
        *self.0.borrow()
    }
}

/// What a test looks at afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Granted(String),
    Denied,
    Finished,
    NoApplication,
    Failed,
    PutOut(Taken),
    Controller(bool),
    FrontEnd(bool),
    Tamper(bool),
    Other,
}

impl Seen {
    fn granted(&self) -> Option<&str> {
        if let Self::Granted(user_id) = self { Some(user_id) } else { None }
    }
}

pub(crate) struct Board<F, L, G: EventLog = NoLog> {
    pub(crate) entrance: Entrance<'static, RustCrypto, F, L, Lamp, Lid, RESPONSE_SPACE, G>,
    pub(crate) now: Micros,
    pub(crate) lamp: Lamp,
    pub(crate) lid: Lid,
    pub(crate) seen: Vec<Seen>,
    pub(crate) polls: usize,
    rng: StdRng,
}

/// An enrolled door of this project.
pub(crate) fn door(world: &mut World, output: OutputFormat) -> Door<'static, RustCrypto> {
    door_logging(world, output, NoLog)
}

/// The same with a log.
pub(crate) fn door_logging<G: EventLog>(
    world: &mut World,
    output: OutputFormat,
    log: G,
) -> Door<'static, RustCrypto, G> {
    let mut rng = StdRng::seed_from_u64(1);
    let scalar = world.scalar();
    let key = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
    let configuration = ReaderConfiguration {
        issuer: IssuerIndex(0),
        version: 1,
        certificate: world.certificate(7, key, Presence::None).issue(&world.issuer).unwrap(),
        issuers: world.issuers(),
        tickets: true,
        list_version: 0,
        output,
        report_key: Some(crate::world::report_point()),
    };
    let mut octets = [0; ReaderConfiguration::OCTETS_MAX];
    let length = configuration.issue(&world.issuer, &mut octets).unwrap();
    let mut sealed = vec![0; length + SEAL_OVERHEAD];
    seal(&mut rng, &key, &octets[..length], &mut sealed).unwrap();
    let configured = open_configuration(&CRYPTO, &scalar, Trust::Confirmed, None, &mut sealed).unwrap();
    let mut door = Door::logging(CRYPTO, scalar, configured, log, &mut rng, Instant(0)).unwrap();
    door.take_time_token(&world.time_token(crate::world::START), Instant(0)).unwrap();
    door
}

pub(crate) fn phone(world: &mut World, user_id: &str) -> InField {
    let (wallet, _) = world.phone(user_id);
    InField::Phone(Box::new(Phone::new(user_id, wallet)))
}

impl<F: NfcFrontEnd, L: ControllerLink> Board<F, L> {
    pub(crate) fn new(world: &mut World, output: OutputFormat, front_end: F, controller: L) -> Self {
        Self::of(door(world, output), front_end, controller)
    }
}

impl<F: NfcFrontEnd, L: ControllerLink, G: EventLog> Board<F, L, G> {
    pub(crate) fn of(door: Door<'static, RustCrypto, G>, front_end: F, controller: L) -> Self {
        let (lamp, lid) = (Lamp::default(), Lid::default());
        let ports = Ports { front_end, controller, indicator: lamp.clone(), tamper: lid.clone() };
        let entrance = Entrance::new(door, ports, Settings::default(), Micros::START);
        let rng = StdRng::seed_from_u64(2);
        Self { entrance, now: Micros::START, lamp, lid, seen: Vec::new(), polls: 0, rng }
    }

    /// Polls when the entrance wants it, for so long; never twice at the same time.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        self.run_until(ms, |_| false);
    }

    /// The same until something was seen; says whether it was.
    pub(crate) fn run_until(&mut self, ms: u64, enough: impl Fn(&[Seen]) -> bool) -> bool {
        let end = self.now.after_ms(ms);
        while self.now < end {
            let seen = &mut self.seen;
            self.entrance.poll(self.now, &mut self.rng, &mut |happened| seen.push(note(happened)));
            self.polls += 1;
            if enough(&self.seen) {
                return true;
            }
            self.now = self.entrance.poll_at().max(self.now.after_us(1)).min(end);
        }
        false
    }

    pub(crate) fn status(&self) -> Status {
        self.entrance.status()
    }

    pub(crate) fn granted(&self) -> Vec<&str> {
        self.seen.iter().filter_map(Seen::granted).collect()
    }
}

pub(crate) fn note(happened: Happened<'_>) -> Seen {
    match happened {
        Happened::Door(DoorEvent::Granted { output, .. }) => Seen::Granted(output.to_string()),
        Happened::Door(DoorEvent::Denied { .. } | DoorEvent::DoesNotFit(_)) => Seen::Denied,
        Happened::Door(DoorEvent::Finished) => Seen::Finished,
        Happened::Door(DoorEvent::NoApplication) => Seen::NoApplication,
        Happened::Door(DoorEvent::Failed(_) | DoorEvent::LinkFailed(_)) => Seen::Failed,
        Happened::Door(_) => Seen::Other,
        Happened::PutOut(taken) => Seen::PutOut(taken),
        Happened::Controller { online } => Seen::Controller(online),
        Happened::FrontEnd { works } => Seen::FrontEnd(works),
        Happened::Tamper { open } => Seen::Tamper(open),
    }
}
