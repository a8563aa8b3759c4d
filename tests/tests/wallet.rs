//! The wallet's side of activation and renewal: what it asks, what it believes, what it keeps.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::sync::mpsc::channel;

use credential::crypto::{Crypto, Point, RustCrypto, Signature, Signer};
use credential::error::ObjectError;
use credential::id::{ProjectId, ReaderId};
use credential::iso7816::FrontEnd;
use credential::object::Presence;
use credential::reader::Path;
use credential::time::UnixTime;
use phone_sdk::port::{Clock, HttpFailure};
use phone_sdk::{CardState, Denied, Error, Misuse, NotGenuine, Restart, Retry, StorageError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::door::{NfcLink, PresentedDoor};
use tests::phone::{Fault, Phone, Recorded, invitation, invitation_of, nfc, problem};
use tests::world::{START, WEEK_S, World};

const CODE: &str = "000000000000000000000000011";

fn phone() -> Phone {
    Phone::new(World::new(1))
}

fn posted(phone: &Phone, path: &str) -> Vec<Recorded> {
    let script = phone.manager.script();
    script.requests.iter().filter(|request| request.path == path).cloned().collect()
}

/// Whether a key is stored for nothing, or missing.
fn keys(phone: &Phone) -> usize {
    phone.storage.names().iter().filter(|name| name.starts_with("key-")).count()
}

fn point(request: &Recorded) -> Point {
    Point(request.octets("public_key").try_into().unwrap())
}

#[test]
fn an_activation_asks_and_proves_as_the_page_says() {
    let phone = phone();
    let card = phone.open().activate(&invitation(1)).unwrap();
    assert_eq!((card.first_name.as_str(), card.last_name.as_str()), ("Anna", "Berg"));
    assert_eq!(card.user_id.unwrap().as_str(), "0004711");
    assert_eq!((card.project_name.as_str(), card.state), ("Example Works", CardState::Active));
    let challenge = &posted(&phone, "/v1/activation/challenge")[0];
    assert_eq!(challenge.body, json!({ "code": CODE }));
    let proof = &posted(&phone, "/v1/activation")[0];
    assert_eq!(proof.body["code"], CODE);
    assert_eq!(proof.body["device"], json!({ "name": "Anna's phone", "platform": "test" }));
    let mut secret = [0; 16];
    secret[15] = 1;
    let hash = Sha256::digest(secret);
    let signed: [&[u8]; 5] =
        [b"ostiary activation", &[0], &proof.octets("challenge"), &proof.octets("public_key"), &hash];
    let signature = Signature(proof.octets("signature").try_into().unwrap());
    assert_eq!(RustCrypto.verify(&point(proof), &signed, &signature), Ok(()));
}

#[test]
fn an_answer_that_got_lost_is_asked_for_again_with_the_same_key() {
    for restarted in [false, true] {
        let phone = phone();
        phone.manager.faults([None, Some(Fault::AnswerLost)]);
        let mut wallet = phone.open();
        let lost = Error::Retry(Retry::Network(HttpFailure::TimedOut));
        assert_eq!(wallet.activate(&invitation(1)).unwrap_err(), lost);
        assert!(wallet.cards().is_empty());
        if restarted {
            wallet = phone.open();
        }
        wallet.activate(&invitation(1)).unwrap();
        let proofs = posted(&phone, "/v1/activation");
        assert_eq!(point(&proofs[0]), point(&proofs[1]));
        assert_eq!(keys(&phone), 1);
    }
}

#[test]
fn an_invitation_whose_card_is_held_gives_that_card_without_asking() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    let asked = phone.manager.script().requests.len();
    assert_eq!(wallet.activate(&invitation(1)).unwrap(), card);
    assert_eq!(phone.open().activate(&invitation(1)).unwrap(), card);
    assert_eq!(phone.manager.script().requests.len(), asked);
}

#[test]
fn a_challenge_that_is_over_is_replaced_once() {
    let phone = phone();
    let over = || Some(Fault::Instead(problem(409, "challenge-unknown")));
    phone.manager.faults([None, over()]);
    phone.open().activate(&invitation(1)).unwrap();
    phone.manager.faults([None, over(), None, over()]);
    assert_eq!(phone.open().activate(&invitation(2)).unwrap_err(), Retry::Challenge.into());
}

#[test]
fn an_invitation_that_is_over_leaves_no_key_behind() {
    for (status, code, expected) in [
        (410, "invitation-expired", Restart::InvitationExpired),
        (410, "invitation-void", Restart::InvitationVoid),
        (409, "invitation-used", Restart::InvitationUsed),
    ] {
        let phone = phone();
        phone.manager.faults([None, Some(Fault::Instead(problem(status, code)))]);
        assert_eq!(phone.open().activate(&invitation(1)).unwrap_err(), expected.into());
        assert_eq!(keys(&phone), 0);
    }
}

#[test]
fn a_key_for_an_invitation_is_given_up_after_two_days() {
    let phone = phone();
    phone.manager.faults([None, Some(Fault::RequestLost)]);
    assert!(phone.open().activate(&invitation(1)).is_err());
    assert_eq!(keys(&phone), 1);
    phone.clock.advance_s(2 * 86_400);
    phone.open();
    assert_eq!(keys(&phone), 1);
    phone.clock.advance_s(1);
    phone.open();
    assert_eq!(keys(&phone), 0);
}

/// How an answer is changed, and what is said of it.
type Case = (fn(&mut Value), NotGenuine);

#[test]
fn an_answer_that_does_not_hold_is_kept_in_no_part() {
    let cases: [Case; 6] = [
        (|answer| answer["user"]["user_id"] = json!("42"), NotGenuine::Mismatch),
        (|answer| answer["issuer_keys"] = json!([]), NotGenuine::IssuerKeys),
        (
            |answer| answer["issuer_keys"][0]["index"] = json!(9),
            NotGenuine::Credential(ObjectError::UnknownIssuer),
        ),
        (|answer| flip(&mut answer["credential"]), NotGenuine::Credential(ObjectError::BadSignature)),
        (|answer| flip(&mut answer["time_token"]), NotGenuine::TimeToken(ObjectError::BadSignature)),
        (
            |answer| answer["revocation_list"] = answer["credential"].clone(),
            NotGenuine::RevocationList(ObjectError::BadSignature),
        ),
    ];
    for (changed, expected) in cases {
        let phone = phone();
        phone.manager.faults([None, Some(Fault::Changed(changed))]);
        let wallet = phone.open();
        let error = wallet.activate(&invitation(1)).unwrap_err();
        match (expected, &error) {
            // A credential is not a list; how it fails to decode does not matter.
            (
                NotGenuine::RevocationList(_),
                Error::Denied(Denied::NotGenuine(NotGenuine::RevocationList(_))),
            ) => {}
            _ => assert_eq!(error, Denied::NotGenuine(expected).into()),
        }
        assert!(wallet.cards().is_empty() && phone.open().cards().is_empty());
        wallet.activate(&invitation(1)).unwrap();
    }
}

/// Changes a character of base64url that stands for octets of the signature.
fn flip(value: &mut Value) {
    let mut text = value.as_str().unwrap().to_owned();
    let first_of_signature = text.len() - 40;
    let other = if &text[first_of_signature..=first_of_signature] == "A" { "B" } else { "A" };
    text.replace_range(first_of_signature..=first_of_signature, other);
    *value = json!(text);
}

#[test]
fn a_credential_for_another_key_is_refused() {
    let phone = phone();
    phone.manager.script().holder_override = Some(World::new(2).issuer.public_key());
    let error = phone.open().activate(&invitation(1)).unwrap_err();
    assert_eq!(error, Denied::NotGenuine(NotGenuine::Mismatch).into());
}

#[test]
fn a_device_id_that_would_lead_elsewhere_is_refused() {
    let phone = phone();
    phone.manager.faults([None, Some(Fault::Changed(|answer| answer["device_id"] = json!("../../x")))]);
    assert_eq!(phone.open().activate(&invitation(1)).unwrap_err(), Retry::NotAManager.into());
}

#[test]
fn another_manager_cannot_take_over_a_project() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    // The same double under another address: its answers would all hold.
    let redirected = invitation_of("https://other.example", 2);
    let error = wallet.activate(&redirected).unwrap_err();
    assert_eq!(error, Retry::Network(HttpFailure::Unreachable).into());
    phone.manager.also_at("https://other.example");
    assert_eq!(wallet.activate(&redirected).unwrap_err(), Denied::OtherManager.into());
    assert_eq!(posted(&phone, "/v1/activation").len(), 1, "the invitation is not used up");
    assert_eq!(wallet.cards(), [card]);
}

#[test]
fn a_project_other_than_the_announced_one_is_refused() {
    let phone = phone();
    phone.manager.script().project = ProjectId([9; 8]);
    let error = phone.open().activate(&invitation(1)).unwrap_err();
    let expected = NotGenuine::Credential(ObjectError::UnknownIssuer);
    assert_eq!(error, Denied::NotGenuine(expected).into());
}

#[test]
fn what_the_manager_wants_beyond_this_version_needs_an_update() {
    let phone = phone();
    phone.manager.faults([Some(Fault::Changed(|answer| answer["requires"] = json!(["retina"])))]);
    let error = phone.open().activate(&invitation(1)).unwrap_err();
    assert_eq!(error, Restart::UpdateNeeded("retina".to_owned()).into());
    assert_eq!(keys(&phone), 0);
}

#[test]
fn a_login_page_is_not_a_manager() {
    let phone = phone();
    for response in [(200, "<html>"), (302, ""), (404, "<html>")] {
        let response = phone_sdk::port::HttpResponse { status: response.0, body: response.1.into() };
        phone.manager.faults([Some(Fault::Instead(response))]);
        let error = phone.open().activate(&invitation(1)).unwrap_err();
        assert_eq!(error, Retry::NotAManager.into());
    }
}

#[test]
fn a_card_that_cannot_be_stored_is_not_reported_and_comes_later() {
    let phone = phone();
    let wallet = phone.open();
    phone.storage.fail(true);
    assert!(matches!(wallet.activate(&invitation(1)), Err(Error::Storage(StorageError::Io(_)))));
    phone.storage.fail(false);
    wallet.activate(&invitation(1)).unwrap();
    assert_eq!((phone.open().cards().len(), keys(&phone)), (1, 1));
}

#[test]
fn a_card_is_due_after_a_third_of_its_life_and_comes_back_renewed() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.clock.advance_s(WEEK_S / 3 - 1);
    assert!(wallet.due().is_empty());
    phone.clock.advance_s(1);
    assert_eq!(wallet.due(), [card.id]);
    {
        let mut script = phone.manager.script();
        script.user_id = "42".to_owned();
        script.validity.not_after = UnixTime(START.0 + 2 * WEEK_S);
    }
    let renewed = wallet.renew(card.id).unwrap();
    assert_eq!(renewed.id, card.id);
    assert_eq!(renewed.user_id.unwrap().as_str(), "42");
    assert_eq!(phone.open().cards()[0].validity.unwrap().not_after, UnixTime(START.0 + 2 * WEEK_S));
    let path = "/v1/devices/01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10/renewal";
    let proof = &posted(&phone, path)[0];
    let holder = point(&posted(&phone, "/v1/activation")[0]);
    let signed: [&[u8]; 4] = [b"ostiary renewal", &[0], &proof.octets("challenge"), &holder.0];
    let signature = Signature(proof.octets("signature").try_into().unwrap());
    assert_eq!(RustCrypto.verify(&holder, &signed, &signature), Ok(()));
}

#[test]
fn a_suspended_card_rests_until_a_renewal_succeeds() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.manager.faults([None, Some(Fault::Instead(problem(403, "user-suspended")))]);
    assert_eq!(wallet.renew(card.id).unwrap_err(), Denied::UserSuspended.into());
    assert_eq!(phone.open().card(card.id).unwrap().state, CardState::Suspended);
    assert_eq!((wallet.due(), keys(&phone)), (vec![card.id], 1));
    assert_eq!(wallet.renew(card.id).unwrap().state, CardState::Active);
}

#[test]
fn a_revoked_card_loses_key_and_credential_and_stays_to_be_seen() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.manager.faults([Some(Fault::Instead(problem(403, "device-revoked")))]);
    assert_eq!(wallet.renew(card.id).unwrap_err(), Denied::DeviceRevoked.into());
    let card = phone.open().card(card.id).unwrap();
    assert_eq!((card.state, card.user_id, card.validity), (CardState::Revoked, None, None));
    assert_eq!(keys(&phone), 0);
    assert_eq!(wallet.renew(card.id).unwrap_err(), Denied::DeviceRevoked.into());
    wallet.remove(card.id).unwrap();
    assert_eq!(wallet.card(card.id).unwrap_err(), Misuse::NoSuchCard.into());
}

#[test]
fn a_refresh_keeps_the_newest_list_and_token() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    let refreshed = wallet.refresh(card.project).unwrap();
    assert_eq!((refreshed.list_version, refreshed.time), (0, Some(START)));
    phone.manager.script().list = Some((5, vec![ReaderId(9)]));
    phone.manager.script().time = UnixTime(START.0 + 60);
    assert_eq!(wallet.refresh(card.project).unwrap().list_version, 5);
    phone.manager.script().list = Some((4, Vec::new()));
    phone.manager.script().time = START;
    let refreshed = phone.open().refresh(card.project).unwrap();
    assert_eq!((refreshed.list_version, refreshed.time), (5, Some(UnixTime(START.0 + 60))));
    let lists = posted(&phone, &format!("/v1/projects/{:016x}/revocation-list", 1));
    let asked: Vec<_> = lists.iter().map(|request| request.if_none_match.as_deref()).collect();
    assert_eq!(asked, [None, None, Some("\"5\"")]);
    phone.manager.faults([Some(Fault::Instead(problem(304, "")))]);
    assert_eq!(wallet.refresh(card.project).unwrap().list_version, 5);
    assert_eq!(wallet.refresh(ProjectId([9; 8])).unwrap_err(), Misuse::NoSuchProject.into());
}

#[test]
fn a_reset_leaves_nothing_behind() {
    let (phone, wallet, _) = Phone::activated(World::new(1));
    phone.manager.faults([None, Some(Fault::RequestLost)]);
    assert!(wallet.activate(&invitation(2)).is_err());
    assert_eq!(keys(&phone), 2);
    wallet.reset().unwrap();
    assert!(wallet.cards().is_empty());
    assert_eq!(phone.storage.names(), ["software-key"]);
}

#[test]
fn a_reset_that_storage_refuses_can_be_done_again() {
    let (phone, wallet, _) = Phone::activated(World::new(1));
    phone.storage.fail(true);
    assert!(wallet.reset().is_err());
    assert_eq!(wallet.cards().len(), 1);
    phone.storage.fail(false);
    wallet.reset().unwrap();
    assert_eq!(phone.storage.names(), ["software-key"]);
}

#[test]
fn a_tap_does_not_wait_for_a_manager() {
    let mut world = World::new(1);
    let mut door = PresentedDoor::new(world.reader(RustCrypto, 7));
    let (phone, wallet, card) = Phone::activated(world);
    let (sender, decisions) = channel();
    let (now, tapping) = (phone.clock.now(), wallet.clone());
    let tap = move || {
        let mut presenter = nfc(&tapping, Presence::None);
        let tap = door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), now);
        sender.send(tap.decision.unwrap().path).unwrap();
    };
    phone.manager.faults([Some(Fault::Meanwhile(Box::new(tap)))]);
    wallet.renew(card.id).unwrap();
    assert_eq!(decisions.recv(), Ok(Path::Full));
}
