//! PostgreSQL, for more than one process and more than one machine.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::location::DatabaseUrl;
use super::transaction::{Inner, Transaction};
use super::{PREPARED_STATEMENTS, StoreError, schema};

/// Connections that one process has at most.
const CONNECTIONS: u32 = 16;

/// Batches that one process has under way at the same time, while other requests have connections left.
pub(super) const WRITERS: usize = 4;

/// Connections to the server that takes writes.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pool: PgPool,
}

impl Server {
    /// Connects to the database, which may be empty, and brings its tables up to date.
    pub(super) async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let options = url.servers.first().ok_or(StoreError::Corrupt("address"))?.clone();
        let options = options.statement_cache_capacity(PREPARED_STATEMENTS);
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await?;
        schema::postgres().run(&pool).await?;
        Ok(Self { pool })
    }

    /// Each statement sees what was committed before it: who waited for a row finds its newest state.
    pub(super) async fn write(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction(Inner::Postgres(self.pool.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?)))
    }

    /// All statements see the same state.
    pub(super) async fn read(&self) -> Result<Transaction, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(Transaction(Inner::Postgres(self.pool.begin_with(begin).await?)))
    }

    /// The name of each pool, its connections, and those that nobody uses.
    pub(super) fn connections(&self) -> Vec<(&'static str, u32, usize)> {
        vec![("all", self.pool.size(), self.pool.num_idle())]
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}
