//! The simulator's command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use simulator::attack::{self, AttackArgs};
use simulator::board::{self, BoardArgs};
use simulator::decoding::{self, DecodeArgs};
use simulator::demo::{self, DemoArgs, Ended};
use simulator::door::{self, DoorArgs};
use simulator::lab::{self, LabArgs};
use simulator::load::{self, LoadArgs};
use simulator::replay::{self, ReplayArgs};
use simulator::run::{self, RunArgs};
use simulator::trace::command::{self as trace, TraceArgs};

/// Phones, doors and radios without hardware.
///
/// Without a command it is the lab: a page with a street of doors and a rack of phones.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The lab: people, phones and doors on one page; drag a phone to a door and watch the tap.
    ///
    /// What is done there is a scenario that can be saved and run.
    Lab(LabArgs),
    /// From a CSV file of people to an open door: invites, activates and taps for each of them, then revokes one
    /// and lets a credential expire.
    ///
    /// Exit status: 0 when everything was as it must be, 1 when something was not, 2 when the file of people is
    /// refused.
    Demo(DemoArgs),
    /// A door that a running manager enrols, for taps over TCP and as a slot for a virtual card.
    ///
    /// Its key and its configuration stay in its directory, so that it needs the manager only the first time.
    /// It runs until it is ended, or has seen --taps taps.
    Door(Box<DoorArgs>),
    /// Asks a board that is a door how it is, or has it test itself.
    ///
    /// Exit status of a self-test: 0 when nothing is broken, 1 otherwise.
    Board(BoardArgs),
    /// Scenarios: people, phones and doors in virtual time, steps, and what has to come of them.
    ///
    /// Exit status: 0 when everything came out as it must, 1 when something did not or a file is wrong.
    Run(RunArgs),
    /// Attacks on the real parts: what the attacker gets, and what stops it or how far it goes.
    ///
    /// Exit status: 0 when every attack came out as the threat model says, 1 when one did not.
    Attack(AttackArgs),
    /// Thousands of phones and doors against one manager, over days of virtual time: how fast, in how much memory.
    ///
    /// Exit status: 0 when everything came out as it must, 1 when somebody got in who must not, somebody did not who
    /// must, or the process has grown from the first day to the last.
    Load(LoadArgs),
    /// What octets say, field by field: an APDU, a segment, a message, a signed object, or all messages of a trace.
    ///
    /// Nothing is verified and nothing is opened: what is sealed is said to be so.
    Decode(DecodeArgs),
    /// The taps of a scenario, octet for octet, in a file.
    Trace(TraceArgs),
    /// One side of a traced tap, played to the other side as it is at the end of a scenario: where and why it is
    /// refused.
    Replay(ReplayArgs),
}

fn main() -> ExitCode {
    match Cli::parse().command.unwrap_or_else(|| Command::Lab(LabArgs::default())) {
        Command::Lab(args) => ended(lab::run(&args).map(|()| true)),
        Command::Demo(args) => match demo::run(&args) {
            Ok(Ended::AsItMust) => ExitCode::SUCCESS,
            Ok(Ended::NotAsItMust) => ExitCode::FAILURE,
            Ok(Ended::PeopleRefused) => ExitCode::from(2),
            Err(error) => {
                demo::say_error(&args, &error);
                ExitCode::FAILURE
            }
        },
        Command::Door(args) => ended(door::run(&args).map(|()| true)),
        Command::Board(args) => ended(board::run(&args)),
        Command::Decode(args) => printed(decoding::run(&args)),
        Command::Trace(args) => printed(trace::run(&args).map(|taps| format!("{taps} taps\n"))),
        Command::Replay(args) => printed(replay::run(&args)),
        Command::Run(args) => ended(run::run(&args)),
        Command::Attack(args) => ended(attack::run(&args)),
        Command::Load(args) => ended(load::run(&args)),
    }
}

/// What there is to say.
fn printed(result: anyhow::Result<String>) -> ExitCode {
    ended(result.map(|text| {
        print!("{text}");
        true
    }))
}

/// Whether everything came out as it must.
fn ended(result: anyhow::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("simulator: {error:#}");
            ExitCode::FAILURE
        }
    }
}
