//! A phone that is killed at any moment of activation, renewal and tap: no card is lost, no ticket is presented
//! twice, no key is orphaned.
//!
//! The phone is a process of its own, this test run again; manager and door stay here.
//! `OSTIARY_PHONE_KILLS` says how often it is killed.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeSet, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use credential::crypto::{RustCrypto, Signer, SoftwareSigner};
use credential::iso7816::CommandHeader;
use credential::object::Presence;
use credential::reader::{Reader, ReaderSettings};
use credential::transport::Transport;
use manager::domain::{Actor, NewProject, OutputFormat};
use manager::{Manager, NewReader, Unlock};
use phone_sdk::port::{Clock, SystemClock, TlsClient};
use phone_sdk::{DeviceLabel, Invitation, Ports, TapEvent, Wallet};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::door::{Link, PresentedDoor};
use tests::live::wire::Wire;

const KILLS: usize = 40;
/// Microseconds within which a phone is killed: it activates, taps and renews in that time.
const MOMENTS_US: u64 = 400_000;
/// Octets of a ticket in a response to HELLO.
const TICKET: std::ops::Range<usize> = 33..105;

#[test]
fn a_phone_that_is_killed_at_any_moment_loses_no_card_and_uses_no_ticket_twice() {
    if let Ok(wallet) = std::env::var("KILLED_WALLET") {
        return live(Path::new(&wallet));
    }
    let kills = std::env::var("OSTIARY_PHONE_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let manager = runtime.block_on(serve(dir.path(), kills));
    let (door, tickets) = open_door(&runtime, &manager);
    let users = runtime.block_on(manager.users(None, 1000)).unwrap();
    let mut users = users.iter().map(|user| user.id);
    let mut rng = StdRng::seed_from_u64(4);
    let wallet = dir.path().join("phone");
    let mut announced = BTreeSet::new();
    let mut seen = HashSet::new();
    let (mut taps, mut activations) = (0, 0);
    let mut link = None;
    for kill in 0..kills {
        let current = link.get_or_insert_with(|| {
            let user = users.next().unwrap();
            runtime.block_on(manager.invite(Actor::Operator, user)).unwrap().link
        });
        let lines =
            kill_after(&wallet, current, door, Duration::from_micros(rng.random_range(0..MOMENTS_US)));
        let cards: Vec<u32> =
            lines.iter().filter_map(|line| line.strip_prefix("card ")?.parse().ok()).collect();
        announced.extend(cards);
        let held = check(&wallet, &announced);
        // Two in three lives begin with a card, and reach taps and renewals.
        if held > activations && kill % 3 == 0 {
            activations = held;
            link = None;
        }
        for ticket in tickets.try_iter() {
            taps += 1;
            assert!(seen.insert(ticket), "a ticket was presented twice, before kill {kill}");
        }
    }
    println!("{kills} kills, {activations} cards, {taps} taps");
    assert!(activations > kills / 20 && taps > kills / 2, "{activations} cards, {taps} taps");
}

/// Every card that was announced is there, and every key is known; returns how many cards there are.
fn check(wallet: &Path, announced: &BTreeSet<u32>) -> usize {
    if !wallet.exists() {
        return 0;
    }
    let opened = open(wallet);
    let cards: BTreeSet<u32> = opened.cards().iter().map(|card| card.id.0).collect();
    assert!(cards.is_superset(announced), "{announced:?} were announced, {cards:?} are there");
    let files =
        std::fs::read_dir(wallet).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let stored: BTreeSet<String> =
        files.filter_map(|name| name.strip_prefix("key-").map(str::to_owned)).collect();
    let known: BTreeSet<String> = opened.keys().into_iter().map(|key| key.0).collect();
    assert!(known.is_superset(&stored), "orphaned: {:?}", stored.difference(&known));
    assert!(stored.len() >= cards.len(), "a card has lost its key");
    cards.len()
}

/// Runs the phone and kills it after `time`, counted from when it began to work; what it has said until then.
fn kill_after(wallet: &Path, link: &str, door: SocketAddr, time: Duration) -> Vec<String> {
    let mut phone = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_phone_that_is_killed_at_any_moment_loses_no_card_and_uses_no_ticket_twice"])
        .arg("--nocapture")
        .env("KILLED_WALLET", wallet)
        .env("KILLED_LINK", link)
        .env("KILLED_DOOR", door.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = channel();
    let output = phone.stdout.take().unwrap();
    let reading = thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let mut said = Vec::new();
    // The moment counts from the phone's first word, which it says before it opens the wallet.
    while let Ok(line) = lines.recv() {
        if line.contains("begins") {
            break;
        }
    }
    let end = Instant::now() + time;
    while let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
        said.push(line);
    }
    phone.kill().unwrap();
    phone.wait().unwrap();
    reading.join().unwrap();
    said.extend(lines.try_iter());
    said
}

/// The phone: activates, renews and taps until it is killed.
fn live(wallet: &Path) {
    println!("\nbegins");
    let link = std::env::var("KILLED_LINK").unwrap();
    let door = std::env::var("KILLED_DOOR").unwrap().parse().unwrap();
    let wallet = open(wallet);
    loop {
        let card = wallet.activate(&Invitation::from_link(&link).unwrap()).unwrap();
        println!("card {}", card.id.0);
        tap(&wallet, door);
        tap(&wallet, door);
        wallet.renew(card.id).unwrap();
        tap(&wallet, door);
    }
}

fn open(wallet: &Path) -> Wallet {
    let ports = Ports::desktop(wallet, Arc::new(TlsClient::new())).unwrap();
    Wallet::open(ports, DeviceLabel::default()).unwrap()
}

fn tap(wallet: &Wallet, door: SocketAddr) {
    let mut connection = TcpStream::connect(door).unwrap();
    connection.set_nodelay(true).unwrap();
    let mut presenter = wallet.stream(Arc::new(Presence::None), Transport::Tcp);
    connection.write_all(&presenter.opened().unwrap()).unwrap();
    let mut octets = [0; 4096];
    loop {
        let count = connection.read(&mut octets).unwrap();
        let answer = presenter.received(&octets[..count]).unwrap();
        connection.write_all(&answer).unwrap();
        if let Some(event) = presenter.poll_event() {
            assert!(matches!(event, TapEvent::Finished(tap) if tap.result.is_ok()));
            return;
        }
        assert_ne!(count, 0, "the door closed before the end");
    }
}

async fn serve(dir: &Path, users: usize) -> Manager {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut project = NewProject::named("Example Works");
    project.public_url = format!("http://{}", listener.local_addr().unwrap());
    let unlock = Unlock::KeyFile(dir.join("unlock.key"));
    let clock = manager::clock::SystemClock;
    let (manager, _) = Manager::init(dir.join("manager"), &project, &unlock, clock).await.unwrap();
    let people: String = (0..=users).map(|n| format!("Anna,Berg,anna{n}@x.example,{n}\n")).collect();
    let plan = manager.plan_import(people.into_bytes()).await.unwrap();
    manager.apply_import(Actor::Operator, plan.summary.id, true).await.unwrap();
    let serving = manager.clone();
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    manager
}

/// A door in a thread of its own; it tells every ticket, or what stood in its place.
fn open_door(runtime: &tokio::runtime::Runtime, manager: &Manager) -> (SocketAddr, Receiver<Vec<u8>>) {
    let mut rng = StdRng::seed_from_u64(5);
    let (signer, scalar) = SoftwareSigner::generate(&mut rng).unwrap();
    let new = NewReader {
        name: "Main door".to_owned(),
        place: String::new(),
        public_key: signer.public_key().0,
        presence: manager::domain::Presence::None,
        output: OutputFormat::Text,
    };
    let enrolled = runtime.block_on(manager.enrol_reader(Actor::Operator, new)).unwrap();
    let settings = ReaderSettings {
        certificate: enrolled.certificate.try_into().unwrap(),
        issuers: manager.issuer_keys().clone(),
        tickets: true,
        report_key: None,
    };
    let clock = SystemClock::new();
    let reader = Reader::new(RustCrypto, &scalar, settings, &mut rng, clock.now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, tickets) = channel();
    thread::spawn(move || attend(PresentedDoor::new(reader), &listener, &clock, &sender));
    (address, tickets)
}

fn attend(mut door: PresentedDoor, listener: &TcpListener, clock: &SystemClock, tickets: &Sender<Vec<u8>>) {
    for connection in listener.incoming() {
        let Ok(wire) = Wire::over(connection.unwrap()) else { continue };
        let tap = door.tap(&mut WireLink(wire), clock.now());
        let ticket = tap.responses.get(1).and_then(|offer| offer.get(TICKET));
        if ticket.is_some_and(|ticket| tickets.send(ticket.to_vec()).is_err()) {
            return;
        }
    }
}

struct WireLink(Wire);

impl Link for WireLink {
    fn transport(&self) -> Transport {
        Transport::Tcp
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        self.0.receive().ok()?
    }

    fn carry(&mut self, _: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        self.0.send(octets).ok()?;
        self.0.receive().ok()?
    }
}
