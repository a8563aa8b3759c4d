//! A reader on the air: the main loop and the radio around one door.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use credential::crypto::RustCrypto;
use credential::object::OutputFormat;
use credential::reader::Path;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader_firmware::ble::{self, BleSettings, RadioDoor};
use reader_firmware::door::{Arrival, DoorEvent};
use reader_firmware::entrance::{Entrance, Ports, Settings, Turn};
use reader_firmware::micros::Micros;
use tokio::time::Instant;

use crate::board::{Lamp, Lid, Panel, Seen, door, note};
use crate::field::{Field, PlainFrontEnd};
use crate::world::World;

pub(crate) const PSM: u16 = 0xD3;

#[derive(Clone)]
pub(crate) struct Reader(Rc<Inner>);

struct Inner {
    entrance: RefCell<Entrance<'static, RustCrypto, PlainFrontEnd, Panel, Lamp, Lid>>,
    rng: RefCell<StdRng>,
    seen: RefCell<Vec<(Instant, Seen)>>,
    path: Cell<Option<Path>>,
    began: Instant,
    panel: Panel,
}

/// Waits on tokio's clock.
#[derive(Clone)]
pub(crate) struct Delay;

impl embedded_hal_async::delay::DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        tokio::time::sleep(Duration::from_nanos(ns.into())).await;
    }

    async fn delay_ms(&mut self, ms: u32) {
        tokio::time::sleep(Duration::from_millis(ms.into())).await;
    }
}

impl Reader {
    /// A reader at this address, on the air from now on.
    pub(crate) fn new(
        world: &mut World,
        controller: impl trouble_host::Controller + 'static,
        address: [u8; 6],
        close_dbm: Option<i8>,
    ) -> Self {
        let (field, panel) = (Field::default(), Panel::default());
        let ports = Ports {
            front_end: PlainFrontEnd::new(&field),
            controller: panel.clone(),
            indicator: Lamp::default(),
            tamper: Lid::default(),
        };
        let entrance =
            Entrance::new(door(world, OutputFormat::Text), ports, Settings::default(), Micros::START);
        let reader = Self(Rc::new(Inner {
            entrance: RefCell::new(entrance),
            rng: RefCell::new(StdRng::seed_from_u64(3)),
            seen: RefCell::default(),
            path: Cell::default(),
            began: Instant::now(),
            panel,
        }));
        tokio::task::spawn_local(reader.clone().main_loop());
        let own = reader.clone();
        tokio::task::spawn_local(async move {
            let settings = BleSettings { address, name: "Front door", close_dbm, psm: PSM, hint: None };
            panic!("{:?}", ble::run(controller, &settings, &own, Delay).await);
        });
        reader
    }

    pub(crate) fn read(&self) -> Vec<String> {
        self.0.panel.0.borrow().read.clone()
    }

    /// When the last tap was decided.
    pub(crate) fn decided(&self) -> Option<Instant> {
        let seen = self.0.seen.borrow();
        let granted = |(at, seen): &(Instant, Seen)| matches!(seen, Seen::Granted(_)).then_some(*at);
        seen.iter().rev().find_map(granted)
    }

    /// The path of the last tap that was granted.
    pub(crate) fn path(&self) -> Option<Path> {
        self.0.path.get()
    }

    fn now(&self) -> Micros {
        Micros(u64::try_from(self.0.began.elapsed().as_micros()).unwrap())
    }

    fn with<R>(
        &self,
        act: impl FnOnce(
            &mut Entrance<'static, RustCrypto, PlainFrontEnd, Panel, Lamp, Lid>,
            Micros,
            &mut StdRng,
            &mut dyn FnMut(reader_firmware::entrance::Happened<'_>),
        ) -> R,
    ) -> R {
        let (seen, path_of) = (&self.0.seen, &self.0.path);
        let mut log = |happened: reader_firmware::entrance::Happened<'_>| {
            if let reader_firmware::entrance::Happened::Door(DoorEvent::Granted { path, .. }) = happened {
                path_of.set(Some(*path));
            }
            seen.borrow_mut().push((Instant::now(), note(happened)));
        };
        let mut entrance = self.0.entrance.borrow_mut();
        act(&mut entrance, self.now(), &mut self.0.rng.borrow_mut(), &mut log)
    }

    async fn main_loop(self) {
        loop {
            let at = self.with(|entrance, now, rng, log| {
                entrance.poll(now, rng, log);
                entrance.poll_at()
            });
            let pause = at.0.saturating_sub(self.now().0).max(1_000);
            tokio::time::sleep(Duration::from_micros(pause)).await;
        }
    }
}

impl RadioDoor for Reader {
    fn begin(&self, arrival: Arrival) -> Option<Turn> {
        self.with(|entrance, now, rng, log| entrance.radio_begin(arrival, now, rng, log))
    }

    fn received(&self, turn: Turn, octets: &[u8]) {
        self.with(|entrance, now, rng, log| entrance.radio_received(turn, octets, now, rng, log));
    }

    fn transmit(&self, turn: Turn, out: &mut [u8]) -> Option<usize> {
        self.0.entrance.borrow_mut().radio_transmit(turn, out)
    }

    fn is_over(&self, turn: Turn) -> bool {
        self.0.entrance.borrow().radio_is_over(turn)
    }

    fn left(&self, turn: Turn) {
        self.with(|entrance, now, rng, log| entrance.radio_left(turn, now, rng, log));
    }
}
