//! The tables, written once in `manager/migrations` with PostgreSQL's names of types.

use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// What stands in the files, as the compiler found them.
static WRITTEN: Migrator = sqlx::migrate!("./migrations");

/// SQLite's name for each of PostgreSQL's types.
const SQLITE: [(&str, &str); 3] = [("BIGINT", "INTEGER"), ("BYTEA", "BLOB"), ("UUID", "BLOB")];
/// Text is compared and sorted octet by octet, as SQLite does, whatever the locale of the database is.
const POSTGRES: [(&str, &str); 1] = [("TEXT", "TEXT COLLATE \"C\"")];

/// The migrations for SQLite.
pub(super) fn sqlite() -> Migrator {
    translated(&SQLITE)
}

/// The migrations for PostgreSQL.
pub(super) fn postgres() -> Migrator {
    translated(&POSTGRES)
}

fn translated(words: &[(&str, &str)]) -> Migrator {
    let migrations = WRITTEN.iter().map(|written| {
        let text = AssertSqlSafe(with_words(written.sql.as_str(), words)).into_sql_str();
        let description = written.description.clone();
        Migration::new(written.version, description, written.migration_type, text, written.no_tx)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Replaces whole words.
fn with_words(text: &str, words: &[(&str, &str)]) -> String {
    let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let parts = text.split_inclusive(|character| !is_word(character));
    let replaced = parts.map(|part| {
        let word = part.trim_end_matches(|character| !is_word(character));
        let rest = part.get(word.len()..).unwrap_or_default();
        let found = words.iter().find(|(from, _)| *from == word);
        found.map_or_else(|| part.to_owned(), |(_, to)| format!("{to}{rest}"))
    });
    replaced.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_replaced() {
        let written = "id UUID, n BIGINT NOT NULL, UUIDS BYTEA";
        assert_eq!(with_words(written, &SQLITE), "id BLOB, n INTEGER NOT NULL, UUIDS BLOB");
        assert_eq!(with_words("a TEXT", &POSTGRES), "a TEXT COLLATE \"C\"");
    }

    #[test]
    fn sqlite_has_none_of_the_names_that_it_does_not_know() {
        for migration in sqlite().iter() {
            for (name, _) in SQLITE {
                assert!(!migration.sql.as_str().contains(name), "{}: {name}", migration.version);
            }
        }
    }
}
