//! The embedded database: SQLite, which has one writer at a time.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlitePool};

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
        let writer = pool(1).connect_with(options.clone()).await?;
        schema::sqlite().run(&writer).await?;
        let readers = pool(READ_CONNECTIONS).connect_with(options).await?;
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

/// Connections, of which none is used again that was left in a transaction.
///
/// A full disk, a failed read or write and a lack of memory make SQLite roll back by itself. The driver does not hear of
/// it: it goes on counting the transaction, and the next one would be a savepoint of one that is not there. A writer then
/// fails for good, and a reader sees one state of the database for good.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::transaction::Inner;

    /// A database with a table of octets.
    async fn with_table(dir: &Path) -> Embedded {
        let file = dir.join("manager.db");
        std::fs::File::create(&file).unwrap();
        let database = Embedded::open(&file).await.unwrap();
        sqlx::raw_sql("CREATE TABLE things (octets BLOB)").execute(&database.writer).await.unwrap();
        database
    }

    async fn insert(database: &Embedded, octets: usize) -> Result<(), StoreError> {
        let mut tx = database.write().await?;
        let Inner::Sqlite(connection) = tx.inner() else { panic!("not SQLite") };
        sqlx::query("INSERT INTO things VALUES (zeroblob($1))")
            .bind(i64::try_from(octets).unwrap())
            .execute(&mut **connection)
            .await?;
        tx.commit().await
    }

    #[tokio::test]
    async fn a_database_that_was_full_is_written_again_once_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let database = with_table(dir.path()).await;
        // As if the disk had no room for another page; it holds for this connection.
        let pages: (i64,) =
            sqlx::query_as("PRAGMA max_page_count = 1").fetch_one(&database.writer).await.unwrap();
        let full = insert(&database, 1 << 20).await.unwrap_err();
        assert!(full.is_passing(), "{full}");
        assert_eq!(full.to_string(), "the disk of the database is full; make room on it");
        sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {}", pages.0 + 1000)))
            .execute(&database.writer)
            .await
            .unwrap();
        insert(&database, 1 << 20).await.unwrap();
        database.close().await;
    }
}
