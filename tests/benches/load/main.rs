//! What a manager takes per second, in one run and one table:
//! `cargo bench -p tests --features bench --bench load [-- --json] [--seconds N] [--devices N] [--only NAME]`.
//!
//! `docs/PERFORMANCE.md` says what each row means.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a benchmark that meets anything unexpected has to stop"
)]

mod bare;
mod cpu;
mod devices;
mod generator;
mod setup;
mod table;

use std::time::Duration;

use setup::{SETUPS, Setup};
use table::Row;

/// What the command line says.
struct Options {
    json: bool,
    seconds: u64,
    devices: usize,
    only: Option<String>,
}

fn main() {
    let options = Options::read();
    let chosen = |setup: &&Setup| options.only.as_ref().is_none_or(|only| setup.key == only);
    let mut rows: Vec<Row> = Vec::new();
    for setup in SETUPS.iter().filter(chosen) {
        eprintln!("{} …", setup.name);
        rows.extend(setup.measure(options.devices, Duration::from_secs(options.seconds)));
    }
    if options.json {
        println!("{}", table::json(&rows));
    } else {
        println!("{}", table::markdown(&rows));
    }
}

impl Options {
    fn read() -> Self {
        let mut options = Self { json: false, seconds: 3, devices: 1000, only: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--json" => options.json = true,
                "--seconds" => options.seconds = value().parse().expect("--seconds needs a number"),
                "--devices" => options.devices = value().parse().expect("--devices needs a number"),
                "--only" => options.only = Some(value()),
                // Cargo says it to every benchmark.
                "--bench" => {}
                other => panic!("unknown option {other}"),
            }
        }
        options
    }
}
