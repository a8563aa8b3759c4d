//! Issuer keys in a PKCS#11 token, which may be away for a while.
//!
//! They need SoftHSM2; `tests/run pkcs11` installs it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::thread;
use std::time::{Duration, Instant};

use manager::domain::from_base64url;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tests::service::http::{Answer, Client, Request};
use tests::service::phone::Phone;
use tests::service::process::{Installation, Process};
use tests::service::token::{self, Token};

const PIN: &str = "1234";
/// For how long a token that is back may go unused: longer than the pause between two starts of its library.
const PATIENCE: Duration = Duration::from_secs(30);

/// A project whose keys are in a token, and a phone that was activated.
struct Site {
    token: Token,
    installation: Installation,
    phone: Phone,
    device: String,
}

impl Site {
    /// Together with the process that serves it.
    fn new() -> (Self, Process) {
        let token = Token::new(PIN);
        let installation = Installation::in_environment(token.variables());
        let process = installation.start();
        let user = installation.populate(process.address, &["holder".to_owned()]).remove(0);
        let mut client = Client::new(process.address);
        let invitation = client.send(&Request::invite(&user, &installation.token)).unwrap().expect(201);
        let code = invitation["code"].as_str().unwrap().replace('-', "");
        let phone = Phone::new(&mut StdRng::seed_from_u64(1));
        let challenge = client.send(&Phone::challenge(&code)).unwrap().expect(200);
        let activation = phone.activation(&code, &challenge["challenge"]);
        let activated = client.send(&activation).unwrap().expect(201);
        assert_eq!(signed_by(&activated), 0);
        let device = activated["device_id"].as_str().unwrap().to_owned();
        (Self { token, installation, phone, device }, process)
    }

    fn renew(&self, client: &mut Client) -> Answer {
        let challenge = client.send(&Phone::renewal_challenge(&self.device)).unwrap().expect(200);
        client.send(&self.phone.renewal(&self.device, &challenge["challenge"])).unwrap()
    }

    /// Renews until it is answered with this status.
    fn renew_until(&self, client: &mut Client, status: u16) -> Answer {
        let began = Instant::now();
        loop {
            let answer = self.renew(client);
            if answer.status == status {
                return answer;
            }
            assert!(began.elapsed() < PATIENCE, "{}: {}", answer.status, answer.text());
            thread::yield_now();
        }
    }

    /// What a manager says that does not start.
    fn why_it_does_not_serve(&self) -> String {
        let mut serve = self.installation.command();
        let output = serve.arg("serve").arg(self.installation.path()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    fn administer(&self, client: &mut Client, path: &str, body: &Value, status: u16) -> Value {
        client.send(&Request::post(path, Some(&self.installation.token), body)).unwrap().expect(status)
    }
}

/// The number of the issuer key that signed the credential of an answer.
fn signed_by(answer: &Value) -> u8 {
    let text = answer["credential"].as_str().unwrap();
    // Format, project and number of the key are the first ten octets: 13 characters and a third.
    from_base64url::<12>(&text[..16]).unwrap()[9]
}

fn is_ready(client: &mut Client) -> (u16, String) {
    let answer = client.send(&Request::get("/health/ready", None)).unwrap();
    (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_project_lives_on_keys_in_a_token() {
    if !token::is_installed() {
        return;
    }
    let (site, mut process) = Site::new();
    let mut client = Client::new(process.address);
    assert_eq!(signed_by(&site.renew(&mut client).expect(200)), 0);

    let made = site.administer(&mut client, "/v1/issuer-keys", &json!({}), 201);
    assert_eq!(made["index"], 1);
    let began = Instant::now();
    loop {
        // A renewal within the second in which the key was made does not show that the phone has it.
        assert_eq!(signed_by(&site.renew(&mut client).expect(200)), 0);
        let activate =
            Request::post("/v1/issuer-keys/1/activation", Some(&site.installation.token), &json!({}));
        let answer = client.send(&activate).unwrap();
        if answer.status == 200 {
            break;
        }
        assert!(answer.is_problem("issuer-key-held-up") && began.elapsed() < PATIENCE, "{}", answer.text());
    }
    assert_eq!(signed_by(&site.renew(&mut client).expect(200)), 1);

    process.kill();
    let process = site.installation.start();
    let mut client = Client::new(process.address);
    assert_eq!(signed_by(&site.renew(&mut client).expect(200)), 1);
    assert_eq!(is_ready(&mut client).0, 200);
    site.installation.verify_audit();
}

#[test]
fn a_token_that_was_away_is_used_again_without_a_restart() {
    if !token::is_installed() {
        return;
    }
    let (site, process) = Site::new();
    let mut client = Client::new(process.address);
    for _ in 0..2 {
        site.token.take_away();
        let refused = site.renew(&mut client);
        assert!(refused.is_problem("unavailable") && refused.status == 503, "{}", refused.text());
        let began = Instant::now();
        while is_ready(&mut client).0 == 200 {
            assert!(began.elapsed() < PATIENCE);
        }
        // What needs no signature goes on.
        let users = Request::get("/v1/users", Some(&site.installation.token));
        assert_eq!(client.send(&users).unwrap().status, 200);
        site.token.bring_back();
        assert_eq!(signed_by(&site.renew_until(&mut client, 200).json()), 0);
    }
}

#[test]
fn a_wrong_pin_is_told_at_once() {
    if !token::is_installed() {
        return;
    }
    let (site, mut process) = Site::new();
    process.kill();
    site.token.write_pin("4321");
    let told = site.why_it_does_not_serve();
    assert!(told.contains("the token refuses the PIN; correct the PIN file, then start again"), "{told}");
    site.token.write_pin(PIN);
    let process = site.installation.start();
    site.renew(&mut Client::new(process.address)).expect(200);
}

#[test]
fn a_refused_pin_is_not_tried_again_before_a_restart() {
    if !token::is_installed() {
        return;
    }
    let (site, mut process) = Site::new();
    let mut client = Client::new(process.address);
    site.token.take_away();
    // In its place, one of the same label that takes another PIN.
    site.token.replace("9876");
    site.renew_until(&mut client, 500);
    assert!(site.installation.log().contains("the token refuses the PIN"));
    site.token.bring_back();
    // The right one would take the PIN, if it were asked.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(6) {
        assert_eq!(site.renew(&mut client).status, 500);
    }
    process.kill();
    let process = site.installation.start();
    site.renew(&mut Client::new(process.address)).expect(200);
}

#[test]
fn a_key_that_is_gone_is_told_and_nothing_is_signed() {
    if !token::is_installed() {
        return;
    }
    let (site, mut process) = Site::new();
    let mut client = Client::new(process.address);
    site.token.delete_keys();
    let refused = site.renew(&mut client);
    assert!(refused.is_problem("internal"), "{}", refused.text());
    assert!(site.installation.log().contains("the token does not hold the issuer key of this project"));
    let (status, detail) = is_ready(&mut client);
    assert_eq!(status, 503, "{detail}");
    process.kill();
    let told = site.why_it_does_not_serve();
    assert!(told.contains("the token does not hold the issuer key of this project"), "{told}");
}
