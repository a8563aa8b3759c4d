//! What the organisation has: a manager that is served on loopback, and a door that was enrolled with it.

use std::fmt;
use std::future::Future;
use std::path::Path;
use std::str::FromStr;
use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};
use credential::crypto::RustCrypto;
use credential::time::Instant;
use manager::clock::SystemClock;
use manager::domain::{Actor, NewProject, OutputFormat, Parity, Presence, WiegandFormat, WiegandNumber};
use manager::{Manager, NewReader, Unlock};
use reader_firmware::door::Door;
use reader_firmware::enrolment::{self, Trust};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How the door writes the user ID.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoorOutput(OutputFormat);

/// One manager and one door.
pub(super) struct Building {
    manager: Manager,
    url: String,
    server: JoinHandle<std::io::Result<()>>,
    stop: oneshot::Sender<()>,
    pub(super) door: Door<'static, RustCrypto>,
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
        let door = enrol(&manager, output.0).await?;
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
        Ok(self.door.take_revocation_list(&list)?)
    }

    /// Stops the server and closes the database.
    pub(super) async fn close(self) {
        let _ = self.stop.send(());
        let _stopped = self.server.await;
        self.manager.close().await;
    }
}

impl DoorOutput {
    /// Whether an output carries this user ID, read back from the bits and not made the same way again.
    pub(super) fn carries(self, output: &str, user_id: &str) -> bool {
        let OutputFormat::Wiegand(format) = self.0 else { return output == user_id };
        let number = usize::from(format.facility_bits).saturating_add(1)..output.len().saturating_sub(1);
        let sent = output.get(number).and_then(|bits| u128::from_str_radix(bits, 2).ok());
        sent.is_some() && sent == user_id.parse().ok() && output.len() == usize::from(format.bits)
    }
}

impl FromStr for DoorOutput {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let format = match text.split(':').collect::<Vec<_>>().as_slice() {
            ["text"] => OutputFormat::Text,
            ["wiegand", bits] => wiegand(bits, "0")?,
            ["wiegand", bits, facility] => wiegand(bits, facility)?,
            _ => return Err("give `text`, `wiegand:BITS` or `wiegand:BITS:FACILITY`".to_owned()),
        };
        Ok(Self(format))
    }
}

impl fmt::Display for DoorOutput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            OutputFormat::Text => f.write_str("text"),
            OutputFormat::Wiegand(format) => write!(f, "wiegand:{}:{}", format.bits, format.facility_code),
        }
    }
}

/// The usual split of a frame of this length.
fn wiegand(bits: &str, facility_code: &str) -> Result<OutputFormat, String> {
    let bits = bits.parse().map_err(|_| format!("{bits:?} is not a number of bits"))?;
    let facility_code =
        facility_code.parse().map_err(|_| format!("{facility_code:?} is not a facility code"))?;
    let facility_bits = match bits {
        26 => 8,
        34 | 37 => 16,
        56 => 24,
        _ => return Err("the demo knows frames of 26, 34, 37 and 56 bits".to_owned()),
    };
    let format = WiegandFormat {
        number: WiegandNumber::Decimal,
        bits,
        facility_bits,
        facility_code,
        parity: Parity::EvenOdd,
    };
    Ok(OutputFormat::Wiegand(format))
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
async fn enrol(manager: &Manager, output: OutputFormat) -> Result<Door<'static, RustCrypto>> {
    let mut rng = rand::rng();
    let scalar = enrolment::make_key(&mut rng)?;
    let new = NewReader {
        name: "Front door".to_owned(),
        public_key: enrolment::public_key(&RustCrypto, &scalar)?.0,
        presence: Presence::None,
        output,
    };
    let mut enrolled = manager.enrol_reader(Actor::Operator, new).await?;
    let sealed = enrolled.configuration.as_mut_slice();
    let configured = enrolment::open_configuration(&RustCrypto, &scalar, Trust::Confirmed, None, sealed)?;
    let mut door = Door::new(RustCrypto, scalar, configured, &mut rng, Instant(0))?;
    door.take_time_token(&manager.time_token()?, Instant(0))?;
    Ok(door)
}
