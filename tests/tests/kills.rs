//! The manager is killed at random moments while it is asked for everything at once.
//!
//! `OSTIARY_KILLS=200 cargo test -p tests --test kills` kills it 200 times; `OSTIARY_SEED=…` repeats the random choices
//! of a run, though not the interleaving of its threads.
#![expect(clippy::expect_used, reason = "tests")]

use tests::service::process::Installation;
use tests::siege::campaign::besiege;

/// Kills unless the environment says otherwise.
const KILLS: u64 = 10;

#[test]
fn a_manager_on_sqlite_that_is_killed_at_random_moments_forgets_nothing_that_it_said() {
    let seed = number("OSTIARY_SEED").unwrap_or_else(rand::random);
    println!("seed {seed}");
    let installation = Installation::new();
    let report = besiege(&installation, number("OSTIARY_KILLS").unwrap_or(KILLS), seed);
    println!("{report}");
    assert_eq!(report.faults, 0, "{}", installation.log());
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().expect("a number"))
}
