//! The story in one run, through the real parts: manager, phone SDK, reader.

mod building;
mod narrator;
mod people;
mod phone;
mod report;
mod story;
mod tap;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::output::DoorOutput;
use crate::unit::FIRMWARE;
use building::{Building, DoorPlace};
use narrator::Narrator;
use people::{People, Refused};
use report::Report;

/// What the demo is asked for.
#[derive(Args, Clone, Debug)]
pub struct DemoArgs {
    /// CSV file of people: First name, Last name, E-mail address, ID. Without it, five who come with the program.
    #[arg(long, value_name = "FILE")]
    users: Option<PathBuf>,

    /// Directory for the database, the phones and the reader, left for inspection; it must be new or empty.
    /// Without it, a new one below `demo-data`.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// How the reader writes the ID: `text`, or the bits of a Wiegand frame, such as `wiegand:26:17` for 26 bits with
    /// facility code 17.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: DoorOutput,

    /// Where the door runs; in `qemu` its power is cut, too, before the revoked phone comes.
    #[arg(long, value_enum, default_value_t = DoorPlace::Process)]
    door: DoorPlace,

    /// The firmware for `--door qemu`.
    #[arg(long, value_name = "FILE", default_value = FIRMWARE, hide_default_value = true)]
    firmware: PathBuf,

    /// One JSON object on standard output in the place of the table.
    #[arg(long)]
    json: bool,
}

/// How the demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every tap came out as it must.
    AsItMust,
    /// One did not; the report says which.
    NotAsItMust,
    /// The file of people has errors; all of them were said.
    PeopleRefused,
}

/// Runs the demo.
///
/// # Errors
/// Whatever keeps it from running to its end: files, sockets, a refusal by the manager.
pub fn run(args: &DemoArgs) -> Result<Ended> {
    let narrator = Narrator::new(args.json);
    let octets = people::read(args.users.as_deref())?;
    let dir = directory(args.dir.clone())?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let mut building = runtime.block_on(Building::open(&dir, args))?;
    narrator.chapter(&format!(
        "Project \"Demo\" in {}: an issuer key, a database, an API on {}",
        dir.display(),
        building.url()
    ));
    let people = match runtime.block_on(People::import(&building, octets))? {
        Ok(people) => people,
        Err(refused) => {
            say_refused(args, &refused)?;
            return Ok(Ended::PeopleRefused);
        }
    };
    narrator.chapter(&people.described());
    let report = story::tell(&runtime, &mut building, &people, &narrator, &dir)?;
    runtime.block_on(building.close());
    say(args, &report)?;
    Ok(if report.ok { Ended::AsItMust } else { Ended::NotAsItMust })
}

/// Says why the demo did not run.
pub fn say_error(args: &DemoArgs, error: &anyhow::Error) {
    if args.json {
        println!("{}", serde_json::json!({ "ok": false, "error": format!("{error:#}"), "taps": [] }));
    } else {
        eprintln!("error: {error:#}");
    }
}

fn say(args: &DemoArgs, report: &Report) -> Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

fn say_refused(args: &DemoArgs, refused: &Refused) -> Result<()> {
    if args.json {
        println!("{}", serde_json::to_string_pretty(refused)?);
    } else {
        eprintln!("{refused}");
    }
    Ok(())
}

fn directory(asked: Option<PathBuf>) -> Result<PathBuf> {
    let dir = match asked {
        Some(dir) => dir,
        None => {
            PathBuf::from("demo-data").join(jiff::Zoned::now().strftime("%Y-%m-%dT%H-%M-%S%.3f").to_string())
        }
    };
    std::fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let mut entries = std::fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))?;
    anyhow::ensure!(entries.next().is_none(), "{} is not empty; name a new directory", dir.display());
    Ok(dir)
}
