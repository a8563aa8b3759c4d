//! A whole door behind an OSDP line, for a panel that sends files: enrolled in a project of its own, whose newer
//! objects it writes into a directory first.
//!
//! `osdp_door SOCKET KEY DIRECTORY` with the key in hexadecimal; a line on its input asks for its status.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::unreachable,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a program for a test"
)]

mod board;
#[path = "../../tests/station/flash.rs"]
#[expect(dead_code, reason = "shared with the tests of the station, which use more of it")]
mod flash;
#[path = "../osdp_reader/line.rs"]
mod line;
#[path = "../../src/storage/model.rs"]
#[expect(dead_code, reason = "shared with the tests of the storage, which use more of it")]
mod model;
#[path = "../../../tests/src/wallet.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod wallet;
#[path = "../../../tests/src/world.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod world;

use std::error::Error;
use std::io::BufRead;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{self, TryRecvError};
use std::time::{Duration, Instant};

use credential::crypto::{Point, RustCrypto};
use credential::id::IssuerIndex;
use credential::object::{OutputFormat, Presence, ReaderConfiguration, SEAL_OVERHEAD, seal};
use reader_firmware::micros::Micros;
use reader_firmware::serial::{Command, DoorState, FrameReader, Numbered, Report, Status};
use reader_firmware::station::Station;
use reader_firmware::storage::Storage;
use reader_firmware::update::{BoardName, FirmwareHeader};
use sha2::{Digest, Sha256};

use board::{HostBoard, NAME};
use flash::SharedFlash;
use world::{START, World};

type Door = Station<RustCrypto, HostBoard, SharedFlash>;

struct Host {
    door: Door,
    began: Instant,
}

impl Host {
    fn now(&self) -> Micros {
        Micros(u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Gives a command and prints what is not expected.
    fn tell(&mut self, content: Command<'_>) -> Option<Status> {
        let mut frame = Vec::new();
        Numbered { number: 1, content }.send(&mut |octet| frame.push(octet)).unwrap();
        let (now, mut reader, mut said) = (self.now(), FrameReader::<2_112>::new(), Vec::new());
        for octet in frame {
            if let Some(content) = reader.push(octet) {
                self.door.take(content, 0, now, &mut |octet| said.push(octet));
            }
        }
        hear(&said)
    }

    fn poll(&mut self) {
        let (now, mut said) = (self.now(), Vec::new());
        self.door.poll(now, &mut |octet| said.push(octet));
        hear(&said);
    }

    fn status(&mut self) -> Status {
        self.tell(Command::Status).unwrap()
    }
}

/// Prints events and refusals; gives the status if there is one.
fn hear(said: &[u8]) -> Option<Status> {
    let (mut reader, mut status) = (FrameReader::<2_112>::new(), None);
    for octet in said {
        let Some(content) = reader.push(*octet) else { continue };
        match Numbered::<Report<'_>>::decode(content).unwrap().content {
            Report::Event(event) => println!("{event:?}"),
            Report::Refused(trouble) => println!("Refused {trouble:?}"),
            Report::Status(found) => status = Some(found),
            _ => {}
        }
    }
    status
}

fn configuration(world: &mut World, key: Point, version: u32) -> Vec<u8> {
    let configuration = ReaderConfiguration {
        issuer: IssuerIndex(0),
        version,
        certificate: world.certificate(7, key, Presence::None).issue(&world.issuer).unwrap(),
        issuers: world.issuers(),
        tickets: true,
        list_version: 0,
        report_key: None,
        output: OutputFormat::Text,
    };
    let mut plain = [0; ReaderConfiguration::OCTETS_MAX];
    let length = configuration.issue(&world.issuer, &mut plain).unwrap();
    let mut sealed = vec![0; length + SEAL_OVERHEAD];
    seal(&mut world.rng, &key, &plain[..length], &mut sealed).unwrap();
    sealed
}

/// What a panel may send: 1 to 4 hold, and those behind do not.
fn write_files(dir: &Path, world: &mut World, key: Point) -> std::io::Result<()> {
    let mut later = START;
    later.0 += 60;
    let list = world.revocation_list(5, &[], &[]);
    let image: Vec<u8> = (0..20_000_u32).map(|at| (at ^ (at >> 8)) as u8).collect();
    let digest = Sha256::digest(&image).into();
    let header = FirmwareHeader { board: NAME, version: 2, octets: 20_000, digest };
    let firmware = [header.issue(&board::signer()).unwrap().as_slice(), &image].concat();
    let mut forged = list.clone();
    *forged.last_mut().unwrap() ^= 1;
    let mut broken = firmware.clone();
    *broken.last_mut().unwrap() ^= 1;
    let other = FirmwareHeader { board: BoardName::new("another").unwrap(), ..header };
    let other = [other.issue(&board::signer()).unwrap().as_slice(), &image].concat();
    for (name, octets) in [
        ("configuration", configuration(world, key, 2)),
        ("list", list),
        ("token", world.time_token(later)),
        ("firmware", firmware),
        ("forged-list", forged),
        ("broken-firmware", broken),
        ("other-firmware", other),
    ] {
        std::fs::write(dir.join(name), octets)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, key, dir] = arguments.as_slice() else {
        return Err("give socket, key and directory".into());
    };
    let line = UnixStream::connect(socket)?;
    line.set_nonblocking(true)?;
    let flash = SharedFlash::erased();
    let storage = Storage::new(flash.clone(), SharedFlash::DOOR)?;
    let board = HostBoard::new(flash, u128::from_str_radix(key, 16)?.to_be_bytes(), line);
    let mut host = Host { door: Door::new(RustCrypto, board, storage), began: Instant::now() };
    host.tell(Command::Seed([7; 32]));
    let DoorState::Keyed { public_key } = host.status().state else { return Err("no key".into()) };
    let mut world = World::new(1);
    host.tell(Command::Configure(&configuration(&mut world, public_key.into(), 1)));
    host.tell(Command::TimeToken(&world.time_token(START)));
    write_files(Path::new(dir), &mut world, public_key.into())?;
    println!("ready");
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        host.poll();
        match lines.try_recv() {
            Ok(_) => {
                let status = host.status();
                let DoorState::Enrolled { configuration_version, .. } = status.state else { continue };
                let (marked, started) = host.door.board().firmware_state();
                println!(
                    "status configuration={configuration_version} list={} later={} marked={marked} started={started}",
                    status.list_version,
                    status.time >= START.0 + 60,
                );
            }
            Err(TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(2)),
            Err(TryRecvError::Disconnected) => return Ok(()),
        }
    }
}
