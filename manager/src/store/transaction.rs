//! Transactions of either database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Postgres, Sqlite};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::StoreError;
use super::postgres::Suspicion;

/// Everything read and written between [`Store::write`](super::Store::write) and [`Transaction::commit`] happens at
/// once or not at all.
///
/// Dropped without a commit, it leaves no trace.
pub(crate) struct Transaction(Hold);

enum Hold {
    Own(Inner),
    Part(Part),
}

/// One of several transactions that are one.
struct Part {
    inner: OwnedMutexGuard<Inner>,
    is_broken: Arc<AtomicBool>,
}

/// Several transactions that are one: each part goes on where the one before it ended, sees what that wrote, and lasts
/// only when the whole does.
pub(crate) struct Whole {
    inner: Arc<Mutex<Inner>>,
    /// Whether a part that writes was dropped without a commit, which undoes the whole.
    is_broken: Arc<AtomicBool>,
}

pub(super) enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>, Suspicion),
}

impl Transaction {
    pub(super) const fn new(inner: Inner) -> Self {
        Self(Hold::Own(inner))
    }

    pub(super) fn inner(&mut self) -> &mut Inner {
        match &mut self.0 {
            Hold::Own(inner) => inner,
            Hold::Part(part) => &mut part.inner,
        }
    }

    /// Whether nobody can write beside this transaction, so that there is nothing to lock.
    pub(super) fn has_one_writer(&self) -> bool {
        let inner = match &self.0 {
            Hold::Own(inner) => inner,
            Hold::Part(part) => &part.inner,
        };
        matches!(inner, Inner::Sqlite(_))
    }

    /// Makes everything last that was written; a part waits for the whole.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Hold::Own(Inner::Sqlite(tx)) => tx.commit().await?,
            Hold::Own(Inner::Postgres(tx, suspicion)) => {
                tx.commit().await.map_err(|error| suspicion.judge(error))?;
            }
            Hold::Part(part) => part.is_broken.store(false, Ordering::SeqCst),
        }
        Ok(())
    }
}

impl Whole {
    /// Begins with a transaction that is not a part of something itself.
    pub(crate) fn new(tx: Transaction) -> Option<Self> {
        match tx.0 {
            Hold::Own(inner) => {
                Some(Self { inner: Arc::new(Mutex::new(inner)), is_broken: Arc::new(AtomicBool::new(false)) })
            }
            Hold::Part(_) => None,
        }
    }

    /// A part that writes, when the part before it is over.
    pub(crate) async fn write(&self) -> Transaction {
        let inner = Arc::clone(&self.inner).lock_owned().await;
        self.is_broken.store(true, Ordering::SeqCst);
        Transaction(Hold::Part(Part { inner, is_broken: Arc::clone(&self.is_broken) }))
    }

    /// A part that reads; `None` while another part is not over.
    pub(crate) fn read(&self) -> Option<Transaction> {
        let inner = Arc::clone(&self.inner).try_lock_owned().ok()?;
        Some(Transaction(Hold::Part(Part { inner, is_broken: Arc::new(AtomicBool::new(false)) })))
    }

    /// The whole, to be committed; `None` if a part was given up, or is not over.
    pub(crate) fn into_transaction(self) -> Option<Transaction> {
        if self.is_broken.load(Ordering::SeqCst) {
            return None;
        }
        Arc::try_unwrap(self.inner).ok().map(|inner| Transaction::new(inner.into_inner()))
    }
}
