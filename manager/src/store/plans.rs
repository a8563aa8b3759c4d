//! Import plans, kept exactly as they were shown.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{StoreError, Transaction};
use crate::domain::{Confirmation, Counts, ProjectId, Step, UnixTime};
use crate::import::Delimiter;

/// Rows of one INSERT statement, far below what a statement may have in values.
const STEPS_PER_STATEMENT: usize = 500;
/// Values of one such row.
const STEP_VALUES: usize = 4;

/// What a plan says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlanHeader {
    pub(crate) encoding: String,
    pub(crate) delimiter: Delimiter,
    pub(crate) has_header: bool,
    pub(crate) counts: Counts,
    pub(crate) confirmation: Option<Confirmation>,
}

/// A plan without its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredPlan {
    /// The state of the users that it was made for.
    pub(crate) roster_version: i64,
    pub(crate) is_applied: bool,
    pub(crate) header: PlanHeader,
}

impl Transaction {
    pub(crate) async fn insert_plan(
        &mut self,
        project: ProjectId,
        id: Uuid,
        plan: &StoredPlan,
        steps: &[Step],
        now: UnixTime,
    ) -> Result<(), StoreError> {
        let header = serde_json::to_string(&plan.header).map_err(|_| StoreError::Corrupt("plan"))?;
        self.query(
            "INSERT INTO plans (project, id, roster_version, created_at, header) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(project.0.as_slice())
        .bind(id)
        .bind(plan.roster_version)
        .bind(i64::from(now.0))
        .bind(header)
        .execute()
        .await?;
        let mut ordinal = 0_i64;
        for part in steps.chunks(STEPS_PER_STATEMENT) {
            let texts = part.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>();
            let texts = texts.map_err(|_| StoreError::Corrupt("plan step"))?;
            let insert = "INSERT INTO plan_steps (project, plan, ordinal, step)";
            let is_full = part.len() == STEPS_PER_STATEMENT;
            let mut query = self.query_rows(insert, part.len(), STEP_VALUES, is_full);
            for text in texts {
                ordinal = ordinal.saturating_add(1);
                query = query.bind(project.0.as_slice()).bind(id).bind(ordinal).bind(text);
            }
            query.execute().await?;
        }
        Ok(())
    }

    pub(crate) async fn plan(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<StoredPlan>, StoreError> {
        let row: Option<(i64, Option<i64>, String)> = self
            .query("SELECT roster_version, applied_at, header FROM plans WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        let Some((roster_version, applied_at, header)) = row else { return Ok(None) };
        let header = serde_json::from_str(&header).map_err(|_| StoreError::Corrupt("plan"))?;
        Ok(Some(StoredPlan { roster_version, is_applied: applied_at.is_some(), header }))
    }

    pub(crate) async fn plan_steps(&mut self, project: ProjectId, id: Uuid) -> Result<Vec<Step>, StoreError> {
        let rows: Vec<(String,)> = self
            .query("SELECT step FROM plan_steps WHERE project = $1 AND plan = $2 ORDER BY ordinal")
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_all()
            .await?;
        rows.iter()
            .map(|(step,)| serde_json::from_str(step).map_err(|_| StoreError::Corrupt("plan step")))
            .collect()
    }

    /// Marks a plan as applied; `false` when it was before.
    pub(crate) async fn mark_plan_applied(
        &mut self,
        project: ProjectId,
        id: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let done = self
            .query("UPDATE plans SET applied_at = $3 WHERE project = $1 AND id = $2 AND applied_at IS NULL")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(done == 1)
    }
}
