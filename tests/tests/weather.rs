//! Phones on a network that delays, drips and cuts, and clients that only pretend to ask.
//!
//! `OSTIARY_SEED=…` repeats the weather of a run.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use phone_sdk::port::{DirectoryStorage, SoftwareKeyStore, SystemClock, SystemRandom, TlsClient};
use phone_sdk::{Card, DeviceLabel, Error, Invitation, Ports, Wallet};
use serde_json::Value;
use tests::service::http::{Client, Request};
use tests::service::process::Installation;
use tests::service::proxy::{Proxy, Weather};

/// People who activate a phone and renew its card.
const PEOPLE: usize = 25;
/// Tries after which a phone would have given up long ago.
const TRIES: usize = 60;
/// Connections that never send a whole request.
const SLOW: usize = 400;

#[test]
fn in_bad_weather_an_activation_or_a_renewal_succeeds_or_says_to_try_again_and_is_never_half_done() {
    let seed = std::env::var("OSTIARY_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let proxy = Proxy::new(seed);
    let url = format!("http://{}", proxy.address);
    let installation = Installation::with_settings(&["--url", &url]);
    let manager = installation.start();
    proxy.lead_to(manager.address);
    let names: Vec<String> = (0..PEOPLE).map(|number| format!("w{number:02}")).collect();
    let users = installation.populate(manager.address, &names);
    let mut administrator =
        Administrator { client: Client::new(manager.address), token: &installation.token };
    let storage = tempfile::tempdir().unwrap();
    let wallet = open(storage.path());
    let mut tries = 0;
    for (place, user) in users.iter().enumerate() {
        let link = administrator.invite(user);
        let invitation = Invitation::from_link(&link).unwrap();
        let card = insist(
            &mut tries,
            || wallet.activate(&invitation),
            || {
                assert_eq!(wallet.cards().len(), place, "a card that was not given is there");
                administrator.expect_whole(user);
            },
        );
        assert_eq!(administrator.expect_whole(user), "active");
        let renewed = insist(
            &mut tries,
            || wallet.renew(card.id),
            || {
                assert!(wallet.card(card.id).is_ok(), "a renewal that failed took the card");
            },
        );
        assert_eq!(renewed.id, card.id);
    }
    let cards = wallet.cards();
    drop(wallet);
    assert_eq!(open(storage.path()).cards(), cards, "what is kept is what was given");
    let weather = proxy.weather();
    let cut =
        weather.iter().filter(|one| matches!(one, Weather::RequestCut(_) | Weather::AnswerCut(_))).count();
    println!(
        "{PEOPLE} activations and renewals in {tries} tries on {} connections, {cut} of them cut",
        weather.len()
    );
    assert!(tries > 2 * PEOPLE, "the weather was too good to show anything");
}

#[test]
fn clients_that_send_their_requests_drop_by_drop_do_not_stop_others() {
    let installation = Installation::new();
    let manager = installation.start();
    let pieces = [
        "POST /v1/activation/challenge HTTP/1.1\r\n",
        "host: loopback\r\n",
        "content-length: 40\r\n",
        "\r\n",
        "{",
    ];
    let mut slow: Vec<(TcpStream, usize)> = (0..SLOW)
        .map(|number| (TcpStream::connect(manager.address).unwrap(), number % pieces.len()))
        .collect();
    for (stream, place) in &mut slow {
        pieces[..=*place].iter().for_each(|piece| stream.write_all(piece.as_bytes()).unwrap());
    }
    let token = Request::get(&format!("/v1/projects/{}/time-token", installation.project), None);
    let began = Instant::now();
    for _ in 0..20 {
        let answer = Client::new(manager.address).send(&token).expect("an answer beside the slow ones");
        assert_eq!(answer.status, 200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "others waited {:?}", began.elapsed());
}

/// Does something until it succeeds; whatever fails must be worth a repetition, and leave everything whole.
fn insist(tries: &mut usize, mut act: impl FnMut() -> Result<Card, Error>, mut whole: impl FnMut()) -> Card {
    for _ in 0..TRIES {
        *tries += 1;
        match act() {
            Ok(card) => return card,
            Err(Error::Retry(_)) => whole(),
            Err(other) => panic!("{other}"),
        }
    }
    panic!("{TRIES} tries were not enough");
}

struct Administrator<'a> {
    client: Client,
    token: &'a str,
}

impl Administrator<'_> {
    fn invite(&mut self, user: &str) -> String {
        let invitation = self.client.send(&Request::invite(user, self.token)).unwrap().expect(201);
        invitation["link"].as_str().unwrap().to_owned()
    }

    /// The user's status, which goes with the devices.
    fn expect_whole(&mut self, user: &str) -> String {
        let mut ask = |path: &str| -> Value {
            self.client.send(&Request::get(path, Some(self.token))).unwrap().expect(200)
        };
        let status = ask(&format!("/v1/users/{user}"))["status"].as_str().unwrap().to_owned();
        let devices = ask(&format!("/v1/users/{user}/devices"))["devices"].as_array().unwrap().len();
        assert!(
            matches!((status.as_str(), devices), ("invited", 0) | ("active", 1)),
            "{status} with {devices}"
        );
        status
    }
}

fn open(dir: &Path) -> Wallet {
    let storage = Arc::new(DirectoryStorage::open(dir).unwrap());
    let random = Arc::new(SystemRandom);
    let ports = Ports {
        key_store: Arc::new(SoftwareKeyStore::new(storage.clone(), random.clone())),
        storage,
        http: Arc::new(TlsClient::new()),
        clock: Arc::new(SystemClock::new()),
        random,
    };
    let label = DeviceLabel { name: "phone".to_owned(), platform: "test".to_owned() };
    Wallet::open(ports, label).unwrap()
}
