//! The SDK's presenters against a real reader session, over the framing of every link.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::collections::HashSet;
use std::sync::Arc;

use credential::crypto::RustCrypto;
use credential::id::{ReaderId, UserId};
use credential::iso7816::FrontEnd;
use credential::object::{Presence, Revocations};
use credential::reader::{DenyReason, Outcome, Path};
use credential::time::{Now, UnixTime, Validity};
use credential::transport::Transport;
use phone_sdk::port::{Clock, KeyHandle, KeyStore, SoftwareKeyStore, Storage, SystemRandom};
use phone_sdk::{
    BleAction, BleEvent, CardState, Deactivation, Invitation, NfcPresenter, Tap, TapEvent, TapFailure, Wallet,
};
use tests::door::{DoorTap, GATT_ONLY, GattLink, Link, NfcLink, PresentedDoor, StreamLink};
use tests::phone::{Phone, invitation, nfc};
use tests::world::{START, WEEK_S, World};

const DOOR: u32 = 7;
/// Octets of a ticket in a response to HELLO.
const TICKET: std::ops::Range<usize> = 33..105;
const FULL_RESPONSES: usize = 4;

struct Story {
    door: PresentedDoor,
    phone: Phone,
    wallet: Wallet,
}

/// A door and an activated phone of one project.
fn story() -> Story {
    story_with(Presence::None)
}

fn story_with(demanded: Presence) -> Story {
    let mut world = World::new(1);
    let door = PresentedDoor::new(world.reader_demanding(RustCrypto, DOOR, demanded));
    let (phone, wallet, _) = Phone::activated(world);
    Story { door, phone, wallet }
}

impl Story {
    fn now(&self) -> Now {
        self.phone.clock.now()
    }

    /// A tap over NFC with a presenter of its own, as when the system has just started the app.
    fn tap(&mut self) -> (DoorTap, Vec<TapEvent>) {
        let mut presenter = nfc(&self.wallet, Presence::None);
        let tap = self.door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), self.phone.clock.now());
        presenter.deactivated(Deactivation::LinkLoss);
        (tap, std::iter::from_fn(|| presenter.poll_event()).collect())
    }

    fn path(&mut self) -> Path {
        self.tap().0.decision.unwrap().path
    }

    fn restart(&mut self) {
        self.wallet = self.phone.open();
    }
}

fn granted(tap: &DoorTap, path: Path) {
    let decision = tap.decision.as_ref().unwrap();
    assert_eq!(decision.outcome, Outcome::Grant(UserId::new(b"0004711").unwrap()));
    assert_eq!(decision.path, path);
    assert!(tap.finished);
}

fn reports_grant(event: &TapEvent, path: Path) {
    let TapEvent::Finished(Tap { reader, card, path: reported, result, .. }) = event else {
        panic!("{event:?}")
    };
    assert_eq!((*reader, *reported, *result), (ReaderId(DOOR), path, Ok(())));
    assert!(card.is_some());
}

#[test]
fn the_first_tap_over_nfc_is_full_and_the_next_ones_are_fast() {
    let mut story = story();
    for path in [Path::Full, Path::Fast, Path::Fast, Path::Fast] {
        let (tap, events) = story.tap();
        granted(&tap, path);
        let [event] = events.as_slice() else { panic!("{events:?}") };
        reports_grant(event, path);
    }
}

#[test]
fn taps_over_gatt_work_at_every_att_mtu() {
    let mut story = story();
    for (att_mtu, path) in [(23, Path::Full), (23, Path::Fast), (185, Path::Fast), (517, Path::Fast)] {
        let mut presenter = story.wallet.ble(Arc::new(Presence::None), GATT_ONLY);
        let tap = story.door.tap(&mut GattLink::new(&mut presenter, att_mtu), story.phone.clock.now());
        granted(&tap, path);
        presenter.handle(BleEvent::Disconnected);
        reports_grant(&presenter.poll_event().unwrap(), path);
        assert_eq!(presenter.poll_event(), None);
    }
}

#[test]
fn one_ble_presenter_serves_one_connection_after_another() {
    let mut story = story();
    let mut presenter = story.wallet.ble(Arc::new(Presence::None), GATT_ONLY);
    for path in [Path::Full, Path::Fast, Path::Fast] {
        let tap = story.door.tap(&mut GattLink::new(&mut presenter, 185), story.phone.clock.now());
        granted(&tap, path);
        presenter.handle(BleEvent::Disconnected);
    }
}

#[test]
fn taps_over_streams_work_with_pieces_of_every_size() {
    let mut story = story();
    let cases = [
        (Transport::Tcp, 1, Path::Full),
        (Transport::BleL2cap, 7, Path::Fast),
        (Transport::Tcp, 999, Path::Fast),
    ];
    for (transport, piece, path) in cases {
        let mut presenter = story.wallet.stream(Arc::new(Presence::None), transport);
        let mut link = StreamLink::new(&mut presenter, transport, piece);
        granted(&story.door.tap(&mut link, story.phone.clock.now()), path);
        presenter.closed();
        reports_grant(&presenter.poll_event().unwrap(), path);
        assert_eq!(presenter.poll_event(), None);
    }
}

#[test]
fn tickets_survive_a_restart_and_used_ones_never_come_back() {
    let mut story = story();
    let mut seen = HashSet::new();
    granted(&story.tap().0, Path::Full);
    for round in 0..12 {
        story.restart();
        let mut presenter = nfc(&story.wallet, Presence::None);
        let mut link = NfcLink::new(&mut presenter, FrontEnd::SHORT);
        // Every other tap is broken off after OFFER, and the app is killed: its ticket is gone for good.
        let responses = if round % 2 == 0 { 2 } else { usize::MAX };
        let tap = story.door.tap_until(&mut link, story.phone.clock.now(), responses);
        assert!(seen.insert(tap.responses[1][TICKET].to_vec()), "a ticket came twice");
        if round % 2 == 1 {
            granted(&tap, Path::Fast);
        }
    }
}

#[test]
fn a_storage_that_fails_costs_the_fast_path_and_not_the_door() {
    let mut story = story();
    granted(&story.tap().0, Path::Full);
    story.phone.storage.fail(true);
    granted(&story.tap().0, Path::Full);
    story.phone.storage.fail(false);
    granted(&story.tap().0, Path::Fast);
}

#[test]
fn what_a_failing_storage_was_told_is_not_used_after_a_restart() {
    let mut story = story();
    granted(&story.tap().0, Path::Full);
    let used = story.tap().0.responses[1][TICKET].to_vec();
    story.phone.storage.fail(true);
    story.tap();
    story.phone.storage.fail(false);
    story.restart();
    for _ in 0..6 {
        assert_ne!(story.tap().0.responses[1][TICKET], used);
    }
}

#[test]
fn a_renewal_drops_the_tickets_of_the_old_credential() {
    let mut story = story();
    granted(&story.tap().0, Path::Full);
    let card = story.wallet.cards()[0].id;
    story.phone.manager.script().user_id = "42".to_owned();
    story.wallet.renew(card).unwrap();
    let decision = story.tap().0.decision.unwrap();
    assert_eq!(decision.path, Path::Full);
    assert_eq!(decision.outcome, Outcome::Grant(UserId::new(b"42").unwrap()));
    assert_eq!(story.path(), Path::Fast);
}

#[test]
fn a_renewal_in_the_middle_of_a_tap_keeps_no_ticket_of_the_old_credential() {
    let mut story = story();
    let mut presenter = nfc(&story.wallet, Presence::None);
    let now = story.now();
    let mut link = RenewingLink {
        link: NfcLink::new(&mut presenter, FrontEnd::SHORT),
        wallet: story.wallet.clone(),
        commands: 0,
    };
    granted(&story.door.tap(&mut link, now), Path::Full);
    granted(&story.tap().0, Path::Full);
    granted(&story.tap().0, Path::Fast);
}

/// Renews between PROOF and OUTCOME.
struct RenewingLink<'a> {
    link: NfcLink<'a>,
    wallet: Wallet,
    commands: usize,
}

impl Link for RenewingLink<'_> {
    fn transport(&self) -> Transport {
        self.link.transport()
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        self.link.open()
    }

    fn carry(
        &mut self,
        header: Option<credential::iso7816::CommandHeader>,
        octets: &[u8],
    ) -> Option<Vec<u8>> {
        self.commands += 1;
        if self.commands == FULL_RESPONSES - 1 {
            let card = self.wallet.cards()[0].id;
            self.wallet.renew(card).unwrap();
        }
        self.link.carry(header, octets)
    }
}

#[test]
fn a_reader_that_is_behind_is_brought_the_list_and_the_time() {
    let mut story = story();
    story.phone.manager.script().list = Some((3, (0..400).map(ReaderId).filter(|id| id.0 != DOOR).collect()));
    let project = story.wallet.cards()[0].project;
    assert_eq!(story.wallet.refresh(project).unwrap().list_version, 3);
    story.door.wants_time = true;
    for front_end in [FrontEnd::SHORT, FrontEnd { max_transmit: 4096, max_receive: 4096 }] {
        story.door.list = credential::object::HeldRevocationList::empty();
        let mut presenter = nfc(&story.wallet, Presence::None);
        let mut link = NfcLink::new(&mut presenter, front_end);
        assert!(story.door.tap(&mut link, story.phone.clock.now()).finished);
        assert_eq!(story.door.list.version(), 3);
        let TapEvent::Finished(tap) = presenter.poll_event().unwrap() else { panic!("not finished") };
        assert!(tap.brought_list && tap.brought_time);
    }
}

#[test]
fn a_door_that_is_revoked_is_given_nothing() {
    let mut story = story();
    story.phone.manager.script().list = Some((1, vec![ReaderId(DOOR)]));
    story.wallet.refresh(story.wallet.cards()[0].project).unwrap();
    story.restart();
    let (tap, events) = story.tap();
    assert_eq!(tap.decision, None);
    assert_eq!(events[0], TapEvent::ReaderRefused(credential::device::RefusedReader::Revoked));
}

#[test]
fn a_door_waits_for_the_presence_that_it_demands() {
    let mut story = story_with(Presence::Verified);
    for (given, opens) in [(Presence::None, false), (Presence::Unlocked, false), (Presence::Verified, true)] {
        let mut presenter = nfc(&story.wallet, given);
        let tap = story.door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), story.phone.clock.now());
        assert_eq!(tap.decision.is_some(), opens);
        let refused = credential::device::RefusedReader::PresenceRequired(Presence::Verified);
        assert_eq!(presenter.poll_event().unwrap() == TapEvent::ReaderRefused(refused), !opens);
    }
}

#[test]
fn the_newest_credential_in_force_is_presented_unless_the_holder_chose_another() {
    let mut story = story();
    let outcome = |story: &mut Story| story.tap().0.decision.unwrap().outcome;
    let id = |text: &[u8]| Outcome::Grant(UserId::new(text).unwrap());
    let first = story.wallet.cards()[0].id;
    let add = |story: &Story, number, user_id: &str, not_before, not_after| {
        let validity = Validity { not_before: UnixTime(not_before), not_after: UnixTime(not_after) };
        {
            let mut script = story.phone.manager.script();
            script.user_id = user_id.to_owned();
            script.validity = validity;
        }
        story.wallet.activate(&invitation(number)).unwrap().id
    };
    add(&story, 2, "old", START.0 - 120, START.0 + WEEK_S);
    assert_eq!(outcome(&mut story), id(b"0004711"));
    add(&story, 3, "over", START.0 - 50, START.0 - 10);
    assert_eq!(outcome(&mut story), id(b"0004711"));
    let newest = add(&story, 4, "newest", START.0 - 30, START.0 + 600);
    assert_eq!(outcome(&mut story), id(b"newest"));
    let project = story.wallet.cards()[0].project;
    story.wallet.prefer(project, ReaderId(DOOR), Some(first)).unwrap();
    story.restart();
    assert_eq!(outcome(&mut story), id(b"0004711"));
    story.wallet.prefer(project, ReaderId(DOOR), None).unwrap();
    assert_eq!(outcome(&mut story), id(b"newest"));
    story.wallet.remove(newest).unwrap();
    assert_eq!(outcome(&mut story), id(b"0004711"));
}

#[test]
fn a_credential_that_is_over_is_presented_so_that_the_door_says_so() {
    let mut story = story();
    story.phone.clock.advance_s(WEEK_S + 1);
    assert_eq!(story.wallet.cards()[0].state, CardState::Expired);
    let (tap, events) = story.tap();
    assert_eq!(tap.decision.unwrap().outcome, Outcome::Deny(DenyReason::Expired));
    let TapEvent::Finished(tap) = &events[0] else { panic!("{events:?}") };
    assert_eq!(tap.result, Err(DenyReason::Expired));
}

#[test]
fn an_empty_wallet_answers_with_the_lengths_of_a_full_one() {
    let mut story = story();
    let lengths = |tap: &DoorTap| tap.responses.iter().take(2).map(Vec::len).collect::<Vec<_>>();
    let known = story.tap().0;
    story.wallet.reset().unwrap();
    let (empty, events) = story.tap();
    assert_eq!(lengths(&known), lengths(&empty));
    assert_eq!(empty.responses[2], [0x69, 0x82]);
    assert_eq!(events[0], TapEvent::ReaderRefused(credential::device::RefusedReader::UnknownProject));
}

#[test]
fn a_key_that_cannot_sign_fails_the_tap_and_says_so() {
    let mut story = story();
    let name = story
        .phone
        .storage
        .names()
        .into_iter()
        .find_map(|name| name.strip_prefix("key-").map(|key| KeyHandle(key.to_owned())));
    let storage = Arc::clone(&story.phone.storage) as Arc<dyn Storage>;
    SoftwareKeyStore::new(storage, Arc::new(SystemRandom)).delete(&name.unwrap()).unwrap();
    story.restart();
    let (tap, events) = story.tap();
    assert_eq!(tap.responses[2], [0x69, 0x82]);
    let failure = TapFailure::KeyStore(phone_sdk::port::KeyStoreError::NoSuchKey);
    assert_eq!(events, [TapEvent::Failed(failure)]);
}

#[test]
fn apdus_that_are_not_the_tap_get_their_status_words() {
    let story = story();
    let mut presenter = nfc(&story.wallet, Presence::None);
    let select = b"\x00\xA4\x04\x00\x09\xF0OSTIARY\x01\x00";
    let mut status = |apdu: &[u8]| status_word(&mut presenter, apdu);
    assert_eq!(status(b"\x80\x10\x00\x00\x01\x00\x00"), 0x6985);
    assert_eq!(status(b"\x00\xA4\x04\x00\x07\xD2\x76\x00\x00\x85\x01\x01\x00"), 0x6A82);
    assert_eq!(status(b"\x00\xA4\x00\x00\x02\x3F\x00\x00"), 0x6A86);
    assert_eq!(status(select), 0x9000);
    assert_eq!(status(b"\x80\x10\x01\x00\x01\x00\x00"), 0x6A86);
    assert_eq!(status(select), 0x9000);
    assert_eq!(status(b"\x80\x99\x00\x00\x00"), 0x6D00);
    assert_eq!(status(b"\x00\xB0\x00\x00\x00"), 0x6D00);
    assert_eq!(status(b"\x0C\xA4\x04\x00\x00"), 0x6E00);
    assert_eq!(status(b""), 0x6700);
    // SELECT of another application ends the tap.
    assert_eq!(status(select), 0x9000);
    assert_eq!(status(b"\x00\xA4\x04\x00\x07\xD2\x76\x00\x00\x85\x01\x01\x00"), 0x6A82);
    assert_eq!(status(b"\x80\x10\x00\x00\x01\x00\x00"), 0x6985);
}

fn status_word(presenter: &mut NfcPresenter, apdu: &[u8]) -> u16 {
    let response = presenter.process_command(apdu);
    u16::from_be_bytes(*response.last_chunk().unwrap())
}

#[test]
fn a_phone_that_is_taken_away_too_early_is_told_and_ready_again() {
    let mut story = story();
    for responses in 1..FULL_RESPONSES {
        let mut presenter = nfc(&story.wallet, Presence::None);
        let mut link = NfcLink::new(&mut presenter, FrontEnd::SHORT);
        story.door.tap_until(&mut link, story.phone.clock.now(), responses);
        presenter.deactivated(Deactivation::LinkLoss);
        assert_eq!(presenter.poll_event(), Some(TapEvent::Failed(TapFailure::LinkLost)), "{responses}");
        assert_eq!(presenter.poll_event(), None);
        let mut link = NfcLink::new(&mut presenter, FrontEnd::SHORT);
        assert!(story.door.tap(&mut link, story.phone.clock.now()).decision.is_some());
        // Its tickets would shorten the next round.
        let card = story.wallet.cards()[0].id;
        story.wallet.renew(card).unwrap();
    }
}

#[test]
fn a_reader_that_turns_to_another_app_in_the_middle_is_told_apart_from_a_phone_that_is_taken_away() {
    let mut story = story();
    let mut presenter = nfc(&story.wallet, Presence::None);
    story.door.tap_until(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), story.phone.clock.now(), 2);
    presenter.deactivated(Deactivation::Deselected);
    assert_eq!(presenter.poll_event(), Some(TapEvent::Failed(TapFailure::Deselected)));
    // After a tap that came to its end, neither is worth a word.
    for reason in [Deactivation::Deselected, Deactivation::LinkLoss] {
        let mut presenter = nfc(&story.wallet, Presence::None);
        let mut link = NfcLink::new(&mut presenter, FrontEnd::SHORT);
        assert!(story.door.tap(&mut link, story.phone.clock.now()).finished);
        presenter.deactivated(reason);
        assert!(matches!(presenter.poll_event(), Some(TapEvent::Finished(_))));
        assert_eq!(presenter.poll_event(), None);
    }
}

#[test]
fn a_segment_out_of_order_and_a_silent_reader_end_the_connection() {
    let story = story();
    let mut presenter = story.wallet.ble(Arc::new(Presence::None), GATT_ONLY);
    let open = |presenter: &mut phone_sdk::BlePresenter| {
        let mut link = GattLink::new(presenter, 185);
        assert!(link.open().is_some());
    };
    open(&mut presenter);
    presenter.handle(BleEvent::Notified(vec![0xC5, 0, 1, 0x10]));
    assert_eq!(presenter.poll_action(), Some(BleAction::Disconnect));
    assert_eq!(presenter.poll_event(), Some(TapEvent::Failed(TapFailure::Framing)));
    presenter.handle(BleEvent::Disconnected);
    open(&mut presenter);
    assert!(presenter.poll_at().is_some());
    presenter.handle(BleEvent::Timeout);
    assert_eq!(presenter.poll_action(), None);
    story.phone.clock.advance_s(10);
    presenter.handle(BleEvent::Timeout);
    assert_eq!(presenter.poll_action(), Some(BleAction::Disconnect));
    assert_eq!(presenter.poll_at(), None);
}

#[test]
fn a_stream_that_breaks_the_rules_is_closed() {
    let story = story();
    let mut presenter = story.wallet.stream(Arc::new(Presence::None), Transport::Tcp);
    assert!(presenter.opened().is_ok());
    assert!(presenter.received(&[0xFF, 0xFF]).is_err());
    assert_eq!(presenter.poll_event(), Some(TapEvent::Failed(TapFailure::Framing)));
    assert!(presenter.opened().is_ok());
}

#[test]
fn secrets_are_not_printed() {
    let story = story();
    assert_eq!(format!("{:?}", story.wallet), "Wallet { cards: 1, .. }");
    let card = format!("{:?}", story.wallet.cards()[0]);
    assert!(!card.contains("4711") && !card.contains("Anna"), "{card}");
    let link = Invitation::from_link("https://a.example/activate#000000000000000000000000011");
    assert!(!format!("{link:?}").contains("0000"));
}
