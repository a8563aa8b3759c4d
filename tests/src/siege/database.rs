//! A look into the manager's database from outside, at one moment.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};
use tokio::runtime::Runtime;

/// A connection of one's own.
#[derive(Debug)]
pub struct Database {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Database {
    /// Opens the database in a project's directory.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn sqlite(dir: &Path) -> Self {
        let runtime = Runtime::new().unwrap();
        let options = SqliteConnectOptions::new().filename(dir.join("manager.db"));
        let connection = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
        Self { runtime, connection }
    }

    /// Looks at one state of it.
    ///
    /// # Panics
    /// When the database fails.
    pub fn look<R>(&mut self, look: impl FnOnce(&mut Look<'_>) -> R) -> R {
        let transaction = self.runtime.block_on(self.connection.begin()).unwrap();
        look(&mut Look { runtime: &self.runtime, transaction })
    }
}

/// One state of the database.
pub struct Look<'a> {
    runtime: &'a Runtime,
    transaction: Transaction<'a, Sqlite>,
}

impl Look<'_> {
    /// The numbers that a query gives, in their order.
    ///
    /// # Panics
    /// When the database fails.
    pub fn numbers(&mut self, query: &'static str) -> Vec<i64> {
        let rows = sqlx::query_as::<_, (i64,)>(query).fetch_all(&mut *self.transaction);
        let rows = self.runtime.block_on(rows).unwrap_or_else(|error| panic!("{query}: {error}"));
        rows.into_iter().map(|(number,)| number).collect()
    }

    /// The octets that a query gives, if any.
    ///
    /// # Panics
    /// When the database fails.
    pub fn octets(&mut self, query: &'static str) -> Option<Vec<u8>> {
        let row = sqlx::query_as::<_, (Vec<u8>,)>(query).fetch_optional(&mut *self.transaction);
        let row = self.runtime.block_on(row).unwrap_or_else(|error| panic!("{query}: {error}"));
        row.map(|(octets,)| octets)
    }
}
