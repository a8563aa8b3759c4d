//! Where attacks happen: a world whose octets the attacker holds in the hand.

use std::collections::VecDeque;

use anyhow::{Context, Result, anyhow, ensure};
use credential::crypto::RustCrypto;
use credential::iso7816::FrontEnd;
use credential::object::{Presence, VerifiedCertificate};
use credential::ticket::HeldTicket;
use phone_sdk::{TapEvent, Wallet};
use rand::rngs::StdRng;
use reader_firmware::door::{Arrival, Device};

use crate::handset::Handset;
use crate::scenario::Scenario;
use crate::unit::{DoorUnit, Happened, InProcess};
use crate::world::{End, World};

/// The honest user's phone.
pub(super) const ANNA: usize = 0;
/// The attacker's phone, which belongs to the site too.
pub(super) const MALLORY: usize = 1;
/// A phone of another site.
pub(super) const ZOE: usize = 2;
/// A phone without a card.
pub(super) const EMPTY: usize = 3;

/// The door that is attacked.
pub(super) const FRONT: usize = 0;
/// Another door of the site.
pub(super) const BACK: usize = 1;
/// A door that demands an unlocked phone.
pub(super) const SAFE: usize = 2;
/// A door of another site.
pub(super) const ELSEWHERE: usize = 3;

/// What the honest user's ID is.
pub(super) const VICTIM: &str = "VICTIM";

/// The status word of a response that went well.
pub(super) const NORMAL: [u8; 2] = [0x90, 0x00];

/// A world, and the attacker's random source.
pub(super) struct Bench {
    pub(super) world: World,
    pub(super) rng: StdRng,
}

/// Octets that the attacker passes on, or does not.
pub(super) struct Passing<'p> {
    /// Counts the pieces of a tap, from 0.
    pub(super) index: usize,
    pub(super) octets: &'p mut Vec<u8>,
    /// Microseconds that it takes.
    pub(super) delay_us: u64,
}

/// Answers a command APDU, or is gone, and says how many microseconds that took.
pub(super) type Answering<'a> = &'a mut dyn FnMut(&[u8], &mut u64) -> Option<Vec<u8>>;

/// What was seen of a tap.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) events: Vec<Happened>,
    pub(super) told: Vec<TapEvent>,
    pub(super) pieces: Vec<(End, Vec<u8>)>,
}

impl Seen {
    /// The user ID that went out.
    pub(super) fn granted(&self) -> Option<&str> {
        self.events.iter().find_map(|event| match event {
            Happened::Granted { output, .. } => Some(output.as_str()),
            _ => None,
        })
    }

    /// What went in one direction.
    pub(super) fn sent(&self, to: End) -> Vec<Vec<u8>> {
        self.pieces.iter().filter(|(end, _)| *end == to).map(|(_, octets)| octets.clone()).collect()
    }
}

impl Bench {
    /// A site and its neighbour.
    pub(super) fn new() -> Result<Self> {
        let scenario = Scenario::parse(include_str!("stage.toml")).map_err(|problems| {
            anyhow!("{}", problems.first().map(ToString::to_string).unwrap_or_default())
        })?;
        let world = scenario.build(None)?;
        let rng = world.seeds.rng("attacker");
        Ok(Self { world, rng })
    }

    pub(super) fn wallet(&self, phone: usize) -> Result<Wallet> {
        Ok(self.world.phones.get(phone).context("there is no such phone")?.wallet().clone())
    }

    pub(super) fn door(&mut self, door: usize) -> Result<&mut InProcess> {
        Ok(&mut self.world.doors.get_mut(door).context("there is no such door")?.unit)
    }

    /// An honest tap, with nobody in between.
    pub(super) fn honest(&mut self, door: usize, phone: usize) -> Result<Seen> {
        self.between(door, phone, &mut |_| {})
    }

    /// A tap of a locked phone, with an attacker in between.
    pub(super) fn between(
        &mut self,
        door: usize,
        phone: usize,
        meddle: &mut dyn FnMut(&mut Passing<'_>),
    ) -> Result<Seen> {
        let mut handset = Handset::nfc(&self.wallet(phone)?, Presence::None);
        let mut index = 0;
        let mut seen = self.answered(door, &mut |apdu, pass| {
            let mut apdu = apdu.to_vec();
            let passed = |octets: &mut Vec<u8>, index: usize, meddle: &mut dyn FnMut(&mut Passing<'_>)| {
                let mut passing = Passing { index, octets, delay_us: 0 };
                meddle(&mut passing);
                passing.delay_us
            };
            let there = passed(&mut apdu, index, meddle);
            let wishes = handset.receive(&apdu);
            let mut response = handset.at_once(wishes).pop().unwrap_or_default();
            let back = passed(&mut response, index.saturating_add(1), meddle);
            index = index.saturating_add(2);
            *pass = there.saturating_add(back);
            Some(response)
        })?;
        handset.leave();
        seen.told = std::iter::from_fn(|| handset.poll_event()).collect();
        Ok(seen)
    }

    /// A tap at a door, whose command APDUs somebody answers; the answer takes the time that is set.
    pub(super) fn answered(&mut self, door: usize, answer: Answering<'_>) -> Result<Seen> {
        let clock = self.world.clock.clone();
        let at = self.world.doors.get_mut(door).context("there is no such door")?;
        let mut seen = Seen::default();
        let mut to_phone = VecDeque::new();
        at.unit.prepare();
        let mut step = |device: Device<'_>, to_phone: &mut VecDeque<Vec<u8>>, seen: &mut Seen| {
            let mut out = Vec::new();
            seen.events.extend(at.unit.handle(device, &mut out)?.events);
            to_phone.extend(out);
            anyhow::Ok(at.unit.poll_at_ms().map(|ms| at.crystal.moment_us(ms)))
        };
        let mut patience = step(Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)), &mut to_phone, &mut seen)?;
        while let Some(apdu) = to_phone.pop_front() {
            seen.pieces.push((End::Phone, apdu.clone()));
            let mut took_us = 0;
            let Some(response) = answer(&apdu, &mut took_us) else { break };
            let arrives = clock.now_us().saturating_add(took_us);
            clock.move_to(arrives);
            if patience.is_some_and(|until| until <= arrives) {
                break;
            }
            seen.pieces.push((End::Door, response.clone()));
            patience = step(Device::Sent(&response), &mut to_phone, &mut seen)?;
        }
        let at = self.door(door)?;
        seen.events.extend(at.expire().events);
        seen.events.extend(at.handle(Device::Left, &mut Vec::new())?.events);
        Ok(seen)
    }

    /// What a phone answers to command APDUs.
    pub(super) fn asked(&self, phone: usize, apdus: &[Vec<u8>]) -> Result<Vec<Vec<u8>>> {
        let mut handset = Handset::nfc(&self.wallet(phone)?, Presence::None);
        let mut responses = Vec::new();
        for apdu in apdus {
            let wishes = handset.receive(apdu);
            responses.extend(handset.at_once(wishes));
        }
        handset.leave();
        Ok(responses)
    }

    /// Reads a ticket with its secret out of a phone's memory, which loses it by that.
    pub(super) fn take_ticket(&mut self, phone: usize, door: usize) -> Result<Option<HeldTicket>> {
        let reader = self.world.doors.get(door).context("there is no such door")?.reader();
        let certificate = *self.door(door)?.certificate().context("the door is not enrolled")?;
        let now = self.world.clock.unix();
        let project = credential::object::ReaderCertificate::decode(&certificate)?.project;
        Ok(self.wallet(phone)?.lend(|wallet| {
            let issuers = wallet.issuers(project)?.clone();
            let verified = VerifiedCertificate::verify(&RustCrypto, &certificate, &issuers, now).ok()?;
            let handle = wallet.choose(&verified)?;
            wallet.take_ticket(handle, reader, now)
        }))
    }

    /// Makes the next tap of a phone at a door a full one.
    pub(super) fn forget_tickets(&mut self, phone: usize, door: usize) -> Result<()> {
        while self.take_ticket(phone, door)?.is_some() {}
        Ok(())
    }

    /// After an attack everything works as before.
    pub(super) fn works(&mut self) -> Result<()> {
        let seen = self.honest(FRONT, ANNA)?;
        ensure!(seen.granted() == Some(VICTIM), "after the attack the door is shut: {:?}", seen.events);
        Ok(())
    }
}
