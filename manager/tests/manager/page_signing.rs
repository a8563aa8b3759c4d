//! Signing in to the administrators' page by whoever has lost the way in, and by whoever has a copy of somebody's passkey.

use manager::domain::{Actor, NewAdministrator, NewProject, Role, from_base64url, to_base64url};
use manager::{AuditFilter, FloodLimits, HttpSettings};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::page::{Answered, Browser, PASSWORD, between, code, signed_in};
use crate::support::Served;

/// What the browser says of where it is: the address of the page, of which the port does not matter on loopback.
const ORIGIN: &str = "http://localhost:8080";
const CREDENTIAL: [u8; 16] = [0xc5; 16];

/// An authenticator whose counter can be set back, as that of a copy is.
struct Authenticator {
    key: SigningKey,
    counter: u32,
}

impl Authenticator {
    fn client_data(kind: &str, options: &Value) -> String {
        let challenge = options["publicKey"]["challenge"].as_str().unwrap();
        json!({ "type": kind, "challenge": challenge, "origin": ORIGIN, "crossOrigin": false }).to_string()
    }

    /// The authenticator data: hash of the relying party, flags, counter.
    fn data(&self, flags: u8) -> Vec<u8> {
        [Sha256::digest("localhost").as_slice(), &[flags], &self.counter.to_be_bytes()].concat()
    }

    /// Makes a passkey: no attestation, present and verified.
    fn make(&self, options: &Value) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let point = point.as_bytes();
        let cose =
            [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..]];
        let length = u16::try_from(CREDENTIAL.len()).unwrap().to_be_bytes();
        let data =
            [self.data(0x45), vec![0; 16], length.to_vec(), CREDENTIAL.to_vec(), cose.concat()].concat();
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let id = to_base64url(&CREDENTIAL);
        let client = to_base64url(Self::client_data("webauthn.create", options).as_bytes());
        json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": { "attestationObject": to_base64url(&object), "clientDataJSON": client, "transports": [] },
        })
    }

    /// Shows the passkey; the counter goes up.
    fn show(&mut self, options: &Value, account: Uuid) -> Value {
        self.counter = self.counter.saturating_add(1);
        let data = self.data(0x05);
        let client = Self::client_data("webauthn.get", options);
        let signed = [data.clone(), Sha256::digest(&client).to_vec()].concat();
        let signature: Signature = self.key.sign(&signed);
        let id = to_base64url(&CREDENTIAL);
        json!({
            "id": id, "rawId": id, "type": "public-key", "extensions": {},
            "response": {
                "authenticatorData": to_base64url(&data), "clientDataJSON": to_base64url(client.as_bytes()),
                "signature": to_base64url(signature.to_der().as_bytes()), "userHandle": to_base64url(account.as_bytes()),
            },
        })
    }
}

/// Sends what a script of the page sends.
async fn script(browser: &mut Browser, of: &str, path: &str, kind: &str, body: String) -> Answered {
    let token = browser.form_token(of).await;
    let request =
        browser.client.post(format!("{}{path}", browser.base)).header("sec-fetch-site", "same-origin");
    let request = request.header("x-form-token", token).header("hx-request", "true");
    browser.sent(request.header("content-type", kind).body(body)).await
}

async fn sign_in(served: &Served, authenticator: &mut Authenticator, account: Uuid) -> Answered {
    let mut browser = Browser::new(served);
    let kind = "application/x-www-form-urlencoded";
    let asked = script(&mut browser, "/sign-in", "/sign-in/passkey", kind, String::new()).await;
    let asked: Value = serde_json::from_str(&asked.text).unwrap();
    let credential = authenticator.show(&asked["options"], account);
    let body = json!({ "ceremony": asked["ceremony"], "credential": credential }).to_string();
    script(&mut browser, "/sign-in", "/sign-in/passkey/answer", "application/json", body).await
}

#[tokio::test]
async fn a_passkey_whose_counter_fell_is_refused_and_written_down() {
    let served = Served::start().await;
    let owner = served.manager.administrators(None, 1).await.unwrap().remove(0).id;
    let link = served.manager.make_sign_in_link(Actor::Operator, owner).await.unwrap();
    let mut authenticator = Authenticator { key: SigningKey::from_slice(&[7; 32]).unwrap(), counter: 1 };
    let mut browser = Browser::new(&served);
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("code", link.code.as_str()), ("name", "Olga"), ("email", "olga@x.example")])
        .finish();
    let kind = "application/x-www-form-urlencoded";
    let asked = script(&mut browser, "/enrol", "/enrol/passkey", kind, form).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    let asked: Value = serde_json::from_str(&asked.text).unwrap();
    let handle: [u8; 16] =
        from_base64url(asked["options"]["publicKey"]["user"]["id"].as_str().unwrap()).unwrap();
    let account = Uuid::from_bytes(handle);
    let credential = authenticator.make(&asked["options"]);
    let body = json!({ "ceremony": asked["ceremony"], "credential": credential }).to_string();
    let made = script(&mut browser, "/enrol", "/enrol/passkey/answer", "application/json", body).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(sign_in(&served, &mut authenticator, account).await.status, StatusCode::OK);
    // A copy from before that sign-in, and one that is as old.
    for counter in [0, 1] {
        let mut copy = Authenticator { key: authenticator.key.clone(), counter };
        let refused = sign_in(&served, &mut copy, account).await;
        assert_ne!(refused.status, StatusCode::OK, "{}", refused.text);
    }
    let filter = AuditFilter { act: Some("passkey_suspected".to_owned()), ..AuditFilter::default() };
    let entries = served.manager.audit_entries(&filter, 0, 10).await.unwrap();
    assert_eq!(entries.iter().filter(|entry| entry.subject == owner.to_string()).count(), 2);
    // The one that goes on counting is as good as before.
    assert_eq!(sign_in(&served, &mut authenticator, account).await.status, StatusCode::OK);
    served.stop().await;
}

/// Chooses a password with a link; what came of it.
async fn enrol(browser: &mut Browser, link_code: &str, email: &str) -> Answered {
    let fields = [("code", link_code), ("name", "Somebody"), ("email", email), ("password", PASSWORD)];
    let asked = browser.post("/enrol", "/enrol/password", &fields).await;
    if asked.status != StatusCode::OK {
        return asked;
    }
    let secret = between(&asked.text, "<code class=\"secret\">", "</code>");
    let ceremony = between(&asked.text, "name=\"ceremony\" value=\"", "\"");
    let fields = [("ceremony", ceremony.as_str()), ("code", &code(&secret))];
    browser.post("/enrol", "/enrol/password/code", &fields).await
}

#[tokio::test]
async fn a_new_link_leads_back_into_the_account_and_ends_what_was_lost() {
    let served = Served::start().await;
    let (mut lost, _) = signed_in(&served, Role::Manager).await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    assert_eq!(lost.get("/users").await.status, StatusCode::OK);
    let known = served.manager.find_administrator("manager@x.example").await.unwrap();
    let path = format!("/settings/administrators/{}/link", known.id);
    let made = owner.post("/settings", &path, &[]).await;
    let link = between(&made.text, "/admin/enrol#", "<");
    let mut back = Browser::new(&served);
    let how = back.post("/enrol", "/enrol", &[("code", &link)]).await;
    assert!(how.text.contains("you come back into that account"), "{}", how.text);
    assert!(how.text.contains("value=\"manager@x.example\""), "{}", how.text);
    // The link leads into the account of its administrator only.
    let refused = enrol(&mut back, &link, "owner@x.example").await;
    assert!(
        refused.status == StatusCode::UNPROCESSABLE_ENTITY
            && refused.text.contains("signs in with this e-mail")
    );
    assert_eq!(enrol(&mut back, &link, "manager@x.example").await.status, StatusCode::SEE_OTHER);
    assert_eq!(back.get("/users").await.status, StatusCode::OK);
    assert_eq!(lost.get("/users").await.status, StatusCode::SEE_OTHER, "the session before is over");
    assert_eq!(enrol(&mut back, &link, "manager@x.example").await.status, StatusCode::FORBIDDEN, "once");
    served.stop().await;
}

#[tokio::test]
async fn an_owner_leads_nobody_into_an_account_that_looks_after_other_projects() {
    let served = Served::start().await;
    let (mut somebody, _) = signed_in(&served, Role::Manager).await;
    let (annex, _) = served.manager.add_project(&NewProject::named("Annex")).await.unwrap();
    let new = NewAdministrator {
        name: "S".to_owned(),
        email: Some("manager@x.example".to_owned()),
        role: Role::Owner,
    };
    let there = annex.add_administrator(Actor::Operator, &new).await.unwrap();
    let link = annex.make_sign_in_link(Actor::Operator, there.id).await.unwrap();
    let base = somebody.base.clone();
    somebody.base =
        format!("{}/p/{}/admin", served.base, manager::domain::project_id_text(annex.project().id));
    let joined = somebody.post("/enrol", "/enrol/join", &[("code", &link.code)]).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text);
    somebody.base = base;
    let here = served.manager.find_administrator("manager@x.example").await.unwrap().id;
    let owner = Actor::Administrator { administrator: Uuid::nil(), token: Uuid::nil() };
    let link = served.manager.make_sign_in_link(owner, here).await.unwrap();
    let mut back = Browser::new(&served);
    let refused = enrol(&mut back, &link.code, "manager@x.example").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("looks after other projects, too"), "{}", refused.text);
    assert_eq!(somebody.get("/users").await.status, StatusCode::OK, "nothing was ended");
    let link = served.manager.make_sign_in_link(Actor::Operator, here).await.unwrap();
    assert_eq!(enrol(&mut back, &link.code, "manager@x.example").await.status, StatusCode::SEE_OTHER);
    served.stop().await;
}

#[tokio::test]
async fn trying_the_looks_of_the_page_is_no_attempt_to_sign_in() {
    let limits = FloodLimits { sign_in: 3, ..FloodLimits::default() };
    let served = Served::start_with(HttpSettings { limits, ..HttpSettings::default() }).await;
    let mut browser = Browser::new(&served);
    for theme in ["dark", "light", "device", "dark", "light"] {
        let answer = browser.post("/sign-in", "/appearance", &[("theme", theme), ("here", "")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{theme}");
    }
    for expected in
        [StatusCode::FORBIDDEN, StatusCode::FORBIDDEN, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS]
    {
        let fields = [("email", "a@x.example"), ("password", "x"), ("code", "000000")];
        assert_eq!(browser.post("/sign-in", "/sign-in", &fields).await.status, expected);
    }
    served.stop().await;
}
