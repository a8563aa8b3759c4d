//! What can go wrong, and what is to be kept.

use credential::error::ObjectError;

use super::Unsupported;
use crate::door::DoorEvent;
use crate::storage::{Item, StorageError};
use crate::update::UpdateError;

/// Why a command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is not a command of this version, or has limits that nothing has.
    Unreadable,
    /// This board does not do that.
    Unsupported,
    /// The random source has no seed, or gives nothing usable.
    Unseeded,
    /// The door is not enrolled.
    NotEnrolled,
    /// Another device is being tapped.
    Busy,
    /// A signed object does not hold.
    Object(ObjectError),
    /// The flash fails.
    Storage(StorageError),
    /// A firmware image is not taken.
    Update(UpdateError),
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

impl From<UpdateError> for Failure {
    fn from(error: UpdateError) -> Self {
        Self::Update(error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<Unsupported> for Failure {
    fn from(Unsupported: Unsupported) -> Self {
        Self::Unsupported
    }
}

/// Adds what an event brought to what is to be kept: a list, a time.
pub(super) const fn brought([list, time]: [Option<Item>; 2], event: &DoorEvent) -> [Option<Item>; 2] {
    match event {
        DoorEvent::ListTaken { .. } => [Some(Item::RevocationList), time],
        DoorEvent::TimeTaken { .. } => [list, Some(Item::LastTime)],
        _ => [list, time],
    }
}
