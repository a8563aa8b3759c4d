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
    /// A backup was being restored here, and that did not end.
    #[error("the restoration of this database did not end; empty the database and restore the backup again")]
    Unfinished,
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
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolClosed
                // The thread of an SQLite connection ended; the next request gets another connection.
                | sqlx::Error::WorkerCrashed,
                _,
            ) => Self::Unavailable(error),
            // PostgreSQL: read-only, shut down, crashed, starting, out of connections, or the connection broke.
            (_, Some("25006" | "57P01" | "57P02" | "57P03" | "53300")) => Self::Unavailable(error),
            (_, Some(code)) if code.len() == 5 && code.starts_with("08") => Self::Unavailable(error),
            // PostgreSQL: disk full; SQLite: SQLITE_FULL.
            (_, Some("53100" | "13")) => Self::Full,
            // PostgreSQL: serialization failure, deadlock, lock not to be had.
            (_, Some("40001" | "40P01" | "55P03")) => Self::Busy(error),
            (_, Some(code)) if is_kind_of(code, &BUSY) => Self::Busy(error),
            (_, Some(code)) if is_kind_of(code, &OUT_OF_REACH) => Self::Unavailable(error),
            (sqlx::Error::PoolTimedOut, _) => Self::Busy(error),
            _ => Self::Database(error),
        }
    }
}

/// SQLITE_BUSY, SQLITE_LOCKED, and SQLITE_PROTOCOL, which says that a reader found others at work too many times.
const BUSY: [u16; 3] = [5, 6, 15];
/// SQLITE_NOMEM, SQLITE_IOERR and SQLITE_CANTOPEN: the machine lacks something, which the next request may find.
const OUT_OF_REACH: [u16; 3] = [7, 10, 14];

/// Whether a code is one of these of SQLite, or a kind of one; those of PostgreSQL have five characters.
fn is_kind_of(code: &str, of: &[u16]) -> bool {
    code.len() < 5 && code.parse::<u16>().is_ok_and(|code| of.contains(&(code & 0xff)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_in_sqlite_is_known_with_all_its_kinds() {
        let busy = ["5", "261", "517", "773", "6", "262", "518", "15"];
        let out_of_reach = ["7", "10", "266", "778", "14", "270"];
        let other = ["1", "11", "13", "2067", "1555", "787", "53300", "25006"];
        assert!(busy.iter().all(|code| is_kind_of(code, &BUSY)));
        assert!(out_of_reach.iter().all(|code| is_kind_of(code, &OUT_OF_REACH)));
        assert!(!other.iter().any(|code| is_kind_of(code, &BUSY) || is_kind_of(code, &OUT_OF_REACH)));
    }
}
