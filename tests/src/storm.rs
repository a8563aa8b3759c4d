//! One door, its users and a hostile phone over a bad link: what may never happen, and what has to work after it.

use std::collections::HashSet;
use std::sync::OnceLock;

use credential::crypto::RustCrypto;
use credential::device::DeviceEvent;
use credential::iso7816::StatusWord;
use credential::limits::TAP_TIMEOUT_MS;
use credential::object::VerifiedRevocationList;
use credential::reader::{Decision, DenyReason, Outcome, Path, Reader, ReaderSettings};
use credential::secret::Secret;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use crate::framing::{Command, DeviceFraming, Framed, Level, ReaderFraming};
use crate::link::{End, Faults, Link};
use crate::pair::{Door, DoorStep, HeldList, Phone};
use crate::raw::SELECT_RESPONSE;
use crate::wallet::MemoryWallet;
use crate::world::{CRYPTO, World, at_ms};

/// Taps in each run while the link is bad.
const STORMY_TAPS: usize = 2;

/// What came of the stormy taps.
#[derive(Debug, Default)]
pub struct Count {
    /// Taps.
    pub taps: u64,
    /// Granted on the full path.
    pub granted_full: u64,
    /// Granted on the fast path.
    pub granted_fast: u64,
    /// Denied.
    pub denied: u64,
    /// Ended without a decision.
    pub without_decision: u64,
    /// Granted, but the phone was not told.
    pub not_told: u64,
    /// Recorded messages that the hostile phone sent.
    pub replayed: u64,
}

/// Everything that is made once for all runs: issued objects, and nothing that a tap changes.
struct Site {
    scalar: Secret<32>,
    settings: ReaderSettings,
    list: HeldList,
    wallets: Vec<MemoryWallet>,
}

const USERS: [&str; 3] = ["0001", "0002", "REVOKED"];
const REVOKED: usize = 2;
/// The hostile phone comes behind the users.
const HOSTILE: usize = 3;

fn site() -> &'static Site {
    static SITE: OnceLock<Site> = OnceLock::new();
    SITE.get_or_init(|| {
        let mut world = World::new(1);
        let (scalar, settings) = world.reader_settings(7);
        let phones = USERS.map(|user_id| world.phone(user_id));
        let octets = world.revocation_list(1, &[phones[REVOKED].1], &[]);
        let mut list = HeldList::empty();
        list.replace(&VerifiedRevocationList::verify(&CRYPTO, &octets, &world.issuers()).unwrap()).unwrap();
        Site { scalar, settings, list, wallets: phones.map(|(wallet, _)| wallet).to_vec() }
    })
}

/// One door, its users, a hostile phone, and the link of the tap that is under way.
pub struct Storm {
    rng: StdRng,
    level: Level,
    now_ms: u64,
    door: Door<RustCrypto>,
    phones: Vec<Phone<RustCrypto>>,
    link: Link,
    reader_framing: ReaderFraming,
    device_framing: DeviceFraming,
    /// Responses of genuine phones, which the hostile phone has heard.
    heard: Vec<Vec<u8>>,
    /// Every ticket or decoy that was presented.
    presented: HashSet<Vec<u8>>,
    tap: Tap,
}

/// What happened in the tap that is under way.
#[derive(Default)]
struct Tap {
    who: usize,
    hello: Option<Vec<u8>>,
    /// HELLOs that the phone's session answered, and its OFFERs.
    answered: Vec<(Vec<u8>, Vec<u8>)>,
    /// What the reader's session took, the SELECT response first.
    taken: Vec<Vec<u8>>,
    decision: Option<Decision>,
    told: Option<Result<(), DenyReason>>,
    replayed: u64,
}

impl Storm {
    /// The run that belongs to a seed, over pieces that `level` chooses.
    pub fn new(seed: u64, level: impl Fn(&mut StdRng) -> Level) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let level = level(&mut rng);
        let site = site();
        let reader = Reader::new(CRYPTO, &site.scalar, site.settings.clone(), &mut rng, at_ms(0)).unwrap();
        let mut door = Door::new(reader);
        door.list = site.list.clone();
        let phones = site.wallets.iter().map(|wallet| Phone::new(CRYPTO, wallet.clone())).collect();
        Self {
            link: Link::new(Faults::default(), seed),
            reader_framing: ReaderFraming::new(level),
            device_framing: DeviceFraming::new(level),
            rng,
            level,
            now_ms: 0,
            door,
            phones,
            heard: Vec::new(),
            presented: HashSet::new(),
            tap: Tap::default(),
        }
    }

    /// Taps over a bad link, and then over a perfect one.
    ///
    /// # Panics
    /// When something happened that may not.
    pub fn run(&mut self, count: &mut Count) {
        let faults = Faults::drawn(&mut self.rng);
        // One user mostly, so that a second tap can be fast.
        let user = self.rng.random_range(0..REVOKED);
        for _ in 0..STORMY_TAPS {
            let who = match self.rng.random_range(0..10) {
                0 => HOSTILE,
                1 => REVOKED,
                2 => 1 - user,
                _ => user,
            };
            self.stormy_tap(who, faults);
            self.count(count);
        }
        self.perfect_tap(user);
        let decision = self.tap.decision.as_ref().expect("a perfect link leads to a decision");
        assert!(matches!(&decision.outcome, Outcome::Grant(user_id) if user_id.as_str() == USERS[user]));
        assert_eq!(self.tap.told, Some(Ok(())));
        match self.rng.random_range(0..8) {
            0 => {
                self.perfect_tap(REVOKED);
                assert_eq!(self.tap.told, Some(Err(DenyReason::Revoked)));
            }
            1 => self.perfect_tap(HOSTILE),
            _ => {}
        }
    }

    /// A tap over a bad link that may break off at any moment, with or without a sign of it.
    fn stormy_tap(&mut self, who: usize, faults: Faults) {
        let break_off = self.rng.random_ratio(1, 3).then(|| self.rng.random_range(0..800));
        let noticed = self.rng.random();
        self.link.mend(faults);
        self.tap(who, break_off, noticed);
    }

    fn perfect_tap(&mut self, who: usize) {
        self.link.mend(Faults::default());
        self.tap(who, None, true);
    }

    fn tap(&mut self, who: usize, break_off_ms: Option<u64>, noticed: bool) {
        self.tap = Tap { who, ..Tap::default() };
        self.reader_framing = ReaderFraming::new(self.level);
        self.device_framing = DeviceFraming::new(self.level);
        self.link.clear();
        let began_ms = self.now_ms;
        let transport = self.level.transport();
        self.door.begin(transport, at_ms(self.now_ms), &mut self.rng);
        for piece in self.reader_framing.select() {
            self.link.send(self.now_ms, End::Device, piece);
        }
        if transport.device_opens() {
            self.device_opens();
        }
        let mut break_off = break_off_ms.map(|ms| began_ms + ms);
        while let Some(next_ms) = self.next_event(break_off) {
            self.now_ms = self.now_ms.max(next_ms);
            if break_off.is_some_and(|at| at <= self.now_ms) {
                break_off = None;
                self.link.cut();
                if noticed {
                    self.drop_connection();
                }
            }
            self.expire();
            while let Some((to, piece)) = self.link.receive(self.now_ms) {
                match to {
                    End::Reader => self.reader_receives(&piece),
                    End::Device => self.device_receives(&piece),
                }
            }
        }
        // The loop ends when nobody waits for anything; the reader's tap and the device's 10 s after the last command
        // bound it, with what the link delays.
        assert!(self.door.session.is_idle() && self.phones.iter().all(|phone| phone.session.is_idle()));
        assert!(self.now_ms - began_ms < 3 * TAP_TIMEOUT_MS);
        self.judge();
        self.now_ms += 1;
    }

    fn next_event(&self, break_off: Option<u64>) -> Option<u64> {
        let door = self.door.session.poll_at();
        let phones = self.phones.iter().filter_map(|phone| phone.session.poll_at());
        let sessions = door.into_iter().chain(phones).map(|instant| instant.0).min();
        let next = [sessions, self.link.poll_at()].into_iter().flatten().min()?;
        Some(break_off.map_or(next, |at| next.min(at)))
    }

    /// Lets time pass for all sessions: at its deadline each is idle.
    fn expire(&mut self) {
        let instant = at_ms(self.now_ms).instant;
        let due = self.door.session.poll_at().is_some_and(|at| at <= instant);
        assert_eq!(self.door.session.expire(instant).is_err(), due);
        for phone in &mut self.phones {
            let due = phone.session.poll_at().is_some_and(|at| at <= instant);
            assert_eq!(phone.session.expire(instant).is_err(), due);
            assert!(!due || phone.session.is_idle());
        }
    }

    /// Both sides see that the connection is gone.
    fn drop_connection(&mut self) {
        self.link.cut();
        self.door.session.reset();
        if let Some(phone) = self.phones.get_mut(self.tap.who) {
            phone.session.reset();
        }
    }

    fn device_opens(&mut self) {
        let response = self.select();
        let pieces = self.device_framing.respond(&response, StatusWord::NORMAL);
        pieces.into_iter().for_each(|piece| self.link.send(self.now_ms, End::Reader, piece));
    }

    fn select(&mut self) -> Vec<u8> {
        let (transport, now) = (self.level.transport(), at_ms(self.now_ms));
        match self.phones.get_mut(self.tap.who) {
            Some(phone) => phone.session.select(transport, now).to_vec(),
            None => SELECT_RESPONSE.to_vec(),
        }
    }

    fn device_receives(&mut self, piece: &[u8]) {
        let pieces = match self.device_framing.receive(piece) {
            Framed::Pieces(pieces) => pieces,
            Framed::Broken => return self.drop_connection(),
            Framed::Whole(command) => {
                let (data, status) = match command {
                    Command::Select => (self.select(), StatusWord::NORMAL),
                    Command::Exchange(ins, data) => self.answer(ins, data),
                    Command::Refused(status) => {
                        if let Some(phone) = self.phones.get_mut(self.tap.who) {
                            phone.session.reset();
                        }
                        (Vec::new(), status)
                    }
                };
                self.device_framing.respond(&data, status)
            }
        };
        pieces.into_iter().for_each(|piece| self.link.send(self.now_ms, End::Reader, piece));
    }

    fn answer(&mut self, ins: u8, data: Vec<u8>) -> (Vec<u8>, StatusWord) {
        let Some(phone) = self.phones.get_mut(self.tap.who) else { return self.replay(ins) };
        let (response, status, event) = phone.answer(at_ms(self.now_ms), &mut self.rng, ins, data.clone());
        if status == StatusWord::NORMAL {
            self.heard.push(response.clone());
            if ins == 0x10 {
                assert!(self.presented.insert(response[33..105].to_vec()), "a ticket is presented once");
                self.tap.answered.push((data, response.clone()));
            }
        }
        if let Some(DeviceEvent::Finished(report)) = event {
            assert_eq!(self.tap.told.replace(report.result), None, "a phone is told once");
        }
        (response, status)
    }

    /// The hostile phone answers with what it has heard, of the right length where it can.
    fn replay(&mut self, ins: u8) -> (Vec<u8>, StatusWord) {
        self.tap.replayed += 1;
        let length = if ins == 0x10 { 121 } else { 237 };
        let fitting: Vec<_> = self.heard.iter().filter(|response| response.len() == length).collect();
        if fitting.is_empty() {
            let mut octets = vec![0; length];
            self.rng.fill_bytes(&mut octets);
            return (octets, StatusWord::NORMAL);
        }
        let one = self.rng.random_range(0..fitting.len());
        (fitting[one].clone(), StatusWord::NORMAL)
    }

    fn reader_receives(&mut self, piece: &[u8]) {
        match self.reader_framing.receive(piece) {
            Framed::Broken => self.drop_connection(),
            Framed::Pieces(pieces) => self.send_to_device(pieces),
            Framed::Whole((data, status)) => {
                let waits = !self.door.session.is_idle();
                if waits {
                    self.tap.taken.push(data.clone());
                }
                let step = self.door.receive(at_ms(self.now_ms), &mut self.rng, data, status);
                assert!(step.is_ok() || self.door.session.is_idle(), "an error ends the tap");
                assert!(waits || step.is_err(), "an idle session takes nothing");
                let Ok(step) = step else { return };
                let step = match step {
                    DoorStep::Decided(decision) => {
                        assert!(self.tap.decision.replace(decision).is_none(), "a tap is decided once");
                        self.door.conclude(at_ms(self.now_ms), &mut self.rng).unwrap()
                    }
                    other => other,
                };
                if let DoorStep::Send(instruction, data) = step {
                    if instruction.code() == 0x10 {
                        self.tap.hello = Some(data.clone());
                    }
                    let extended = self.door.session.extended_length();
                    let pieces = self.reader_framing.send(instruction.code(), &data, extended);
                    self.send_to_device(pieces);
                }
            }
        }
    }

    fn send_to_device(&mut self, pieces: Vec<Vec<u8>>) {
        pieces.into_iter().for_each(|piece| self.link.send(self.now_ms, End::Device, piece));
    }

    /// What both sides may have come to.
    fn judge(&self) {
        let Tap { who, hello, answered, taken, decision, told, .. } = &self.tap;
        let outcome = decision.as_ref().map(|decision| &decision.outcome);
        match outcome {
            Some(Outcome::Grant(user_id)) => {
                assert!(*who < REVOKED, "only a user who may is granted");
                assert_eq!(user_id.as_str(), USERS[*who]);
                let hello = hello.as_ref().expect("a HELLO in this tap");
                let offer = &taken[1];
                assert!(
                    answered.iter().any(|(heard, said)| (heard, said) == (hello, offer)),
                    "the phone's session answered this HELLO with this OFFER"
                );
            }
            Some(Outcome::Deny(reason)) => {
                let awaited = if *who == REVOKED { DenyReason::Revoked } else { DenyReason::NotAccepted };
                assert_eq!(*reason, awaited);
                assert_eq!(*who, REVOKED, "nobody is denied for what a link does");
            }
            None => {}
        }
        match told {
            Some(Ok(())) => assert!(matches!(outcome, Some(Outcome::Grant(_)))),
            Some(Err(reason)) => assert_eq!(outcome, Some(&Outcome::Deny(*reason))),
            None => {}
        }
    }

    fn count(&self, count: &mut Count) {
        count.taps += 1;
        count.replayed += self.tap.replayed;
        match &self.tap.decision {
            None => count.without_decision += 1,
            Some(Decision { outcome: Outcome::Deny(_), .. }) => count.denied += 1,
            Some(Decision { path, .. }) => {
                match path {
                    Path::Full => count.granted_full += 1,
                    Path::Fast => count.granted_fast += 1,
                }
                count.not_told += u64::from(self.tap.told.is_none());
            }
        }
    }
}
