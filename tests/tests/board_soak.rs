//! Many visits to the board on the emulated microcontroller, with faults at random.
//!
//! `OSTIARY_BOARD_TAPS` is how many; `OSTIARY_SEED` plays one run again.
//! A stage of `tests/run` of its own, because it needs QEMU and the firmware.
#![expect(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use credential::iso7816::FrontEnd;
use credential::object::Presence;
use credential::time::UnixTime;
use phone_sdk::{Deactivation, Wallet};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use reader_firmware::door::{Arrival, Device};
use reader_firmware::serial::{Check, Command, Rehearsal};
use simulator::unit::{DoorUnit, Happened};
use tests::board::budget::EmulatedBudget;
use tests::board::{BoardRig, BoardTap};
use tests::phone::{Phone, nfc};
use tests::world::{START, World};

/// How long a board that may be without power is waited for.
const SILENCE: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(60);

/// What happens at a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Visit {
    Whole,
    TakenAway,
    Stranger,
    Noise,
    PowerCut,
    PowerCutInFlash,
    Housing,
}

impl Visit {
    fn draw(rng: &mut StdRng) -> Self {
        match rng.random_range(0..100) {
            0..58 => Self::Whole,
            58..78 => Self::TakenAway,
            78..85 => Self::Stranger,
            85..90 => Self::Noise,
            90..93 => Self::PowerCut,
            93..97 => Self::PowerCutInFlash,
            _ => Self::Housing,
        }
    }
}

struct Soak {
    rig: BoardRig,
    stranger: (Phone, Wallet),
    rng: StdRng,
    /// The newest time that the board was given.
    time: UnixTime,
    /// Numbers of the log: the next entry.
    next: u32,
    seen: BTreeMap<Visit, u32>,
    granted: u32,
}

impl Soak {
    fn new(seed: u64) -> Self {
        let mut rig = BoardRig::enrolled();
        rig.unit.line().set_patience(PATIENCE);
        let (phone, wallet, _) = Phone::activated(World::new(2));
        let next = rig.unit.board_status().unwrap().log.1;
        let rng = StdRng::seed_from_u64(seed);
        let (stranger, time) = ((phone, wallet), START);
        Self { rig, stranger, rng, time, next, seen: BTreeMap::new(), granted: 0 }
    }

    fn visit(&mut self) {
        let visit = Visit::draw(&mut self.rng);
        *self.seen.entry(visit).or_default() += 1;
        match visit {
            Visit::Whole => self.whole(),
            Visit::TakenAway => {
                let answers = self.rng.random_range(0..5);
                let tap = self.rig.tap_until(answers);
                self.judge(&tap, visit);
            }
            Visit::Stranger => self.stranger(),
            Visit::Noise => {
                let mut noise = vec![0; self.rng.random_range(1..3_000)];
                self.rng.fill_bytes(&mut noise);
                self.rig.unit.line().disturb(&noise).unwrap();
                self.rig.unit.line().disturb(&[0x7E]).unwrap();
                self.whole();
            }
            Visit::PowerCut => {
                let answers = self.rng.random_range(0..5);
                let _whatever = self.rig.tap_until(answers);
                self.without_power();
                self.whole();
            }
            Visit::PowerCutInFlash => {
                let after = self.rng.random_range(0..8);
                self.rig.unit.tell(Command::Rehearse(Rehearsal::CutPower { after })).unwrap();
                self.rig.unit.line().set_patience(SILENCE);
                let events = self.tap_as_far_as_it_goes();
                self.judge(&BoardTap { events, cost: None }, visit);
                self.without_power();
                self.whole();
            }
            Visit::Housing => {
                for open in [true, false] {
                    self.rig.unit.tell(Command::Rehearse(Rehearsal::Tamper { open })).unwrap();
                    self.whole();
                }
            }
        }
    }

    /// A phone that stays is let in, and that is in the log.
    fn whole(&mut self) {
        let tap = self.rig.tap();
        assert!(tap.granted().is_some() && tap.finished(), "{tap:?}");
        self.granted += 1;
        self.judge(&tap, Visit::Whole);
        let next = self.rig.unit.board_status().unwrap().log.1;
        assert!(next > self.next, "the visit is in the log: {} to {next}", self.next);
        self.next = next;
    }

    fn judge(&self, tap: &BoardTap, visit: Visit) {
        if let Some((user_id, _)) = tap.granted() {
            assert_eq!(user_id, "0004711", "{visit:?}: {tap:?}");
            assert_ne!(visit, Visit::Stranger, "{tap:?}");
        }
    }

    /// Somebody of another project.
    fn stranger(&mut self) {
        let mut card = nfc(&self.stranger.1, Presence::None);
        let mut out = Vec::new();
        let mut tap = BoardTap { events: Vec::new(), cost: None };
        let mut device = |unit: &mut dyn DoorUnit, device: Device<'_>, out: &mut Vec<Vec<u8>>| {
            tap.events.extend(unit.handle(device, out).unwrap().events);
        };
        let unit = &mut self.rig.unit;
        device(unit, Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)), &mut out);
        while let Some(apdu) = out.pop() {
            device(unit, Device::Sent(&card.process_command(&apdu)), &mut out);
        }
        device(unit, Device::Left, &mut out);
        card.deactivated(Deactivation::LinkLoss);
        self.judge(&tap, Visit::Stranger);
    }

    /// Taps until the board says nothing any more.
    fn tap_as_far_as_it_goes(&mut self) -> Vec<Happened> {
        let mut card = nfc(&self.rig.wallet, Presence::None);
        let (mut out, mut events) = (Vec::new(), Vec::new());
        let mut handled = self.rig.unit.handle(Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)), &mut out);
        while let Ok(done) = handled {
            events.extend(done.events);
            let Some(apdu) = out.pop() else { break };
            handled = self.rig.unit.handle(Device::Sent(&card.process_command(&apdu)), &mut out);
        }
        card.deactivated(Deactivation::LinkLoss);
        events
    }

    /// The power goes and comes back, and the time is brought: nothing that was in the log is gone.
    fn without_power(&mut self) {
        self.rig.cut_power();
        self.rig.unit.line().set_patience(PATIENCE);
        let next = self.rig.unit.board_status().unwrap().log.1;
        assert!(next > self.next, "the start is in the log, behind what was there: {} to {next}", self.next);
        self.next = next;
        self.time.0 += 1;
        let token = self.rig.world.time_token(self.time);
        self.rig.unit.take_time_token(&token).unwrap_or_else(|error| panic!("{error:#}"));
    }
}

#[test]
fn no_fault_makes_the_board_hang_let_in_a_stranger_or_lose_an_event() {
    let taps: u32 = std::env::var("OSTIARY_BOARD_TAPS").map_or(60, |taps| taps.parse().unwrap());
    let seed = std::env::var("OSTIARY_SEED").map_or(11, |seed| seed.parse().unwrap());
    println!("OSTIARY_SEED={seed}");
    let mut soak = Soak::new(seed);
    for number in 1..=taps {
        soak.visit();
        if number % 500 == 0 {
            println!("{number} visits");
        }
    }
    println!("{taps} visits: {:?}, {} granted", soak.seen, soak.granted);
    let unit = &mut soak.rig.unit;
    let found = unit.self_test().unwrap();
    assert!(found.checks().iter().all(|(_, check)| *check == Check::Passed), "{found:?}");
    let status = unit.board_status().unwrap();
    println!("log from {} to {}, {:?}", status.log.0, status.log.1, status.footprint);
    assert!(status.footprint.stack_octets <= EmulatedBudget::read().stack_octets);
    assert!(soak.granted > taps / 2);
}
