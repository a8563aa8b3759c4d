//! Random octets and identifiers.

mod repeatable;

use std::sync::{Mutex, PoisonError};

use getrandom::SysRng;
use getrandom::rand_core::{TryCryptoRng, TryRng};
use uuid::{Builder, Uuid};

use crate::domain::UnixTime;

pub use repeatable::Repeatable;

/// The operating system gave no random octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random octets")]
pub struct RandomFailed;

/// `N` octets of the operating system's random source.
pub(crate) fn octets<const N: usize>() -> Result<[u8; N], RandomFailed> {
    let mut octets = [0; N];
    Source.try_fill_bytes(&mut octets)?;
    Ok(octets)
}

/// The random source of this thread: the operating system's, unless a simulation has put [`Repeatable`] in its place.
pub(crate) struct Source;

impl TryRng for Source {
    type Error = RandomFailed;

    fn try_next_u32(&mut self) -> Result<u32, RandomFailed> {
        octets().map(u32::from_le_bytes)
    }

    fn try_next_u64(&mut self) -> Result<u64, RandomFailed> {
        octets().map(u64::from_le_bytes)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RandomFailed> {
        match Repeatable::of_this_thread() {
            Some(source) => source.fill(out),
            None => SysRng.try_fill_bytes(out).map_err(|_| RandomFailed)?,
        }
        Ok(())
    }
}

impl TryCryptoRng for Source {}

/// Makes identifiers that sort in the order in which they were made, also within one second.
#[derive(Debug)]
pub(crate) struct IdSource(Mutex<Last>);

/// The second of the last identifier, and what was counted in it.
#[derive(Debug, Default)]
struct Last {
    second: u32,
    count: u64,
}

/// Bits of an identifier that count; those behind them are random.
const COUNTER_BITS: u32 = 42;

impl IdSource {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// A version 7 UUID at `now`.
    ///
    /// Spec: RFC 9562 §6.2, method 1: a counter of 42 bits behind the time, which begins at random with each second.
    pub(crate) fn next(&self, now: UnixTime) -> Uuid {
        // Without random octets the identifiers are still in order, and nothing secret is in them.
        let random: [u8; 16] = octets().unwrap_or_default();
        let (begin, tail) = random.split_at(8);
        let begin = begin.try_into().map_or(0, u64::from_be_bytes);
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if now.0 > last.second {
            // The upper bit is left free to count into.
            Last { second: now.0, count: begin >> (u64::BITS - COUNTER_BITS + 1) }
        } else {
            Last { second: last.second, count: last.count.wrapping_add(1) }
        };
        let (millis, count) = (u64::from(last.second).saturating_mul(1000), last.count);
        drop(last);
        let tail = tail.try_into().map_or(0, u64::from_be_bytes) & ((1 << (74 - COUNTER_BITS)) - 1);
        // 12 bits of the counter stand before the variant, which takes 2 of the next octet, and 30 after it.
        let high = u16::try_from((count >> 30) & 0xFFF).unwrap_or_default();
        let low = ((count & 0x3FFF_FFFF) << 32) | tail;
        let mut octets = [0; 10];
        let (first, rest) = octets.split_at_mut(2);
        first.copy_from_slice(&high.to_be_bytes());
        rest.copy_from_slice(&low.to_be_bytes());
        Builder::from_unix_timestamp_millis(millis, &octets).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_one_second_sort_in_the_order_in_which_they_were_made() {
        let source = IdSource::new();
        let ids: Vec<Uuid> = (0..10_000).map(|_| source.next(UnixTime(1_790_000_000))).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
    }

    #[test]
    fn identifiers_sort_by_the_time_and_not_back_when_the_clock_goes_back() {
        let source = IdSource::new();
        let ids: Vec<Uuid> =
            [5, 6, 6, 4, 7].map(|second| source.next(UnixTime(1_790_000_000 + second))).into();
        assert!(ids.is_sorted_by(|a, b| a < b));
        let (second, _) = ids[4].get_timestamp().unwrap().to_unix();
        assert_eq!(second, 1_790_000_007);
    }

    #[test]
    fn identifiers_of_two_sources_differ() {
        let [one, other] =
            [IdSource::new(), IdSource::new()].map(|source| source.next(UnixTime(1_790_000_000)));
        assert_ne!(one, other);
    }

    #[test]
    fn a_repeatable_source_gives_the_same_octets_again_and_only_where_it_is_used() {
        let drawn = || octets::<32>().unwrap();
        let twice = [0, 1].map(|_| Repeatable::new(7).within(|| (drawn(), drawn())));
        assert_eq!(twice[0], twice[1]);
        assert_ne!(twice[0].0, twice[0].1);
        assert_ne!(drawn(), twice[0].0);
        assert_ne!(Repeatable::new(8).within(drawn), twice[0].0);
    }
}
