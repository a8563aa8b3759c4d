//! The command `trace`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::Args;

use super::{TraceFile, Tracer, of_tap};
use crate::scenario::Scenario;
use crate::world::World;

/// What is to be traced.
#[derive(Args, Clone, Debug)]
pub struct TraceArgs {
    /// A scenario: all its steps are done, whatever comes of them.
    scenario: PathBuf,

    /// Where its taps go: `.jsonl` for a record a line, `.pcapng` for Wireshark.
    file: PathBuf,

    /// The seed of everything that is random, in the place of the one in the scenario.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// Writes the taps of a scenario; returns how many.
///
/// # Errors
/// When the scenario is wrong, or the trace cannot be written.
pub fn run(args: &TraceArgs) -> Result<usize> {
    let mut file = TraceFile::create(&args.file)?;
    let world = world(&args.scenario, args.seed)?;
    world.records().iter().flat_map(of_tap).for_each(|record| file.record(record));
    file.finish()?;
    Ok(world.records().len())
}

/// The world at the end of a scenario.
pub(crate) fn world(scenario: &Path, seed: Option<u64>) -> Result<World> {
    let loaded = Scenario::load(scenario)?.map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        anyhow!("{}, {first}", scenario.display())
    })?;
    loaded.build(seed)
}
