//! Random octets and identifiers.

use std::sync::{Mutex, PoisonError};

use uuid::{ContextV7, Timestamp, Uuid};

use crate::domain::UnixTime;

/// The operating system gave no random octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random octets")]
pub struct RandomFailed;

/// `N` octets of the operating system's random source.
pub(crate) fn octets<const N: usize>() -> Result<[u8; N], RandomFailed> {
    let mut octets = [0; N];
    getrandom::fill(&mut octets).map_err(|_| RandomFailed)?;
    Ok(octets)
}

/// Makes identifiers that sort in the order in which they were made, also within one second.
#[derive(Debug)]
pub(crate) struct IdSource(Mutex<ContextV7>);

impl IdSource {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(ContextV7::new()))
    }

    /// A version 7 UUID at `now`.
    pub(crate) fn next(&self, now: UnixTime) -> Uuid {
        let context = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, u64::from(now.0), 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_one_second_sort_in_the_order_in_which_they_were_made() {
        let source = IdSource::new();
        let ids: Vec<Uuid> = (0..10_000).map(|_| source.next(UnixTime(1_790_000_000))).collect();
        assert!(ids.is_sorted());
    }
}
