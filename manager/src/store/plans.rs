//! Import plans, kept exactly as they were shown.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{Confirmation, Counts, DoneStep, Mode, ProjectId, Step, UnixTime};
use crate::import::{Delimiter, SheetColumn};

/// Steps of one row.
const STEPS_PER_ROW: usize = 500;

/// What a plan says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanHeader {
    pub(crate) mode: Mode,
    /// `None` where the plan was not made from a file.
    pub(crate) file: Option<PlanFile>,
    pub(crate) counts: Counts,
    pub(crate) confirmation: Option<Confirmation>,
}

/// How the file of a plan was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanFile {
    pub(crate) encoding: String,
    pub(crate) delimiter: Delimiter,
    pub(crate) has_header: bool,
    pub(crate) columns: Vec<SheetColumn>,
}

/// A plan without its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPlan {
    pub(crate) id: Uuid,
    /// The state of the users that it was made for.
    pub(crate) roster_version: i64,
    pub(crate) origin: String,
    pub(crate) created_at: UnixTime,
    pub(crate) applied_at: Option<UnixTime>,
    /// The first second at which it can no longer be undone.
    pub(crate) undo_until: Option<UnixTime>,
    pub(crate) undone_at: Option<UnixTime>,
    pub(crate) header: PlanHeader,
}

/// Many steps, and the ids of the users that those of them add, in their order.
#[derive(Serialize, Deserialize)]
struct Part<S> {
    steps: S,
    added: Vec<Uuid>,
}

#[derive(sqlx::FromRow)]
struct PlanRow {
    id: Uuid,
    roster_version: i64,
    origin: String,
    created_at: i64,
    applied_at: Option<i64>,
    undo_until: Option<i64>,
    undone_at: Option<i64>,
    header: String,
}

impl Transaction {
    /// Whether a plan of this origin was applied.
    pub(crate) async fn is_origin_applied(
        &mut self,
        project: ProjectId,
        origin: &str,
    ) -> Result<bool, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM plans WHERE project = $1 AND applied_at IS NOT NULL AND origin = $2 LIMIT 1",
            )
            .bind(project.0.as_slice())
            .bind(origin)
            .fetch_optional()
            .await?;
        Ok(row.is_some())
    }

    /// Keeps a plan; `new_id` gives each user to be added an identifier.
    pub(crate) async fn insert_plan(
        &mut self,
        project: ProjectId,
        plan: &StoredPlan,
        steps: &[Step],
        mut new_id: impl FnMut() -> Uuid,
    ) -> Result<(), StoreError> {
        let header = serde_json::to_string(&plan.header).map_err(|_| StoreError::Corrupt("plan"))?;
        self.query(
            "INSERT INTO plans (project, id, roster_version, origin, created_at, header) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project.0.as_slice())
        .bind(plan.id)
        .bind(plan.roster_version)
        .bind(&plan.origin)
        .bind(i64::from(plan.created_at.0))
        .bind(header)
        .execute()
        .await?;
        for (part, ordinal) in steps.chunks(STEPS_PER_ROW).zip(0_i64..) {
            let adds = part.iter().filter(|step| matches!(step, Step::Add { .. }));
            let part = Part { steps: part, added: adds.map(|_| new_id()).collect() };
            let text = serde_json::to_string(&part).map_err(|_| StoreError::Corrupt("plan step"))?;
            self.query("INSERT INTO plan_steps (project, plan, ordinal, steps) VALUES ($1, $2, $3, $4)")
                .bind(project.0.as_slice())
                .bind(plan.id)
                .bind(ordinal)
                .bind(text)
                .execute()
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn plan(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<StoredPlan>, StoreError> {
        let row: Option<PlanRow> = self
            .query(
                "SELECT id, roster_version, origin, created_at, applied_at, undo_until, undone_at, header \
             FROM plans WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(PlanRow::into_plan).transpose()
    }

    /// The newest plans, at most `limit`, the newest first.
    pub(crate) async fn plans(
        &mut self,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<StoredPlan>, StoreError> {
        let rows: Vec<PlanRow> = self
            .query(
                "SELECT id, roster_version, origin, created_at, applied_at, undo_until, undone_at, header \
             FROM plans WHERE project = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(PlanRow::into_plan).collect()
    }

    /// The plan that was applied last and not undone: each is applied to the roster that the one before it left, while
    /// two may have been applied within one second.
    pub(crate) async fn last_applied_plan(&mut self, project: ProjectId) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query(
                "SELECT id FROM plans WHERE project = $1 AND applied_at IS NOT NULL AND undone_at IS NULL \
             ORDER BY roster_version DESC, applied_at DESC, id DESC LIMIT 1",
            )
            .bind(project.0.as_slice())
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// The steps of a plan in their order, each with the user whom it adds.
    pub(crate) async fn plan_steps(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Vec<DoneStep>, StoreError> {
        let mut steps = Vec::new();
        for ordinal in 0.. {
            let Some(part) = self.plan_part(project, id, ordinal).await? else { break };
            let mut added = part.added.into_iter();
            for step in part.steps {
                let added = if matches!(step, Step::Add { .. }) { added.next() } else { None };
                steps.push(DoneStep { step, added });
            }
        }
        Ok(steps)
    }

    /// Up to `limit` steps of a plan behind the first `from`, without the others being read.
    pub(crate) async fn plan_steps_from(
        &mut self,
        project: ProjectId,
        id: Uuid,
        from: usize,
        limit: usize,
    ) -> Result<Vec<Step>, StoreError> {
        let (first, mut skipped) = (from / STEPS_PER_ROW, from % STEPS_PER_ROW);
        let mut steps = Vec::new();
        for ordinal in i64::try_from(first).unwrap_or(i64::MAX).. {
            let room = limit.saturating_sub(steps.len());
            if room == 0 {
                break;
            }
            let Some(part) = self.plan_part(project, id, ordinal).await? else { break };
            steps.extend(part.steps.into_iter().skip(skipped).take(room));
            skipped = 0;
        }
        Ok(steps)
    }

    async fn plan_part(
        &mut self,
        project: ProjectId,
        id: Uuid,
        ordinal: i64,
    ) -> Result<Option<Part<Vec<Step>>>, StoreError> {
        let row: Option<(String,)> = self
            .query("SELECT steps FROM plan_steps WHERE project = $1 AND plan = $2 AND ordinal = $3")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(ordinal)
            .fetch_optional()
            .await?;
        let part =
            |(text,): (String,)| serde_json::from_str(&text).map_err(|_| StoreError::Corrupt("plan step"));
        row.map(part).transpose()
    }

    /// Marks a plan as applied, to be undone before `undo_until`; `false` when it was applied before.
    pub(crate) async fn mark_plan_applied(
        &mut self,
        project: ProjectId,
        id: Uuid,
        now: UnixTime,
        undo_until: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query(
                "UPDATE plans SET applied_at = $3, undo_until = $4 \
             WHERE project = $1 AND id = $2 AND applied_at IS NULL",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .bind(i64::from(undo_until.0))
            .execute()
            .await?;
        Ok(done == 1)
    }

    pub(crate) async fn mark_plan_undone(
        &mut self,
        project: ProjectId,
        id: Uuid,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE plans SET undone_at = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Forgets the steps of plans that nobody can apply or undo any more: they name people.
    pub(crate) async fn forget_plan_steps(
        &mut self,
        project: ProjectId,
        now: UnixTime,
        unapplied_before: UnixTime,
    ) -> Result<(), StoreError> {
        for table in [
            "DELETE FROM plan_steps WHERE project = $1 AND plan IN (SELECT id FROM plans WHERE project = $1 \
             AND (undo_until <= $2 OR undone_at IS NOT NULL OR (applied_at IS NULL AND created_at < $3)))",
            "DELETE FROM plan_users WHERE project = $1 AND plan IN (SELECT id FROM plans WHERE project = $1 \
             AND (undo_until <= $2 OR undone_at IS NOT NULL OR (applied_at IS NULL AND created_at < $3)))",
        ] {
            self.query(table)
                .bind(project.0.as_slice())
                .bind(i64::from(now.0))
                .bind(i64::from(unapplied_before.0))
                .execute()
                .await?;
        }
        Ok(())
    }
}

impl PlanRow {
    fn into_plan(self) -> Result<StoredPlan, StoreError> {
        Ok(StoredPlan {
            id: self.id,
            roster_version: self.roster_version,
            origin: self.origin,
            created_at: time(self.created_at)?,
            applied_at: self.applied_at.map(time).transpose()?,
            undo_until: self.undo_until.map(time).transpose()?,
            undone_at: self.undone_at.map(time).transpose()?,
            header: serde_json::from_str(&self.header).map_err(|_| StoreError::Corrupt("plan"))?,
        })
    }
}
