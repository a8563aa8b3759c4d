//! A trace played again: what one side said, to the other side as it is now.
//!
//! A session is never the same twice, so the octets of a genuine tap are refused somewhere, and that place is told.

mod device;
mod reader;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::decode::{Conversation, Said};
use crate::trace::{Octets, Record, Side, TapBegins, command, read};
use crate::world::World;

/// What is to be played.
#[derive(Args, Clone, Debug)]
pub struct ReplayArgs {
    /// The trace.
    trace: PathBuf,

    /// The side whose octets are played; the other one is alive.
    #[arg(long, value_enum)]
    role: Role,

    /// The scenario at whose end the other side is taken: the one that was traced, or any with a door or a phone.
    #[arg(long = "in", value_name = "SCENARIO")]
    scenario: PathBuf,

    /// The seed of everything that is random in it.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// The tap of the trace that is played; else the first one.
    #[arg(long, value_name = "NUMBER")]
    tap: Option<u64>,

    /// The door or the phone that is alive; else the one of that tap, else the first one.
    #[arg(long, value_name = "NAME")]
    to: Option<String>,

    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// One side of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// The door.
    Reader,
    /// The phone.
    Device,
}

/// What came of a replay.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Replayed {
    /// Message by message.
    pub steps: Vec<Step>,
    /// Whether the side that is alive took everything that was played, to a grant or to the result.
    pub accepted: bool,
    /// Why not, in the words of the side that refused, or of its status word.
    pub refused: Option<String>,
}

/// What came of one piece of octets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What was played: the message that these octets end, or a part of one.
    pub played: String,
    /// What came back.
    pub answered: Vec<String>,
    /// What happened, in a word and with its reason.
    pub happened: Vec<String>,
}

/// A tap of a trace.
struct Recorded {
    begins: TapBegins,
    octets: Vec<Octets>,
}

/// Plays a trace; what came of it, as it is printed.
///
/// # Errors
/// When the trace or the scenario cannot be read, or has no such tap, door or phone.
pub fn run(args: &ReplayArgs) -> Result<String> {
    let records = read(&args.trace)?;
    let mut world = command::world(&args.scenario, args.seed)?;
    let replayed = play(&records, args.tap, args.role, &mut world, args.to.as_deref())?;
    if args.json {
        return Ok(format!("{}\n", serde_json::to_string(&replayed)?));
    }
    Ok(replayed.to_string())
}

/// Plays one side of a tap to a door or a phone of a world: of the first tap, or of the one with this number; to the
/// one with this name, else to the one of that name in the trace, else to the first.
///
/// # Errors
/// When the trace has no such tap, or the world no such door or phone.
pub fn play(
    records: &[Record],
    tap: Option<u64>,
    role: Role,
    world: &mut World,
    to: Option<&str>,
) -> Result<Replayed> {
    let recorded = Recorded::find(records, tap)?;
    match role {
        Role::Device => device::play(&recorded, world, to),
        Role::Reader => reader::play(&recorded, world, to),
    }
}

impl Recorded {
    fn find(records: &[Record], tap: Option<u64>) -> Result<Self> {
        let begins = records.iter().find_map(|record| match record {
            Record::Tap(begins) if tap.is_none_or(|tap| begins.tap == tap) => Some(begins.clone()),
            _ => None,
        });
        let begins = begins.context("the trace has no such tap")?;
        let octets = records.iter().filter_map(|record| match record {
            Record::Octets(octets) if octets.tap == begins.tap => Some(octets.clone()),
            _ => None,
        });
        Ok(Self { octets: octets.collect(), begins })
    }

    /// What one side said.
    fn of(&self, side: Side) -> impl Iterator<Item = &Octets> {
        self.octets.iter().filter(move |octets| octets.from == side)
    }
}

/// Overhears what is played and what comes back.
struct Overhearing {
    conversation: Conversation,
    tap: u64,
}

impl Overhearing {
    fn begin(recorded: &Recorded) -> Self {
        let mut conversation = Conversation::default();
        conversation.take(&Record::Tap(recorded.begins.clone()));
        Self { conversation, tap: recorded.begins.tap }
    }

    /// What these octets are, in words.
    fn hear(&mut self, from: Side, octets: &[u8]) -> String {
        let octets = Octets { tap: self.tap, at_us: 0, from, octets: octets.to_vec(), lost: false };
        let length = octets.octets.len();
        let said = self.conversation.take(&Record::Octets(octets));
        match said.last() {
            Some(Said { name, .. }) => format!("{name} ({length} octets)"),
            None => format!("part of a message ({length} octets)"),
        }
    }
}

impl Replayed {
    fn refuse(&mut self, why: impl Into<String>) {
        if self.refused.is_none() {
            self.refused = Some(why.into());
        }
    }
}

impl std::fmt::Display for Replayed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for step in &self.steps {
            writeln!(f, "played    {}", step.played)?;
            step.answered.iter().try_for_each(|answer| writeln!(f, "  answer  {answer}"))?;
            step.happened.iter().try_for_each(|happened| writeln!(f, "  {happened}"))?;
        }
        match (&self.refused, self.accepted) {
            (Some(why), _) => {
                let at = self.steps.last().map_or("the beginning", |step| step.played.as_str());
                writeln!(f, "refused at {at}: {why}")
            }
            (None, true) => writeln!(f, "accepted: nothing in it was refused"),
            (None, false) => writeln!(f, "without a result: the trace ends before one"),
        }
    }
}

/// The place of the one with this name, else of the recorded one, else of the first.
fn place<'n>(names: impl Iterator<Item = &'n str>, wanted: Option<&str>, recorded: &str) -> Result<usize> {
    let names: Vec<&str> = names.collect();
    ensure!(!names.is_empty(), "the scenario has none");
    let of = |name: &str| names.iter().position(|other| *other == name);
    match wanted {
        Some(name) => {
            of(name).with_context(|| format!("the scenario has {}, and no {name}", names.join(", ")))
        }
        None => Ok(of(recorded).unwrap_or(0)),
    }
}
