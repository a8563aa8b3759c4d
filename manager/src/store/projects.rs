//! Projects, their counters, and how their vaults open.

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::challenge::ChallengeSecret;
use crate::domain::{Project, ProjectId, ReaderId, ReminderSettings, Serial, chain_start};

/// How the key of a vault is made from what the operator has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VaultRow {
    /// `passphrase`, `key_file` or `token`.
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
    remind_after_days: Option<i64>,
    remind_before_expiry_hours: Option<i64>,
    tell_expired: i64,
    card_expiry_days: Option<i64>,
    tell_card_expired: i64,
    created_at: i64,
}

impl Transaction {
    pub(crate) async fn insert_project(
        &mut self,
        project: &Project,
        secret: &ChallengeSecret,
    ) -> Result<(), StoreError> {
        let head = chain_start(project.id);
        self.query(
            "INSERT INTO projects (id, name, time_zone, public_url, invitation_life_s, credential_life_s, created_at, \
             audit_head, challenge_secret, remind_after_days, remind_before_expiry_hours, tell_expired, card_expiry_days, \
             tell_card_expired, ordinal) \
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, COALESCE(MAX(ordinal), 0) + 1 \
             FROM projects",
        )
        .bind(project.id.0.as_slice())
        .bind(&project.name)
        .bind(&project.time_zone)
        .bind(&project.public_url)
        .bind(i64::from(project.invitation_life_s))
        .bind(i64::from(project.credential_life_s))
        .bind(i64::from(project.created_at.0))
        .bind(head.as_slice())
        .bind(secret.expose().as_slice())
        .bind(project.reminders.after_days.map(i64::from))
        .bind(project.reminders.before_expiry_hours.map(i64::from))
        .bind(i64::from(project.reminders.when_expired))
        .bind(project.reminders.card_expiry_days.map(i64::from))
        .bind(i64::from(project.reminders.when_card_expired))
        .execute()
        .await?;
        let serials = self.query("INSERT INTO serials (project, last_serial) VALUES ($1, 0)");
        serials.bind(project.id.0.as_slice()).execute().await?;
        Ok(())
    }

    /// Waits until nobody else writes to the project with its row locked, and keeps others waiting until the commit; the
    /// version of its settings.
    pub(super) async fn lock_project(&mut self, project: ProjectId) -> Result<i64, StoreError> {
        // Rows that refer to the project can still be inserted beside.
        let locked = self.query("SELECT settings_version FROM projects WHERE id = $1 FOR NO KEY UPDATE");
        let (version,) = locked.bind(project.0.as_slice()).fetch_one().await?;
        Ok(version)
    }

    /// Goes up whenever the settings or the issuer keys of the project change.
    pub(crate) async fn settings_version(&mut self, project: ProjectId) -> Result<i64, StoreError> {
        let found = self.query("SELECT settings_version FROM projects WHERE id = $1");
        let (version,) = found.bind(project.0.as_slice()).fetch_one().await?;
        Ok(version)
    }

    /// Makes every process read the settings and the issuer keys of the project again.
    pub(crate) async fn settings_changed(&mut self, project: ProjectId) -> Result<(), StoreError> {
        let changed = self.query("UPDATE projects SET settings_version = settings_version + 1 WHERE id = $1");
        changed.bind(project.0.as_slice()).execute().await?;
        Ok(())
    }

    /// Replaces the settings of a project.
    pub(crate) async fn update_project(&mut self, project: &Project) -> Result<(), StoreError> {
        self.query(
            "UPDATE projects SET name = $2, time_zone = $3, public_url = $4, invitation_life_s = $5, \
             credential_life_s = $6, remind_after_days = $7, remind_before_expiry_hours = $8, tell_expired = $9, \
             card_expiry_days = $10, tell_card_expired = $11, \
             settings_version = settings_version + 1 WHERE id = $1",
        )
        .bind(project.id.0.as_slice())
        .bind(&project.name)
        .bind(&project.time_zone)
        .bind(&project.public_url)
        .bind(i64::from(project.invitation_life_s))
        .bind(i64::from(project.credential_life_s))
        .bind(project.reminders.after_days.map(i64::from))
        .bind(project.reminders.before_expiry_hours.map(i64::from))
        .bind(i64::from(project.reminders.when_expired))
        .bind(project.reminders.card_expiry_days.map(i64::from))
        .bind(i64::from(project.reminders.when_card_expired))
        .execute()
        .await?;
        Ok(())
    }

    pub(crate) async fn project(&mut self, id: ProjectId) -> Result<Option<Project>, StoreError> {
        let row: Option<ProjectRow> = self
            .query(
                "SELECT id, name, time_zone, public_url, invitation_life_s, credential_life_s, remind_after_days, \
                 remind_before_expiry_hours, tell_expired, card_expiry_days, tell_card_expired, created_at \
                 FROM projects WHERE id = $1",
            )
            .bind(id.0.as_slice())
            .fetch_optional()
            .await?;
        row.map(ProjectRow::into_project).transpose()
    }

    /// The project of this name.
    pub(crate) async fn project_named(&mut self, name: &str) -> Result<Option<ProjectId>, StoreError> {
        let row: Option<(Vec<u8>,)> =
            self.query("SELECT id FROM projects WHERE name = $1").bind(name).fetch_optional().await?;
        row.map(|(id,)| octets(&id, "project id").map(ProjectId)).transpose()
    }

    /// All projects, oldest first.
    pub(crate) async fn projects(&mut self) -> Result<Vec<Project>, StoreError> {
        let rows: Vec<ProjectRow> = self
            .query(
                "SELECT id, name, time_zone, public_url, invitation_life_s, credential_life_s, remind_after_days, \
                 remind_before_expiry_hours, tell_expired, card_expiry_days, tell_card_expired, created_at \
                 FROM projects ORDER BY ordinal, id",
            )
            .fetch_all()
            .await?;
        rows.into_iter().map(ProjectRow::into_project).collect()
    }

    /// The next serial; never given out twice, even if the credential is not made in the end.
    pub(crate) async fn next_serial(&mut self, project: ProjectId) -> Result<Serial, StoreError> {
        Ok(Serial(self.reserve_serials(project, 1).await?))
    }

    /// By what the project knows the challenges again that it gave.
    pub(crate) async fn challenge_secret(
        &mut self,
        project: ProjectId,
    ) -> Result<ChallengeSecret, StoreError> {
        let found = self.query("SELECT challenge_secret FROM projects WHERE id = $1");
        let (secret,): (Vec<u8>,) = found.bind(project.0.as_slice()).fetch_one().await?;
        Ok(ChallengeSecret::new(octets(&secret, "challenge secret")?))
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

    /// For how long an import can be undone, in seconds.
    pub(crate) async fn undo_window_s(&mut self, project: ProjectId) -> Result<u32, StoreError> {
        let (seconds,): (i64,) = self
            .query("SELECT undo_window_s FROM projects WHERE id = $1")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        number(seconds, "undo window")
    }

    pub(crate) async fn set_undo_window(
        &mut self,
        project: ProjectId,
        seconds: u32,
    ) -> Result<(), StoreError> {
        self.query("UPDATE projects SET undo_window_s = $2 WHERE id = $1")
            .bind(project.0.as_slice())
            .bind(i64::from(seconds))
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

    pub(crate) async fn update_vault(
        &mut self,
        project: ProjectId,
        vault: &VaultRow,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE vaults SET kind = $2, salt = $3, memory_kib = $4, passes = $5, lanes = $6 WHERE project = $1",
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

    pub(crate) async fn vault(&mut self, project: ProjectId) -> Result<Option<VaultRow>, StoreError> {
        let row: Option<(String, Vec<u8>, i64, i64, i64)> = self
            .query("SELECT kind, salt, memory_kib, passes, lanes FROM vaults WHERE project = $1")
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        row.map(|(kind, salt, memory, passes, lanes)| {
            let (memory_kib, passes) = (number(memory, "vault")?, number(passes, "vault")?);
            Ok(VaultRow { kind, salt, memory_kib, passes, lanes: number(lanes, "vault")? })
        })
        .transpose()
    }
}

impl ProjectRow {
    fn into_project(self) -> Result<Project, StoreError> {
        let reminder = |value: Option<i64>| value.map(|value| number(value, "reminder")).transpose();
        let reminders = ReminderSettings {
            after_days: reminder(self.remind_after_days)?,
            before_expiry_hours: reminder(self.remind_before_expiry_hours)?,
            when_expired: self.tell_expired != 0,
            card_expiry_days: reminder(self.card_expiry_days)?,
            when_card_expired: self.tell_card_expired != 0,
        };
        Ok(Project {
            id: ProjectId(octets(&self.id, "project id")?),
            name: self.name,
            time_zone: self.time_zone,
            public_url: self.public_url,
            invitation_life_s: number(self.invitation_life_s, "invitation life")?,
            credential_life_s: number(self.credential_life_s, "credential life")?,
            reminders,
            created_at: time(self.created_at)?,
        })
    }
}
