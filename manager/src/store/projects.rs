//! Projects, their counters, and how their vaults open.

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{Project, ProjectId, ReaderId, Serial, chain_start};

/// How the key of a vault is made from what the operator has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VaultRow {
    /// `passphrase` or `key_file`.
    pub(crate) kind: String,
    pub(crate) salt: Vec<u8>,
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

#[derive(sqlx::FromRow)]
struct ProjectRow {
    id: Vec<u8>,
    name: String,
    time_zone: String,
    public_url: String,
    invitation_life_s: i64,
    credential_life_s: i64,
    created_at: i64,
}

impl Transaction {
    pub(crate) async fn insert_project(&mut self, project: &Project) -> Result<(), StoreError> {
        let head = chain_start(project.id);
        self.query(
            "INSERT INTO projects (id, name, time_zone, public_url, invitation_life_s, credential_life_s, created_at, \
             audit_head) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(project.id.0.as_slice())
        .bind(&project.name)
        .bind(&project.time_zone)
        .bind(&project.public_url)
        .bind(i64::from(project.invitation_life_s))
        .bind(i64::from(project.credential_life_s))
        .bind(i64::from(project.created_at.0))
        .bind(head.as_slice())
        .execute()
        .await?;
        Ok(())
    }

    /// Waits until nobody else writes to the project with its row locked, and keeps others waiting until the commit;
    /// SQLite has one writer anyway.
    pub(super) async fn lock_project(&mut self, project: ProjectId) -> Result<(), StoreError> {
        if self.has_one_writer() {
            return Ok(());
        }
        // Rows that refer to the project can still be inserted beside.
        self.query("SELECT id FROM projects WHERE id = $1 FOR NO KEY UPDATE")
            .bind(project.0.as_slice())
            .fetch_optional::<(Vec<u8>,)>()
            .await?;
        Ok(())
    }

    /// All projects, oldest first.
    pub(crate) async fn projects(&mut self) -> Result<Vec<Project>, StoreError> {
        let rows: Vec<ProjectRow> = self
            .query(
                "SELECT id, name, time_zone, public_url, invitation_life_s, credential_life_s, created_at \
             FROM projects ORDER BY created_at, id",
            )
            .fetch_all()
            .await?;
        rows.into_iter().map(ProjectRow::into_project).collect()
    }

    /// The next serial; never given out twice, even if the credential is not made in the end.
    pub(crate) async fn next_serial(&mut self, project: ProjectId) -> Result<Serial, StoreError> {
        let (serial,): (i64,) = self
            .query("UPDATE projects SET last_serial = last_serial + 1 WHERE id = $1 RETURNING last_serial")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        number(serial, "serial").map(Serial)
    }

    pub(crate) async fn next_reader(&mut self, project: ProjectId) -> Result<ReaderId, StoreError> {
        let (id,): (i64,) = self
            .query("UPDATE projects SET last_reader = last_reader + 1 WHERE id = $1 RETURNING last_reader")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        number(id, "reader id").map(ReaderId)
    }

    pub(crate) async fn next_list_version(&mut self, project: ProjectId) -> Result<u32, StoreError> {
        let (version,): (i64,) = self
            .query("UPDATE projects SET list_version = list_version + 1 WHERE id = $1 RETURNING list_version")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        number(version, "list version")
    }

    /// Notes that something changed that an import would plan with.
    pub(crate) async fn roster_changed(&mut self, project: ProjectId) -> Result<(), StoreError> {
        self.query("UPDATE projects SET roster_version = roster_version + 1 WHERE id = $1")
            .bind(project.0.as_slice())
            .execute()
            .await?;
        Ok(())
    }

    pub(crate) async fn roster_version(&mut self, project: ProjectId) -> Result<i64, StoreError> {
        let (version,) = self
            .query("SELECT roster_version FROM projects WHERE id = $1")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        Ok(version)
    }

    pub(crate) async fn insert_vault(
        &mut self,
        project: ProjectId,
        vault: &VaultRow,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO vaults (project, kind, salt, memory_kib, passes, lanes) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project.0.as_slice())
        .bind(&vault.kind)
        .bind(vault.salt.as_slice())
        .bind(i64::from(vault.memory_kib))
        .bind(i64::from(vault.passes))
        .bind(i64::from(vault.lanes))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn vault(&mut self, project: ProjectId) -> Result<VaultRow, StoreError> {
        let (kind, salt, memory, passes, lanes): (String, Vec<u8>, i64, i64, i64) = self
            .query("SELECT kind, salt, memory_kib, passes, lanes FROM vaults WHERE project = $1")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        Ok(VaultRow {
            kind,
            salt,
            memory_kib: number(memory, "vault")?,
            passes: number(passes, "vault")?,
            lanes: number(lanes, "vault")?,
        })
    }
}

impl ProjectRow {
    fn into_project(self) -> Result<Project, StoreError> {
        Ok(Project {
            id: ProjectId(octets(&self.id, "project id")?),
            name: self.name,
            time_zone: self.time_zone,
            public_url: self.public_url,
            invitation_life_s: number(self.invitation_life_s, "invitation life")?,
            credential_life_s: number(self.credential_life_s, "credential life")?,
            created_at: time(self.created_at)?,
        })
    }
}
