//! What the organisation has: a manager that is served on loopback, and a door that was enrolled with it.

use std::future::Future;
use std::path::Path;
use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use credential::crypto::RustCrypto;
use credential::time::Instant;
use manager::clock::SystemClock;
use manager::domain::{Actor, NewProject, OutputFormat, Presence, ReaderId, ReceiptState};
use manager::{Manager, NewReader, Unlock};
use reader_firmware::door::Door;
use reader_firmware::enrolment::{self, Trust};
use reader_firmware::log::RingLog;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::output::DoorOutput;

/// The door, with room for some hundred events.
pub(super) type DemoDoor = Door<'static, RustCrypto, RingLog<65_536>>;

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
    pub(super) door: DemoDoor,
    pub(super) output: DoorOutput,
    began: Stopwatch,
    /// Milliseconds by which the door's clocks were moved forward.
    moved_ms: u64,
}

impl Building {
    /// Founds the project, serves its API, and enrols the door.
    pub(super) async fn open(dir: &Path, output: DoorOutput) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on loopback")?;
        let url = format!("http://{}", listener.local_addr()?);
        let project = NewProject { public_url: url.clone(), ..NewProject::named("Demo") };
        let unlock = Unlock::KeyFile(dir.join("issuer.key"));
        let (manager, _token) = Manager::init(dir.join("manager"), &project, &unlock, SystemClock).await?;
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(manager.clone(), listener, stopped));
        let began = Stopwatch::now();
        let door = enrol(&manager, output.format()).await?;
        Ok(Self { manager, url, server, stop, door, output, began, moved_ms: 0 })
    }

    pub(super) const fn manager(&self) -> &Manager {
        &self.manager
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The door's clock that never goes back.
    pub(super) fn instant(&self) -> Instant {
        Instant(
            u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(self.moved_ms),
        )
    }

    /// Lets time pass at the door.
    pub(super) fn wait_at_door(&mut self, seconds: u32) {
        self.moved_ms = self.moved_ms.saturating_add(u64::from(seconds).saturating_mul(1000));
    }

    /// The door takes the newest list of the manager; returns its version.
    pub(super) fn take_revocation_list(&mut self, runtime: &tokio::runtime::Runtime) -> Result<u32> {
        let (_, list) = runtime.block_on(self.manager.revocation_list())?.context("there is no list")?;
        Ok(self.door.take_revocation_list(&list, self.instant())?)
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
async fn enrol(manager: &Manager, output: OutputFormat) -> Result<DemoDoor> {
    let mut rng = rand::rng();
    let scalar = enrolment::make_key(&mut rng)?;
    let new = NewReader {
        name: "Front door".to_owned(),
        place: String::new(),
        public_key: enrolment::public_key(&RustCrypto, &scalar)?.0,
        presence: Presence::None,
        output,
    };
    let mut enrolled = manager.enrol_reader(Actor::Operator, new).await?;
    let sealed = enrolled.configuration.as_mut_slice();
    let configured = enrolment::open_configuration(&RustCrypto, &scalar, Trust::Confirmed, None, sealed)?;
    let log = RingLog::new(&mut rng);
    let mut door = Door::logging(RustCrypto, scalar, configured, log, &mut rng, Instant(0))?;
    door.take_time_token(&manager.time_token().await?, Instant(0))?;
    Ok(door)
}
