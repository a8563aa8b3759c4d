//! What the organisation has: a manager that is served on loopback, and a door that was enrolled with it.

use std::future::Future;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;
use manager::clock::SystemClock;
use manager::domain::{Actor, NewProject, OutputFormat, Presence, ReaderId, ReceiptState};
use manager::{Manager, NewReader, Unlock};
use reader_firmware::enrolment;
use reader_firmware::serial::Footprint;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::DemoArgs;
use crate::output::DoorOutput;
use crate::unit::{BoardUnit, DoorUnit, InProcess};

/// Where the door of the demo runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DoorPlace {
    /// In this process.
    Process,
    /// On a microcontroller that QEMU emulates.
    Qemu,
}

/// The number of the only door.
const READER: ReaderId = ReaderId(1);

/// Events that are read at a time.
const PAGE: u32 = 1000;

/// What the manager knows of the taps at the door.
pub(super) struct Reported {
    /// Taps of which it knows how they were decided.
    pub(super) taps: usize,
    /// Of these, how many a device signature proves.
    pub(super) proven: usize,
}

/// One manager and one door.
pub(super) struct Building {
    manager: Manager,
    url: String,
    server: JoinHandle<std::io::Result<()>>,
    stop: oneshot::Sender<()>,
    pub(super) door: Box<dyn DoorUnit>,
    pub(super) output: DoorOutput,
    /// What the firmware takes, with the deepest stack so far; only a board has it.
    pub(super) footprint: Option<Footprint>,
}

impl Building {
    /// Founds the project, serves its API, and enrols the door.
    pub(super) async fn open(dir: &Path, args: &DemoArgs) -> Result<Self> {
        let output = args.output;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on loopback")?;
        let url = format!("http://{}", listener.local_addr()?);
        let project = NewProject { public_url: url.clone(), ..NewProject::named("Demo") };
        let unlock = Unlock::KeyFile(dir.join("issuer.key"));
        let (manager, _token) = Manager::init(dir.join("manager"), &project, &unlock, SystemClock).await?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(manager.clone(), listener, stopped));
        let mut door: Box<dyn DoorUnit> = match args.door {
            DoorPlace::Process => Box::new(InProcess::new(enrolment::make_key(&mut rand::rng())?)),
            DoorPlace::Qemu => Box::new(BoardUnit::qemu(&args.firmware, &dir.join("flash"))?),
        };
        enrol(&manager, &mut *door, output.format()).await?;
        Ok(Self { manager, url, server, stop, door, output, footprint: None })
    }

    pub(super) const fn manager(&self) -> &Manager {
        &self.manager
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The door takes the newest list of the manager; returns its version.
    pub(super) fn take_revocation_list(&mut self, runtime: &tokio::runtime::Runtime) -> Result<u32> {
        let (_, list) = runtime.block_on(self.manager.revocation_list())?.context("there is no list")?;
        self.door.take_revocation_list(&list)
    }

    /// Cuts the door's power and gives it back, with the time but without list and configuration; `false` for a door
    /// in this process.
    pub(super) fn cut_power(&mut self, runtime: &tokio::runtime::Runtime) -> Result<bool> {
        self.look_at_board()?;
        let cut = self.door.cut_power()?;
        if cut {
            self.door.take_time_token(&runtime.block_on(self.manager.time_token())?)?;
        }
        Ok(cut)
    }

    /// Asks a board what it takes.
    pub(super) fn look_at_board(&mut self) -> Result<()> {
        if let Some(status) = self.door.status()? {
            let before = self.footprint.map_or(0, |footprint| footprint.stack_octets);
            let stack_octets = status.footprint.stack_octets.max(before);
            self.footprint = Some(Footprint { stack_octets, ..status.footprint });
        }
        Ok(())
    }

    /// What has come to the manager through the phones.
    pub(super) async fn reported(&self) -> Result<Reported> {
        let (mut reported, mut place) = (Reported { taps: 0, proven: 0 }, 0);
        loop {
            let events = self.manager.reader_events(READER, place, PAGE).await?;
            let Some(last) = events.last() else { return Ok(reported) };
            place = last.place;
            let taps = events.iter().filter(|event| matches!(event.event, "granted" | "denied"));
            reported.taps = reported.taps.saturating_add(taps.count());
            let proven = events.iter().filter(|event| event.receipt == Some(ReceiptState::Holds));
            reported.proven = reported.proven.saturating_add(proven.count());
        }
    }

    /// Stops the server and closes the database.
    pub(super) async fn close(self) {
        let _ = self.stop.send(());
        let _stopped = self.server.await;
        self.manager.close().await;
    }
}

async fn serve(
    manager: Manager,
    listener: TcpListener,
    stopped: oneshot::Receiver<()>,
) -> std::io::Result<()> {
    let stopped: std::pin::Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        let _ = stopped.await;
    });
    manager.serve(listener, stopped).await
}

/// The key is made in the reader; the manager signs a certificate for it and seals the configuration to it.
async fn enrol(manager: &Manager, door: &mut dyn DoorUnit, output: OutputFormat) -> Result<()> {
    let new = NewReader {
        name: "Front door".to_owned(),
        place: String::new(),
        public_key: door.public_key()?.0,
        presence: Presence::None,
        output,
    };
    let enrolled = manager.enrol_reader(Actor::Operator, new).await?;
    door.configure(enrolled.configuration.as_slice())?;
    door.take_time_token(&manager.time_token().await?)
}
