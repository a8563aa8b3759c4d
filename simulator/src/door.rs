//! A door in a process of its own.

mod enrolling;
mod gatt;
#[cfg(feature = "ble")]
mod hci;
#[cfg(feature = "pcsc")]
mod pcsc;
mod place;
mod served;
mod slot;
mod stream;
mod traced;

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::output::DoorOutput;
use crate::trace::TraceFile;
use crate::unit::{BoardUnit, DoorUnit, FIRMWARE, InProcess};
use place::Place;
use served::ServedDoor;
use traced::Traced;

/// What a door is asked for.
#[derive(Args, Clone, Debug)]
pub struct DoorArgs {
    /// Directory of the door: its key and its configuration; made if it is not there.
    dir: PathBuf,

    /// Where the door runs: `process`, `qemu` for the firmware on an emulated microcontroller whose flash is a file of
    /// the directory, or the path of a serial device with a board.
    #[arg(long, default_value = "process", value_name = "WHERE")]
    board: Where,

    /// The firmware for `--board qemu`.
    #[arg(long, value_name = "FILE", default_value = FIRMWARE, hide_default_value = true)]
    firmware: PathBuf,

    /// Address of the manager that enrols the door; needed the first time, and asked for list and time afterwards.
    #[arg(long, value_name = "ADDRESS")]
    manager: Option<String>,

    /// API token of an administrator, to enrol with.
    #[arg(long, env = "OSTIARY_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,

    /// What the door is called.
    #[arg(long, default_value = "Door", value_name = "NAME")]
    name: String,

    /// How the door writes the ID: `text`, or the bits of a Wiegand frame, such as `wiegand:26:17`.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: DoorOutput,

    /// What the door demands of a phone's holder.
    #[arg(long, value_enum, default_value_t = Demand::None)]
    presence: Demand,

    /// Address to take phones on, over TCP.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// Address of the slot for virtual cards (NFC).
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    slot: SocketAddr,

    /// Address for a program that plays the door's Bluetooth peripheral.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    gatt: SocketAddr,

    /// Write what goes over the links, and what comes of it, into this file: `.jsonl` for a record a line, `.pcapng`
    /// for Wireshark.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// Read cards with a PC/SC reader, the first one whose name has this in it, or the first one of all; a phone that
    /// is held to a USB reader is a card, and so is a virtual one.
    #[cfg(feature = "pcsc")]
    #[arg(long, value_name = "READER", num_args = 0..=1, default_missing_value = "")]
    pcsc: Option<String>,

    /// Be a Bluetooth peripheral on the controller behind this address: `tcp:HOST:PORT` or `unix:PATH`, HCI with its
    /// packet types (H4).
    #[cfg(feature = "ble")]
    #[arg(long, value_name = "CONTROLLER")]
    hci: Option<hci::ControllerAddress>,

    /// End after so many taps.
    #[arg(long, value_name = "NUMBER")]
    taps: Option<u64>,

    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// The presence that a door demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Demand {
    /// None: the phone may be locked.
    None,
    /// The phone is unlocked.
    Unlocked,
    /// The holder was verified.
    Verified,
}

/// Where a door runs.
#[derive(Clone, Debug)]
enum Where {
    Process,
    Qemu,
    Serial(PathBuf),
}

impl FromStr for Where {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "process" => Self::Process,
            "qemu" => Self::Qemu,
            path => Self::Serial(path.into()),
        })
    }
}

/// Runs a door until it is ended, or has seen as many taps as it was told.
///
/// # Errors
/// Whatever keeps it from being enrolled or from listening.
pub fn run(args: &DoorArgs) -> Result<()> {
    let trace = args.trace.as_deref().map(TraceFile::create).transpose()?;
    let mut door = ServedDoor::new(unit(args)?, Traced::new(&args.name, trace))?;
    if let Some(manager) = &args.manager {
        door.catch_up(manager);
    }
    let phones = TcpListener::bind(args.listen).with_context(|| format!("listening on {}", args.listen))?;
    let cards = TcpListener::bind(args.slot).with_context(|| format!("listening on {}", args.slot))?;
    let peripheral = TcpListener::bind(args.gatt).with_context(|| format!("listening on {}", args.gatt))?;
    let (tcp, slot, gatt) = (phones.local_addr()?, cards.local_addr()?, peripheral.local_addr()?);
    let reader = door.identity().reader.0;
    say(
        args,
        &json!({
            "event": "listening",
            "reader": reader,
            "tcp": tcp.to_string(),
            "slot": slot.to_string(),
            "gatt": gatt.to_string(),
        }),
    );
    let (sender, work) = channel();
    accept(phones, sender.clone(), stream::tap);
    accept(cards, sender.clone(), slot::tap);
    accept(peripheral, sender.clone(), gatt::tap);
    #[cfg(feature = "pcsc")]
    if let Some(name) = args.pcsc.clone() {
        let sender = sender.clone();
        thread::spawn(move || pcsc::serve(&name, &sender));
    }
    #[cfg(feature = "ble")]
    if let Some(controller) = args.hci.clone() {
        let (sender, identity, name) = (sender.clone(), door.identity(), args.name.clone());
        thread::spawn(move || hci::serve(identity, &controller, &name, &sender));
    }
    drop(sender);
    let mut left = args.taps;
    for work in work {
        match work {
            Work::Tap(tap) => {
                door.prepare();
                tap(&mut door).iter().for_each(|event| say(args, event));
                left = left.map(|left| left.saturating_sub(1));
            }
            #[cfg(any(feature = "pcsc", feature = "ble"))]
            Work::Say(event) => say(args, &event),
        }
        if left == Some(0) {
            break;
        }
    }
    door.finish()
}

/// Serves a phone and returns what happened.
type Tap = dyn FnOnce(&mut ServedDoor) -> Vec<Value> + Send;

/// What a link has for the door; one after another.
enum Work {
    /// A phone is there.
    Tap(Box<Tap>),
    /// What became of the link itself.
    #[cfg(any(feature = "pcsc", feature = "ble"))]
    Say(Value),
}

/// The door where it runs, enrolled.
fn unit(args: &DoorArgs) -> Result<Box<dyn DoorUnit>> {
    let place = Place::open(&args.dir)?;
    let mut unit: Box<dyn DoorUnit> = match &args.board {
        Where::Process => Box::new(InProcess::new(place.key()?)),
        Where::Qemu => Box::new(BoardUnit::qemu(&args.firmware, &place.flash())?),
        Where::Serial(device) => Box::new(BoardUnit::serial(device)?),
    };
    let keeps_itself = !matches!(args.board, Where::Process);
    if !keeps_itself && place.is_enrolled() {
        unit.configure(&place.configuration()?)?;
    } else if unit.identity()?.is_none() {
        let sealed = enrolling::enrol(&mut *unit, args)?;
        if !keeps_itself {
            place.keep_configuration(&sealed)?;
        }
    }
    Ok(unit)
}

/// Takes connections in a thread of its own.
fn accept(listener: TcpListener, work: Sender<Work>, tap: fn(&mut ServedDoor, TcpStream) -> Vec<Value>) {
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            if work.send(Work::Tap(Box::new(move |door| tap(door, connection)))).is_err() {
                return;
            }
        }
    });
}

/// One line on standard output, at once, for programs that wait for it.
fn say(args: &DoorArgs, event: &Value) {
    use io::Write;
    let line = if args.json { event.to_string() } else { in_words(event) };
    let mut out = io::stdout().lock();
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn in_words(event: &Value) -> String {
    let text = |name: &str| {
        event.get(name).map_or(String::new(), |value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    match text("event").as_str() {
        "listening" => format!(
            "Door {}: phones tap it with `phone present {}`, or as cards with `phone present --transport pcsc-card {}`.",
            text("reader"),
            text("tcp"),
            text("slot")
        ),
        "granted" => format!("open for {} ({} path)", text("output"), text("path")),
        "denied" => format!("denied: {} ({} path)", text("reason"), text("path")),
        "cost" => format!("{} instructions to the decision, {} to the end", text("decision"), text("whole")),
        "list-taken" => format!("a phone brought revocation list {}", text("version")),
        "time-taken" => "a phone brought the time".to_owned(),
        "link-up" => format!("{}: ready", text("link")),
        "link-down" => format!("{}: {}; tried again", text("link"), text("reason")),
        other => match text("reason") {
            reason if reason.is_empty() => other.to_owned(),
            reason => format!("{other}: {reason}"),
        },
    }
}
