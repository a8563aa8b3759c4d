//! A door on a board.

use std::fs::OpenOptions;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use credential::crypto::Point;
use credential::id::{ProjectId, ReaderId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reader_firmware::door::{Arrival, Device};
use reader_firmware::serial::{
    Arrived, Command, DoorState, Rehearsal, Report, SelfTest, Status, Update, VERSION,
};

use super::firmware::split;
use super::line::BegunAnew;
use super::{Cost, DoorUnit, Handled, Happened, Identity, Qemu, SerialLine};

/// The emulated microcontroller executes so many instructions in a second, by the setting of QEMU.
const INSTRUCTIONS_PER_SECOND: u64 = 15_625_000;

/// Octets of a firmware in one command.
const UPDATE_PIECE: usize = 1_024;

/// A door on a board at the other end of a serial line.
pub struct BoardUnit {
    line: SerialLine,
    machine: Option<Qemu>,
    ticks_per_second: NonZeroU64,
    /// Where the seeds of the board come from.
    seeds: StdRng,
}

impl BoardUnit {
    /// Starts QEMU with this firmware and flash.
    ///
    /// # Errors
    /// When it does not start, or what starts is not our firmware.
    pub fn qemu(firmware: &Path, image: &Path) -> Result<Self> {
        let (machine, line) = Qemu::start(firmware, image)?;
        Self::new(line, Some(machine), StdRng::from_rng(&mut rand::rng()))
    }

    /// The same with random numbers that are those of every run with this number: for measuring, and for nothing else.
    ///
    /// # Errors
    /// As [`BoardUnit::qemu`].
    pub fn repeatable(firmware: &Path, image: &Path, run: u64) -> Result<Self> {
        let (machine, line) = Qemu::start(firmware, image)?;
        Self::new(line, Some(machine), StdRng::seed_from_u64(run))
    }

    /// Takes up a board at a serial device, which must be set up (`stty -F DEVICE raw -echo 115200`).
    ///
    /// # Errors
    /// When nobody answers there.
    pub fn serial(device: &Path) -> Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(device);
        let file = file.with_context(|| format!("cannot open {}", device.display()))?;
        let line = SerialLine::new(file.try_clone()?, file);
        Self::new(line, None, StdRng::from_rng(&mut rand::rng()))
    }

    fn new(line: SerialLine, machine: Option<Qemu>, seeds: StdRng) -> Result<Self> {
        let mut unit = Self { line, machine, ticks_per_second: NonZeroU64::MIN, seeds };
        unit.take_up()?;
        Ok(unit)
    }

    /// Asks for the status and gives a board without noise of its own its seed: at the beginning, and after it has
    /// begun anew.
    ///
    /// # Errors
    /// When it does not answer, or is not a board of this version.
    pub fn take_up(&mut self) -> Result<()> {
        let status = self.board_status()?;
        ensure!(status.version == VERSION, "the board speaks version {} of the line", status.version);
        self.ticks_per_second =
            NonZeroU64::new(status.ticks_per_second.into()).context("the board does not count")?;
        if status.state == DoorState::Unseeded {
            let mut seed = [0; 32];
            self.seeds.fill_bytes(&mut seed);
            self.tell(Command::Seed(seed))?;
        }
        Ok(())
    }

    /// What the board says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn board_status(&mut self) -> Result<Status> {
        let mut status = None;
        self.line.call(Command::Status, &mut |report| {
            if let Report::Status(found) = report {
                status = Some(found);
            }
        })?;
        status.context("the board has no status")
    }

    /// Has the board find out whether all is well.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn self_test(&mut self) -> Result<SelfTest> {
        let mut found = None;
        self.line.call(Command::SelfTest, &mut |report| {
            if let Report::SelfTest(test) = report {
                found = Some(test);
            }
        })?;
        found.context("the board has found nothing out")
    }

    /// Sends a signed image and has the board try it: `progress` gets the octets that are there. The board then begins
    /// anew, and is waited for.
    ///
    /// # Errors
    /// When the board does not take it, or does not come up again.
    pub fn update(&mut self, image: &[u8], progress: &mut dyn FnMut(usize)) -> Result<()> {
        self.send_update(image, progress)?;
        self.restart()
    }

    /// Sends a signed image, up to where the next start tries it.
    ///
    /// # Errors
    /// When the board does not take it.
    pub fn send_update(&mut self, image: &[u8], progress: &mut dyn FnMut(usize)) -> Result<()> {
        let (_, header, firmware) = split(image)?;
        self.tell(Command::Update(Update::Begin(header)))?;
        let mut sent = 0_usize;
        for octets in firmware.chunks(UPDATE_PIECE) {
            self.tell(Command::Update(Update::Piece { at: u32::try_from(sent)?, octets }))?;
            sent = sent.saturating_add(octets.len());
            progress(sent);
        }
        self.tell(Command::Update(Update::Finish))
    }

    /// Has the board start anew, and takes it up again.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<()> {
        match self.tell(Command::Update(Update::Restart)) {
            Err(error) if error.is::<BegunAnew>() => self.take_up(),
            Err(error) => Err(error),
            Ok(()) => bail!("the board does not start anew"),
        }
    }

    /// Gives a command of which no report is of interest.
    ///
    /// # Errors
    /// When the board refuses it or does not answer.
    pub fn tell(&mut self, command: Command<'_>) -> Result<()> {
        self.line.call(command, &mut |_| {})
    }

    /// The line.
    pub const fn line(&mut self) -> &mut SerialLine {
        &mut self.line
    }

    fn instructions(&self, ticks: u32) -> u64 {
        u64::from(ticks).saturating_mul(INSTRUCTIONS_PER_SECOND) / self.ticks_per_second
    }
}

impl DoorUnit for BoardUnit {
    fn public_key(&mut self) -> Result<Point> {
        match self.board_status()?.state {
            DoorState::Unseeded => Err(anyhow!("the board has no key yet")),
            DoorState::Keyed { public_key } | DoorState::Enrolled { public_key, .. } => Ok(public_key.into()),
        }
    }

    fn identity(&mut self) -> Result<Option<Identity>> {
        Ok(match self.board_status()?.state {
            DoorState::Enrolled { project, reader, .. } => {
                Some(Identity { project: ProjectId(project), reader: ReaderId(reader) })
            }
            DoorState::Unseeded | DoorState::Keyed { .. } => None,
        })
    }

    fn configure(&mut self, sealed: &[u8]) -> Result<()> {
        self.tell(Command::Configure(sealed))
    }

    fn take_revocation_list(&mut self, list: &[u8]) -> Result<u32> {
        self.tell(Command::RevocationList(list))?;
        Ok(self.board_status()?.list_version)
    }

    fn take_time_token(&mut self, token: &[u8]) -> Result<()> {
        self.tell(Command::TimeToken(token))
    }

    /// Nothing: a board does it on its own after each command.
    fn prepare(&mut self) {}

    fn handle(&mut self, device: Device<'_>, out: &mut Vec<Vec<u8>>) -> Result<Handled> {
        let command = match device {
            Device::Arrived(arrival) => Command::Arrived(arrived(arrival)),
            Device::Sent(octets) => Command::Sent(octets),
            Device::Left => Command::Left,
        };
        let mut handled = Handled::default();
        let mut ticks = None;
        self.line.call(command, &mut |report| match report {
            Report::Transmit(octets) => out.push(octets.to_vec()),
            Report::Event(event) => handled.events.push(Happened::from(event)),
            Report::Cost { decision, whole } => ticks = Some((decision, whole)),
            _ => {}
        })?;
        if let Some((decision, whole)) = ticks {
            let nanoseconds = u64::from(decision).saturating_mul(1_000_000_000) / self.ticks_per_second;
            handled.took = Duration::from_nanos(nanoseconds);
            handled.cost =
                Some(Cost { decision: self.instructions(decision), whole: self.instructions(whole) });
        }
        Ok(handled)
    }

    fn wait(&mut self, seconds: u32) -> Result<()> {
        self.tell(Command::Rehearse(Rehearsal::Skip { ms: u64::from(seconds).saturating_mul(1_000) }))
    }

    fn cut_power(&mut self) -> Result<bool> {
        let Some(machine) = self.machine.take() else { return Ok(false) };
        let (machine, line) = machine.restart()?;
        (self.machine, self.line) = (Some(machine), line);
        self.take_up()?;
        Ok(true)
    }

    fn status(&mut self) -> Result<Option<Status>> {
        self.board_status().map(Some)
    }
}

fn arrived(arrival: Arrival) -> Arrived {
    let octets = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    match arrival {
        Arrival::Nfc(front_end) => Arrived::Nfc {
            max_transmit: octets(front_end.max_transmit),
            max_receive: octets(front_end.max_receive),
        },
        Arrival::Gatt(att_mtu) => Arrived::Gatt { att_mtu: att_mtu.octets() },
        Arrival::L2cap => Arrived::L2cap,
        Arrival::Tcp => Arrived::Tcp,
    }
}
