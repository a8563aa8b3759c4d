//! Digital ID cards through the real parts: invited by a served manager, installed by the SDK, changed, and taken away.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::Arc;

use manager::clock::ManualClock as ManagerClock;
use manager::domain::{Actor, CardEdit, CardTurn, Expected, NewCard, NewProject, SecurityAnswer, UnixTime};
use manager::{Manager, Unlock};
use phone_sdk::port::{
    DirectoryStorage, HttpClient, HttpFailure, HttpRequest, HttpResponse, ManualClock, SoftwareKeyStore,
    SystemRandom, TlsClient,
};
use phone_sdk::{
    CardState, Denied, DeviceLabel, Error, Holder, Invitation, PhotoState, Ports, Restart, Wallet,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use uuid::Uuid;

const START: u32 = 1_790_000_000;
const DAY_S: u32 = 86_400;

/// A template that asks for everything.
const STAFF: &str = r#"{
    "name": "Staff card",
    "front": [{ "key": "name", "label": "Name", "required": true }],
    "photo": { "rule": "required", "from_holder": "after_approval" },
    "barcode": { "symbology": "qr", "source": "card_id" },
    "identity": { "unique_identifier": true, "questions": 1 },
    "terms": { "version": "1", "text": "Be nice." }
}"#;

struct Site {
    dir: TempDir,
    runtime: Runtime,
    manager: Manager,
    clocks: (Arc<ManagerClock>, Arc<ManualClock>),
}

impl Site {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let start = UnixTime(START);
        let clocks = (Arc::new(ManagerClock::new(start)), Arc::new(ManualClock::new(start)));
        let manager = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut project = NewProject::named("Example Works");
            project.public_url = format!("http://{}", listener.local_addr().unwrap());
            let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
            let home = dir.path().join("manager");
            let (manager, _) = Manager::init(home, &project, &unlock, clocks.0.clone()).await.unwrap();
            let serving = manager.clone();
            tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
            manager
        });
        Self { dir, runtime, manager, clocks }
    }

    fn advance_s(&self, seconds: u32) {
        self.clocks.0.advance(seconds);
        self.clocks.1.advance_s(seconds);
    }

    /// A card of the template that asks for everything.
    fn card(&self, user: Option<Uuid>) -> Uuid {
        self.runtime.block_on(async {
            let design = serde_json::from_str(STAFF).unwrap();
            let template = self.manager.add_template(Actor::Operator, &design).await.unwrap().id;
            self.manager.approve_template(Actor::Operator, template).await.unwrap();
            let question = SecurityAnswer { question: "First pet?".to_owned(), answer: "Rex".to_owned() };
            let new = NewCard {
                template,
                card_id: "S-1".to_owned(),
                fields: BTreeMap::from([("name".to_owned(), "Anna Berg".to_owned())]),
                barcode_value: None,
                unique_identifier: Some("M 7".to_owned()),
                questions: vec![question],
                expires: None,
                time_zone: None,
                email: None,
                user,
            };
            self.manager.add_card(Actor::Operator, &new).await.unwrap().id
        })
    }

    fn invite(&self, card: Uuid) -> Invitation {
        let invited =
            self.runtime.block_on(self.manager.invite_to_card(Actor::Operator, card, None)).unwrap();
        Invitation::from_link(&invited.link).unwrap()
    }

    fn turn(&self, card: Uuid, turn: CardTurn) {
        self.runtime.block_on(self.manager.turn_card(Actor::Operator, card, turn)).unwrap();
    }

    fn open(&self) -> Wallet {
        self.open_with(Arc::new(TlsClient::new()))
    }

    fn open_with(&self, http: Arc<dyn HttpClient>) -> Wallet {
        let storage = Arc::new(DirectoryStorage::open(self.dir.path().join("phone")).unwrap());
        let random = Arc::new(SystemRandom);
        let ports = Ports {
            key_store: Arc::new(SoftwareKeyStore::new(storage.clone(), random.clone())),
            storage,
            http,
            clock: self.clocks.1.clone(),
            random,
        };
        Wallet::open(ports, DeviceLabel::default()).unwrap()
    }
}

/// Loses the answer to every activation, after the manager has given it.
struct Losing(TlsClient);

impl HttpClient for Losing {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        let answer = self.0.send(request);
        if request.url.ends_with("/activation") { Err(HttpFailure::TimedOut) } else { answer }
    }
}

/// A small grey PNG.
fn picture() -> Vec<u8> {
    let mut octets = Vec::new();
    let mut encoder = png::Encoder::new(&mut octets, 64, 80);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[90; 64 * 80]).unwrap();
    octets
}

fn right() -> Holder {
    Holder {
        unique_identifier: "m 7".to_owned(),
        answers: vec!["REX".to_owned()],
        accepted_terms: Some("1".to_owned()),
        photo: Some(picture()),
    }
}

#[test]
fn a_card_lives_on_a_phone_from_questions_to_removal() {
    let site = Site::new();
    let card = site.card(None);
    let invitation = site.invite(card);
    let wallet = site.open();
    assert_eq!(wallet.activate(&invitation).unwrap_err(), Restart::HolderAsked.into());
    let asked = wallet.requirements(&invitation).unwrap();
    assert_eq!((asked.card.as_deref(), asked.unique_identifier), (Some("Staff card"), true));
    assert_eq!(asked.questions, ["First pet?"]);
    assert!(asked.asks() && asked.terms.is_some_and(|terms| terms.text == "Be nice."));
    assert!(asked.photo.is_some_and(|photo| photo.required && photo.needs_approval));

    let mut wrong = right();
    wrong.answers = vec!["Bello".to_owned()];
    let error = wallet.activate_with(&invitation, &wrong).unwrap_err();
    assert_eq!(error, Restart::AnswersWrong { tries_left: 4 }.into());
    wrong = right();
    wrong.accepted_terms = Some("0".to_owned());
    assert_eq!(wallet.activate_with(&invitation, &wrong).unwrap_err(), Restart::TermsNotAccepted.into());
    wrong = right();
    wrong.photo = Some(b"<svg/>".to_vec());
    assert_eq!(wallet.activate_with(&invitation, &wrong).unwrap_err(), Restart::PhotoRefused.into());

    wrong.photo = Some(vec![0; 512 * 1024 + 1]);
    assert_eq!(wallet.activate_with(&invitation, &wrong).unwrap_err(), Restart::PhotoRefused.into());

    let held = wallet.activate_with(&invitation, &right()).unwrap();
    assert_eq!((held.state, held.warning, held.user_id.is_none()), (CardState::ShowOnly, None, true));
    let shown = held.id_card.unwrap();
    assert_eq!((shown.card_id.as_str(), shown.is_valid, shown.photo), ("S-1", true, PhotoState::Waiting));
    assert_eq!((shown.front[0].label.as_str(), shown.front[0].value.as_str()), ("Name", "Anna Berg"));
    assert_eq!(shown.barcode.unwrap().symbology, "qr");
    assert_eq!(wallet.photo(held.id).unwrap(), None);

    // What becomes of it is learned at renewals, and kept over a restart.
    site.runtime.block_on(site.manager.judge_card_photo(Actor::Operator, card, true)).unwrap();
    site.advance_s(3 * DAY_S);
    assert_eq!(wallet.due(), [held.id]);
    assert_eq!(wallet.renew_due().unwrap().renewed, [held.id]);
    drop(wallet);
    let wallet = site.open();
    assert_eq!(&wallet.photo(held.id).unwrap().unwrap()[..3], b"\xFF\xD8\xFF");
    let edit = CardEdit { card_id: Some("S-2".to_owned()), ..CardEdit::default() };
    site.runtime.block_on(site.manager.edit_card(Actor::Operator, &Expected::Any, card, &edit)).unwrap();
    site.turn(card, CardTurn::Deactivate);
    let renewed = wallet.renew(held.id).unwrap().id_card.unwrap();
    assert_eq!(
        (renewed.card_id.as_str(), renewed.is_valid, renewed.photo),
        ("S-2", false, PhotoState::Shown)
    );
    // The photo that is held is not sent again, and stays.
    assert!(wallet.photo(held.id).unwrap().is_some());
    site.turn(card, CardTurn::Archive);
    assert_eq!(wallet.renew(held.id).unwrap_err(), Denied::DeviceRevoked.into());
    let gone = wallet.card(held.id).unwrap();
    assert_eq!((gone.state, gone.id_card, wallet.photo(held.id).unwrap()), (CardState::Revoked, None, None));
    wallet.remove(held.id).unwrap();
    assert!(wallet.keys().is_empty());
}

#[test]
fn a_phone_of_a_user_holds_the_credential_and_the_card() {
    let site = Site::new();
    let user = site.runtime.block_on(async {
        let people = b"Anna,Berg,anna@x.example,004711\n".to_vec();
        let plan = site.manager.plan_import(people).await.unwrap();
        site.manager.apply_import(Actor::Operator, plan.summary.id, true).await.unwrap();
        site.manager.find_user("anna@x.example").await.unwrap().id
    });
    let card = site.card(Some(user));
    let invited = site.runtime.block_on(site.manager.invite(Actor::Operator, user)).unwrap();
    let wallet = site.open();
    let held = wallet.activate_with(&Invitation::from_link(&invited.link).unwrap(), &right()).unwrap();
    assert_eq!((held.state, held.first_name.as_str()), (CardState::Active, "Anna"));
    assert_eq!(held.id_card.unwrap().card_id, "S-1");
    // Without the card, the credential stays.
    site.turn(card, CardTurn::Archive);
    let renewed = wallet.renew(held.id).unwrap();
    assert_eq!((renewed.state, renewed.id_card), (CardState::Active, None));
    site.turn(card, CardTurn::Restore);
    wallet.give_back(held.id).unwrap();
    assert!(wallet.cards().is_empty());
}

#[test]
fn five_wrong_answers_lock_the_card_and_the_holder_is_told_until_when() {
    let site = Site::new();
    let invitation = site.invite(site.card(None));
    let wallet = site.open();
    let mut wrong = right();
    wrong.unique_identifier = "M 8".to_owned();
    for tries_left in [4, 3, 2, 1] {
        let error = wallet.activate_with(&invitation, &wrong).unwrap_err();
        assert_eq!(error, Restart::AnswersWrong { tries_left }.into());
    }
    let until = UnixTime(START + DAY_S);
    let locked = Error::Denied(Denied::CardLocked { until });
    assert_eq!(wallet.activate_with(&invitation, &wrong).unwrap_err(), locked);
    assert_eq!(wallet.activate_with(&invitation, &right()).unwrap_err(), locked);
    site.advance_s(DAY_S);
    wallet.activate_with(&invitation, &right()).unwrap();
}

#[test]
fn a_card_whose_answer_got_lost_comes_again_without_being_asked_for_anything() {
    let site = Site::new();
    let invitation = site.invite(site.card(None));
    let wallet = site.open_with(Arc::new(Losing(TlsClient::new())));
    assert!(matches!(wallet.activate_with(&invitation, &right()), Err(Error::Retry(_))));
    assert!(wallet.cards().is_empty());
    drop(wallet);
    let wallet = site.open();
    assert!(!wallet.requirements(&invitation).unwrap().asks());
    assert_eq!(wallet.activate(&invitation).unwrap().id_card.unwrap().card_id, "S-1");
}

#[test]
fn a_holder_who_gives_the_card_back_uninstalls_it() {
    let site = Site::new();
    let card = site.card(None);
    let wallet = site.open();
    let held = wallet.activate_with(&site.invite(card), &right()).unwrap();
    wallet.give_back(held.id).unwrap();
    let kept = site.runtime.block_on(site.manager.card(card)).unwrap();
    assert_eq!(kept.status, manager::domain::CardStatus::Uninstalled);
}
