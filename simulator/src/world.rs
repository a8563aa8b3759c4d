//! A building in virtual time: a manager, phones and doors, and the links between them.
//!
//! All of them are the real parts: the manager's library over a database of its own, wallets of the phone SDK, doors of
//! the reader's firmware. What is made up is what they stand on: time moves when something happens, so that a week
//! takes no longer than what happens in it, and everything random comes from one seed, so that a run can be repeated
//! octet for octet.

mod clock;
mod digest;
mod door;
mod issuing;
mod link;
mod office;
mod people;
mod phone;
mod record;
mod scratch;
mod seeds;
mod tap;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use credential::time::UnixTime;
use phone_sdk::BleEvent;

pub use clock::WorldClock;
pub(crate) use clock::{PhoneClock, SECOND_US};
use digest::Digest;
pub(crate) use door::enrol;
pub use door::{Door, DoorPlan};
pub use link::{End, LinkKind, LinkSettings};
pub use office::{Office, ProjectPlan};
pub use people::{PersonPlan, Somebody};
pub(crate) use phone::in_memory;
pub use phone::{Phone, PhonePlan};
pub use record::{Piece, TapRecord};
pub(crate) use scratch::Scratch;
pub use seeds::Seeds;
use tap::Running;
pub use tap::TapPlan;

/// What a world begins with.
#[derive(Clone, Debug)]
pub struct WorldPlan {
    /// The seed of everything that is random.
    pub seed: u64,
    /// When it begins.
    pub start: UnixTime,
    /// The projects; one at least.
    pub projects: Vec<ProjectPlan>,
    /// The people.
    pub people: Vec<PersonPlan>,
    /// The phones.
    pub phones: Vec<PhonePlan>,
    /// The doors.
    pub doors: Vec<DoorPlan>,
}

/// A building.
pub struct World {
    pub(crate) clock: WorldClock,
    pub(crate) seeds: Seeds,
    pub(crate) office: Arc<Office>,
    pub(crate) people: Vec<Somebody>,
    pub(crate) phones: Vec<Phone>,
    pub(crate) doors: Vec<Door>,
    queue: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
    running: BTreeMap<u64, Running>,
    taps_begun: u64,
    records: Vec<TapRecord>,
    timeline: Vec<Line>,
    digest: Digest,
}

/// One line of what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at_us: u64,
    /// To whom.
    pub who: String,
    /// What.
    pub text: String,
}

/// What is to happen at a moment.
#[derive(Debug)]
enum Event {
    /// The link of a tap is up.
    Connected(u64),
    /// Octets come to one end of a tap's link.
    Arrived(u64, End, Vec<u8>),
    /// The phone's own stack reports something.
    Reported(u64, BleEvent),
    /// The door may give up waiting.
    Expires(u64),
    /// The link has given up.
    WentDown(u64),
    /// A phone wakes for what is due online.
    Wakes(usize),
}

impl World {
    /// Builds everything: projects, people, phones, and doors that are enrolled.
    ///
    /// # Errors
    /// When the manager refuses something of the plan.
    pub fn new(plan: WorldPlan) -> Result<Self> {
        let (clock, seeds) = (WorldClock::new(plan.start), Seeds::new(plan.seed));
        let office = Arc::new(Office::open(&plan.projects, &clock, &seeds)?);
        let mut world = Self {
            clock,
            seeds,
            office,
            people: Vec::new(),
            phones: Vec::new(),
            doors: Vec::new(),
            queue: BTreeMap::new(),
            scheduled: 0,
            running: BTreeMap::new(),
            taps_begun: 0,
            records: Vec::new(),
            timeline: Vec::new(),
            digest: Digest::default(),
        };
        for person in plan.people {
            world.add_person(person)?;
        }
        for phone in plan.phones {
            world.add_phone(phone)?;
        }
        for door in plan.doors {
            world.add_door(door)?;
        }
        Ok(world)
    }

    /// The clock.
    pub const fn clock(&self) -> &WorldClock {
        &self.clock
    }

    /// The issuing side.
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// The people.
    pub fn people(&self) -> &[Somebody] {
        &self.people
    }

    /// The phones.
    pub fn phones(&self) -> &[Phone] {
        &self.phones
    }

    /// The doors.
    pub fn doors(&self) -> &[Door] {
        &self.doors
    }

    /// The taps that are over, in the order in which they ended.
    pub fn records(&self) -> &[TapRecord] {
        &self.records
    }

    /// The tap of this number, if it is over.
    pub fn record(&self, number: u64) -> Option<&TapRecord> {
        self.records.iter().rev().find(|record| record.number == number)
    }

    /// Forgets the taps that are over, in a world that sees many.
    pub fn forget_records(&mut self) {
        self.records.clear();
        self.timeline.clear();
    }

    /// What happened, line by line.
    pub fn timeline(&self) -> &[Line] {
        &self.timeline
    }

    /// A hash over everything on the air and everything that happened.
    pub fn digest(&self) -> String {
        self.digest.digits()
    }

    /// Lets everything happen that is under way: until no phone is at a door.
    ///
    /// # Errors
    /// When a part of the world fails that should not.
    pub fn settle_taps(&mut self) -> Result<()> {
        while !self.running.is_empty() {
            self.next_event().context("a tap waits for nothing")??;
        }
        Ok(())
    }

    /// The tap of this number as far as it has come, while it is not over.
    pub fn tap_under_way(&self, number: u64) -> Option<&TapRecord> {
        self.running.get(&number).map(Running::record)
    }

    /// The numbers of the taps that are not over.
    pub fn taps_under_way(&self) -> Vec<u64> {
        self.running.keys().copied().collect()
    }

    /// When the next thing happens, if anything is to.
    pub fn next_moment_us(&self) -> Option<u64> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets time pass until a moment, with everything that happens meanwhile.
    ///
    /// # Errors
    /// As for [`World::settle_taps`].
    pub fn wait_until(&mut self, moment_us: u64) -> Result<()> {
        while self.next_moment_us().is_some_and(|at| at <= moment_us) {
            self.next_event().context("the queue is not empty")??;
        }
        self.clock.move_to(moment_us);
        Ok(())
    }

    /// Adds a line to what happened.
    pub fn say(&mut self, who: &str, text: impl Into<String>) {
        let line = Line { at_us: self.clock.now_us(), who: who.to_owned(), text: text.into() };
        self.digest.line(line.at_us, &line.who, &line.text);
        self.timeline.push(line);
    }

    fn schedule(&mut self, at_us: u64, event: Event) {
        self.scheduled = self.scheduled.saturating_add(1);
        self.queue.insert((at_us, self.scheduled), event);
    }

    /// Lets the next thing happen; `None` when nothing is to.
    fn next_event(&mut self) -> Option<Result<()>> {
        let ((at, _), event) = self.queue.pop_first()?;
        self.clock.move_to(at);
        Some(match event {
            Event::Connected(tap) => self.connected(tap),
            Event::Arrived(tap, to, octets) => self.arrived(tap, to, &octets),
            Event::Reported(tap, event) => self.reported(tap, event),
            Event::Expires(tap) => self.expired(tap),
            Event::WentDown(tap) => self.went_down(tap),
            Event::Wakes(phone) => {
                self.woken(phone);
                Ok(())
            }
        })
    }
}

/// A duration for people, in milliseconds.
pub(crate) fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", us / 1_000, us % 1_000 / 100)
}
