//! Values of columns, checked as they are read.

use super::StoreError;
use crate::domain::UnixTime;

/// Exactly `N` octets.
pub(super) fn octets<const N: usize>(column: &[u8], what: &'static str) -> Result<[u8; N], StoreError> {
    column.try_into().map_err(|_| StoreError::Corrupt(what))
}

/// A time.
pub(super) fn time(column: i64) -> Result<UnixTime, StoreError> {
    u32::try_from(column).map(UnixTime).map_err(|_| StoreError::Corrupt("time"))
}

/// A number that is not negative and fits.
pub(super) fn number<T: TryFrom<i64>>(column: i64, what: &'static str) -> Result<T, StoreError> {
    T::try_from(column).map_err(|_| StoreError::Corrupt(what))
}
