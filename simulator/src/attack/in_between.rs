//! A man in the middle, who changes what he passes on; and one who asks for less.

use anyhow::{Context, Result};

use super::bench::{ANNA, BACK, Bench, FRONT, VICTIM};
use super::{Finding, Orders};
use crate::world::End;

/// Octets of a short command APDU before its data.
const HEADER: usize = 5;

/// Where the certificate stands in the data of HELLO.
const CERTIFICATE: std::ops::Range<usize> = 6..126;

pub(super) fn changes(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    let (mut tries, mut opened, mut framing) = (0_usize, 0_usize, 0_usize);
    for full in [true, false] {
        let honest = prepared(bench, full)?;
        let decided = if full { 6 } else { 4 };
        for (index, (_, octets)) in honest.iter().take(decided).enumerate() {
            for place in 0..octets.len() {
                prepared_only(bench, full)?;
                let seen = bench.between(FRONT, ANNA, &mut |passing| {
                    if passing.index == index
                        && let Some(octet) = passing.octets.get_mut(place)
                    {
                        *octet ^= 1 << (place % 8);
                    }
                })?;
                tries = tries.saturating_add(1);
                let in_message = (HEADER..octets.len().saturating_sub(1)).contains(&place) && index > 0;
                match seen.granted() {
                    Some(user) if user != VICTIM => opened = opened.saturating_add(1),
                    Some(_) if in_message => opened = opened.saturating_add(1),
                    Some(_) => framing = framing.saturating_add(1),
                    None => {}
                }
            }
        }
    }
    // A reader in between that names itself to the phone, with the certificate of another door.
    let stolen = *bench.door(BACK)?.certificate().context("the door is enrolled")?;
    prepared_only(bench, true)?;
    let named = bench.between(FRONT, ANNA, &mut |passing| {
        let place = CERTIFICATE.start.saturating_add(HEADER)..CERTIFICATE.end.saturating_add(HEADER);
        if passing.index == 2
            && let Some(certificate) = passing.octets.get_mut(place)
        {
            certificate.copy_from_slice(&stolen);
        }
    })?;
    let unnoticed = match framing {
        0 => "nothing".to_owned(),
        count => format!("nothing: {count} changes did not matter, all in the framing of APDUs"),
    };
    Ok(Finding {
        gained: unnoticed,
        stopped:
            "both sides hash what they saw; no tag, binder or signature holds over two different transcripts"
                .to_owned(),
        holds: opened == 0 && named.granted().is_none(),
        is_limited: false,
        figures: vec![("framing", u64::try_from(framing)?)],
        tries: tries.saturating_add(1),
    })
}

pub(super) fn downgrade(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    let (mut tries, mut opened) = (0_usize, 0_usize);
    // The phone's versions and suites in the answer to SELECT, and what the door then names in HELLO.
    let places = [(1, 0), (1, 1), (1, 2), (1, 3), (2, HEADER), (2, HEADER.saturating_add(1))];
    for (index, place) in places {
        for value in [0, 2, 0xFF] {
            bench.forget_tickets(ANNA, FRONT)?;
            let seen = bench.between(FRONT, ANNA, &mut |passing| {
                if passing.index == index
                    && let Some(octet) = passing.octets.get_mut(place)
                {
                    *octet = value;
                }
            })?;
            tries = tries.saturating_add(1);
            opened = opened.saturating_add(usize::from(seen.granted().is_some()));
        }
    }
    Ok(Finding {
        gained: "nothing: no other version or suite was spoken".to_owned(),
        stopped: "versions and suite are in the transcript, and there is none below the first".to_owned(),
        holds: opened == 0,
        is_limited: false,
        figures: Vec::new(),
        tries,
    })
}

/// An honest tap of the path that is asked for.
fn prepared(bench: &mut Bench, full: bool) -> Result<Vec<(End, Vec<u8>)>> {
    prepared_only(bench, full)?;
    Ok(bench.honest(FRONT, ANNA)?.pieces)
}

fn prepared_only(bench: &mut Bench, full: bool) -> Result<()> {
    if full {
        return bench.forget_tickets(ANNA, FRONT);
    }
    match bench.take_ticket(ANNA, FRONT)? {
        // There was at least one; an honest visit brings two.
        Some(_) | None => bench.honest(FRONT, ANNA).map(|_| ()),
    }
}
