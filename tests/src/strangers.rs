//! Readers that cannot pass CONFIRM, and one device of every kind that they may meet.

use std::collections::HashMap;

use credential::crypto::{Counting, Crypto, Point, RustCrypto};
use credential::id::{IssuerIndex, ReaderId};
use credential::iso7816::StatusWord;
use credential::object::{Presence, ReaderCertificate};
use credential::ticket::HeldTicket;
use credential::time::{UnixTime, Validity};
use credential::transport::Transport;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::pair::{Door, Phone, tap};
use crate::raw;
use crate::world::{CRYPTO, START, World, at_ms};

/// Tickets by reader, as a wallet keeps them.
pub type Tickets = HashMap<ReaderId, Vec<(HeldTicket, UnixTime)>>;

/// Every kind of device that a stranger may meet.
pub const KINDS: [&str; 4] = ["of the site, with a ticket", "of the site", "of another site", "empty"];

/// A site, a reader of it, and devices of every kind.
pub struct Scene {
    /// The site's project.
    pub world: World,
    /// The site's reader.
    pub door: Door<RustCrypto>,
    /// One device of each of [`KINDS`].
    pub devices: Vec<Phone<Counting<RustCrypto>>>,
    /// The tickets that the first one begins with.
    pub tickets: Tickets,
    /// The source of all randomness.
    pub rng: StdRng,
}

impl Scene {
    /// Readers and devices that are the same in every run.
    pub fn new() -> Self {
        let mut world = World::new(1);
        let mut door = Door::new(world.reader(CRYPTO, 7));
        let mut rng = StdRng::seed_from_u64(2);
        let (with_ticket, _) = world.phone("with a ticket");
        let (without, _) = world.phone("without");
        let (stranger, _) = World::new(50).phone("stranger");
        let empty = world.empty_phone();
        let mut with_ticket = Phone::new(CRYPTO, with_ticket);
        tap(&mut door, &mut with_ticket, Transport::Nfc, at_ms(0), &mut rng);
        let tickets = with_ticket.wallet.tickets.clone();
        let wallets = [with_ticket.wallet, without, stranger, empty];
        let mut devices: Vec<_> =
            wallets.into_iter().map(|wallet| Phone::new(Counting::new(CRYPTO), wallet)).collect();
        devices.iter_mut().for_each(|device| device.wallet.revoked_readers.push(ReaderId(9)));
        Self { world, door, devices, tickets, rng }
    }

    /// The HELLOs of readers that cannot pass CONFIRM with any of the devices, each with what they are.
    pub fn strangers(&mut self) -> Vec<(&'static str, Vec<u8>)> {
        let key = self.point();
        let genuine = self.world.certificate(7, key, Presence::None);
        let unknown_project = World::new(60);
        let issued = |certificate: ReaderCertificate, world: &World| {
            certificate.issue(&world.issuer).unwrap().to_vec()
        };
        let expired = Validity { not_before: UnixTime(START.0 - 60), not_after: START };
        let mut garbage = vec![0; 120];
        self.rng.fill_bytes(&mut garbage);
        let certificates = [
            ("with a stolen certificate", self.door.reader.settings().certificate.to_vec()),
            ("of an unknown issuer", issued(genuine, &unknown_project)),
            (
                "of an unknown issuer key",
                issued(ReaderCertificate { issuer: IssuerIndex(3), ..genuine }, &unknown_project),
            ),
            (
                "of an unknown project",
                issued(unknown_project.certificate(7, key, Presence::None), &unknown_project),
            ),
            ("revoked", issued(ReaderCertificate { reader: ReaderId(9), ..genuine }, &self.world)),
            ("expired", issued(ReaderCertificate { validity: expired, ..genuine }, &self.world)),
            (
                "that demands presence",
                issued(ReaderCertificate { presence: Presence::Verified, ..genuine }, &self.world),
            ),
            ("that sends garbage", garbage),
        ];
        let hellos = certificates.map(|(name, certificate)| {
            let point = self.point();
            (name, raw::hello(START.0, &certificate, &point.0))
        });
        let mut no_point = hellos[0].1.clone();
        no_point[126] = 5;
        hellos.into_iter().chain([("without a point of the curve", no_point)]).collect()
    }

    fn point(&mut self) -> Point {
        CRYPTO.public_point(&raw::ephemeral(&mut self.rng))
    }

    /// Sends one command to one device; returns status word and data.
    pub fn send(&mut self, device: usize, code: u8, data: &[u8]) -> (StatusWord, Vec<u8>) {
        let (response, status, _) = self.devices[device].answer(at_ms(0), &mut self.rng, code, data.to_vec());
        (status, response)
    }
}

impl Default for Scene {
    fn default() -> Self {
        Self::new()
    }
}
