//! A board at a serial line, for whoever looks after it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use reader_firmware::serial::{Check, DoorState, SelfTest, Status};
use serde_json::{Map, Value, json};

use crate::unit::{BoardUnit, FIRMWARE};

/// What a board is asked for.
#[derive(Args, Clone, Debug)]
pub struct BoardArgs {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand, Clone, Debug)]
enum Question {
    /// What the board is and has.
    Status(At),
    /// Has it test flash, random source, P-256, clock, log and configuration; nothing that it holds changes.
    SelfTest(At),
}

/// Where a board is.
#[derive(Args, Clone, Debug)]
struct At {
    /// The path of a serial device, or the directory of a `simulator door --board qemu` that is not running.
    at: PathBuf,

    /// The firmware for the emulated board.
    #[arg(long, value_name = "FILE", default_value = FIRMWARE, hide_default_value = true)]
    firmware: PathBuf,

    /// JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Asks; says whether the board is sound.
///
/// # Errors
/// When the board does not answer, or nothing can be written.
pub fn run(args: &BoardArgs) -> Result<bool> {
    match &args.question {
        Question::Status(at) => {
            let status = at.board()?.board_status()?;
            at.say(&told(&status))?;
            Ok(true)
        }
        Question::SelfTest(at) => {
            let found = at.board()?.self_test()?;
            at.say(&checks(&found))?;
            Ok(found.is_sound())
        }
    }
}

impl At {
    fn board(&self) -> Result<BoardUnit> {
        if self.at.is_dir() {
            BoardUnit::qemu(&self.firmware, &flash_of(&self.at))
        } else {
            BoardUnit::serial(&self.at)
        }
    }

    fn say(&self, said: &Map<String, Value>) -> Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", Value::from(said.clone()))?;
            return Ok(());
        }
        for (name, value) in said {
            let name = name.replace('_', " ");
            match value {
                Value::String(text) => writeln!(out, "{name}: {text}")?,
                other => writeln!(out, "{name}: {other}")?,
            }
        }
        Ok(())
    }
}

/// The flash image of a door on the emulated board.
fn flash_of(dir: &Path) -> PathBuf {
    dir.join("flash")
}

fn told(status: &Status) -> Map<String, Value> {
    let (state, reader, configuration) = match status.state {
        DoorState::Unseeded => ("waits for its seed", None, None),
        DoorState::Keyed { .. } => ("not enrolled", None, None),
        DoorState::Enrolled { reader, configuration_version, .. } => {
            ("enrolled", Some(reader), Some(configuration_version))
        }
    };
    let events = status.log.1.saturating_sub(status.log.0);
    let pairs = [
        ("state", json!(state)),
        ("reader", json!(reader)),
        ("configuration", json!(configuration)),
        ("revocation_list", json!(status.list_version)),
        ("time", json!((status.time > 0).then_some(status.time))),
        ("events_held", json!(events)),
        ("damaged_frames", json!(status.damaged)),
        ("pages_erased", json!(status.erases)),
        ("flash_octets", json!(status.footprint.flash_octets)),
        ("static_octets", json!(status.footprint.static_octets)),
        ("stack_octets", json!(status.footprint.stack_octets)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn checks(found: &SelfTest) -> Map<String, Value> {
    let word = |check| match check {
        Check::Passed => "passed",
        Check::Failed => "failed",
        Check::Absent => "not there",
    };
    found.checks().into_iter().map(|(name, check)| (name.replace(' ', "_"), json!(word(check)))).collect()
}
