//! Recorded messages, played again.

use anyhow::{Context, Result};

use super::bench::{ANNA, BACK, Bench, FRONT, NORMAL};
use super::{Finding, Orders};
use crate::world::End;

pub(super) fn attack(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    bench.forget_tickets(ANNA, FRONT)?;
    let full = bench.honest(FRONT, ANNA)?;
    let fast = bench.honest(FRONT, ANNA)?;
    let (mut tries, mut opened, mut answered) = (0_usize, 0_usize, 0_usize);
    for recorded in [&full, &fast] {
        for door in [FRONT, BACK] {
            let mut responses = recorded.sent(End::Door).into_iter();
            let seen = bench.answered(door, &mut |_, _| responses.next())?;
            tries = tries.saturating_add(1);
            opened = opened.saturating_add(usize::from(seen.granted().is_some()));
        }
        let responses = bench.asked(ANNA, &recorded.sent(End::Phone))?;
        tries = tries.saturating_add(1);
        // SELECT and HELLO are answered to everybody; what comes then is not.
        let told =
            responses.iter().skip(2).filter(|response| response.ends_with(&NORMAL) && response.len() > 2);
        answered = answered.saturating_add(told.count());
    }
    let hello = full.sent(End::Phone).get(1).cloned().context("a tap has a HELLO")?;
    let twice: Vec<_> =
        [0, 1].map(|_| bench.asked(ANNA, &[full.sent(End::Phone).remove(0), hello.clone()])).into();
    let [first, second] = twice.as_slice() else { return Err(anyhow::anyhow!("two answers")) };
    let differ = first.as_ref().ok() != second.as_ref().ok();
    Ok(Finding {
        gained: "nothing: no door opened, no phone answered after HELLO".to_owned(),
        stopped: "fresh points on both sides; binder, tags and signature cover the whole transcript"
            .to_owned(),
        holds: opened == 0 && answered == 0 && differ,
        is_limited: false,
        figures: Vec::new(),
        tries,
    })
}
