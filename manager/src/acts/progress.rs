//! How far something is that takes long, for whoever looks meanwhile.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What is done of all that is to be done. Looking costs nothing, and nothing waits for whoever looks.
#[derive(Debug, Default)]
pub struct Progress {
    done: AtomicUsize,
    all: AtomicUsize,
}

impl Progress {
    /// What is done, and all that is to be done: 0 before it is known.
    pub fn of(&self) -> (usize, usize) {
        let all = self.all.load(Ordering::Relaxed);
        (self.done.load(Ordering::Relaxed).min(all), all)
    }

    /// So much is to be done.
    pub(super) fn begin(&self, all: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }

    /// So much more is done.
    pub(super) fn add(&self, done: usize) {
        let _before = self.done.fetch_add(done, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_more_than_done() {
        let progress = Progress::default();
        assert_eq!(progress.of(), (0, 0));
        progress.begin(5);
        progress.add(3);
        assert_eq!(progress.of(), (3, 5));
        progress.add(3);
        assert_eq!(progress.of(), (5, 5));
    }
}
