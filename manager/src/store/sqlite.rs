//! The embedded database: SQLite, which has one writer at a time.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::transaction::{Inner, Transaction};
use super::{PREPARED_STATEMENTS, StoreError, schema};

/// Readers that look something up at the same time.
const READ_CONNECTIONS: u32 = 4;
/// For how long a writer waits for another process to finish.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Writers queue for one connection, readers have others.
#[derive(Clone, Debug)]
pub(super) struct Embedded {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Embedded {
    /// Opens a database file, which may be empty, and brings its tables up to date.
    pub(super) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered must not be forgotten when the power fails.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(PREPARED_STATEMENTS);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        schema::sqlite().run(&writer).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(READ_CONNECTIONS).connect_with(options).await?;
        Ok(Self { writer, readers })
    }

    pub(super) async fn write(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction::new(Inner::Sqlite(self.writer.begin_with("BEGIN IMMEDIATE").await?)))
    }

    pub(super) async fn read(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction::new(Inner::Sqlite(self.readers.begin().await?)))
    }

    /// Copies one state into an empty file.
    pub(super) async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        sqlx::query("VACUUM INTO $1").bind(file.display().to_string()).execute(&self.readers).await?;
        Ok(())
    }

    /// The name of each pool, its connections, and those that nobody uses.
    pub(super) fn connections(&self) -> Vec<(&'static str, u32, usize)> {
        [("write", &self.writer), ("read", &self.readers)]
            .map(|(name, pool)| (name, pool.size(), pool.num_idle()))
            .into()
    }

    pub(super) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}
