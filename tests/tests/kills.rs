//! Managers and their databases are killed at random moments while they are asked for everything at once.
//!
//! `OSTIARY_KILLS=200 cargo test -p tests --test kills -- --nocapture` kills the manager 200 times in each test, and
//! prints what that hit; `OSTIARY_SEED=…` repeats the random choices of a run, though not the interleaving of its threads.
//! What needs a PostgreSQL starts its own, and is left out where none is installed.
#![expect(clippy::expect_used, reason = "tests")]

use tests::service::postgres::{self, Durability, Postgres};
use tests::service::process::Installation;
use tests::siege::campaign::{Target, besiege};

/// Kills unless the environment says otherwise.
const KILLS: u64 = 10;

#[test]
fn a_manager_on_sqlite_that_is_killed_forgets_nothing_that_it_said() {
    let installation = Installation::new();
    let report =
        besiege(&installation, 1, Target::Managers, number("OSTIARY_KILLS").unwrap_or(KILLS), seed());
    println!("SQLite, one manager: {report}");
    assert_eq!(report.faults, 0, "{}", installation.log());
}

#[test]
fn of_two_managers_on_one_postgresql_one_is_killed_and_nothing_is_forgotten() {
    if !postgres::is_installed() {
        return;
    }
    let server = Postgres::start(Durability::Process);
    let installation = Installation::on(&server.url());
    let report =
        besiege(&installation, 2, Target::Managers, number("OSTIARY_KILLS").unwrap_or(KILLS), seed());
    println!("PostgreSQL, two managers: {report}");
    assert_eq!(report.faults, 0, "{}", installation.log());
}

#[test]
fn a_postgresql_under_two_managers_is_killed_and_nothing_is_forgotten() {
    if !postgres::is_installed() {
        return;
    }
    let mut server = Postgres::start(Durability::Process);
    let installation = Installation::on(&server.url());
    let kills = number("OSTIARY_KILLS").unwrap_or(KILLS).div_ceil(10);
    let report = besiege(&installation, 2, Target::Database(&mut server), kills, seed());
    println!("PostgreSQL killed under two managers: {report}");
}

#[test]
fn a_primary_is_killed_and_its_replica_goes_on_under_the_same_managers() {
    if !postgres::is_installed() {
        return;
    }
    let mut primary = Postgres::start(Durability::Process);
    let mut replica = primary.replicate();
    let installation = Installation::on(&format!("{},{}", primary.url(), replica.url()));
    let report = besiege(&installation, 2, Target::Primary(&mut primary, &mut replica), 1, seed());
    println!("PostgreSQL, failover under two managers: {report}");
}

/// The seed of a run, which is printed so that it can be repeated.
fn seed() -> u64 {
    let seed = number("OSTIARY_SEED").unwrap_or_else(rand::random);
    println!("seed {seed}");
    seed
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().expect("a number"))
}
