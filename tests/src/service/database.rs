//! A look into the manager's database from outside, at one moment.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};
use tokio::runtime::Runtime;

/// A connection of one's own.
pub struct Database {
    runtime: Runtime,
    connection: Link,
}

enum Link {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// One state of the database.
pub struct Look<'a> {
    runtime: &'a Runtime,
    transaction: Snapshot<'a>,
}

enum Snapshot<'a> {
    Sqlite(Transaction<'a, Sqlite>),
    Postgres(Transaction<'a, Postgres>),
}

impl Database {
    /// Opens a file.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub fn sqlite(file: &Path) -> Self {
        let runtime = Runtime::new().unwrap();
        let options = SqliteConnectOptions::new().filename(file);
        let connection = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
        Self { runtime, connection: Link::Sqlite(connection) }
    }

    /// Connects to the first server of an address that answers.
    ///
    /// # Panics
    /// When none does.
    pub fn postgres(urls: &str) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut connections = urls.split(',').map(|url| runtime.block_on(PgConnection::connect(url)));
        let connection = connections.find_map(Result::ok).expect("a server that answers");
        drop(connections);
        Self { runtime, connection: Link::Postgres(connection) }
    }

    /// Looks at one state of it.
    ///
    /// # Panics
    /// When the database fails.
    pub fn look<R>(&mut self, look: impl FnOnce(&mut Look<'_>) -> R) -> R {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let runtime = &self.runtime;
        let transaction = match &mut self.connection {
            Link::Sqlite(connection) => Snapshot::Sqlite(runtime.block_on(connection.begin()).unwrap()),
            Link::Postgres(connection) => {
                Snapshot::Postgres(runtime.block_on(connection.begin_with(BEGIN)).unwrap())
            }
        };
        look(&mut Look { runtime, transaction })
    }
}

impl Look<'_> {
    /// The numbers that a query gives, in their order.
    ///
    /// # Panics
    /// When the database fails.
    pub fn numbers(&mut self, query: &'static str) -> Vec<i64> {
        let rows = match &mut self.transaction {
            Snapshot::Sqlite(tx) => self.runtime.block_on(sqlx::query_scalar(query).fetch_all(&mut **tx)),
            Snapshot::Postgres(tx) => self.runtime.block_on(sqlx::query_scalar(query).fetch_all(&mut **tx)),
        };
        rows.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The octets that a query gives, if any.
    ///
    /// # Panics
    /// When the database fails.
    pub fn octets(&mut self, query: &'static str) -> Option<Vec<u8>> {
        let row = match &mut self.transaction {
            Snapshot::Sqlite(tx) => {
                self.runtime.block_on(sqlx::query_scalar(query).fetch_optional(&mut **tx))
            }
            Snapshot::Postgres(tx) => {
                self.runtime.block_on(sqlx::query_scalar(query).fetch_optional(&mut **tx))
            }
        };
        row.unwrap_or_else(|error| panic!("{query}: {error}"))
    }
}
