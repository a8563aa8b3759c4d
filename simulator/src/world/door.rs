//! A door: the reader's firmware in this process, and the wall that it hangs on.

use std::collections::VecDeque;

use anyhow::{Context, Result};
use credential::id::ReaderId;
use manager::domain::{Actor, Presence};
use manager::{Manager, NewReader};
use reader_firmware::enrolment;

use super::clock::{Crystal, WorldClock};
use super::link::LinkSettings;
use super::seeds::Seeds;
use crate::output::DoorOutput;
use crate::unit::{DoorUnit, InProcess};

/// What is set about a door.
#[derive(Clone, Debug)]
pub struct DoorPlan {
    /// What it is called.
    pub name: String,
    /// The project that it is enrolled with.
    pub project: usize,
    /// How it writes the user ID.
    pub output: DoorOutput,
    /// The presence that it demands.
    pub presence: Presence,
    /// Whether it is given the time when it is put up.
    pub knows_time: bool,
    /// Parts in a million by which its clock is fast.
    pub drift_ppm: i32,
    /// Microseconds that it takes for each message.
    pub delay_us: u64,
    /// The link of a tap that names none.
    pub link: LinkSettings,
}

/// A door of a world.
pub struct Door {
    pub(super) plan: DoorPlan,
    pub(crate) unit: Box<InProcess>,
    pub(crate) crystal: Crystal,
    pub(super) reader: ReaderId,
    /// How many readers have hung here.
    pub(super) hung: u32,
    pub(super) powered: bool,
    /// The tap that it is in.
    pub(super) tap: Option<u64>,
    /// Taps that wait for the one before.
    pub(super) waiting: VecDeque<u64>,
}

impl Door {
    /// Puts up a reader and enrols it.
    pub(crate) fn put_up(
        plan: DoorPlan,
        world: &WorldClock,
        seeds: &Seeds,
        hung: u32,
        enrol: impl FnOnce(NewReader) -> Result<(ReaderId, Vec<u8>)>,
    ) -> Result<Self> {
        let mut rng = seeds.rng(&format!("door {} {hung}", plan.name));
        let scalar = enrolment::make_key(&mut rng)?;
        let crystal = Crystal::new(world.clone(), plan.drift_ppm);
        let mut unit = Box::new(InProcess::with(scalar, rng, Box::new(crystal.clone())));
        let new = NewReader {
            name: if hung == 0 {
                plan.name.clone()
            } else {
                format!("{} ({})", plan.name, hung.saturating_add(1))
            },
            place: String::new(),
            public_key: unit.public_key()?.0,
            presence: plan.presence,
            output: plan.output.format(),
        };
        let (reader, configuration) = enrol(new)?;
        unit.configure(&configuration)?;
        Ok(Self { plan, unit, crystal, reader, hung, powered: true, tap: None, waiting: VecDeque::new() })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// How it names itself on the air.
    pub const fn reader(&self) -> ReaderId {
        self.reader
    }

    /// The reader.
    pub const fn unit(&self) -> &InProcess {
        &self.unit
    }

    /// What is set about it.
    pub const fn plan(&self) -> &DoorPlan {
        &self.plan
    }

    /// Whether it has power.
    pub const fn is_powered(&self) -> bool {
        self.powered
    }

    pub(super) fn powered(&mut self) -> Result<&mut InProcess> {
        self.powered
            .then_some(&mut *self.unit)
            .with_context(|| format!("door {} has no power", self.plan.name))
    }
}

/// Enrols with a manager: the reader's number and its sealed configuration.
pub(crate) async fn enrol(manager: &Manager, new: NewReader) -> Result<(ReaderId, Vec<u8>)> {
    let enrolled = manager.enrol_reader(Actor::Operator, new).await?;
    Ok((enrolled.id, enrolled.configuration))
}
