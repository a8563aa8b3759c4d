//! A door and those who come to it, made once a thread and set back before each run.

use std::convert::Infallible;

use credential::crypto::{Crypto, Point};
use credential::device::DeviceSession;
use credential::id::{IssuerIndex, ReaderId, Serial};
use credential::object::{Presence, ReaderCertificate};
use credential::reader::{Reader, ReaderSettings};
use credential::secret::Secret;
use credential::time::{UnixTime, Validity};
use rand::rngs::StdRng;
use rand::{SeedableRng, TryCryptoRng, TryRng};

use super::log::PhoneLog;
use super::remembering::Remembering;
use crate::pair::{Door, Phone};
use crate::wallet::MemoryWallet;
use crate::world::{START, WEEK_S, World, at_ms, report_point};

/// The door's name.
pub(super) const READER: ReaderId = ReaderId(7);

/// The version of the list that nobody may believe.
pub(super) const FORGED_VERSION: u32 = 9;

/// Whether a visitor is to be let in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The project issued the credential to this phone.
    Genuine,
    /// The phone belongs to the project, and its credential is stolen or forged.
    Impostor,
    /// The phone belongs to another project.
    Stranger,
}

/// A phone, and what the harness knows about it.
pub(super) struct Visitor {
    pub(super) phone: Phone<Remembering>,
    pub(super) standing: Standing,
    pub(super) user_id: &'static str,
    pub(super) serial: Serial,
    pub(super) validity: Validity,
    /// Every conversation since SELECT, as the phone heard it.
    pub(super) logs: Vec<PhoneLog>,
    /// Whether the last conversation goes on.
    pub(super) under_way: bool,
}

/// What does not change from run to run.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) settings: ReaderSettings,
    scalar: Secret<32>,
    pub(super) visitors: Vec<Visitor>,
    /// Version and octets: one that revokes the first visitor, one that does not, one that is forged.
    pub(super) lists: Vec<(u32, Vec<u8>)>,
    pub(super) time_tokens: Vec<Vec<u8>>,
    /// Certificates of all kinds, most of them of no use.
    pub(super) certificates: Vec<[u8; ReaderCertificate::OCTETS]>,
}

impl Stage {
    pub(super) fn new() -> Self {
        let mut world = World::new(1);
        let scalar = world.scalar();
        let key = public_point(&scalar);
        let certificate = world.certificate(READER.0, key, Presence::None).issue(&world.issuer).unwrap();
        let settings = ReaderSettings {
            certificate,
            issuers: world.issuers(),
            tickets: true,
            report_key: Some(report_point()),
        };
        let visitors = visitors(&mut world);
        let mut forger = World::new(99);
        forger.project = world.project;
        let first = [visitors[0].serial];
        let lists = vec![
            (1, world.revocation_list(1, &first, &[ReaderId(8)])),
            (2, world.revocation_list(2, &[Serial(77)], &[])),
            (FORGED_VERSION, forger.revocation_list(FORGED_VERSION, &first, &[READER])),
        ];
        let later = UnixTime(START.0 + 3_600);
        let time_tokens = vec![world.time_token(later), forger.time_token(later)];
        let certificates = certificates(&mut world, &forger, key);
        Self { settings, scalar, visitors, lists, time_tokens, certificates, world }
    }

    /// Sets the visitors back and gives a door that was just started.
    pub(super) fn reset(&mut self, rng: &mut Draws) -> Door<Remembering> {
        for visitor in &mut self.visitors {
            visitor.phone.session = DeviceSession::new();
            visitor.phone.wallet.tickets.clear();
            visitor.furnish();
            visitor.logs.clear();
            visitor.under_way = false;
        }
        let reader = Reader::new(Remembering, &self.scalar, self.settings.clone(), rng, at_ms(0)).unwrap();
        Door::new(reader)
    }
}

impl Visitor {
    fn new(wallet: MemoryWallet, standing: Standing, user_id: &'static str, serial: Serial) -> Self {
        Self {
            phone: Phone::new(Remembering, wallet),
            standing,
            user_id,
            serial,
            validity: validity(-60, WEEK_S),
            logs: Vec::new(),
            under_way: false,
        }
    }

    /// Nothing to bring, nothing against the reader, and the phone is locked.
    pub(super) fn furnish(&mut self) {
        self.phone.presence = Presence::None;
        let wallet = &mut self.phone.wallet;
        wallet.revoked_readers.clear();
        (wallet.list, wallet.time_token) = (None, None);
        wallet.report_room = Some(100);
        wallet.reports.clear();
    }
}

/// A random source for one run: what is as long as a private key is drawn apart from all else, so that the same few
/// keys come in every run and [`Remembering`] knows them.
pub(super) struct Draws {
    keys: StdRng,
    others: StdRng,
}

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        Self { keys: StdRng::seed_from_u64(seed), others: StdRng::seed_from_u64(!seed) }
    }
}

impl TryRng for Draws {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.others.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.others.try_next_u64()
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        if octets.len() == 32 { self.keys.try_fill_bytes(octets) } else { self.others.try_fill_bytes(octets) }
    }
}

impl TryCryptoRng for Draws {}

fn visitors(world: &mut World) -> Vec<Visitor> {
    let genuine = |world: &mut World, user_id, validity| {
        let (wallet, serial) = world.phone_valid(user_id, validity);
        Visitor { validity, ..Visitor::new(wallet, Standing::Genuine, user_id, serial) }
    };
    let first = genuine(world, "4711", validity(-60, WEEK_S));
    let second = genuine(world, "0123456789ABCDEFGHIJKLMNOPQRSTUV", validity(-60, WEEK_S));
    let expired = genuine(world, "expired", validity(-60, 0));
    let early = genuine(world, "early", validity(60, WEEK_S));

    let mut thief = world.empty_phone();
    thief.issuers = vec![world.issuers()];
    thief.credential = first.phone.wallet.credential.clone();
    let thief = Visitor::new(thief, Standing::Impostor, "thief", first.serial);

    let mut forger = World::new(99);
    forger.project = world.project;
    let (mut forged, serial) = forger.phone("forged");
    forged.issuers = vec![world.issuers()];
    let forged = Visitor::new(forged, Standing::Impostor, "forged", serial);

    let (stranger, serial) = World::new(2).phone("stranger");
    let stranger = Visitor::new(stranger, Standing::Stranger, "stranger", serial);
    vec![first, second, expired, early, thief, forged, stranger]
}

fn certificates(world: &mut World, forger: &World, key: Point) -> Vec<[u8; ReaderCertificate::OCTETS]> {
    let own = world.certificate(READER.0, key, Presence::None);
    let other_key = public_point(&world.scalar());
    let mut foreign = World::new(2);
    let foreign_key = public_point(&foreign.scalar());
    let of_world = [
        ReaderCertificate { presence: Presence::Unlocked, ..own },
        ReaderCertificate { presence: Presence::Verified, ..own },
        ReaderCertificate { validity: validity(-60, 0), ..own },
        ReaderCertificate { validity: validity(60, WEEK_S), ..own },
        ReaderCertificate { public_key: other_key, ..own },
        ReaderCertificate { public_key: Point([0xFF; 33]), ..own },
        ReaderCertificate { issuer: IssuerIndex(3), ..own },
        ReaderCertificate { reader: ReaderId(8), ..own },
    ];
    let mut issued: Vec<_> =
        of_world.iter().map(|certificate| certificate.issue(&world.issuer).unwrap()).collect();
    issued.push(own.issue(&forger.issuer).unwrap());
    issued.push(foreign.certificate(7, foreign_key, Presence::None).issue(&foreign.issuer).unwrap());
    issued
}

fn public_point(scalar: &Secret<32>) -> Point {
    Remembering.public_point(&Remembering.agreement_key(scalar).unwrap())
}

fn validity(from_s: i32, to_s: u32) -> Validity {
    Validity {
        not_before: UnixTime(START.0.saturating_add_signed(from_s)),
        not_after: UnixTime(START.0 + to_s),
    }
}
