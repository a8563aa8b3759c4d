//! What a wallet does by itself, what it warns of, and how a card is given back.

use credential::crypto::{Crypto, Point, RustCrypto, Signature};
use credential::id::Serial;
use credential::time::UnixTime;
use phone_sdk::port::HttpFailure;
use phone_sdk::{CardWarning, Denied, Error, Misuse, Retry};
use tests::phone::{Fault, Phone, problem};
use tests::world::{START, WEEK_S, World};

const THIRD_S: u32 = WEEK_S / 3;

#[test]
fn a_renewal_happens_when_it_is_due_and_not_before() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    assert_eq!(wallet.next_renewal_at(), Some(UnixTime(START.0 + THIRD_S)));
    let report = wallet.renew_due().unwrap();
    assert!(report.renewed.is_empty() && report.failed.is_empty());
    phone.clock.advance_s(THIRD_S);
    let report = wallet.renew_due().unwrap();
    assert_eq!((report.renewed, report.failed), (vec![card.id], vec![]));
}

#[test]
fn a_renewal_that_fails_waits_longer_each_time_also_over_a_restart() {
    let (phone, mut wallet, card) = Phone::activated(World::new(1));
    phone.clock.advance_s(THIRD_S);
    let mut now = START.0 + THIRD_S;
    let mut shortest = 45;
    for _ in 0..5 {
        phone.manager.faults([Some(Fault::RequestLost)]);
        let report = wallet.renew_due().unwrap();
        let lost = Error::Retry(Retry::Network(HttpFailure::Unreachable));
        assert_eq!(report.failed, [(card.id, lost)]);
        let next = report.next.unwrap().0;
        assert!((now + shortest..=now + shortest * 5 / 3).contains(&next), "{next} after {now}");
        assert!(wallet.renew_due().unwrap().failed.is_empty(), "it rests until then");
        wallet = phone.open();
        phone.clock.advance_s(next - now);
        now = next;
        shortest *= 2;
    }
    assert_eq!(wallet.renew_due().unwrap().renewed, [card.id]);
}

#[test]
fn a_suspended_card_is_tried_again_by_itself_and_a_revoked_one_is_not() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.manager.faults([None, Some(Fault::Instead(problem(403, "user-suspended")))]);
    phone.clock.advance_s(THIRD_S);
    assert_eq!(wallet.renew_due().unwrap().failed, [(card.id, Denied::UserSuspended.into())]);
    assert_eq!(wallet.card(card.id).unwrap().warning, Some(CardWarning::Suspended));
    phone.clock.advance_s(8 * 3600);
    phone.manager.faults([Some(Fault::Instead(problem(403, "device-revoked")))]);
    assert_eq!(wallet.renew_due().unwrap().failed, [(card.id, Denied::DeviceRevoked.into())]);
    assert_eq!(wallet.card(card.id).unwrap().warning, Some(CardWarning::Revoked));
    assert_eq!(wallet.next_renewal_at(), None);
}

#[test]
fn a_card_that_could_not_be_renewed_for_long_warns_before_it_is_over() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    let warning = || wallet.card(card.id).unwrap().warning;
    assert_eq!(warning(), None);
    phone.clock.advance_s(THIRD_S + 60);
    assert_eq!(warning(), None);
    phone.clock.advance_s(THIRD_S);
    let until = UnixTime(START.0 + WEEK_S);
    assert_eq!(warning(), Some(CardWarning::OfflineTooLong { since: START, until }));
    phone.clock.advance_s(THIRD_S);
    assert_eq!(warning(), Some(CardWarning::Expired { since: until }));
}

#[test]
fn a_wrong_clock_is_told_from_the_managers_time() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.manager.script().time = UnixTime(START.0 + 301);
    let card = wallet.renew(card.id).unwrap();
    assert_eq!(card.warning, Some(CardWarning::ClockWrong { ahead_s: -301 }));
}

#[test]
fn a_card_on_the_list_warns_before_its_renewal_says_why() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.manager.script().list = Some((1, Vec::new()));
    phone.manager.script().revoked = vec![Serial(101)];
    wallet.refresh(card.project).unwrap();
    assert_eq!(phone.open().card(card.id).unwrap().warning, Some(CardWarning::OnRevocationList));
}

#[test]
fn a_card_is_given_back_with_a_proof_and_then_gone() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    wallet.give_back(card.id).unwrap();
    assert_eq!(wallet.card(card.id).unwrap_err(), Misuse::NoSuchCard.into());
    assert_eq!(phone.storage.names(), ["software-key", "wallet"]);
    let requests = phone.manager.script().requests.clone();
    let at = |suffix: &str| requests.iter().find(|request| request.path.ends_with(suffix)).unwrap();
    let holder = Point(at("/v1/activation").octets("public_key").try_into().unwrap());
    let proof = at("/reset");
    let signed: [&[u8]; 4] = [b"ostiary reset", &[0], &proof.octets("challenge"), &holder.0];
    let signature = Signature(proof.octets("signature").try_into().unwrap());
    assert_eq!(RustCrypto.verify(&holder, &signed, &signature), Ok(()));
}

#[test]
fn a_card_is_given_back_to_a_manager_that_is_there_or_already_knows() {
    let (phone, wallet, card) = Phone::activated(World::new(1));
    phone.manager.faults([None, Some(Fault::AnswerLost)]);
    let lost = Error::Retry(Retry::Network(HttpFailure::TimedOut));
    assert_eq!(wallet.give_back(card.id).unwrap_err(), lost);
    assert_eq!(wallet.cards().len(), 1);
    phone.manager.faults([Some(Fault::Instead(problem(403, "device-revoked")))]);
    wallet.give_back(card.id).unwrap();
    assert!(wallet.cards().is_empty());
}
