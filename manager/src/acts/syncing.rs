//! Auto-sync: a list that a program brings is planned and applied in one go, unless the guard wants to be asked.

use crate::domain::{Act, Actor, AlertKind};
use crate::error::{Error, Refusal};
use crate::manager::Manager;

use super::{ImportOptions, PlanSummary};

impl Manager {
    /// Plans what a CSV file means and applies the plan at once.
    ///
    /// A plan that has to be confirmed is kept, to be applied by its id; that it waits stands in the audit log.
    ///
    /// # Errors
    /// [`Error::Import`] with every error of the file, [`Refusal::SyncWaits`] with the plan that has to be confirmed.
    pub async fn sync(
        &self,
        actor: Actor,
        octets: Vec<u8>,
        options: ImportOptions,
    ) -> Result<PlanSummary, Error> {
        let plan = self.plan_import_as(octets, options).await?.summary;
        if plan.counts.is_nothing() {
            return Ok(plan);
        }
        match self.apply_import(actor, plan.id, false).await {
            Ok(_) => Ok(self.import_summary(plan.id).await?),
            Err(Error::Refused(Refusal::ConfirmationNeeded(question))) => {
                self.note_waiting(actor, &plan).await?;
                Err(Refusal::SyncWaits { plan: plan.id, question }.into())
            }
            Err(error) => Err(error),
        }
    }

    async fn note_waiting(&self, actor: Actor, plan: &PlanSummary) -> Result<(), Error> {
        let detail = format!("{} deletions have to be confirmed", plan.counts.deleted);
        tracing::warn!(plan = %plan.id, deletions = plan.counts.deleted, "a sync has to be confirmed");
        let mut tx = self.write().await?;
        self.raise_alert(&mut tx, AlertKind::ImportStopped, &plan.id.to_string(), &detail).await?;
        tx.record(self.project_id(), self.now(), actor, Act::SyncWaiting, plan.id.to_string(), detail)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}
