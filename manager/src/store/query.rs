//! One statement for both databases: its text is PostgreSQL's, its values and rows are those that both can carry.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    Arguments, AssertSqlSafe, Encode, FromRow, PgConnection, Postgres, SqlSafeStr, SqlStr, Sqlite,
    SqliteConnection, Type, query_as_with, query_with,
};

use super::StoreError;
use super::Transaction;
use super::postgres::Suspicion;
use super::transaction::Inner;

/// What a statement may end with to lock the rows that it reads; SQLite, which has one writer, is not told.
const LOCKS: [&str; 3] = [" FOR NO KEY UPDATE", " FOR SHARE", " FOR UPDATE SKIP LOCKED"];

/// A value that both databases can take.
pub(super) trait Value<'v>:
    Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres>
{
}

impl<'v, T> Value<'v> for T where T: Encode<'v, Sqlite> + Type<Sqlite> + Encode<'v, Postgres> + Type<Postgres> {}

/// A row that both databases can give.
pub(super) trait Row:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

/// A statement of a transaction with the values for `$1`, `$2` and so on, prepared once for each connection.
#[must_use = "a statement does nothing until it is executed or its rows are fetched"]
pub(super) struct Query<'t> {
    text: SqlStr,
    is_kept: bool,
    /// Why a value could not be bound.
    failed: Option<BoxDynError>,
    target: Target<'t>,
}

enum Target<'t> {
    Sqlite(&'t mut SqliteConnection, SqliteArguments),
    Postgres(&'t mut PgConnection, PgArguments, &'t Suspicion),
}

impl Transaction {
    /// A statement, in PostgreSQL's words as far as SQLite has them too.
    pub(super) fn query(&mut self, text: &'static str) -> Query<'_> {
        let text = if self.has_one_writer() { without_lock(text) } else { text };
        Query { text: text.into_sql_str(), is_kept: true, failed: None, target: self.target() }
    }

    /// `INSERT INTO … VALUES` of so many rows of so many values each, which are bound row by row.
    ///
    /// `is_kept` says whether as many rows will be inserted again and again, so that the statement is kept prepared.
    pub(super) fn query_rows(
        &mut self,
        insert: &str,
        rows: usize,
        values: usize,
        is_kept: bool,
    ) -> Query<'_> {
        // SQLite looks a parameter with a number up among all others: thousands of them take most of an import.
        let is_numbered = !self.has_one_writer();
        let mut text = format!("{insert} VALUES ");
        let mut number = 0_usize;
        for row in 0..rows {
            text.push_str(if row == 0 { "(" } else { ", (" });
            for value in 0..values {
                number = number.saturating_add(1);
                text.push_str(if value == 0 { "" } else { ", " });
                match is_numbered {
                    true => text.push_str(&format!("${number}")),
                    false => text.push('?'),
                }
            }
            text.push(')');
        }
        Query { text: AssertSqlSafe(text).into_sql_str(), is_kept, failed: None, target: self.target() }
    }

    /// A statement that was put together, and that will be asked again.
    pub(super) fn query_text(&mut self, text: SqlStr) -> Query<'_> {
        Query { text, is_kept: true, failed: None, target: self.target() }
    }

    /// A statement that ends with a list of so many values, the second and those that follow, and perhaps a lock.
    pub(super) fn query_in(&mut self, select: &str, values: usize, lock: &'static str) -> Query<'_> {
        let lock = if self.has_one_writer() { without_lock(lock) } else { lock };
        let numbers: Vec<String> = (2..).take(values).map(|number: u32| format!("${number}")).collect();
        let text = format!("{select} ({}){lock}", numbers.join(", "));
        Query { text: AssertSqlSafe(text).into_sql_str(), is_kept: true, failed: None, target: self.target() }
    }

    fn target(&mut self) -> Target<'_> {
        match self.inner() {
            Inner::Sqlite(tx) => Target::Sqlite(tx, SqliteArguments::default()),
            Inner::Postgres(tx, suspicion) => Target::Postgres(tx, PgArguments::default(), suspicion),
        }
    }
}

impl<'t> Query<'t> {
    /// The next value.
    pub(super) fn bind<'v>(mut self, value: impl Value<'v>) -> Self {
        let added = match &mut self.target {
            Target::Sqlite(_, values) => values.add(value),
            Target::Postgres(_, values, _) => values.add(value),
        };
        self.failed = self.failed.or(added.err());
        self
    }

    /// Executes it; how many rows were inserted, changed or deleted.
    pub(super) async fn execute(self) -> Result<u64, StoreError> {
        let (text, is_kept, target) = self.checked()?;
        Ok(match target {
            Target::Sqlite(connection, values) => {
                let query = query_with(text, values).persistent(is_kept);
                query.execute(connection).await?.rows_affected()
            }
            Target::Postgres(connection, values, suspicion) => {
                let query = query_with(text, values).persistent(is_kept);
                query.execute(connection).await.map_err(|error| suspicion.judge(error))?.rows_affected()
            }
        })
    }

    /// The rows.
    pub(super) async fn fetch_all<R: Row>(self) -> Result<Vec<R>, StoreError> {
        let (text, is_kept, target) = self.checked()?;
        Ok(match target {
            Target::Sqlite(connection, values) => {
                query_as_with(text, values).persistent(is_kept).fetch_all(connection).await?
            }
            Target::Postgres(connection, values, suspicion) => query_as_with(text, values)
                .persistent(is_kept)
                .fetch_all(connection)
                .await
                .map_err(|error| suspicion.judge(error))?,
        })
    }

    /// The first row, if there is one.
    pub(super) async fn fetch_optional<R: Row>(self) -> Result<Option<R>, StoreError> {
        let (text, is_kept, target) = self.checked()?;
        Ok(match target {
            Target::Sqlite(connection, values) => {
                query_as_with(text, values).persistent(is_kept).fetch_optional(connection).await?
            }
            Target::Postgres(connection, values, suspicion) => query_as_with(text, values)
                .persistent(is_kept)
                .fetch_optional(connection)
                .await
                .map_err(|error| suspicion.judge(error))?,
        })
    }

    /// The row that there has to be.
    pub(super) async fn fetch_one<R: Row>(self) -> Result<R, StoreError> {
        self.fetch_optional().await?.ok_or(StoreError::Corrupt("reference to a row that is not there"))
    }

    fn checked(self) -> Result<(SqlStr, bool, Target<'t>), StoreError> {
        match self.failed {
            Some(error) => Err(sqlx::Error::Encode(error).into()),
            None => Ok((self.text, self.is_kept, self.target)),
        }
    }
}

fn without_lock(text: &'static str) -> &'static str {
    LOCKS.iter().find_map(|lock| text.strip_suffix(lock)).unwrap_or(text)
}
