//! A random source that a seed repeats, for simulations.

use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

thread_local! {
    static IN_PLACE: RefCell<Option<Repeatable>> = const { RefCell::new(None) };
}

/// Random octets that a seed repeats, and signatures that are the same for the same message: never for real keys.
///
/// With this and a [`ManualClock`](crate::clock::ManualClock) a manager does the same in every run, octet for octet,
/// as long as it is driven by one thread.
#[derive(Clone)]
pub struct Repeatable(Arc<Mutex<StdRng>>);

/// Puts back what was there before, however the work ends.
struct Restored(Option<Repeatable>);

impl Repeatable {
    /// The source of a seed.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    /// Does `work` with this source in the place of the operating system's, on this thread and on those that it has
    /// work done on.
    pub fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = IN_PLACE.with(|source| source.replace(Some(self.clone())));
        let _restored = Restored(before);
        work()
    }

    /// What is in the place of the operating system's source on this thread.
    pub(crate) fn of_this_thread() -> Option<Self> {
        IN_PLACE.with(|source| source.borrow().clone())
    }

    /// Carries what is in place on this thread over to the one that does `work`.
    pub(crate) fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
        let source = Self::of_this_thread();
        move || match source {
            Some(source) => source.within(work),
            None => work(),
        }
    }

    pub(super) fn fill(&self, out: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(out);
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        let before = self.0.take();
        IN_PLACE.with(|source| *source.borrow_mut() = before);
    }
}

impl fmt::Debug for Repeatable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Repeatable(..)")
    }
}
