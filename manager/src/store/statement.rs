//! A statement that is put together from parts, each with its own values.

use sqlx::{AssertSqlSafe, SqlSafeStr};
use uuid::Uuid;

use super::StoreError;
use super::Transaction;
use super::query::Row;

/// A statement whose text depends on what is asked for. Values never stand in the text, only their numbers do.
#[derive(Debug, Default)]
pub(super) struct Statement {
    values: Vec<Bound>,
}

#[derive(Debug)]
enum Bound {
    Octets(Vec<u8>),
    Text(String),
    Number(i64),
    Id(Uuid),
}

impl Statement {
    /// The placeholder of some octets.
    pub(super) fn octets(&mut self, value: &[u8]) -> String {
        self.value(Bound::Octets(value.to_vec()))
    }

    /// The placeholder of a text.
    pub(super) fn text(&mut self, value: impl Into<String>) -> String {
        self.value(Bound::Text(value.into()))
    }

    /// The placeholder of a number.
    pub(super) fn number(&mut self, value: impl Into<i64>) -> String {
        self.value(Bound::Number(value.into()))
    }

    /// The placeholder of an id.
    pub(super) fn id(&mut self, value: Uuid) -> String {
        self.value(Bound::Id(value))
    }

    fn value(&mut self, value: Bound) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    /// The rows of `text`, which holds every placeholder.
    pub(super) async fn fetch_all<R: Row>(
        self,
        text: String,
        tx: &mut Transaction,
    ) -> Result<Vec<R>, StoreError> {
        let mut query = tx.query_text(AssertSqlSafe(text).into_sql_str());
        for value in self.values {
            query = match value {
                Bound::Octets(octets) => query.bind(octets),
                Bound::Text(text) => query.bind(text),
                Bound::Number(number) => query.bind(number),
                Bound::Id(id) => query.bind(id),
            };
        }
        query.fetch_all().await
    }
}
