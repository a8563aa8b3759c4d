//! What can go wrong in the store, sorted by what helps.

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused.
    #[error("the database: {0}")]
    Database(sqlx::Error),
    /// The server was lost, or takes no writes any more; another one is looked for at the next attempt.
    #[error("the database is not to be reached: {0}")]
    Unavailable(sqlx::Error),
    /// No server takes writes: each with its reason.
    #[error("no server of the database takes writes: {0}")]
    Unreachable(String),
    /// Others have what is needed; another attempt may succeed.
    #[error("the database is busy: {0}")]
    Busy(sqlx::Error),
    /// There is no room for what was to be written; what was there before still is.
    #[error("the disk of the database is full; make room on it")]
    Full,
    /// The tables could not be made or brought up to date.
    #[error("the tables of the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database holds a value that nothing here writes.
    #[error("the database holds an impossible {0}")]
    Corrupt(&'static str),
}

impl StoreError {
    /// Whether the same request may succeed a little later.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unreachable(_) | Self::Busy(_) | Self::Full)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|error| error.code());
        match (&error, code.as_deref()) {
            (
                sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed,
                _,
            ) => Self::Unavailable(error),
            // PostgreSQL: read-only, shut down, crashed, starting, out of connections, or the connection broke.
            (_, Some("25006" | "57P01" | "57P02" | "57P03" | "53300")) => Self::Unavailable(error),
            (_, Some(code)) if code.len() == 5 && code.starts_with("08") => Self::Unavailable(error),
            // PostgreSQL: disk full; SQLite: SQLITE_FULL.
            (_, Some("53100" | "13")) => Self::Full,
            // PostgreSQL: serialization failure, deadlock, lock not to be had.
            (_, Some("40001" | "40P01" | "55P03")) => Self::Busy(error),
            // SQLite, whose codes have at most four digits: others write or recover.
            (_, Some(code)) if code.len() < 5 && is_busy(code) => Self::Busy(error),
            (sqlx::Error::PoolTimedOut, _) => Self::Busy(error),
            _ => Self::Database(error),
        }
    }
}

/// Whether a code of SQLite is SQLITE_BUSY, SQLITE_LOCKED or SQLITE_PROTOCOL, or a kind of them: the last says that a
/// reader found others at work too many times.
fn is_busy(code: &str) -> bool {
    code.parse::<u16>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 15))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_busy_passes_and_nothing_else_does() {
        let busy = ["5", "261", "517", "773", "6", "262", "518", "15"];
        let other = ["1", "10", "11", "14", "2067", "1555", "787", "266"];
        assert!(busy.iter().all(|code| is_busy(code)));
        assert!(!other.iter().any(|code| is_busy(code)));
    }
}
