//! The room of SQL: nothing outside speaks it, and nothing inside decides.
//!
//! A [`Store`] opens transactions; a [`Transaction`] has one method for each thing that a rule wants to know or keep.
//! Statements keep to what SQLite and PostgreSQL have in common, with numbered parameters, and a row that two
//! transactions could fight for is changed by one statement with its condition in it.

mod audit;
mod challenges;
mod devices;
mod invitations;
mod issuers;
mod plans;
mod projects;
mod readers;
mod revocations;
mod rows;
mod users;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool};

pub(crate) use challenges::{Challenge, Purpose};
pub(crate) use devices::{CredentialRow, Device};
pub(crate) use issuers::IssuerKeyRow;
pub(crate) use plans::{PlanHeader, StoredPlan};
pub(crate) use projects::VaultRow;
pub(crate) use readers::ReaderRow;

/// Readers that look something up at the same time.
const READ_CONNECTIONS: u32 = 4;
/// For how long a writer waits for another process to finish.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements that a connection keeps prepared: more than there are in this room.
const PREPARED_STATEMENTS: usize = 200;

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or was not to be reached.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The tables could not be made or brought up to date.
    #[error("the tables of the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database holds a value that nothing here writes.
    #[error("the database holds an impossible {0}")]
    Corrupt(&'static str),
}

/// The embedded database.
///
/// SQLite has one writer at a time: writers queue for one connection, readers have others.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

/// Everything read and written between [`Store::write`] and [`Transaction::commit`] happens at once or not at all.
///
/// Dropped without a commit, it leaves no trace.
pub(crate) struct Transaction(sqlx::Transaction<'static, Sqlite>);

impl Store {
    /// Opens a database file, which may be empty, and brings its tables up to date.
    pub(crate) async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            // What was answered must not be forgotten when the power fails.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .statement_cache_capacity(PREPARED_STATEMENTS);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(READ_CONNECTIONS).connect_with(options).await?;
        Ok(Self { writer, readers })
    }

    /// Begins to write; waits until no one else does.
    pub(crate) async fn write(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction(self.writer.begin_with("BEGIN IMMEDIATE").await?))
    }

    /// Begins to read one state of the database.
    pub(crate) async fn read(&self) -> Result<Transaction, StoreError> {
        Ok(Transaction(self.readers.begin().await?))
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

impl Transaction {
    /// Makes everything last that was written.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        Ok(self.0.commit().await?)
    }
}
