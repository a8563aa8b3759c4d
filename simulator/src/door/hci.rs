//! The reader's own BLE stack on a controller that speaks HCI over a socket.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::{Receiver, RecvError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bt_hci::controller::ExternalController;
use bt_hci_serial::SerialTransport;
use credential::ble::Hint;
use credential::crypto::{Crypto, RustCrypto};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_hal_async::delay::DelayNs;
use embedded_io_adapters::tokio_1::FromTokio;
use reader_firmware::ble::{self, BleSettings, RadioDoor};
use reader_firmware::door::Arrival;
use reader_firmware::entrance::Turn;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::Work;
use super::served::ServedDoor;
use crate::unit::Identity;

/// The PSM of the L2CAP channel.
const PSM: u16 = 0xD3;

/// How long is waited before a controller that is gone is asked again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a free door may take to turn to a phone.
const FREE: Duration = Duration::from_millis(20);

/// HCI commands that may be under way.
const COMMANDS: usize = 10;

/// Where a controller is.
#[derive(Clone, Debug)]
pub(super) enum ControllerAddress {
    Tcp(String),
    Unix(PathBuf),
}

impl FromStr for ControllerAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("tcp", address)) if address.contains(':') => Ok(Self::Tcp(address.to_owned())),
            Some(("unix", path)) if !path.is_empty() => Ok(Self::Unix(path.into())),
            _ => Err("a controller is `tcp:HOST:PORT` or `unix:PATH`".to_owned()),
        }
    }
}

/// Is a peripheral; a controller that is gone is waited for.
pub(super) fn serve(identity: Identity, controller: &ControllerAddress, name: &str, work: &Sender<Work>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let _gone = work.send(down(&error.to_string()));
            return;
        }
    };
    let mut last_said = String::new();
    loop {
        let radio = Radio { work, guest: RefCell::new(None), turns: Cell::new(0) };
        let Err(error) = runtime.block_on(on_air(&radio, controller, identity, name));
        let reason = format!("{error:#}");
        if reason != last_said && work.send(down(&reason)).is_err() {
            return;
        }
        last_said = reason;
        std::thread::sleep(RETRY);
    }
}

fn down(reason: &str) -> Work {
    Work::Say(json!({ "event": "link-down", "link": "Bluetooth", "reason": reason }))
}

async fn on_air(
    radio: &Radio<'_>,
    controller: &ControllerAddress,
    identity: Identity,
    name: &str,
) -> Result<Infallible> {
    match controller {
        ControllerAddress::Tcp(address) => {
            let stream =
                TcpStream::connect(address).await.with_context(|| format!("no controller at {address}"))?;
            stream.set_nodelay(true)?;
            let (read, write) = stream.into_split();
            peripheral(radio, (read, write), identity, name).await
        }
        ControllerAddress::Unix(path) => {
            let stream = UnixStream::connect(path).await;
            let stream = stream.with_context(|| format!("no controller at {}", path.display()))?;
            let (read, write) = stream.into_split();
            peripheral(radio, (read, write), identity, name).await
        }
    }
}

async fn peripheral<R, W>(
    radio: &Radio<'_>,
    (read, write): (R, W),
    identity: Identity,
    name: &str,
) -> Result<Infallible>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let transport = SerialTransport::<NoopRawMutex, _, _>::new(FromTokio::new(read), FromTokio::new(write));
    let controller = ExternalController::<_, COMMANDS>::new(transport);
    let hint = Hint::new(&RustCrypto, identity.project, identity.reader, rand::random());
    let settings =
        BleSettings { address: address(identity), name, close_dbm: None, psm: PSM, hint: Some(hint) };
    let _gone = radio.work.send(Work::Say(json!({ "event": "link-up", "link": "Bluetooth" })));
    match ble::run(controller, &settings, radio, Delay).await {
        Ok(()) => bail!("the radio has ended"),
        Err(error) => bail!("{error:?}"),
    }
}

/// A random static address that is always the same for a reader.
fn address(identity: Identity) -> [u8; 6] {
    let Identity { project, reader } = identity;
    let digest = RustCrypto.sha256(&[b"address", &project.0, &reader.0.to_be_bytes()]);
    let [a, b, c, d, e, f, ..] = digest;
    [a | 0xC0, b, c, d, e, f]
}

/// The door as the radio sees it: at the other end of two channels, for it has its own thread and other guests.
struct Radio<'w> {
    work: &'w Sender<Work>,
    guest: RefCell<Option<Guest>>,
    turns: Cell<u32>,
}

/// The phone that is being tapped, or waits for the door.
struct Guest {
    arrival: Arrival,
    turn: Turn,
    begun: bool,
    to_door: Sender<Vec<u8>>,
    from_door: Receiver<Answer>,
    out: VecDeque<Vec<u8>>,
    over: bool,
}

/// What the door sends for what it got, and whether the tap is over.
struct Answer {
    out: Vec<Vec<u8>>,
    over: bool,
}

impl Guest {
    /// Asks the door for its time.
    fn new(work: &Sender<Work>, arrival: Arrival, turn: Turn) -> Self {
        let (to_door, sent) = channel::<Vec<u8>>();
        let (answers, from_door) = channel();
        let tap = move |door: &mut ServedDoor| {
            let mut out = Vec::new();
            let mut visit = door.visit(arrival, &mut out);
            let mut told = answers.send(Answer { out, over: visit.is_over() }).is_ok();
            while let (true, Ok(octets)) = (told, sent.recv()) {
                let mut out = Vec::new();
                visit.received(&octets, &mut out);
                told = answers.send(Answer { out, over: visit.is_over() }).is_ok();
            }
            visit.leave()
        };
        let _gone = work.send(Work::Tap(Box::new(tap)));
        Self { arrival, turn, begun: false, to_door, from_door, out: VecDeque::new(), over: false }
    }

    fn take(&mut self, answer: Result<Answer, RecvError>) {
        match answer {
            Ok(answer) => {
                self.out.extend(answer.out);
                self.over = answer.over;
            }
            Err(RecvError) => self.over = true,
        }
    }
}

impl Radio<'_> {
    fn with<R>(&self, turn: Turn, act: impl FnOnce(&mut Guest) -> R) -> Option<R> {
        self.guest.borrow_mut().as_mut().filter(|guest| guest.begun && guest.turn == turn).map(act)
    }
}

impl RadioDoor for Radio<'_> {
    fn begin(&self, arrival: Arrival) -> Option<Turn> {
        let mut place = self.guest.borrow_mut();
        if place.as_ref().is_some_and(|guest| guest.begun) {
            return None;
        }
        // One that waited and left without having begun makes room for another.
        let guest = match place.take_if(|guest| guest.arrival == arrival) {
            Some(guest) => place.insert(guest),
            None => {
                self.turns.set(self.turns.get().wrapping_add(1));
                place.insert(Guest::new(self.work, arrival, Turn::new(self.turns.get())))
            }
        };
        let answer = guest.from_door.recv_timeout(FREE).ok()?;
        guest.take(Ok(answer));
        guest.begun = true;
        Some(guest.turn)
    }

    fn received(&self, turn: Turn, octets: &[u8]) {
        self.with(turn, |guest| {
            let _gone = guest.to_door.send(octets.to_vec());
            let answer = guest.from_door.recv();
            guest.take(answer);
        });
    }

    fn transmit(&self, turn: Turn, out: &mut [u8]) -> Option<usize> {
        let piece = self.with(turn, |guest| guest.out.pop_front())??;
        out.get_mut(..piece.len())?.copy_from_slice(&piece);
        Some(piece.len())
    }

    fn is_over(&self, turn: Turn) -> bool {
        self.with(turn, |guest| guest.over).unwrap_or(true)
    }

    fn left(&self, turn: Turn) {
        let _gone = self.guest.borrow_mut().take_if(|guest| guest.turn == turn);
    }
}

/// Waits on tokio's clock.
#[derive(Clone)]
struct Delay;

impl DelayNs for Delay {
    async fn delay_ns(&mut self, ns: u32) {
        tokio::time::sleep(Duration::from_nanos(ns.into())).await;
    }
}
