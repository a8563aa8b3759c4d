//! Readers that are none of the site's, or have not got their key.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use rand::Rng;

use super::bench::{ANNA, Bench, ELSEWHERE, EMPTY, FRONT, MALLORY, VICTIM, ZOE};
use super::{Finding, Orders};
use crate::world::End;

/// How often each phone is asked by each kind of reader.
const ROUNDS: usize = 8;

/// Octets of a short command APDU before its data.
const HEADER: usize = 5;

pub(super) fn attack(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    // What anybody hears who stands beside an honest tap: SELECT, and a HELLO with the door's certificate.
    let own = bench.honest(FRONT, ANNA)?.sent(End::Phone);
    let other = bench.honest(ELSEWHERE, ZOE)?.sent(End::Phone);
    let select = own.first().cloned().context("a tap has a SELECT")?;
    let hellos = [own.get(1), other.get(1)].map(|hello| hello.cloned());
    let mut shapes = BTreeSet::new();
    let (mut tries, mut leaked) = (0_usize, 0_usize);
    for hello in hellos.into_iter().flatten() {
        for phone in [ANNA, MALLORY, ZOE, EMPTY] {
            for _ in 0..ROUNDS {
                let mut confirm = own.get(2).cloned().context("a tap has a third command")?;
                let tag = confirm.get_mut(HEADER..).context("a command has data")?;
                bench.rng.fill_bytes(tag);
                let confirm = fixed(confirm);
                let responses = bench.asked(phone, &[select.clone(), hello.clone(), confirm])?;
                tries = tries.saturating_add(1);
                shapes.insert(responses.iter().map(|response| shape(response)).collect::<Vec<_>>());
                let all = responses.concat();
                leaked = leaked.saturating_add(usize::from(
                    all.windows(VICTIM.len()).any(|octets| octets == VICTIM.as_bytes()),
                ));
            }
        }
    }
    // A genuine reader of another site, with all its keys.
    let stranger = bench.honest(ELSEWHERE, ANNA)?;
    bench.works()?;
    Ok(Finding {
        gained: format!(
            "lengths and status words, the same from every phone: {} of member, member with a ticket, stranger and empty \
             phone",
            if shapes.len() == 1 { "one shape" } else { "different shapes" }
        ),
        stopped:
            "nothing leaves a phone before CONFIRM has proved the certified key; others get random octets"
                .to_owned(),
        holds: shapes.len() == 1 && leaked == 0 && stranger.granted().is_none(),
        is_limited: false,
        figures: vec![("shapes", u64::try_from(shapes.len())?)],
        tries,
    })
}

/// The length of a response and its status word.
fn shape(response: &[u8]) -> (usize, Vec<u8>) {
    (response.len(), response.get(response.len().saturating_sub(2)..).unwrap_or_default().to_vec())
}

/// A CONFIRM of 16 octets, whatever it was made from.
fn fixed(mut apdu: Vec<u8>) -> Vec<u8> {
    const CONFIRM: u8 = 0x12;
    apdu.truncate(HEADER.saturating_add(16));
    if let [_, instruction, _, _, length, ..] = apdu.as_mut_slice() {
        (*instruction, *length) = (CONFIRM, 16);
    }
    apdu.push(0);
    apdu
}
