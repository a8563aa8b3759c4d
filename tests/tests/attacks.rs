//! What attackers try, what they get, and what stops them.

use credential::crypto::{Crypto, RustCrypto};
use credential::device::RefusedReader;
use credential::error::{Error, ObjectError, PeerIncompatible, PeerMisbehaved};
use credential::id::ReaderId;
use credential::iso7816::StatusWord;
use credential::message::Instruction;
use credential::object::{ReaderCertificate, VerifiedRevocationList};
use credential::reader::{Decision, DenyReason, Outcome, Path, Reader, ReaderSettings};
use credential::secret::Secret;
use credential::ticket::HeldTicket;
use credential::time::{UnixTime, Validity};
use credential::transport::Transport;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tests::pair::{Door, DoorStep, Drive, Exchanged, InTransit, Phone, Tap, tap, tap_through};
use tests::raw::{self, RawDevice, SELECT_RESPONSE};
use tests::wallet::MemoryWallet;
use tests::world::{CRYPTO, START, World, at_ms};

const VICTIM: &str = "VICTIM";
const ATTACKER: &str = "ATTACKER";

const REFUSED: Error =
    Error::PeerMisbehaved(PeerMisbehaved::Status(StatusWord::SECURITY_STATUS_NOT_SATISFIED.0));

/// A site with two doors and an honest user.
struct Site {
    world: World,
    door: Door<RustCrypto>,
    other_door: Door<RustCrypto>,
    victim: Phone<RustCrypto>,
    rng: StdRng,
}

impl Site {
    fn new() -> Self {
        let mut world = World::new(1);
        let door = Door::new(world.reader(CRYPTO, 7));
        let other_door = Door::new(world.reader(CRYPTO, 8));
        let victim = Phone::new(CRYPTO, world.phone(VICTIM).0);
        Self { world, door, other_door, victim, rng: StdRng::seed_from_u64(2) }
    }

    /// The victim taps the first door, with nobody in between.
    fn honest_tap(&mut self) -> Tap {
        tap(&mut self.door, &mut self.victim, Transport::Nfc, at_ms(0), &mut self.rng)
    }

    /// A phone taps the first door.
    fn tap_of(&mut self, phone: &mut Phone<RustCrypto>) -> Tap {
        tap(&mut self.door, phone, Transport::Nfc, at_ms(0), &mut self.rng)
    }

    /// After the attack everything works as before.
    fn assert_unharmed(&mut self) {
        assert!(self.door.session.is_idle());
        let tap = self.honest_tap();
        assert_eq!(granted(tap.decision.as_ref()).map(|(user_id, _)| user_id), Some(VICTIM.into()));
        assert_eq!(tap.report.expect("the victim is told").result, Ok(()));
    }

    /// A phone of the site that belongs to the attacker.
    fn attacker(&mut self) -> Phone<RustCrypto> {
        Phone::new(CRYPTO, self.world.phone(ATTACKER).0)
    }
}

fn granted(decision: Option<&Decision>) -> Option<(String, Path)> {
    match decision {
        Some(Decision { outcome: Outcome::Grant(user_id), path, .. }) => {
            Some((user_id.as_str().into(), *path))
        }
        _ => None,
    }
}

/// Nobody is named, and there is no evidence that could be held against anybody.
fn assert_not_accepted(decision: Option<&Decision>) {
    let decision = decision.expect("a decision");
    assert_eq!(decision.outcome, Outcome::Deny(DenyReason::NotAccepted));
    assert_eq!((decision.path, decision.serial, &decision.receipt), (Path::Full, None, &None));
}

/// Plays recorded responses to a door, one after another, until it decides or gives up.
fn play(door: &mut Door<RustCrypto>, rng: &mut StdRng, responses: &[Vec<u8>]) -> Result<DoorStep, Error> {
    door.begin(Transport::Nfc, at_ms(0), rng);
    let mut last = Err(Error::TimedOut);
    for response in responses {
        last = door.receive(at_ms(0), rng, response.clone(), StatusWord::NORMAL);
        if !matches!(last, Ok(DoorStep::Send(..))) {
            break;
        }
    }
    last
}

fn responses(tap: &Tap) -> Vec<Vec<u8>> {
    tap.messages.iter().map(|pair| pair.response.clone()).collect()
}

#[test]
fn a_replayed_full_tap_fails_at_the_proof_at_every_door() {
    let mut site = Site::new();
    let recorded = responses(&site.honest_tap());
    for door in [&mut site.door, &mut site.other_door] {
        assert_eq!(play(door, &mut site.rng, &recorded).unwrap_err(), Error::AuthFailed);
        assert!(door.session.is_idle());
    }
    site.assert_unharmed();
}

#[test]
fn a_replayed_fast_tap_gets_confirm_and_nothing_more_at_every_door() {
    let mut site = Site::new();
    let full = responses(&site.honest_tap());
    let fast = site.honest_tap();
    assert_eq!(granted(fast.decision.as_ref()), Some((VICTIM.into(), Path::Fast)));
    // The ticket opens, but the binder is over another HELLO: the door goes on to the full path.
    let [select, offer] = [0, 1].map(|n| fast.messages[n].response.clone());
    for door in [&mut site.door, &mut site.other_door] {
        let step = play(door, &mut site.rng, &[select.clone(), offer.clone()]);
        assert!(matches!(step, Ok(DoorStep::Send(Instruction::Confirm, _))));
        // The PROOF of an earlier tap does not help.
        let proof = [select.clone(), offer.clone(), full[2].clone()];
        assert_eq!(play(door, &mut site.rng, &proof).unwrap_err(), Error::AuthFailed);
        // Nor does the ACK of the fast tap, which has the wrong length for a PROOF.
        let ack = [select.clone(), offer.clone(), fast.messages[2].response.clone()];
        assert!(matches!(play(door, &mut site.rng, &ack), Err(Error::InvalidMessage(_))));
    }
    site.assert_unharmed();
}

#[test]
fn commands_replayed_to_a_phone_get_random_octets_and_6982() {
    let mut site = Site::new();
    let full = site.honest_tap();
    let fast = site.honest_tap();
    for recorded in [full, fast] {
        site.victim.session.select(Transport::Nfc, at_ms(0));
        let mut statuses = Vec::new();
        for pair in &recorded.messages[1..] {
            let code = pair.instruction.expect("a command").code();
            let (response, status, event) =
                site.victim.answer(at_ms(0), &mut site.rng, code, pair.command.clone());
            statuses.push(status);
            assert!(!matches!(event, Some(credential::device::DeviceEvent::Finished(_))));
            assert_eq!(response.len(), if statuses.len() == 1 { 121 } else { 0 });
        }
        assert_eq!(
            statuses[..2],
            [StatusWord::NORMAL, StatusWord::SECURITY_STATUS_NOT_SATISFIED],
            "an OFFER for a HELLO that may be genuine, and no answer to a CONFIRM that does not hold"
        );
    }
    site.assert_unharmed();
}

#[test]
fn a_proof_given_to_a_stolen_reader_is_not_accepted_by_a_genuine_door() {
    let mut site = Site::new();
    // The victim taps the stolen reader, which has the key of door 8 and learns all that PROOF says.
    let tap = tap(&mut site.other_door, &mut site.victim, Transport::Nfc, at_ms(0), &mut site.rng);
    let receipt = tap.decision.and_then(|decision| decision.receipt).expect("a full tap");
    // At door 7 it presents credential and signature as its own.
    let device = offer_by_hand(&mut site.door, &mut site.rng);
    let proof = device.proof(&receipt.signature.0, &receipt.credential, 0);
    assert_not_accepted(decided(&mut site.door, &mut site.rng, proof).as_ref());
    site.assert_unharmed();
}

#[test]
fn a_reader_in_between_that_names_itself_to_the_phone_is_refused_by_it() {
    let mut site = Site::new();
    // The genuine door's HELLO is replaced by one with the stolen certificate of door 8; the rest is relayed.
    let stolen = site.other_door.reader.settings().certificate;
    let tap = tap_through(
        &mut site.door,
        &mut site.victim,
        Transport::Nfc,
        (at_ms(0), at_ms(0)),
        &mut site.rng,
        |message| {
            if let InTransit::Command(0x10, hello) = message {
                hello.splice(6..126, stolen);
            }
        },
    );
    assert_eq!((tap.decision, tap.refused), (None, None));
    assert_eq!((tap.reader_error, tap.device_error), (Some(REFUSED), Some(Error::AuthFailed)));
    site.assert_unharmed();
}

#[test]
fn messages_relayed_unchanged_are_granted_and_only_distance_could_tell() {
    // Not defended: docs/THREAT-MODEL.md says so.
    let mut site = Site::new();
    let mut seen = Vec::new();
    let tap = tap_through(
        &mut site.door,
        &mut site.victim,
        Transport::Nfc,
        (at_ms(1_500), at_ms(0)),
        &mut site.rng,
        |message| seen.extend_from_slice(message.data()),
    );
    assert_eq!(granted(tap.decision.as_ref()), Some((VICTIM.into(), Path::Full)));
    // What the relay gets is the opened door and no octet of who it was.
    assert!(!seen.windows(VICTIM.len()).any(|octets| octets == VICTIM.as_bytes()));
}

#[test]
fn a_ticket_seen_on_the_air_makes_the_thief_tap_as_himself() {
    let mut site = Site::new();
    site.honest_tap();
    let fast = site.honest_tap();
    let seen = credential::ticket::Ticket(fast.messages[1].response[33..105].try_into().unwrap());
    let mut psk = [0; 32];
    site.rng.fill_bytes(&mut psk);
    let held = HeldTicket { ticket: seen, psk: Secret::new(psk) };
    let mut attacker = site.attacker();
    attacker.wallet.tickets.insert(ReaderId(7), vec![(held, UnixTime(u32::MAX))]);
    let tap = site.tap_of(&mut attacker);
    assert_eq!(granted(tap.decision.as_ref()), Some((ATTACKER.into(), Path::Full)));
    site.assert_unharmed();
}

#[test]
fn a_ticket_stolen_with_its_secret_opens_one_door_until_the_serial_is_revoked() {
    let mut site = Site::new();
    let tap = site.honest_tap();
    let serial = tap.decision.and_then(|decision| decision.serial).expect("a grant");
    let stolen = site.victim.wallet.tickets[&ReaderId(7)].clone();
    let with_stolen = |reader| {
        let mut thief = Phone::new(CRYPTO, World::new(1).phone(ATTACKER).0);
        thief.wallet.tickets.insert(ReaderId(reader), stolen.clone());
        thief
    };
    // Whoever reads the phone's memory has this door, as its holder has it.
    let tap = site.tap_of(&mut with_stolen(7));
    assert_eq!(granted(tap.decision.as_ref()), Some((VICTIM.into(), Path::Fast)));
    // At another door it is 72 octets without a meaning.
    let mut thief = with_stolen(8);
    let tap = tests::pair::tap(&mut site.other_door, &mut thief, Transport::Nfc, at_ms(0), &mut site.rng);
    assert_eq!(granted(tap.decision.as_ref()), Some((ATTACKER.into(), Path::Full)));
    // Revoking the credential ends it.
    let issuers = site.world.issuers();
    let list = site.world.revocation_list(1, &[serial], &[]);
    site.door.list.replace(&VerifiedRevocationList::verify(&CRYPTO, &list, &issuers).unwrap()).unwrap();
    let tap = site.tap_of(&mut with_stolen(7));
    assert_eq!(tap.decision.map(|decision| decision.path), Some(Path::Full));
}

#[test]
fn a_fake_reader_with_a_stolen_certificate_gets_an_offer_and_wastes_one_ticket() {
    let mut site = Site::new();
    site.honest_tap();
    let certificate = site.door.reader.settings().certificate;
    let held = site.victim.wallet.tickets_held();
    for guess in 0..100_u8 {
        let own = CRYPTO.public_point(&raw::ephemeral(&mut site.rng));
        let hello = raw::hello(START.0, &certificate, &own.0);
        site.victim.session.select(Transport::Nfc, at_ms(0));
        let (offer, status, event) = site.victim.answer(at_ms(0), &mut site.rng, 0x10, hello);
        assert_eq!((offer.len(), status, event), (121, StatusWord::NORMAL, None));
        let (code, data) = if guess % 2 == 0 { (0x12, vec![guess; 16]) } else { (0x14, vec![guess; 241]) };
        let (proof, status, _) = site.victim.answer(at_ms(0), &mut site.rng, code, data);
        assert_eq!((proof, status), (Vec::new(), StatusWord::SECURITY_STATUS_NOT_SATISFIED));
    }
    assert_eq!((held, site.victim.wallet.tickets_held()), (2, 0));
    // The price is a full tap instead of a fast one.
    assert_eq!(granted(site.honest_tap().decision.as_ref()), Some((VICTIM.into(), Path::Full)));
    site.assert_unharmed();
}

#[test]
fn a_reader_with_a_certificate_of_another_issuer_gets_random_octets() {
    let mut site = Site::new();
    let mut stranger = World::new(1);
    stranger.issuer = World::new(99).issuer;
    let mut fake = Door::new(stranger.reader(CRYPTO, 7));
    let tap = tap(&mut fake, &mut site.victim, Transport::Nfc, at_ms(0), &mut site.rng);
    assert_eq!(tap.refused, Some(RefusedReader::Certificate(ObjectError::BadSignature)));
    assert_eq!((tap.decision, tap.reader_error), (None, Some(REFUSED)));
    site.assert_unharmed();
}

#[test]
fn a_self_made_credential_is_not_accepted() {
    let mut site = Site::new();
    let mut forger = World::new(1);
    forger.issuer = World::new(99).issuer;
    let (mut wallet, _) = forger.phone(VICTIM);
    wallet.issuers = vec![site.world.issuers()];
    let tap = site.tap_of(&mut Phone::new(CRYPTO, wallet));
    assert_not_accepted(tap.decision.as_ref());
    assert_eq!(tap.report.expect("a report").result, Err(DenyReason::NotAccepted));
    site.assert_unharmed();
}

#[test]
fn a_credential_of_another_project_is_not_accepted() {
    let mut site = Site::new();
    let mut other = World::new(50);
    let (mut wallet, _) = other.phone(VICTIM);
    // The attacker's phone trusts this site's readers and presents what it has as if it were of this site.
    wallet.issuers = vec![site.world.issuers()];
    wallet.credential = wallet.credential.map(|(_, octets)| (site.world.project, octets));
    let tap = site.tap_of(&mut Phone::new(CRYPTO, wallet));
    assert_not_accepted(tap.decision.as_ref());
    site.assert_unharmed();
}

#[test]
fn somebody_elses_credential_is_not_accepted_with_ones_own_key() {
    let mut site = Site::new();
    // Also not when the door remembers that its issuer signature held.
    site.honest_tap();
    let mut attacker = site.attacker();
    attacker.wallet.credential.clone_from(&site.victim.wallet.credential);
    let tap = site.tap_of(&mut attacker);
    assert_not_accepted(tap.decision.as_ref());
    assert!(attacker.wallet.tickets.is_empty());
    site.assert_unharmed();
}

#[test]
fn a_credential_with_a_changed_user_id_is_not_accepted() {
    let mut site = Site::new();
    site.honest_tap();
    let mut attacker = site.attacker();
    if let Some((_, octets)) = attacker.wallet.credential.as_mut() {
        octets.splice(61..61 + VICTIM.len(), VICTIM.bytes());
    }
    let tap = site.tap_of(&mut attacker);
    assert_not_accepted(tap.decision.as_ref());
    site.assert_unharmed();
}

#[test]
fn versions_and_suites_cannot_be_talked_down_or_up() {
    let incompatible = |kind| Some(Error::PeerIncompatible(kind));
    let version = incompatible(PeerIncompatible::Version);
    // The SELECT response that the door hears, and how the door's tap ends.
    let answers = [
        ([0, 0, 1, 1, 8, 0], version),
        ([2, 2, 1, 1, 8, 0], version),
        ([1, 1, 0, 1, 8, 0], incompatible(PeerIncompatible::Suite)),
        ([1, 1, 2, 1, 8, 0], incompatible(PeerIncompatible::Suite)),
        // A wider range and more suites lead to version 1 and suite 1 again, but not unnoticed.
        ([0, 1, 1, 1, 8, 0], Some(REFUSED)),
        ([1, 9, 3, 1, 8, 0], Some(REFUSED)),
        ([1, 1, 1, 0, 8, 0], Some(REFUSED)),
    ];
    for (answer, error) in answers {
        let mut site = Site::new();
        let tap = meddled(&mut site, |message| {
            if let InTransit::Response(Exchanged { instruction: None, response, .. }) = message {
                response.splice(.., answer);
            }
        });
        assert_eq!((tap.decision, tap.reader_error), (None, error));
        site.assert_unharmed();
    }
    for (octet, value, kind) in [
        (0, 0, PeerIncompatible::Version),
        (0, 2, PeerIncompatible::Version),
        (1, 0, PeerIncompatible::Suite),
        (1, 2, PeerIncompatible::Suite),
    ] {
        let mut site = Site::new();
        let tap = meddled(&mut site, |message| {
            if let InTransit::Command(0x10, hello) = message {
                hello[octet] = value;
            }
        });
        assert_eq!((tap.decision, tap.device_error), (None, incompatible(kind)));
        let not_supported = PeerMisbehaved::Status(StatusWord::FUNCTION_NOT_SUPPORTED.0);
        assert_eq!(tap.reader_error, Some(Error::PeerMisbehaved(not_supported)));
        site.assert_unharmed();
    }
}

#[test]
fn a_tap_of_one_transport_does_not_hold_on_another() {
    let mut site = Site::new();
    site.door.begin(Transport::Nfc, at_ms(0), &mut site.rng);
    let response = site.victim.session.select(Transport::BleGatt, at_ms(0)).to_vec();
    let opening = Exchanged { instruction: None, command: vec![], response, status: StatusWord::NORMAL };
    let mut drive = Drive { pending: Some(opening), ..Drive::default() };
    while drive.step(&mut site.door, &mut site.victim, at_ms(0), &mut site.rng) {}
    assert_eq!((drive.tap.decision, drive.tap.reader_error), (None, Some(REFUSED)));
    site.assert_unharmed();
}

#[test]
fn a_device_signature_with_a_high_s_is_not_accepted() {
    let mut site = Site::new();
    let (wallet, _) = site.world.phone(VICTIM);
    let (_, credential) = wallet.credential.clone().expect("a credential");
    let present = |site: &mut Site, meddle: &dyn Fn(&MemoryWallet, &RawDevice) -> Vec<u8>| {
        let device = offer_by_hand(&mut site.door, &mut site.rng);
        let proof = meddle(&wallet, &device);
        decided(&mut site.door, &mut site.rng, proof)
    };
    // By hand it is granted as long as all is in order.
    let honest = present(&mut site, &|wallet, device| {
        device.proof(&device.signature(&*wallet.holder).0, &credential, 0)
    });
    assert_eq!(granted(honest.as_ref()), Some((VICTIM.into(), Path::Full)));
    let high_s = present(&mut site, &|wallet, device| {
        device.proof(&raw::other_s(&device.signature(&*wallet.holder).0), &credential, 0)
    });
    assert_not_accepted(high_s.as_ref());
    let padded = present(&mut site, &|wallet, device| {
        device.proof(&device.signature(&*wallet.holder).0, &credential, 1)
    });
    assert_not_accepted(padded.as_ref());
    site.assert_unharmed();
}

#[test]
fn an_issuer_signature_with_a_high_s_is_not_accepted_on_either_side() {
    let mut site = Site::new();
    let mut attacker = site.attacker();
    let (_, octets) = attacker.wallet.credential.as_mut().expect("a credential");
    with_other_s(octets);
    let tap = site.tap_of(&mut attacker);
    assert_not_accepted(tap.decision.as_ref());

    let mut certificate = site.door.reader.settings().certificate;
    with_other_s(&mut certificate);
    let settings = ReaderSettings { certificate, ..site.door.reader.settings().clone() };
    let genuine = std::mem::replace(&mut site.door.reader, site.world.reader(CRYPTO, 7));
    let mut changed = Door::new(genuine);
    changed.reader.configure(settings).unwrap();
    let tap = tests::pair::tap(&mut changed, &mut site.victim, Transport::Nfc, at_ms(0), &mut site.rng);
    assert_eq!(tap.refused, Some(RefusedReader::Certificate(ObjectError::BadSignature)));
    assert_eq!((tap.decision, tap.reader_error), (None, Some(REFUSED)));
}

#[test]
fn a_revoked_or_expired_reader_that_has_its_key_gets_nothing_to_open() {
    let mut site = Site::new();
    let scalar = site.world.scalar();
    let key = CRYPTO.public_point(&CRYPTO.agreement_key(&scalar).unwrap());
    let expired = ReaderCertificate {
        validity: Validity { not_before: UnixTime(START.0 - 60), not_after: START },
        ..site.world.certificate(9, key, credential::object::Presence::None)
    };
    let valid = site.world.certificate(10, key, credential::object::Presence::None);
    site.victim.wallet.revoked_readers.push(ReaderId(10));
    for (certificate, reason) in
        [(expired, RefusedReader::Certificate(ObjectError::Expired)), (valid, RefusedReader::Revoked)]
    {
        let certificate = certificate.issue(&site.world.issuer).unwrap();
        let settings = ReaderSettings { certificate, issuers: site.world.issuers(), tickets: true };
        let mut door = Door::new(Reader::new(CRYPTO, &scalar, settings, &mut site.rng, at_ms(0)).unwrap());
        let tap = tap(&mut door, &mut site.victim, Transport::Nfc, at_ms(0), &mut site.rng);
        assert_eq!((tap.refused, tap.decision), (Some(reason), None));
        assert_eq!(tap.reader_error, Some(REFUSED));
    }
    site.assert_unharmed();
}

/// Answers SELECT and HELLO of a door by hand and takes its CONFIRM.
fn offer_by_hand(door: &mut Door<RustCrypto>, rng: &mut StdRng) -> RawDevice {
    door.begin(Transport::Nfc, at_ms(0), rng);
    let Ok(DoorStep::Send(Instruction::Hello, hello)) =
        door.receive(at_ms(0), rng, SELECT_RESPONSE.to_vec(), StatusWord::NORMAL)
    else {
        panic!("HELLO follows SELECT");
    };
    let (mut device, offer) = RawDevice::offer(rng, &hello);
    let Ok(DoorStep::Send(Instruction::Confirm, confirm)) =
        door.receive(at_ms(0), rng, offer, StatusWord::NORMAL)
    else {
        panic!("CONFIRM follows a ticket that does not open");
    };
    device.confirm(&confirm);
    device
}

/// What the door decides on this PROOF; the device is not told.
fn decided(door: &mut Door<RustCrypto>, rng: &mut StdRng, proof: Vec<u8>) -> Option<Decision> {
    match door.receive(at_ms(0), rng, proof, StatusWord::NORMAL) {
        Ok(DoorStep::Decided(decision)) => {
            door.session.reset();
            Some(decision)
        }
        _ => None,
    }
}

fn meddled(site: &mut Site, meddle: impl FnMut(InTransit<'_>)) -> Tap {
    let nows = (at_ms(0), at_ms(0));
    tap_through(&mut site.door, &mut site.victim, Transport::Nfc, nows, &mut site.rng, meddle)
}

/// Puts n − s in the place of s at the end of a signed object.
fn with_other_s(object: &mut [u8]) {
    let signature = object.last_chunk_mut::<64>().expect("a signature");
    *signature = raw::other_s(signature);
}
