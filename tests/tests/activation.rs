//! The whole way of a card through the real parts: invited by a served manager, activated over HTTP, tapped, renewed,
//! suspended and revoked.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::path::Path;
use std::sync::Arc;

use credential::crypto::{RustCrypto, Signer, SoftwareSigner};
use credential::iso7816::FrontEnd;
use credential::object::Presence;
use credential::reader::{DenyReason, Outcome, Path as TapPath, Reader, ReaderSettings};
use credential::time::Now;
use manager::domain::{Actor, NewProject, OutputFormat, User};
use manager::{IssuedInvitation, Manager, NewReader, Unlock, clock};
use phone_sdk::port::{
    Clock, DirectoryStorage, HttpClient, HttpFailure, HttpRequest, HttpResponse, ManualClock,
    SoftwareKeyStore, SystemRandom, TlsClient,
};
use phone_sdk::{
    CardState, CardWarning, Denied, DeviceLabel, Error, Invitation, Ports, Restart, Retry, Wallet,
};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;
use tempfile::TempDir;
use tests::door::{DoorTap, NfcLink, PresentedDoor};
use tests::phone::nfc;
use tests::world::START;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const DAY_S: u32 = 86_400;

/// A manager on loopback with one user, and the directory of her phone.
struct Site {
    runtime: Runtime,
    manager: Manager,
    manager_clock: Arc<clock::ManualClock>,
    phone_clock: Arc<ManualClock>,
    user: User,
    dir: TempDir,
}

impl Site {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let manager_clock = Arc::new(clock::ManualClock::new(manager::domain::UnixTime(START.0)));
        let (manager, user) = runtime.block_on(serve(dir.path(), Arc::clone(&manager_clock)));
        let phone_clock = Arc::new(ManualClock::new(START));
        Self { runtime, manager, manager_clock, phone_clock, user, dir }
    }

    fn advance_s(&self, seconds: u32) {
        self.manager_clock.advance(seconds);
        self.phone_clock.advance_s(seconds);
    }

    fn invite(&self) -> IssuedInvitation {
        self.runtime.block_on(self.manager.invite(Actor::Operator, self.user.id)).unwrap()
    }

    /// Opens the phone of this name, whose wallet is in a directory.
    fn open(&self, name: &str) -> Wallet {
        self.open_with(name, Arc::new(TlsClient::new()))
    }

    fn open_with(&self, name: &str, http: Arc<dyn HttpClient>) -> Wallet {
        self.open_of(name, http, self.phone_clock.clone())
    }

    fn open_at(&self, name: &str, clock: Arc<dyn Clock>) -> Wallet {
        self.open_of(name, Arc::new(TlsClient::new()), clock)
    }

    fn open_of(&self, name: &str, http: Arc<dyn HttpClient>, clock: Arc<dyn Clock>) -> Wallet {
        let storage = Arc::new(DirectoryStorage::open(self.dir.path().join(name)).unwrap());
        let random = Arc::new(SystemRandom);
        let ports = Ports {
            key_store: Arc::new(SoftwareKeyStore::new(storage.clone(), random.clone())),
            storage,
            http,
            clock,
            random,
        };
        Wallet::open(ports, DeviceLabel { name: name.to_owned(), platform: "test".to_owned() }).unwrap()
    }

    /// A door that the manager enrolled.
    fn door(&self) -> PresentedDoor {
        let mut rng = StdRng::seed_from_u64(5);
        let (signer, scalar) = SoftwareSigner::generate(&mut rng).unwrap();
        let new = NewReader {
            name: "Main door".to_owned(),
            place: String::new(),
            public_key: signer.public_key().0,
            presence: manager::domain::Presence::None,
            output: OutputFormat::Text,
        };
        let enrolled = self.runtime.block_on(self.manager.enrol_reader(Actor::Operator, new)).unwrap();
        let settings = ReaderSettings {
            certificate: enrolled.certificate.try_into().unwrap(),
            issuers: self.manager.issuer_keys(),
            tickets: true,
            report_key: None,
        };
        let now = self.phone_clock.now();
        PresentedDoor::new(Reader::new(RustCrypto, &scalar, settings, &mut rng, now).unwrap())
    }

    fn tap(&self, door: &mut PresentedDoor, wallet: &Wallet) -> DoorTap {
        let mut presenter = nfc(wallet, Presence::None);
        door.tap(&mut NfcLink::new(&mut presenter, FrontEnd::SHORT), self.phone_clock.now())
    }
}

async fn serve(dir: &Path, clock: Arc<clock::ManualClock>) -> (Manager, User) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut project = NewProject::named("Example Works");
    project.public_url = format!("http://{}", listener.local_addr().unwrap());
    let unlock = Unlock::KeyFile(dir.join("unlock.key"));
    let (manager, _) = Manager::init(dir.join("manager"), &project, &unlock, clock).await.unwrap();
    let plan = manager.plan_import(b"Anna,Berg,anna@x.example,004711\n".to_vec()).await.unwrap();
    manager.apply_import(Actor::Operator, plan.summary.id, true).await.unwrap();
    let user = manager.find_user("anna@x.example").await.unwrap();
    let serving = manager.clone();
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    (manager, user)
}

/// Loses the answer to every request whose address ends so, after the manager has given it.
struct Losing {
    client: TlsClient,
    suffix: &'static str,
}

impl HttpClient for Losing {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        let answer = self.client.send(request);
        if request.url.ends_with(self.suffix) { Err(HttpFailure::TimedOut) } else { answer }
    }
}

#[test]
fn a_card_lives_from_invitation_to_revocation() {
    let site = Site::new();
    let mut door = site.door();
    let invitation = site.invite();
    let wallet = site.open("phone");
    let card = wallet.activate(&Invitation::from_link(&invitation.link).unwrap()).unwrap();
    assert_eq!((card.first_name.as_str(), card.project_name.as_str()), ("Anna", "Example Works"));
    for path in [TapPath::Full, TapPath::Fast] {
        let decision = site.tap(&mut door, &wallet).decision.unwrap();
        let Outcome::Grant(user_id) = &decision.outcome else { panic!("{decision:?}") };
        assert_eq!((user_id.as_str(), decision.path), ("004711", path));
    }

    site.advance_s(3 * DAY_S);
    assert_eq!(wallet.due(), [card.id]);
    let renewed = wallet.renew(card.id).unwrap();
    assert!(renewed.validity.unwrap().not_after > card.validity.unwrap().not_after);
    drop(wallet);
    let wallet = site.open("phone");
    assert_eq!(site.tap(&mut door, &wallet).decision.unwrap().path, TapPath::Full);

    let revocation = site.runtime.block_on(site.manager.revoke_user(Actor::Operator, site.user.id)).unwrap();
    assert!(wallet.refresh(card.project).unwrap().list_version > 0);
    // The phone itself is the courier that brings the door the list, and is refused from then on.
    let brought = site.tap(&mut door, &wallet);
    assert!(brought.finished, "{revocation:?}");
    let refused = site.tap(&mut door, &wallet).decision.unwrap();
    assert_eq!(refused.outcome, Outcome::Deny(DenyReason::Revoked));
    assert_eq!(wallet.renew(card.id).unwrap_err(), Denied::DeviceRevoked.into());
    assert_eq!(wallet.cards()[0].state, CardState::Revoked);
}

#[test]
fn a_typed_code_serves_one_phone() {
    let site = Site::new();
    let invitation = site.invite();
    let base = &site.manager.project().public_url;
    let typed = invitation.code.grouped().to_lowercase();
    let invitation = Invitation::from_code(base, &typed).unwrap();
    site.open("phone").activate(&invitation).unwrap();
    let error = site.open("another").activate(&invitation).unwrap_err();
    assert_eq!(error, Restart::InvitationUsed.into());
}

#[test]
fn a_lost_answer_is_given_again_after_a_restart() {
    let site = Site::new();
    let invitation = Invitation::from_link(&site.invite().link).unwrap();
    for suffix in ["/challenge", "/activation"] {
        let wallet = site.open_with("phone", Arc::new(Losing { client: TlsClient::new(), suffix }));
        let lost = Error::Retry(Retry::Network(HttpFailure::TimedOut));
        assert_eq!(wallet.activate(&invitation).unwrap_err(), lost);
    }
    let wallet = site.open("phone");
    wallet.activate(&invitation).unwrap();
    let devices = site.runtime.block_on(site.manager.devices(site.user.id)).unwrap();
    assert_eq!((devices.len(), wallet.cards().len()), (1, 1));
}

#[test]
fn invitations_that_are_over_say_so() {
    let site = Site::new();
    let first = Invitation::from_link(&site.invite().link).unwrap();
    let second = Invitation::from_link(&site.invite().link).unwrap();
    let wallet = site.open("phone");
    assert_eq!(wallet.activate(&first).unwrap_err(), Restart::InvitationVoid.into());
    let base = &site.manager.project().public_url;
    let unknown = Invitation::from_code(base, "000000000000000000000000011").unwrap();
    assert_eq!(wallet.activate(&unknown).unwrap_err(), Restart::InvitationUnknown.into());
    site.advance_s(7 * DAY_S);
    assert_eq!(wallet.activate(&second).unwrap_err(), Restart::InvitationExpired.into());
}

#[test]
fn five_wrong_proofs_void_an_invitation_and_leave_no_key_behind() {
    let site = Site::new();
    let invitation = Invitation::from_link(&site.invite().link).unwrap();
    let wallet = site.open_with("phone", Arc::new(Spoiling(TlsClient::new())));
    for _ in 0..5 {
        assert_eq!(wallet.activate(&invitation).unwrap_err(), Denied::ProofRefused.into());
    }
    assert_eq!(wallet.activate(&invitation).unwrap_err(), Restart::InvitationVoid.into());
    assert_eq!(wallet.keys(), []);
}

#[test]
fn a_wrong_clock_does_not_stand_in_the_way_and_is_told() {
    let site = Site::new();
    site.phone_clock.advance_s(2 * DAY_S);
    let wallet = site.open("phone");
    let card = wallet.activate(&Invitation::from_link(&site.invite().link).unwrap()).unwrap();
    assert_eq!(card.warning, Some(CardWarning::ClockWrong { ahead_s: 2 * i64::from(DAY_S) }));
}

#[test]
fn a_clock_that_is_not_set_is_asked_for_before_the_invitation_is_touched() {
    let site = Site::new();
    let invitation = Invitation::from_link(&site.invite().link).unwrap();
    let wallet = site.open_at("phone", Arc::new(Unset(site.phone_clock.clone())));
    assert_eq!(wallet.activate(&invitation).unwrap_err(), Retry::NoClock.into());
    drop(wallet);
    assert_eq!(site.open("phone").activate(&invitation).unwrap().state, CardState::Active);
}

/// Spoils every proof on its way.
struct Spoiling(TlsClient);

impl HttpClient for Spoiling {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        let json = request.json.map(|json| {
            let mut body: Value = serde_json::from_slice(json).unwrap();
            if let Some(signature) = body["signature"].as_str() {
                let first = if signature.starts_with('A') { "B" } else { "A" };
                body["signature"] = format!("{first}{}", signature.get(1..).unwrap()).into();
            }
            serde_json::to_vec(&body).unwrap()
        });
        self.0.send(&HttpRequest { json: json.as_deref(), ..*request })
    }
}

/// A clock that nobody has set.
struct Unset(Arc<ManualClock>);

impl Clock for Unset {
    fn now(&self) -> Now {
        Now { unix: None, ..self.0.now() }
    }
}

#[test]
fn a_suspended_user_comes_back_with_a_renewal() {
    let site = Site::new();
    let wallet = site.open("phone");
    let card = wallet.activate(&Invitation::from_link(&site.invite().link).unwrap()).unwrap();
    site.runtime.block_on(site.manager.suspend_user(Actor::Operator, site.user.id)).unwrap();
    assert_eq!(wallet.renew(card.id).unwrap_err(), Denied::UserSuspended.into());
    assert_eq!(wallet.cards()[0].state, CardState::Suspended);
    site.runtime.block_on(site.manager.resume_user(Actor::Operator, site.user.id)).unwrap();
    assert_eq!(wallet.renew(card.id).unwrap().state, CardState::Active);
}

#[test]
fn no_manager_is_a_reason_to_try_again() {
    let site = Site::new();
    // Nobody listens on the discard port of loopback.
    let nobody = Invitation::from_code("http://127.0.0.1:9", "000000000000000000000000011").unwrap();
    let error = site.open("phone").activate(&nobody).unwrap_err();
    assert_eq!(error, Retry::Network(HttpFailure::Unreachable).into());
}
