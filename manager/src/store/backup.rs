//! Copies of the database, and what makes a restored one safe to go on with.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection};

use super::rows::{number, octets};
use super::transaction::Inner;
use super::{Backend, Home, Store, StoreError, Transaction};
use crate::challenge::ChallengeSecret;
use crate::domain::{ProjectId, Serial, UnixTime};

/// What a backup holds of one project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProjectCounters {
    pub(crate) project: ProjectId,
    pub(crate) name: String,
    pub(crate) last_serial: u64,
    pub(crate) list_version: u32,
    pub(crate) audit_length: u64,
    pub(crate) audit_head: [u8; 32],
}

/// By how much the numbers of a restored project jump ahead.
pub(crate) struct Jump {
    pub(crate) serials: i64,
    pub(crate) readers: i64,
    pub(crate) lists: i64,
    pub(crate) configurations: i64,
}

type CounterColumns = (Vec<u8>, String, i64, i64, i64, Vec<u8>);

impl Store {
    /// Copies one state of an embedded database into an empty file while others go on; `false` for a server.
    pub(crate) async fn copy_into(&self, file: &Path) -> Result<bool, StoreError> {
        let Backend::Sqlite(database) = &self.0 else { return Ok(false) };
        database.copy_into(file).await?;
        Ok(true)
    }
}

impl Store {
    /// The counters of the projects in a copy that nobody uses.
    pub(crate) async fn counters_in(file: &Path) -> Result<Vec<ProjectCounters>, StoreError> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        let mut tx = Transaction::new(Inner::Sqlite(pool.begin().await?));
        let counters = tx.counters().await?;
        drop(tx);
        pool.close().await;
        Ok(counters)
    }

    /// Whether there is anything in the database of a server.
    pub(crate) async fn has_tables(home: &Home) -> Result<bool, StoreError> {
        let Some(server) = home.database().and_then(|url| url.servers.first()) else { return Ok(false) };
        let mut connection = server.connect().await?;
        let (tables,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false))",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        Ok(tables > 0)
    }

    /// Marks the database of a server, which is empty, as one that nobody may go on from yet.
    pub(crate) async fn mark_unfinished(home: &Home) -> Result<(), StoreError> {
        let Some(server) = home.database().and_then(|url| url.servers.first()) else { return Ok(()) };
        let mut connection = server.connect().await?;
        sqlx::raw_sql("CREATE TABLE unfinished_restoration ()").execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    /// Opens a database that is being restored.
    pub(crate) async fn open_unfinished(home: &Home) -> Result<Self, StoreError> {
        Self::open_if(home, true).await
    }

    /// Drops every table of a server's database, which had none before a restoration.
    pub(crate) async fn drop_tables(home: &Home) -> Result<(), StoreError> {
        let Some(server) = home.database().and_then(|url| url.servers.first()) else { return Ok(()) };
        let mut connection = server.connect().await?;
        let drop: (Option<String>,) = sqlx::query_as(
            "SELECT 'DROP TABLE ' || string_agg(format('%I.%I', table_schema, table_name), ', ') || ' CASCADE' \
             FROM information_schema.tables WHERE table_schema = ANY (current_schemas(false))",
        )
        .fetch_one(&mut connection)
        .await?;
        if let (Some(statement),) = drop {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        connection.close().await?;
        Ok(())
    }
}

/// Whether a file is a sound SQLite database.
pub(crate) async fn is_sound(file: &Path) -> Result<bool, StoreError> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = options.connect().await?;
    let checked: Result<Vec<(String,)>, _> =
        sqlx::query_as("PRAGMA integrity_check").fetch_all(&mut connection).await;
    connection.close().await?;
    Ok(checked.is_ok_and(|rows| rows.iter().all(|(row,)| row == "ok")))
}

impl Transaction {
    /// From now on the database can be gone on from.
    pub(crate) async fn mark_finished(&mut self) -> Result<(), StoreError> {
        self.query("DROP TABLE IF EXISTS unfinished_restoration").execute().await?;
        Ok(())
    }

    /// The counters of all projects.
    pub(crate) async fn counters(&mut self) -> Result<Vec<ProjectCounters>, StoreError> {
        let rows: Vec<CounterColumns> = self
            .query(
                "SELECT id, name, (SELECT last_serial FROM serials WHERE project = id), list_version, audit_length, \
                 audit_head FROM projects ORDER BY id",
            )
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(id, name, serial, list, length, head)| {
                Ok(ProjectCounters {
                    project: ProjectId(octets(&id, "project id")?),
                    name,
                    last_serial: number(serial, "serial")?,
                    list_version: number(list, "list version")?,
                    audit_length: number(length, "audit length")?,
                    audit_head: octets(&head, "audit head")?,
                })
            })
            .collect()
    }

    /// Lets the numbers of a project jump ahead, so that none is given out twice; challenges that were given before are
    /// not known any more, since those that were answered after the backup are forgotten.
    pub(crate) async fn jump_ahead(
        &mut self,
        project: ProjectId,
        jump: &Jump,
        secret: &ChallengeSecret,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE projects SET last_reader = last_reader + $2, list_version = list_version + $3, \
             roster_version = roster_version + 1, settings_version = settings_version + 1, challenge_secret = $4 \
             WHERE id = $1",
        )
        .bind(project.0.as_slice())
        .bind(jump.readers)
        .bind(jump.lists)
        .bind(secret.expose().as_slice())
        .execute()
        .await?;
        self.query("UPDATE serials SET last_serial = last_serial + $2 WHERE project = $1")
            .bind(project.0.as_slice())
            .bind(jump.serials)
            .execute()
            .await?;
        // No octets are the basis of a configuration: the next one is made anew, with a number that no reader has seen.
        self.query(
            "UPDATE readers SET configuration_version = configuration_version + $2, configuration_basis = $3 \
             WHERE project = $1",
        )
        .bind(project.0.as_slice())
        .bind(jump.configurations)
        .bind([0_u8; 32].as_slice())
        .execute()
        .await?;
        self.query("DELETE FROM challenges WHERE project = $1").bind(project.0.as_slice()).execute().await?;
        Ok(())
    }

    /// Makes the versions of lists go on from here, if they are not further.
    pub(crate) async fn raise_list_version(
        &mut self,
        project: ProjectId,
        version: u32,
    ) -> Result<(), StoreError> {
        self.query("UPDATE projects SET list_version = $2 WHERE id = $1 AND list_version < $2")
            .bind(project.0.as_slice())
            .bind(i64::from(version))
            .execute()
            .await?;
        Ok(())
    }

    /// Notes that a credential is revoked; `false` when it is unknown or was revoked before.
    pub(crate) async fn revoke_serial(
        &mut self,
        project: ProjectId,
        serial: Serial,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query(
                "UPDATE credentials SET revoked_at = $3 WHERE project = $1 AND serial = $2 AND revoked_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(i64::try_from(serial.0).map_err(|_| StoreError::Corrupt("serial"))?)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(done == 1)
    }

    /// Whether there is a credential of this serial.
    pub(crate) async fn has_credential(
        &mut self,
        project: ProjectId,
        serial: Serial,
    ) -> Result<bool, StoreError> {
        let found: Option<(i64,)> = self
            .query("SELECT serial FROM credentials WHERE project = $1 AND serial = $2")
            .bind(project.0.as_slice())
            .bind(i64::try_from(serial.0).map_err(|_| StoreError::Corrupt("serial"))?)
            .fetch_optional()
            .await?;
        Ok(found.is_some())
    }

    /// Keeps a revocation whose credential is unknown; `false` when it is kept already.
    pub(crate) async fn carry_revocation(
        &mut self,
        project: ProjectId,
        serial: Serial,
        until: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query(
                "INSERT INTO carried_revocations (project, serial, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            )
            .bind(project.0.as_slice())
            .bind(i64::try_from(serial.0).map_err(|_| StoreError::Corrupt("serial"))?)
            .bind(i64::from(until.0))
            .execute()
            .await?;
        Ok(done == 1)
    }
}
