//! Load: thousands of phones and doors in this process, against one manager, over a week of virtual time.
//!
//! The manager serves HTTP on loopback, and phones are activated and renewed over it. Taps stay in this process: the
//! wallet of the SDK on one side, the reader's firmware on the other, and every octet that a radio would carry.
//! Who taps where and who leaves comes from one seed, and what comes of it is the same in every run of that seed, with
//! any number of threads; how long it takes is not.

mod bare;
mod crowd;
mod memory;
mod plan;
mod progress;
mod report;
mod site;
mod street;
mod visit;
mod week;
mod workers;

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use anyhow::Result;
use clap::Args;

/// What is asked of a load.
#[derive(Args, Clone, Debug)]
pub struct LoadArgs {
    /// Phones, each with somebody who carries it.
    #[arg(long, value_name = "NUMBER", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    phones: u32,

    /// Doors.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    doors: u32,

    /// Days of virtual time.
    #[arg(long, value_name = "NUMBER", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=60))]
    days: u32,

    /// The seed of who taps where and who leaves, and of the keys of phones and doors.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Threads that tap, and that serve; as many as there are cores without it.
    #[arg(long, value_name = "NUMBER")]
    threads: Option<NonZeroUsize>,

    /// One JSON object on standard output in the place of the table.
    #[arg(long)]
    json: bool,
}

impl LoadArgs {
    fn threads(&self) -> usize {
        self.threads.or_else(|| available_parallelism().ok()).map_or(1, NonZeroUsize::get)
    }
}

/// Runs a load; whether everything came out as it must.
///
/// # Errors
/// When the manager cannot be served or refuses something of the plan, or a part fails that should not.
pub fn run(args: &LoadArgs) -> Result<bool> {
    let report = week::live(args)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{report}");
    }
    Ok(report.ok())
}
