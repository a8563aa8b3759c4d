//! A wallet of the SDK remembers the certificates that it verified, and can be told not to.
#![expect(clippy::unwrap_used, reason = "tests")]

use credential::crypto::{Counting, RustCrypto};
use credential::device::{Answer, DeviceEnv, DeviceSession, Reply};
use credential::iso7816::{CommandHeader, FrontEnd, StatusWord};
use credential::limits::MESSAGE_MAX;
use credential::object::Presence;
use credential::reader::Path;
use credential::time::Now;
use credential::transport::Transport;
use phone_sdk::Wallet;
use phone_sdk::port::Clock;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::door::{Link, NfcLink, PresentedDoor};
use tests::phone::{Phone, nfc};
use tests::world::World;

/// A phone whose public-key operations are counted.
struct CountedPhone<'w> {
    crypto: Counting<RustCrypto>,
    session: DeviceSession<Counting<RustCrypto>>,
    wallet: &'w Wallet,
    now: Now,
    rng: StdRng,
}

impl CountedPhone<'_> {
    fn answered(&self, reply: &Reply, out: &[u8]) -> Vec<u8> {
        [out.get(..reply.length).unwrap(), &reply.status.to_be_bytes()].concat()
    }
}

impl Link for CountedPhone<'_> {
    fn transport(&self) -> Transport {
        Transport::Nfc
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        let selected = self.session.select(Transport::Nfc, self.now);
        Some([&selected[..], &StatusWord::NORMAL.to_be_bytes()].concat())
    }

    fn carry(&mut self, header: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        let Self { crypto, session, wallet, now, rng } = self;
        let mut out = vec![0; MESSAGE_MAX];
        let mut data = octets.to_vec();
        let answer = wallet.lend(|wallet| {
            let mut env = DeviceEnv { now: *now, rng, wallet, presence: Presence::None };
            session.receive(crypto, &mut env, header.unwrap().ins, &mut data, &mut out)
        });
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Sign(request) => {
                let signature = wallet.sign(&request).unwrap();
                wallet.lend(|wallet| {
                    let mut env = DeviceEnv { now: *now, rng, wallet, presence: Presence::None };
                    session.resume(crypto, &mut env, Some(&signature), &mut out)
                })
            }
        };
        Some(self.answered(&reply, &out))
    }
}

/// Verifications of a tap on the phone's side, and the path that the door took.
fn verifications(phone: &Phone, wallet: &Wallet, door: &mut PresentedDoor) -> (u32, Path) {
    let mut counted = CountedPhone {
        crypto: Counting::new(RustCrypto),
        session: DeviceSession::new(),
        wallet,
        now: phone.clock.now(),
        rng: StdRng::seed_from_u64(1),
    };
    let tap = door.tap(&mut counted, phone.clock.now());
    assert!(tap.finished, "{tap:?}");
    (counted.crypto.take().verifications, tap.decision.unwrap().path)
}

fn story() -> (Phone, Wallet, PresentedDoor) {
    let mut world = World::new(1);
    let door = PresentedDoor::new(world.reader(RustCrypto, 7));
    let (phone, wallet, _) = Phone::activated(world);
    (phone, wallet, door)
}

#[test]
fn a_second_visit_asks_for_one_verification_less() {
    let (phone, wallet, mut door) = story();
    assert_eq!(verifications(&phone, &wallet, &mut door), (1, Path::Full));
    assert_eq!(verifications(&phone, &wallet, &mut door), (0, Path::Fast));
    // A renewal drops the tickets; the certificate stays remembered.
    wallet.renew(wallet.cards().first().unwrap().id).unwrap();
    assert_eq!(verifications(&phone, &wallet, &mut door), (0, Path::Full));
}

#[test]
fn what_is_remembered_survives_a_restart_and_costs_the_tap_no_write_before_the_decision() {
    let (phone, wallet, mut door) = story();
    verifications(&phone, &wallet, &mut door);
    drop(wallet);
    let wallet = phone.open();
    assert_eq!(verifications(&phone, &wallet, &mut door), (0, Path::Fast));
}

#[test]
fn a_wallet_that_is_told_not_to_remember_forgets() {
    let (phone, wallet, mut door) = story();
    assert!(wallet.remembers_certificates());
    verifications(&phone, &wallet, &mut door);
    wallet.set_remembers_certificates(false).unwrap();
    assert_eq!(verifications(&phone, &wallet, &mut door), (1, Path::Fast));
    drop(wallet);
    let wallet = phone.open();
    assert!(!wallet.remembers_certificates());
    assert_eq!(verifications(&phone, &wallet, &mut door), (1, Path::Fast));
    wallet.set_remembers_certificates(true).unwrap();
    assert_eq!(verifications(&phone, &wallet, &mut door), (1, Path::Fast));
    assert_eq!(verifications(&phone, &wallet, &mut door), (0, Path::Fast));
}

#[test]
fn the_presenters_remember_too() {
    let (phone, wallet, mut door) = story();
    let mut presenter = nfc(&wallet, Presence::None);
    let tap = door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), phone.clock.now());
    assert!(tap.finished);
    assert_eq!(verifications(&phone, &wallet, &mut door), (0, Path::Fast));
}

#[test]
fn a_door_that_is_revoked_is_refused_however_well_it_is_remembered() {
    let (phone, wallet, mut door) = story();
    verifications(&phone, &wallet, &mut door);
    phone.manager.script().list = Some((1, vec![credential::id::ReaderId(7)]));
    wallet.refresh(wallet.cards().first().unwrap().project).unwrap();
    let mut presenter = nfc(&wallet, Presence::None);
    let tap = door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), phone.clock.now());
    assert_eq!(tap.decision, None);
    match presenter.poll_event().unwrap() {
        phone_sdk::TapEvent::ReaderRefused(credential::device::RefusedReader::Revoked) => {}
        other => panic!("{other:?}"),
    }
}
