//! Importing a list of cards: first a plan, then exactly that plan, and back again while there is time.

mod applying;
mod planning;
mod undoing;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::card_list::{CardColumn, CardMapping};
use crate::domain::{CardCounts, CardStep, CardValues, Confirmation, Mode, UnixTime};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{CardFilter, CardRow, StoredCardPlan, Transaction};

/// Plans that are listed, at most.
const PLANS_MAX: u32 = 100;
/// Cards that are fetched at a time.
const PAGE: u32 = 1000;

/// How a list of cards is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardImportOptions {
    /// What the list means for cards that are in it and those that are not: those are archived in the mode that replaces.
    pub mode: Mode,
    /// Which columns hold what, where somebody says so.
    pub mapping: CardMapping,
    /// A ZIP archive with photos, named by card ID or by the column `photo`.
    pub photos: Option<Vec<u8>>,
}

impl CardImportOptions {
    /// What a list means unless somebody says it: nothing goes away that is not in it.
    pub const MODE: Mode = Mode::AddAndUpdate;
}

impl Default for CardImportOptions {
    fn default() -> Self {
        Self { mode: Self::MODE, mapping: CardMapping::default(), photos: None }
    }
}

/// What an import of cards would do, or did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardImportPlan {
    /// Names the plan.
    pub id: Uuid,
    /// The template of its cards.
    pub template: Uuid,
    /// What the list means for cards that are in it and those that are not.
    pub mode: Mode,
    /// The encoding that was detected.
    pub encoding: String,
    /// What each column was taken for.
    pub columns: Vec<CardColumn>,
    /// How many of each.
    pub counts: CardCounts,
    /// Why the plan is applied only when it is confirmed; null if it is not so.
    pub confirmation: Option<Confirmation>,
    /// When it was made.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was applied.
    #[schema(value_type = Option<u32>)]
    pub applied_at: Option<UnixTime>,
    /// The first second at which it can no longer be undone.
    #[schema(value_type = Option<u32>)]
    pub undo_until: Option<UnixTime>,
    /// When it was undone.
    #[schema(value_type = Option<u32>)]
    pub undone_at: Option<UnixTime>,
    /// What would be done; empty in lists, and once the plan can neither be applied nor undone any more.
    pub steps: Vec<CardStep>,
}

/// What undoing an import of cards did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CardsUndone {
    /// Cards that had been added and are gone.
    pub removed: usize,
    /// Cards that had been changed and are as before.
    pub put_back: usize,
    /// Cards that had been archived and are back.
    pub restored: usize,
}

impl Manager {
    /// The plan of this id, as it was shown.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`].
    pub async fn card_import(&self, id: Uuid) -> Result<CardImportPlan, Error> {
        let plan = self.read().await?.card_plan(self.project_id(), id).await?;
        Ok(plan.ok_or(Refusal::PlanUnknown)?.into())
    }

    /// The newest plans without their steps, at most a hundred, the newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn card_imports(&self) -> Result<Vec<CardImportPlan>, Error> {
        let plans = self.read().await?.card_plans(self.project_id(), PLANS_MAX).await?;
        Ok(plans.into_iter().map(Into::into).collect())
    }

    /// Every card of a template.
    async fn cards_of(&self, tx: &mut Transaction, template: Uuid) -> Result<Vec<CardRow>, Error> {
        let filter = CardFilter { template: Some(template), ..CardFilter::default() };
        let mut all: Vec<CardRow> = Vec::new();
        loop {
            let after = all.last().map(|row| row.shown.id).unwrap_or_default();
            let page = tx.cards(self.project_id(), &filter, after, PAGE).await?;
            let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}

/// What a plan was made for: it is applied only while this is so.
fn basis(rows: &[CardRow]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for CardRow { shown, .. } in rows {
        let values = serde_json::to_vec(&CardValues::of(shown)).unwrap_or_default();
        let photo = shown.photo.shown.as_deref().unwrap_or_default();
        for part in
            [shown.id.as_bytes().as_slice(), shown.status.name().as_bytes(), &values, photo.as_bytes()]
        {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().into()
}

impl From<StoredCardPlan> for CardImportPlan {
    fn from(plan: StoredCardPlan) -> Self {
        Self {
            id: plan.id,
            template: plan.template,
            mode: plan.header.mode,
            encoding: plan.header.encoding,
            columns: plan.header.columns,
            counts: plan.header.counts,
            confirmation: plan.header.confirmation,
            created_at: plan.created_at,
            applied_at: plan.applied_at,
            undo_until: plan.undo_until,
            undone_at: plan.undone_at,
            steps: plan.steps,
        }
    }
}
