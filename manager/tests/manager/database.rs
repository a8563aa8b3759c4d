//! The database of a test: the embedded one, or a schema of its own where `OSTIARY_TEST_DATABASE` says.

use std::path::{Path, PathBuf};

use manager::{DatabaseUrl, Home};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection, query, query_scalar, raw_sql};

/// Names the PostgreSQL that tests use, as `tests/with_postgres` does.
const VARIABLE: &str = "OSTIARY_TEST_DATABASE";

/// The database of one test.
pub(crate) struct TestDatabase {
    dir: PathBuf,
    schema: Option<Schema>,
}

/// A schema, which is dropped with everything in it together with this.
struct Schema {
    server: String,
    name: String,
}

impl TestDatabase {
    /// An empty database for a manager in `dir`.
    pub(crate) async fn empty(dir: &Path) -> Self {
        let schema = match std::env::var(VARIABLE) {
            Ok(server) => Some(Schema::create(server).await),
            Err(_) => None,
        };
        Self { dir: dir.to_owned(), schema }
    }

    /// What the manager is to be opened with.
    pub(crate) fn home(&self) -> Home {
        let url = self.schema.as_ref().map(|schema| schema.url().parse::<DatabaseUrl>().unwrap());
        Home::from(&self.dir).with_database(url)
    }

    /// Host and port of the PostgreSQL, and the address with the schema in it, if it is one.
    pub(crate) fn server_and_url(&self) -> Option<(String, String)> {
        let url = self.schema.as_ref()?.url();
        let place = url.split('@').nth(1)?.split('/').next()?.to_owned();
        Some((place, url))
    }

    pub(crate) fn is_a_file(&self) -> bool {
        self.schema.is_none()
    }

    /// Changes one row behind the manager's back.
    pub(crate) async fn tamper(&self, statement: &str) {
        let statement = AssertSqlSafe(statement.to_owned());
        let rows = if let Some(schema) = &self.schema {
            let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
            query(statement).execute(&mut connection).await.unwrap().rows_affected()
        } else {
            let url = format!("sqlite://{}", self.dir.join("manager.db").display());
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            query(statement).execute(&mut connection).await.unwrap().rows_affected()
        };
        assert_eq!(rows, 1);
    }

    /// Whether some octets stand anywhere in the database of a manager that was stopped.
    pub(crate) async fn holds(&self, needle: &[u8]) -> bool {
        let contains =
            |octets: &[u8], needle: &[u8]| octets.windows(needle.len()).any(|found| found == needle);
        let Some(schema) = &self.schema else {
            let files = ["manager.db", "manager.db-wal"].map(|file| std::fs::read(self.dir.join(file)));
            return files.into_iter().flatten().any(|octets| contains(&octets, needle));
        };
        let mut connection = PgConnection::connect(&schema.url()).await.unwrap();
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()";
        let tables: Vec<String> = query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        // Octets are shown as hexadecimal digits.
        let digits: String = needle.iter().map(|octet| format!("{octet:02x}")).collect();
        for table in tables {
            let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} t"));
            let rows: Vec<String> = query_scalar(rows).fetch_all(&mut connection).await.unwrap();
            if rows.iter().any(|row| contains(row.as_bytes(), needle) || row.contains(&digits)) {
                return true;
            }
        }
        false
    }
}

impl Schema {
    async fn create(server: String) -> Self {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let name = format!("test_{:016x}", u64::from_be_bytes(random));
        execute(&server, format!("CREATE SCHEMA {name}")).await;
        Self { server, name }
    }

    /// The address at which only this schema is found.
    fn url(&self) -> String {
        let separator = if self.server.contains('?') { '&' } else { '?' };
        format!("{}{separator}options[search_path]={}", self.server, self.name)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let (server, drop) = (self.server.clone(), format!("DROP SCHEMA {} CASCADE", self.name));
        // A test may end within a runtime, where nothing can be waited for.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&server, drop));
        });
        let _failed = dropping.join();
    }
}

async fn execute(server: &str, statement: String) {
    let statement =
        AssertSqlSafe(format!("SET client_min_messages = error; SET lock_timeout = '10s'; {statement}"));
    let mut connection = PgConnection::connect(server).await.unwrap();
    raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
