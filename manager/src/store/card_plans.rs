//! Plans of imports of cards, kept exactly as they were shown.

use uuid::Uuid;

use super::rows::{octets, time};
use super::{StoreError, Transaction};
use crate::card_list::CardColumn;
use crate::domain::{CardPlanHeader, CardStep, ProjectId, UnixTime};

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredCardPlan {
    pub(crate) id: Uuid,
    pub(crate) template: Uuid,
    /// What the cards of the template were when it was made.
    pub(crate) basis: [u8; 32],
    pub(crate) header: CardPlanHeader<CardColumn>,
    pub(crate) steps: Vec<CardStep>,
    pub(crate) created_at: UnixTime,
    pub(crate) applied_at: Option<UnixTime>,
    pub(crate) undo_until: Option<UnixTime>,
    pub(crate) undone_at: Option<UnixTime>,
}

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    template: Uuid,
    basis: Vec<u8>,
    header: String,
    steps: String,
    created_at: i64,
    applied_at: Option<i64>,
    undo_until: Option<i64>,
    undone_at: Option<i64>,
}

impl Transaction {
    /// Keeps a plan to be applied.
    pub(crate) async fn insert_card_plan(
        &mut self,
        project: ProjectId,
        plan: &StoredCardPlan,
    ) -> Result<(), StoreError> {
        let corrupt = |_| StoreError::Corrupt("plan of cards");
        self.query(
            "INSERT INTO card_plans (project, id, template, basis, header, steps, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(project.0.as_slice())
        .bind(plan.id)
        .bind(plan.template)
        .bind(plan.basis.as_slice())
        .bind(serde_json::to_string(&plan.header).map_err(corrupt)?)
        .bind(serde_json::to_string(&plan.steps).map_err(corrupt)?)
        .bind(i64::from(plan.created_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// The plan of this id.
    pub(crate) async fn card_plan(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<StoredCardPlan>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT id, template, basis, header, steps, created_at, applied_at, undo_until, undone_at \
                 FROM card_plans WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(Columns::into_plan).transpose()
    }

    /// The newest plans without their steps, the newest first.
    pub(crate) async fn card_plans(
        &mut self,
        project: ProjectId,
        limit: u32,
    ) -> Result<Vec<StoredCardPlan>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT id, template, basis, header, '[]' AS steps, created_at, applied_at, undo_until, undone_at \
                 FROM card_plans WHERE project = $1 ORDER BY created_at DESC, id DESC LIMIT $2",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_plan).collect()
    }

    /// Notes that a plan was applied.
    pub(crate) async fn mark_card_plan_applied(
        &mut self,
        project: ProjectId,
        id: Uuid,
        (now, undo_until): (UnixTime, UnixTime),
    ) -> Result<(), StoreError> {
        self.query("UPDATE card_plans SET applied_at = $3, undo_until = $4 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .bind(i64::from(undo_until.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Notes that a plan was undone.
    pub(crate) async fn mark_card_plan_undone(
        &mut self,
        project: ProjectId,
        id: Uuid,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE card_plans SET undone_at = $3 WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Keeps a photo that a plan brings, or the one that it replaced.
    pub(crate) async fn keep_plan_photo(
        &mut self,
        project: ProjectId,
        (plan, card): (Uuid, Uuid),
        place: &'static str,
        octets: &[u8],
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO card_plan_photos (project, plan, card, place, octets) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(project.0.as_slice())
        .bind(plan)
        .bind(card)
        .bind(place)
        .bind(octets)
        .execute()
        .await?;
        Ok(())
    }

    /// A photo of a plan.
    pub(crate) async fn plan_photo(
        &mut self,
        project: ProjectId,
        (plan, card): (Uuid, Uuid),
        place: &'static str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> = self
            .query(
                "SELECT octets FROM card_plan_photos \
                 WHERE project = $1 AND plan = $2 AND card = $3 AND place = $4",
            )
            .bind(project.0.as_slice())
            .bind(plan)
            .bind(card)
            .bind(place)
            .fetch_optional()
            .await?;
        Ok(row.map(|(octets,)| octets))
    }

    /// Forgets what plans say that can be neither applied nor undone, and plans that are old.
    pub(crate) async fn forget_card_plans(
        &mut self,
        project: ProjectId,
        now: UnixTime,
        unapplied_before: UnixTime,
        before: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "DELETE FROM card_plan_photos WHERE project = $1 AND plan IN (SELECT id FROM card_plans \
             WHERE project = $1 AND (undo_until <= $2 OR undone_at IS NOT NULL \
             OR (applied_at IS NULL AND created_at < $3)))",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(now.0))
        .bind(i64::from(unapplied_before.0))
        .execute()
        .await?;
        self.query(
            "UPDATE card_plans SET steps = '[]' WHERE project = $1 AND steps <> '[]' AND (undo_until <= $2 \
             OR undone_at IS NOT NULL OR (applied_at IS NULL AND created_at < $3))",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(now.0))
        .bind(i64::from(unapplied_before.0))
        .execute()
        .await?;
        self.query("DELETE FROM card_plans WHERE project = $1 AND created_at < $2 AND steps = '[]'")
            .bind(project.0.as_slice())
            .bind(i64::from(before.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Lets go of what only one card can have, before cards exchange it.
    pub(crate) async fn park_card(&mut self, project: ProjectId, card: Uuid) -> Result<(), StoreError> {
        self.query("UPDATE cards SET identifier_key = NULL WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(card)
            .execute()
            .await?;
        Ok(())
    }

    /// Removes a card that nobody was invited to.
    pub(crate) async fn remove_card(&mut self, project: ProjectId, card: Uuid) -> Result<(), StoreError> {
        for text in [
            "DELETE FROM card_words WHERE project = $1 AND card = $2",
            "DELETE FROM card_photos WHERE project = $1 AND card = $2",
            "DELETE FROM cards WHERE project = $1 AND id = $2",
        ] {
            self.query(text).bind(project.0.as_slice()).bind(card).execute().await?;
        }
        Ok(())
    }
}

impl Columns {
    fn into_plan(self) -> Result<StoredCardPlan, StoreError> {
        let corrupt = |_| StoreError::Corrupt("plan of cards");
        Ok(StoredCardPlan {
            id: self.id,
            template: self.template,
            basis: octets(&self.basis, "plan of cards")?,
            header: serde_json::from_str(&self.header).map_err(corrupt)?,
            steps: serde_json::from_str(&self.steps).map_err(corrupt)?,
            created_at: time(self.created_at)?,
            applied_at: self.applied_at.map(time).transpose()?,
            undo_until: self.undo_until.map(time).transpose()?,
            undone_at: self.undone_at.map(time).transpose()?,
        })
    }
}
