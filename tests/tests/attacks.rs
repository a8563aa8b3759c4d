//! What attackers try with recorded messages, relays, stolen tickets and stolen readers, what they get, and what
//! stops them.

use credential::crypto::{Crypto, RustCrypto};
use credential::device::RefusedReader;
use credential::error::{Error, ObjectError};
use credential::id::ReaderId;
use credential::iso7816::StatusWord;
use credential::message::Instruction;
use credential::object::VerifiedRevocationList;
use credential::reader::Path;
use credential::secret::Secret;
use credential::ticket::HeldTicket;
use credential::time::UnixTime;
use credential::transport::Transport;
use rand::Rng;
use rand::rngs::StdRng;
use tests::pair::{Door, DoorStep, InTransit, Phone, Tap, tap, tap_through};
use tests::raw::{self};
use tests::site::{ATTACKER, REFUSED, Site, VICTIM, assert_not_accepted, decided, granted, offer_by_hand};
use tests::world::{CRYPTO, START, World, at_ms};

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
