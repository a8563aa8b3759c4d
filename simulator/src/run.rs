//! The command that runs scenarios.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::scenario::{self, Found, Report, Scenario};

/// The scenarios that come with the program, seen from the root of the repository.
const SHIPPED: &str = "simulator/scenarios";

/// What is asked of a run.
#[derive(Args, Clone, Debug)]
pub struct RunArgs {
    /// Scenarios, or folders of them; without one, those in `simulator/scenarios`.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The seed of everything that is random, in the place of the one in each file.
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,

    /// Write everything that happened to a file, as JSON; `-` is the standard output.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write what came of each step to a file, in JUnit's XML.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Say what happened, line by line; a single scenario does so anyway.
    #[arg(long)]
    timeline: bool,

    /// Only list the scenarios and what each shows.
    #[arg(long, conflicts_with_all = ["json", "junit", "timeline", "seed"])]
    list: bool,
}

/// Runs scenarios; whether all came out as they must.
///
/// # Errors
/// When a file cannot be read or written, or a world fails.
pub fn run(args: &RunArgs) -> Result<bool> {
    let named = if args.files.is_empty() { vec![PathBuf::from(SHIPPED)] } else { args.files.clone() };
    let found = scenario::find(&named)?;
    let Some(scenarios) = read(&found)? else { return Ok(false) };
    if args.list {
        list(&scenarios);
        return Ok(true);
    }
    let quiet = args.json.as_deref().is_some_and(|file| file.as_os_str() == "-");
    let bar = progress(scenarios.len(), quiet);
    let mut reports: Vec<(String, Report)> = Vec::new();
    for (name, scenario) in &scenarios {
        bar.set_message(name.clone());
        let report = scenario::run(scenario, args.seed).with_context(|| format!("scenario {name}"))?;
        bar.inc(1);
        if !quiet {
            let tells = args.timeline || scenarios.len() == 1;
            bar.suspend(|| say(name, &report, tells));
        }
        reports.push((name.clone(), report));
    }
    bar.finish_and_clear();
    write(args, &reports)?;
    let failed = reports.iter().filter(|(_, report)| !report.is_ok()).count();
    if !quiet && scenarios.len() > 1 {
        let took: f64 = reports.iter().map(|(_, report)| report.took.as_secs_f64()).sum();
        println!("{} passed, {failed} failed, in {took:.1} s", reports.len().saturating_sub(failed));
    }
    Ok(failed == 0)
}

/// Reads all files; `None` when something is wrong with one, which was then said.
fn read(found: &[Found]) -> Result<Option<Vec<(String, Scenario)>>> {
    let mut scenarios = Vec::new();
    let mut good = true;
    for Found { name, file } in found {
        match Scenario::load(file)? {
            Ok(scenario) => scenarios.push((name.clone(), scenario)),
            Err(problems) => {
                good = false;
                for problem in problems {
                    eprintln!("{}, {problem}", file.display());
                }
            }
        }
    }
    Ok(good.then_some(scenarios))
}

fn list(scenarios: &[(String, Scenario)]) {
    let width = scenarios.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, scenario) in scenarios {
        println!("{name:<width$}  {}", scenario.title);
        if !scenario.about.is_empty() {
            println!("{:width$}  {}", "", scenario.about);
        }
    }
}

fn say(name: &str, report: &Report, tells: bool) {
    let mark = if report.is_ok() { "ok  " } else { "FAIL" };
    if tells {
        println!("{} (seed {})", report.title, report.seed);
        print!("{}", report.timeline());
    }
    println!("{mark}  {name}: {report}");
    for failure in report.failures() {
        println!("      {failure}");
    }
}

fn write(args: &RunArgs, reports: &[(String, Report)]) -> Result<()> {
    if let Some(file) = &args.json {
        let ok = reports.iter().all(|(_, report)| report.is_ok());
        let scenarios: Vec<_> = reports.iter().map(|(name, report)| report.to_json(name)).collect();
        let text = serde_json::to_string_pretty(&json!({ "ok": ok, "scenarios": scenarios }))?;
        if file.as_os_str() == "-" {
            println!("{text}");
        } else {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    if let Some(file) = &args.junit {
        let text = scenario::junit(reports.iter().map(|(name, report)| (name.as_str(), report)));
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn progress(count: usize, quiet: bool) -> ProgressBar {
    if quiet || count < 2 {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}");
    let bar = ProgressBar::new(u64::try_from(count).unwrap_or(0));
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}
