//! The audit log.

use super::rows::{number, octets, time};
use super::{StoreError, Transaction};
use crate::domain::{Act, Actor, AuditEntry, Event, ProjectId, UnixTime};

#[derive(sqlx::FromRow)]
pub(super) struct Columns {
    sequence: i64,
    time: i64,
    actor: String,
    act: String,
    subject: String,
    detail: String,
    previous: Vec<u8>,
    hash: Vec<u8>,
}

impl Transaction {
    /// Appends what was done to the log, and writes down for whoever listens that it was.
    pub(crate) async fn record(
        &mut self,
        project: ProjectId,
        now: UnixTime,
        actor: Actor,
        act: Act,
        subject: String,
        detail: String,
    ) -> Result<(), StoreError> {
        let head = self.audit_head(project).await?;
        let entry = AuditEntry::following(head, now, actor, act, subject, detail);
        let sequence = i64::try_from(entry.sequence).map_err(|_| StoreError::Corrupt("audit length"))?;
        self.query(
            "INSERT INTO audit (project, sequence, time, actor, act, subject, detail, previous, hash) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(project.0.as_slice())
        .bind(sequence)
        .bind(i64::from(entry.time.0))
        .bind(&entry.actor)
        .bind(&entry.act)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .bind(entry.previous.as_slice())
        .bind(entry.hash.as_slice())
        .execute()
        .await?;
        self.query("UPDATE projects SET audit_length = $2, audit_head = $3 WHERE id = $1")
            .bind(project.0.as_slice())
            .bind(sequence)
            .bind(entry.hash.as_slice())
            .execute()
            .await?;
        // A list is announced where it is signed, since most are signed for the sake of another act.
        let event = act.event().filter(|_| act != Act::ListPublished);
        let Some((kind, about)) = event else { return Ok(()) };
        let (actor, subject, detail) = (&entry.actor, &entry.subject, &entry.detail);
        let entry = Some(entry.sequence);
        self.announce(&Event { kind, about, subject, project, at: now, actor, detail, entry }).await
    }

    /// The length of the log and the hash of its last row, as the project remembers them.
    pub(crate) async fn audit_head(&mut self, project: ProjectId) -> Result<(u64, [u8; 32]), StoreError> {
        let (length, head): (i64, Vec<u8>) = self
            .query("SELECT audit_length, audit_head FROM projects WHERE id = $1")
            .bind(project.0.as_slice())
            .fetch_one()
            .await?;
        Ok((number(length, "audit length")?, octets(&head, "audit head")?))
    }

    /// Up to `limit` rows that follow the row `after`.
    pub(crate) async fn audit_entries(
        &mut self,
        project: ProjectId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT sequence, time, actor, act, subject, detail, previous, hash FROM audit \
             WHERE project = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(i64::try_from(after).unwrap_or(i64::MAX))
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_entry).collect()
    }
}

impl Columns {
    pub(super) fn into_entry(self) -> Result<AuditEntry, StoreError> {
        Ok(AuditEntry {
            sequence: number(self.sequence, "audit row")?,
            time: time(self.time)?,
            actor: self.actor,
            act: self.act,
            subject: self.subject,
            detail: self.detail,
            previous: octets(&self.previous, "audit row")?,
            hash: octets(&self.hash, "audit row")?,
        })
    }
}
