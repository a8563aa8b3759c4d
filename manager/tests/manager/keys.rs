//! Rotation of the issuer key, as phones and readers live through it.

use credential::crypto::{Crypto, RustCrypto};
use credential::object::{VerifiedConfiguration, VerifiedRevocationList, open_sealed};
use credential::secret::Secret;
use manager::clock::{Clock, ManualClock};
use manager::domain::{Actor, AlertKind, KeyState, ReaderId, UnixTime};
use manager::{Error, Manager, NewReader, Refusal, Unlock};
use reqwest::StatusCode;
use zeroize::Zeroizing;

use crate::support::{DAY, START, Served, octets};

const WEEK: u32 = 7 * DAY;

/// The issuer key index of a signed object.
fn signed_by(object: &[u8]) -> u8 {
    object[9]
}

impl Served {
    fn unlock(&self) -> Unlock {
        Unlock::KeyFile(self.dir.path().join("unlock.key"))
    }

    fn clock_now(&self) -> UnixTime {
        self.clock.now()
    }

    /// A second process on the same database.
    async fn another_process(&self) -> Manager {
        Manager::open(self.database.home(), &self.unlock(), self.clock.clone()).await.unwrap()
    }
}

/// A reader that holds the issuer keys of the configuration that it took last.
struct HeldReader {
    id: ReaderId,
    scalar: Secret<32>,
    held: VerifiedConfiguration,
}

impl HeldReader {
    async fn enrol(manager: &Manager) -> Self {
        let scalar = Secret::new([9; 32]);
        let key = RustCrypto.public_point(&RustCrypto.agreement_key(&scalar).unwrap());
        let new = NewReader {
            name: "Front door".into(),
            place: "Hall".into(),
            public_key: key.0,
            presence: manager::domain::Presence::None,
            output: manager::domain::OutputFormat::Text,
        };
        let mut enrolled = manager.enrol_reader(Actor::Operator, new).await.unwrap();
        let opened = open_sealed(&scalar, &mut enrolled.configuration).unwrap();
        let held = VerifiedConfiguration::verify(&RustCrypto, opened, &manager.issuer_keys(), &key, None);
        Self { id: enrolled.id, scalar, held: held.unwrap() }
    }

    /// Takes the newest configuration as a reader does: by the keys of the one before.
    async fn take_configuration(&mut self, manager: &Manager) {
        let mut newest = manager.reader_configuration(self.id).await.unwrap();
        let key = RustCrypto.public_point(&RustCrypto.agreement_key(&self.scalar).unwrap());
        let opened = open_sealed(&self.scalar, &mut newest.configuration).unwrap();
        let (keys, version) = (&self.held.fields().issuers, Some(self.held.fields().version));
        self.held = VerifiedConfiguration::verify(&RustCrypto, opened, keys, &key, version).unwrap();
    }

    fn believes(&self, list: &[u8]) -> bool {
        VerifiedRevocationList::verify(&RustCrypto, list, &self.held.fields().issuers).is_ok()
    }
}

fn held_up(result: Result<manager::domain::KeyStanding, Error>) -> String {
    match result {
        Err(Error::Refused(Refusal::KeyHeldUp(why))) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_new_key_signs_once_everybody_knows_it_and_the_old_one_ends_with_what_it_signed() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let manager = &served.manager;
    let mut reader = HeldReader::enrol(manager).await;
    assert_eq!(signed_by(&octets(&activated["credential"])), 0);

    // Prepared: given out, not signing.
    let made = manager.rotate_issuer_key(Actor::Operator).await.unwrap();
    assert_eq!((made.index, made.state), (1, KeyState::Prepared));
    assert_eq!((made.readers_behind.as_slice(), made.phones_behind), ([1].as_slice(), 1));
    let why = held_up(manager.activate_issuer_key(Actor::Operator, 1, false).await);
    assert!(why.starts_with("reader 1 has not fetched its newest configuration, and 1 phones"), "{why}");
    served.clock.advance(3600);
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(renewed["issuer_keys"].as_array().unwrap().len(), 2);
    assert_eq!(signed_by(&octets(&renewed["credential"])), 0);
    reader.take_configuration(manager).await;
    assert_eq!(reader.held.fields().issuers.keys().len(), 2);

    // Active.
    served.clock.advance(3600);
    let active = manager.activate_issuer_key(Actor::Operator, 1, false).await.unwrap();
    assert_eq!((active.state, active.activated_at), (KeyState::Active, Some(served.clock_now())));
    let alerts = manager.alerts(None, 10).await.unwrap();
    assert_eq!((alerts[0].kind, alerts[0].subject.as_str()), (AlertKind::IssuerKeyRotated, "issuer key 1"));
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(signed_by(&octets(&renewed["credential"])), 1);
    manager.publish_revocation_list(Actor::Operator).await.unwrap();
    let (_, list) = manager.revocation_list().await.unwrap().unwrap();
    assert_eq!(signed_by(&list), 1);
    assert!(reader.believes(&list));
    reader.take_configuration(manager).await;
    assert_eq!(signed_by(&reader.held.fields().certificate), 1);

    // Retired, once the last credential by the old key has expired.
    let why = held_up(manager.retire_issuer_key(Actor::Operator, 0, false).await);
    assert!(why.starts_with("1 phones hold credentials that it signed"), "{why}");
    served.clock.advance(WEEK);
    let retired = manager.retire_issuer_key(Actor::Operator, 0, false).await.unwrap();
    assert_eq!(retired.state, KeyState::Retired);
    assert_eq!(manager.issuer_keys().keys().len(), 1);
    reader.take_configuration(manager).await;
    assert_eq!(reader.held.fields().issuers.keys().len(), 1);
    let next = manager.rotate_issuer_key(Actor::Operator).await.unwrap();
    assert_eq!(next.index, 2);
    assert!(manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

#[tokio::test]
async fn a_reader_that_slept_through_the_activation_still_takes_its_configuration() {
    let served = Served::start().await;
    let mut reader = HeldReader::enrol(&served.manager).await;
    served.manager.rotate_issuer_key(Actor::Operator).await.unwrap();
    let why = held_up(served.manager.activate_issuer_key(Actor::Operator, 1, false).await);
    assert_eq!(why, "reader 1 has not fetched its newest configuration");
    served.manager.activate_issuer_key(Actor::Operator, 1, true).await.unwrap();
    // It knows the old key only, by which its configuration is still signed.
    reader.take_configuration(&served.manager).await;
    assert_eq!(reader.held.fields().issuers.keys().len(), 2);
    assert_eq!(signed_by(&reader.held.fields().certificate), 1);
    served.manager.retire_issuer_key(Actor::Operator, 0, false).await.unwrap();
    reader.take_configuration(&served.manager).await;
    served.stop().await;
}

#[tokio::test]
async fn another_process_signs_with_the_new_key_without_a_restart() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let other = served.another_process().await;
    other.rotate_issuer_key(Actor::Operator).await.unwrap();
    other.activate_issuer_key(Actor::Operator, 1, true).await.unwrap();
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(signed_by(&octets(&renewed["credential"])), 1);
    assert_eq!(signed_by(&served.manager.time_token().await.unwrap()), 1);
    other.close().await;
    served.stop().await;
}

#[tokio::test]
async fn four_keys_at_a_time_and_only_in_their_order() {
    let served = Served::start().await;
    let manager = &served.manager;
    let refusal = |error: Error| match error {
        Error::Refused(refusal) => refusal.code(),
        other => panic!("{other}"),
    };
    for _ in 0..3 {
        manager.rotate_issuer_key(Actor::Operator).await.unwrap();
    }
    assert_eq!(refusal(manager.rotate_issuer_key(Actor::Operator).await.unwrap_err()), "issuer-keys-full");
    let wrong = manager.activate_issuer_key(Actor::Operator, 0, true).await.unwrap_err();
    assert_eq!(refusal(wrong), "issuer-key-state");
    let wrong = manager.retire_issuer_key(Actor::Operator, 0, true).await.unwrap_err();
    assert_eq!(refusal(wrong), "issuer-key-state");
    let unknown = manager.activate_issuer_key(Actor::Operator, 9, true).await.unwrap_err();
    assert_eq!(refusal(unknown), "issuer-key-unknown");
    manager.retire_issuer_key(Actor::Operator, 3, false).await.unwrap();
    assert_eq!(manager.rotate_issuer_key(Actor::Operator).await.unwrap().index, 4);
    served.stop().await;
}

#[tokio::test]
async fn resealed_keys_open_with_the_new_passphrase_and_no_longer_with_the_old_file() {
    let served = Served::start().await;
    let passphrase = Unlock::Passphrase(Zeroizing::new("a better passphrase".to_owned()));
    let before = served.manager.issuer_keys();
    served.manager.rotate_issuer_key(Actor::Operator).await.unwrap();
    served.manager.reseal_issuer_keys(Actor::Operator, &passphrase).await.unwrap();
    let old = Manager::open(served.database.home(), &served.unlock(), ManualClock::new(START)).await;
    assert_eq!(old.unwrap_err().to_string(), "the issuer keys of this project open with a passphrase");
    let opened = Manager::open(served.database.home(), &passphrase, ManualClock::new(START)).await.unwrap();
    assert_eq!(opened.issuer_keys().keys()[0], before.keys()[0]);
    opened.activate_issuer_key(Actor::Operator, 1, true).await.unwrap();
    opened.close().await;
    served.stop().await;
}

#[tokio::test]
async fn an_edited_reader_gets_what_was_edited_with_its_next_configuration() {
    let served = Served::start().await;
    let mut reader = HeldReader::enrol(&served.manager).await;
    let edit = manager::ReaderEdit {
        place: Some("Cellar".into()),
        presence: Some(manager::domain::Presence::Verified),
        ..manager::ReaderEdit::default()
    };
    let edited = served.manager.edit_reader(Actor::Operator, reader.id, edit).await.unwrap();
    assert_eq!(
        (edited.place.as_str(), edited.configuration_due, edited.fetched_version),
        ("Cellar", true, 1)
    );
    reader.take_configuration(&served.manager).await;
    // Spec: docs/PROTOCOL.md#reader-certificate
    assert_eq!(reader.held.fields().certificate[22], 2);
    let shown = served.manager.reader(reader.id).await.unwrap();
    assert_eq!((shown.configuration_due, shown.fetched_version), (false, 2));
    assert_eq!(served.manager.readers(ReaderId(0), 10).await.unwrap(), [shown]);
    let long = manager::ReaderEdit { place: Some("x".repeat(201)), ..manager::ReaderEdit::default() };
    let refused = served.manager.edit_reader(Actor::Operator, reader.id, long).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "The reader's place has more than 200 characters or a control character."
    );
    served.stop().await;
}

#[tokio::test]
async fn a_list_is_published_anew_when_it_is_a_day_old() {
    let served = Served::start().await;
    served.manager.keep_up().await.unwrap();
    assert!(served.manager.revocation_list().await.unwrap().is_none());
    assert_eq!(served.manager.publish_revocation_list(Actor::Operator).await.unwrap(), 1);
    served.clock.advance(DAY - 1);
    served.manager.keep_up().await.unwrap();
    assert_eq!(served.manager.revocation_list().await.unwrap().unwrap().0, 1);
    served.clock.advance(1);
    served.manager.keep_up().await.unwrap();
    let (version, octets) = served.manager.revocation_list().await.unwrap().unwrap();
    let keys = served.manager.issuer_keys();
    let list = VerifiedRevocationList::verify(&RustCrypto, &octets, &keys).unwrap();
    assert_eq!((version, list.version(), list.issued_at()), (2, 2, served.clock_now()));
    served.stop().await;
}
