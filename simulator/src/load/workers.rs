//! Work that is shared among threads.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// Has so many threads do all pieces, each taken by whoever is free; what came of them, in no order.
///
/// # Errors
/// What one of the pieces ended with.
pub(super) fn share<T: Send, R: Send>(
    threads: usize,
    pieces: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> Result<R> + Sync,
) -> Result<Vec<R>> {
    let pieces = Mutex::new(pieces);
    let next = || pieces.lock().unwrap_or_else(PoisonError::into_inner).next();
    let worker = || {
        let mut done = Vec::new();
        while let Some(piece) = next() {
            done.push(work(piece)?);
        }
        anyhow::Ok(done)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().unwrap_or_else(|panic| resume_unwind(panic))?);
        }
        Ok(all)
    })
}
