//! The client programs of PostgreSQL, which know how to copy a database in use.

use std::fmt;
use std::path::Path;

use tokio::process::Command;
use zeroize::Zeroizing;

use super::BackupError;

const DUMP: &str = "pg_dump";
const RESTORE: &str = "pg_restore";
/// Octets of a program's complaint that are passed on.
const COMPLAINT_MAX: usize = 500;

/// The address of a PostgreSQL, its password apart, so that the list of processes does not show it.
pub struct ServerAddress {
    without_password: String,
    password: Option<Zeroizing<String>>,
}

impl ServerAddress {
    /// Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; of several addresses, the first.
    ///
    /// # Errors
    /// [`BackupError::Address`].
    pub fn parse(addresses: &str) -> Result<Self, BackupError> {
        let address = addresses.split(',').next().unwrap_or_default().trim();
        let (scheme, rest) = address.split_once("://").ok_or(BackupError::Address)?;
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let Some((user_info, host)) = authority.rsplit_once('@') else {
            return Ok(Self { without_password: address.to_owned(), password: None });
        };
        let (user, password) = match user_info.split_once(':') {
            Some((user, password)) => (user, Some(percent_decoded(password)?)),
            None => (user_info, None),
        };
        Ok(Self { without_password: format!("{scheme}://{user}@{host}{path}"), password })
    }

    fn command(&self, tool: &'static str) -> Command {
        let mut command = Command::new(tool);
        if let Some(password) = &self.password {
            command.env("PGPASSWORD", password.as_str());
        }
        command.arg("--no-password").arg("--dbname").arg(&self.without_password);
        command
    }
}

/// Dumps one state of the database.
pub(super) async fn dump(server: &ServerAddress, file: &Path) -> Result<(), BackupError> {
    let mut command = server.command(DUMP);
    command.args(["--format=custom", "--no-owner", "--no-privileges", "--file"]).arg(file);
    run(DUMP, command).await
}

/// Restores a dump into an empty database, wholly or not at all.
pub(super) async fn restore(server: &ServerAddress, file: &Path) -> Result<(), BackupError> {
    let mut command = server.command(RESTORE);
    command.args(["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]).arg(file);
    run(RESTORE, command).await
}

async fn run(tool: &'static str, mut command: Command) -> Result<(), BackupError> {
    let output = command.output().await.map_err(|cause| BackupError::ToolMissing { tool, cause })?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let message = complaint.trim().chars().take(COMPLAINT_MAX).collect();
    Err(BackupError::ToolFailed { tool, message })
}

fn percent_decoded(text: &str) -> Result<Zeroizing<String>, BackupError> {
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (high, low) = (digit().ok_or(BackupError::Address)?, digit().ok_or(BackupError::Address)?);
        octets.push(u8::try_from(high << 4 | low).map_err(|_| BackupError::Address)?);
    }
    String::from_utf8(octets.to_vec()).map(Zeroizing::new).map_err(|_| BackupError::Address)
}

impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerAddress({})", self.without_password)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_taken_out_of_the_address() {
        let address =
            ServerAddress::parse("postgres://me:p%40ss:word@db:5433/doors?sslmode=require, x").unwrap();
        assert_eq!(address.without_password, "postgres://me@db:5433/doors?sslmode=require");
        assert_eq!(address.password.as_ref().unwrap().as_str(), "p@ss:word");
        assert!(!format!("{address:?}").contains("word"));
        let bare = ServerAddress::parse("postgres://db/doors").unwrap();
        assert_eq!((bare.without_password.as_str(), bare.password), ("postgres://db/doors", None));
        assert!(ServerAddress::parse("postgres://me:%zz@db/doors").is_err());
    }
}
