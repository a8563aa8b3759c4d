//! A relay between a phone in a pocket and a distant door.

use anyhow::Result;

use super::bench::{ANNA, Bench, FRONT, SAFE, VICTIM};
use super::{Finding, Orders};

/// Longer than any reader waits.
const LONGEST_MS: u64 = 12_000;

pub(super) fn attack(bench: &mut Bench, orders: &Orders) -> Result<Finding> {
    let fast = limit(bench, false)?;
    let full = limit(bench, true)?;
    let asked = match orders.delay_ms {
        Some(delay) => Some((delay, relayed(bench, FRONT, delay, true)?)),
        None => None,
    };
    let locked = relayed(bench, SAFE, 0, false)?;
    let mut gained = "the door, opened as its holder would have opened it".to_owned();
    if let Some((delay, opened)) = asked {
        gained = format!("with {delay} ms: {}", if opened { "the door" } else { "nothing" });
    }
    Ok(Finding {
        gained,
        stopped: format!(
            "not noticed up to {full} ms for each answer ({fast} ms at a repeat visit), refused above; a door that \
             demands an unlocked phone gets no answer from a pocket"
        ),
        holds: !locked && full < LONGEST_MS && fast < LONGEST_MS,
        is_limited: true,
        figures: vec![("full_limit_ms", full), ("fast_limit_ms", fast)],
        tries: 0,
    })
}

/// The longest delay of an answer, in milliseconds, that no door notices.
fn limit(bench: &mut Bench, full: bool) -> Result<u64> {
    let (mut good, mut bad) = (0, LONGEST_MS);
    while bad.saturating_sub(good) > 1 {
        let middle = good.saturating_add(bad) / 2;
        if relayed(bench, FRONT, middle, full)? {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Ok(good)
}

fn relayed(bench: &mut Bench, door: usize, delay_ms: u64, full: bool) -> Result<bool> {
    // An honest visit, so that there are tickets.
    bench.honest(FRONT, ANNA)?;
    if full {
        bench.forget_tickets(ANNA, door)?;
    }
    let half = delay_ms.saturating_mul(500);
    let seen = bench.between(door, ANNA, &mut |passing| passing.delay_us = half)?;
    Ok(seen.granted() == Some(VICTIM))
}
