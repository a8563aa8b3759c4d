//! Transactions of either database.

use sqlx::{Postgres, Sqlite};

use super::StoreError;
use super::postgres::Suspicion;

/// Everything read and written between [`Store::write`](super::Store::write) and [`Transaction::commit`] happens at
/// once or not at all.
///
/// Dropped without a commit, it leaves no trace.
pub(crate) struct Transaction(pub(super) Inner);

pub(super) enum Inner {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>, Suspicion),
}

impl Transaction {
    /// Whether nobody can write beside this transaction, so that there is nothing to lock.
    pub(super) const fn has_one_writer(&self) -> bool {
        matches!(self.0, Inner::Sqlite(_))
    }

    /// Makes everything last that was written.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self.0 {
            Inner::Sqlite(tx) => tx.commit().await?,
            Inner::Postgres(tx, suspicion) => tx.commit().await.map_err(|error| suspicion.judge(error))?,
        }
        Ok(())
    }
}
