//! Where the database is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// What an address of PostgreSQL begins with.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// The database within a manager's directory.
const FILE: &str = "manager.db";

/// Where a manager keeps what it has: keys in a directory, and everything else in a database, which is a file in the
/// same directory unless it is a PostgreSQL.
///
/// Whatever is a path is a home with a file.
#[derive(Clone, Debug)]
pub struct Home {
    dir: PathBuf,
    database: Option<DatabaseUrl>,
}

/// The addresses of a PostgreSQL, each of a server of the same cluster, separated by commas.
#[derive(Clone)]
pub struct DatabaseUrl {
    pub(super) servers: Vec<PgConnectOptions>,
}

/// Why a text is not the address of a database; it never holds the address, which may have a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// It does not begin as an address of PostgreSQL does.
    #[error("address {0} of the database does not begin with postgres://")]
    Scheme(usize),
    /// PostgreSQL's address is not well formed.
    #[error("address {0} of the database is not of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE")]
    Malformed(usize),
}

impl Home {
    /// The same directory with another database, if there is one.
    #[must_use]
    pub fn with_database(self, database: Option<DatabaseUrl>) -> Self {
        Self { database, ..self }
    }

    /// The directory.
    pub fn directory(&self) -> &Path {
        &self.dir
    }

    /// The file of the database, if it is a file.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.database.is_none().then(|| self.dir.join(FILE))
    }

    pub(super) const fn database(&self) -> Option<&DatabaseUrl> {
        self.database.as_ref()
    }
}

impl<P: AsRef<Path>> From<P> for Home {
    fn from(dir: P) -> Self {
        Self { dir: dir.as_ref().to_owned(), database: None }
    }
}

impl fmt::Display for Home {
    /// Where somebody would look for the project, without passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.database {
            None => write!(f, "{}", self.dir.display()),
            Some(database) => write!(f, "{database}"),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, DatabaseUrlError> {
        let servers = text.split(',').map(str::trim).zip(1..).map(|(address, place)| {
            if !SCHEMES.iter().any(|scheme| address.starts_with(scheme)) {
                return Err(DatabaseUrlError::Scheme(place));
            }
            address.parse().map_err(|_| DatabaseUrlError::Malformed(place))
        });
        Ok(Self { servers: servers.collect::<Result<_, _>>()? })
    }
}

impl fmt::Display for DatabaseUrl {
    /// The servers and databases, without users and passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, server) in self.servers.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            let database = server.get_database().unwrap_or_else(|| server.get_username());
            write!(f, "{separator}postgres://{}:{}/{database}", server.get_host(), server.get_port())?;
        }
        Ok(())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_users_and_passwords() {
        let url: DatabaseUrl =
            "postgres://me:secret@db1/doors, postgresql://me:secret@db2:5433/doors".parse().unwrap();
        let shown = "postgres://db1:5432/doors,postgres://db2:5433/doors";
        assert_eq!(url.to_string(), shown);
        assert_eq!(format!("{url:?}"), format!("DatabaseUrl({shown})"));
    }

    #[test]
    fn what_is_no_address_is_named_by_its_place_and_not_shown() {
        let parse = |text: &str| text.parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(parse("mysql://me:secret@db/doors"), DatabaseUrlError::Scheme(1));
        assert_eq!(parse(""), DatabaseUrlError::Scheme(1));
        let second = parse("postgres://db/doors,postgres://me:secret@db:no/doors");
        assert_eq!(second, DatabaseUrlError::Malformed(2));
        assert!(!second.to_string().contains("secret"));
    }
}
