//! 10,000 seeded runs over links that lose, repeat, reorder, change, delay and break off.
//!
//! When a run fails, its seed is printed; `STORM_SEED=… cargo test -p tests --test storm` runs that seed alone.

#![expect(clippy::expect_used, clippy::arithmetic_side_effects, reason = "tests")]

use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use rand::RngExt;
use rand::rngs::StdRng;
use tests::framing::Level;
use tests::storm::{Count, Storm};

/// Runs on all levels together.
const RUNS: u64 = 10_000;
/// Those of them whose pieces are GATT segments, and those whose pieces are APDUs.
const SEGMENT_RUNS: u64 = 3_000;
const APDU_RUNS: u64 = 3_000;

#[test]
fn storms_of_messages_end_in_no_wrong_grant_and_no_stuck_session() {
    run(0..RUNS - SEGMENT_RUNS - APDU_RUNS, |_| Level::Messages);
}

#[test]
fn storms_of_gatt_segments_end_in_no_wrong_grant_and_no_stuck_session() {
    let first = RUNS - SEGMENT_RUNS - APDU_RUNS;
    run(first..first + SEGMENT_RUNS, |rng| {
        Level::Segments(
            AttMtu::new(if rng.random() { 247 } else { rng.random_range(23..=517) }).expect("from 23 to 517"),
        )
    });
}

#[test]
fn storms_of_apdus_end_in_no_wrong_grant_and_no_stuck_session() {
    run(RUNS - APDU_RUNS..RUNS, |rng| {
        Level::Apdus(match rng.random_range(0..3) {
            0 => FrontEnd::SHORT,
            1 => FrontEnd { max_transmit: 2_060, max_receive: 2_060 },
            _ => FrontEnd { max_transmit: rng.random_range(60..300), max_receive: rng.random_range(60..300) },
        })
    });
}

/// Runs every seed, and sees to it that the storms were neither too weak nor too strong to show anything.
fn run(seeds: std::ops::Range<u64>, level: impl Fn(&mut StdRng) -> Level) {
    let chosen: Option<u64> = std::env::var("STORM_SEED").ok().map(|seed| seed.parse().expect("a number"));
    let mut count = Count::default();
    let all = seeds.clone();
    for seed in seeds.filter(|seed| chosen.is_none_or(|chosen| *seed == chosen)) {
        let _printed = SeedOnPanic(seed);
        Storm::new(seed, &level).run(&mut count);
    }
    println!("seeds {all:?}: {count:?}");
    if chosen.is_none() {
        let share = |part: u64| part * 100 / count.taps;
        assert!((5..95).contains(&share(count.granted_full + count.granted_fast)), "{count:?}");
        assert!(share(count.granted_fast) >= 1 && share(count.without_decision) >= 5, "{count:?}");
        assert!(count.not_told > 0 && count.denied > 0 && count.replayed > 0, "{count:?}");
    }
}

struct SeedOnPanic(u64);

impl Drop for SeedOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the seed is {}", self.0);
        }
    }
}
