//! Work that comes due by itself.

use uuid::Uuid;

use super::rows::{number, time};
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

/// What is known of a kind of work in a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobState {
    pub(crate) kind: String,
    pub(crate) next_run_at: UnixTime,
    pub(crate) leased_until: UnixTime,
    pub(crate) failures: u32,
    pub(crate) last_run_at: Option<UnixTime>,
    pub(crate) last_error: Option<String>,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JobEnd<'a> {
    pub(crate) next_run_at: UnixTime,
    /// Runs that failed since the last one that did not.
    pub(crate) failures: u32,
    pub(crate) error: Option<&'a str>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    kind: String,
    next_run_at: i64,
    leased_until: i64,
    failures: i64,
    last_run_at: Option<i64>,
    last_error: Option<String>,
}

impl Transaction {
    /// What is known of each kind of work that ran before, by name.
    pub(crate) async fn jobs(&mut self, project: ProjectId) -> Result<Vec<JobState>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT kind, next_run_at, leased_until, failures, last_run_at, last_error FROM jobs \
                 WHERE project = $1 ORDER BY kind",
            )
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_state).collect()
    }

    /// Takes a kind of work that is due and that nobody has, until `leased_until`; how often it failed of late.
    pub(crate) async fn claim_job(
        &mut self,
        project: ProjectId,
        kind: &str,
        lease: Uuid,
        leased_until: UnixTime,
        now: UnixTime,
    ) -> Result<Option<u32>, StoreError> {
        self.query(
            "INSERT INTO jobs (project, kind, next_run_at) VALUES ($1, $2, $3) ON CONFLICT (project, kind) DO NOTHING",
        )
        .bind(project.0.as_slice())
        .bind(kind)
        .bind(i64::from(now.0))
        .execute()
        .await?;
        let free: Option<(i64,)> = self
            .query(
                "SELECT failures FROM jobs WHERE project = $1 AND kind = $2 AND next_run_at <= $3 \
                 AND leased_until <= $3 FOR UPDATE SKIP LOCKED",
            )
            .bind(project.0.as_slice())
            .bind(kind)
            .bind(i64::from(now.0))
            .fetch_optional()
            .await?;
        let Some((failures,)) = free else { return Ok(None) };
        self.query(
            "UPDATE jobs SET lease = $3, leased_until = $4, last_run_at = $5 WHERE project = $1 AND kind = $2",
        )
        .bind(project.0.as_slice())
        .bind(kind)
        .bind(lease)
        .bind(i64::from(leased_until.0))
        .bind(i64::from(now.0))
        .execute()
        .await?;
        number(failures, "number of failures").map(Some)
    }

    /// Writes what became of a run and lets go of the work, unless somebody else has it by now.
    pub(crate) async fn end_job(
        &mut self,
        project: ProjectId,
        kind: &str,
        lease: Uuid,
        end: JobEnd<'_>,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE jobs SET lease = NULL, leased_until = 0, next_run_at = $4, failures = $5, last_error = $6 \
             WHERE project = $1 AND kind = $2 AND lease = $3",
        )
        .bind(project.0.as_slice())
        .bind(kind)
        .bind(lease)
        .bind(i64::from(end.next_run_at.0))
        .bind(i64::from(end.failures))
        .bind(end.error)
        .execute()
        .await?;
        Ok(())
    }

    /// Lets go of work whose run was cut off by a stop, so that the next process finds it at once.
    pub(crate) async fn release_job(
        &mut self,
        project: ProjectId,
        kind: &str,
        lease: Uuid,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE jobs SET lease = NULL, leased_until = 0 WHERE project = $1 AND kind = $2 AND lease = $3",
        )
        .bind(project.0.as_slice())
        .bind(kind)
        .bind(lease)
        .execute()
        .await?;
        Ok(())
    }
}

impl Columns {
    fn into_state(self) -> Result<JobState, StoreError> {
        Ok(JobState {
            kind: self.kind,
            next_run_at: time(self.next_run_at)?,
            leased_until: time(self.leased_until)?,
            failures: number(self.failures, "number of failures")?,
            last_run_at: self.last_run_at.map(time).transpose()?,
            last_error: self.last_error,
        })
    }
}
