//! Work that waits for a network, off the caller's thread.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::thread;

use phone_sdk::{Error, Retry};

use crate::error::WalletError;

struct Shared<T> {
    result: Option<T>,
    waker: Option<Waker>,
}

/// Runs `work` on a thread of its own and waits for it without blocking.
pub(crate) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, WalletError> {
    let shared = Arc::new(Mutex::new(Shared { result: None, waker: None }));
    let theirs = Finish(Arc::clone(&shared));
    let started = thread::Builder::new().name("ostiary-phone".to_owned()).spawn(move || {
        let result = work();
        lock(&theirs.0).result = Some(result);
    });
    started.map_err(|_| Error::Retry(Retry::Manager))?;
    let result = poll_fn(|context| {
        let mut shared = lock(&shared);
        match shared.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                shared.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    });
    Ok(result.await?)
}

/// Wakes the caller when the work is over, also if it panicked in the app's own code.
struct Finish<T>(Arc<Mutex<Shared<Result<T, Error>>>>);

impl<T> Drop for Finish<T> {
    fn drop(&mut self) {
        let mut shared = lock(&self.0);
        shared.result.get_or_insert(Err(Error::Retry(Retry::Manager)));
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
