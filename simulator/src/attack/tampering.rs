//! The clock of a door, and floods.

use anyhow::Result;
use rand::{Rng, RngExt};

use super::bench::{ANNA, Bench, FRONT};
use super::{Finding, Orders};
use crate::unit::DoorUnit;

/// Pieces of garbage at the door and at the phone.
const FLOOD: usize = 2_000;

/// A day in microseconds.
const DAY_US: u64 = 86_400_000_000;

pub(super) fn clock(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    let office = std::sync::Arc::clone(&bench.world.office);
    let token =
        |project: usize| office.run(async { anyhow::Ok(office.manager(project)?.time_token().await?) });
    let old = token(0)?;
    let began = bench.world.clock.now_us();
    bench.world.wait_until(began.saturating_add(DAY_US))?;
    // Back in time with a token that was genuine once; with one of another site; with a changed one.
    let foreign = token(1)?;
    let mut changed = old;
    for octet in changed.iter_mut().skip(12).take(1) {
        *octet ^= 0x40;
    }
    bench.world.wait_until(began.saturating_add(DAY_US.saturating_mul(2)))?;
    let mut taken = 0_usize;
    for attempt in [&old, &foreign, &changed] {
        taken = taken.saturating_add(usize::from(bench.door(FRONT)?.take_time_token(attempt).is_ok()));
    }
    // The same while the power is cut; and one from after the cut, kept for a while.
    bench.world.set_door_power(FRONT, false)?;
    bench.world.wait_until(began.saturating_add(DAY_US.saturating_mul(2)).saturating_add(60_000_000))?;
    let kept = token(0)?;
    bench.world.wait_until(began.saturating_add(DAY_US.saturating_mul(5)))?;
    bench.world.set_door_power(FRONT, true)?;
    taken = taken.saturating_add(usize::from(bench.door(FRONT)?.take_time_token(&old).is_ok()));
    let held_back = bench.door(FRONT)?.take_time_token(&kept).is_ok();
    let behind =
        bench.door(FRONT)?.wall_clock().map_or(0, |time| bench.world.clock.unix().0.saturating_sub(time.0));
    bench.world.set_door_clock(FRONT)?;
    let wallet = bench.wallet(ANNA)?;
    for card in wallet.cards() {
        wallet.renew(card.id)?;
    }
    bench.works()?;
    Ok(Finding {
        gained: format!(
            "while its power is cut for {} days, a door can be held back to the moment of the cut and no further",
            behind / 86_400
        ),
        stopped: "time tokens are signed, the clock only goes forward, and the last time known survives a power cut"
            .to_owned(),
        holds: taken == 0 && held_back,
        is_limited: true,
        figures: vec![("behind_s", behind.into())],
        tries: 5,
    })
}

pub(super) fn flood(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    let mut opened = 0_usize;
    for _ in 0..FLOOD {
        let mut garbage = vec![0; bench.rng.random_range(0..300)];
        bench.rng.fill_bytes(&mut garbage);
        let mut answers = bench.rng.random_range(0..4_u32);
        let seen = bench.answered(FRONT, &mut |_, _| {
            answers = answers.checked_sub(1)?;
            Some(garbage.clone())
        })?;
        opened = opened.saturating_add(usize::from(seen.granted().is_some()));
    }
    let mut apdus = Vec::new();
    for _ in 0..FLOOD {
        let mut garbage = vec![0; bench.rng.random_range(0..300)];
        bench.rng.fill_bytes(&mut garbage);
        apdus.push(garbage);
    }
    let answered = bench.asked(ANNA, &apdus)?.len();
    bench.works()?;
    Ok(Finding {
        gained: "the time that it takes: the next honest tap is granted".to_owned(),
        stopped: "one session at a time in buffers of a fixed size; an error leads back to idle".to_owned(),
        holds: opened == 0 && answered == FLOOD,
        is_limited: false,
        figures: vec![("pieces", u64::try_from(FLOOD.saturating_mul(2))?)],
        tries: FLOOD.saturating_mul(2),
    })
}
