//! A door on the emulated microcontroller, in a world of its own, and a phone at it.

pub mod budget;

use credential::id::{IssuerIndex, Serial};
use credential::iso7816::FrontEnd;
use credential::object::{OutputFormat, Presence, ReaderConfiguration, SEAL_OVERHEAD, seal};
use credential::reader::Path;
use credential::time::UnixTime;
use phone_sdk::{Deactivation, NfcPresenter, Wallet};
use reader_firmware::door::{Arrival, Device};
use simulator::unit::{BoardUnit, Cost, DoorUnit, FIRMWARE, Happened};
use tempfile::TempDir;

use crate::phone::{Phone, nfc};
use crate::world::{START, World, report_point};

/// A board, its project, and a phone with a card of it.
pub struct BoardRig {
    /// The board.
    pub unit: BoardUnit,
    /// The project, which signs.
    pub world: World,
    /// The phone.
    pub wallet: Wallet,
    phone: Phone,
    _dir: TempDir,
}

/// What came of a tap.
#[derive(Debug)]
pub struct BoardTap {
    /// All that happened.
    pub events: Vec<Happened>,
    /// What it cost.
    pub cost: Option<Cost>,
}

impl BoardRig {
    /// A board that has never been started.
    pub fn new() -> Self {
        Self::with(FIRMWARE)
    }

    /// The same with this firmware.
    pub fn with(firmware: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let image = dir.path().join("flash");
        let unit = BoardUnit::repeatable(firmware.as_ref(), &image, 1).unwrap();
        let (phone, wallet, _) = Phone::activated(World::new(1));
        // The same seed, the same project: the phone's world went into its manager.
        Self { unit, world: World::new(1), wallet, phone, _dir: dir }
    }

    /// A board that is a door and knows the time.
    pub fn enrolled() -> Self {
        let mut rig = Self::new();
        rig.enrol();
        rig
    }

    /// Makes a door of it that knows the time.
    pub fn enrol(&mut self) {
        let sealed = self.configuration(1);
        self.unit.configure(&sealed).unwrap();
        self.unit.take_time_token(&self.world.time_token(START)).unwrap();
    }

    /// A sealed configuration for the board's key.
    pub fn configuration(&mut self, version: u32) -> Vec<u8> {
        let key = self.unit.public_key().unwrap();
        let certificate = self.world.certificate(7, key, Presence::None).issue(&self.world.issuer).unwrap();
        let configuration = ReaderConfiguration {
            issuer: IssuerIndex(0),
            version,
            certificate,
            issuers: self.world.issuers(),
            tickets: true,
            list_version: 0,
            report_key: Some(report_point()),
            output: OutputFormat::Text,
        };
        let mut plain = [0; ReaderConfiguration::OCTETS_MAX];
        let length = configuration.issue(&self.world.issuer, &mut plain).unwrap();
        let mut sealed = vec![0; length + SEAL_OVERHEAD];
        seal(&mut self.world.rng, &key, &plain[..length], &mut sealed).unwrap();
        sealed
    }

    /// A list that revokes the card that the phone has (the manager of tests gives 101), and many that nobody has.
    pub fn list(&self, version: u32, others: u64) -> Vec<u8> {
        let serials: Vec<Serial> =
            std::iter::once(101).chain((1..=others).map(|n| n * 1_000)).map(Serial).collect();
        self.world.revocation_list(version, &serials, &[])
    }

    /// Has the phone fetch a list of this version, which revokes others, and this time, for the door.
    pub fn carry(&mut self, version: u32, time: UnixTime) {
        {
            let mut script = self.phone.manager.script();
            script.list = Some((version, Vec::new()));
            script.revoked = vec![Serial(1_000)];
            script.time = time;
        }
        self.wallet.refresh(self.world.project).unwrap();
    }

    /// A phone comes as a card, answers until nobody says anything, and goes.
    pub fn tap(&mut self) -> BoardTap {
        self.tap_until(usize::MAX)
    }

    /// A phone that is taken away after so many answers.
    pub fn tap_until(&mut self, answers: usize) -> BoardTap {
        let mut card = nfc(&self.wallet, Presence::None);
        let mut tap = BoardTap { events: Vec::new(), cost: None };
        let mut to_phone = Vec::new();
        tap.take(&mut self.unit, Device::Arrived(Arrival::Nfc(FrontEnd::SHORT)), &mut to_phone);
        for _ in 0..answers {
            let Some(apdu) = to_phone.pop() else { break };
            let answer = card.process_command(&apdu);
            tap.take(&mut self.unit, Device::Sent(&answer), &mut to_phone);
        }
        tap.take(&mut self.unit, Device::Left, &mut Vec::new());
        gone(&mut card);
        tap
    }

    /// Cuts the power without a warning and gives it back, and the time with it.
    pub fn cut_power(&mut self) {
        assert!(self.unit.cut_power().unwrap(), "the board is emulated");
    }
}

impl Default for BoardRig {
    fn default() -> Self {
        Self::new()
    }
}

impl BoardTap {
    fn take(&mut self, unit: &mut BoardUnit, device: Device<'_>, out: &mut Vec<Vec<u8>>) {
        let handled = unit.handle(device, out).unwrap();
        self.events.extend(handled.events);
        self.cost = handled.cost.or(self.cost);
    }

    /// Whose ID went out, and how.
    pub fn granted(&self) -> Option<(&str, Path)> {
        self.events.iter().find_map(|event| match event {
            Happened::Granted { output, path, .. } => Some((output.as_str(), *path)),
            _ => None,
        })
    }

    /// Why nobody was named.
    pub fn denied(&self) -> Option<&str> {
        self.events.iter().find_map(|event| match event {
            Happened::Denied { reason, .. } => Some(reason.as_str()),
            _ => None,
        })
    }

    /// Whether the phone was told and has answered.
    pub fn finished(&self) -> bool {
        self.events.contains(&Happened::Finished)
    }
}

fn gone(card: &mut NfcPresenter) {
    while card.poll_event().is_some() {}
    card.deactivated(Deactivation::LinkLoss);
}
