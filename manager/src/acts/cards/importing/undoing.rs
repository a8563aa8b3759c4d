//! Putting back what an import of cards did, while there is time.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::CardsUndone;
use crate::acts::cards::words;
use crate::domain::{Act, Actor, CardStatus, CardStep, CardValues, UnixTime};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{PhotoPlace, Transaction};

impl Manager {
    /// Puts back what an import of cards did, all of it or nothing: added cards go, changed ones are as before, archived
    /// ones come back, on their phones too where those have not renewed meanwhile.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`], [`Refusal::PlanNotApplied`], [`Refusal::PlanUndone`], [`Refusal::UndoOver`],
    /// [`Refusal::CardsChanged`] with the cards that were changed since.
    pub async fn undo_card_import(&self, actor: Actor, id: Uuid) -> Result<CardsUndone, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let plan = tx.card_plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        if plan.undone_at.is_some() {
            return Err(Refusal::PlanUndone.into());
        }
        let (Some(applied_at), Some(until)) = (plan.applied_at, plan.undo_until) else {
            return Err(Refusal::PlanNotApplied.into());
        };
        if now >= until {
            return Err(Refusal::UndoOver.into());
        }
        let mut changed = Vec::new();
        for step in &plan.steps {
            changed.extend(self.changed_since(&mut tx, step, applied_at).await?);
        }
        if !changed.is_empty() {
            return Err(Refusal::CardsChanged(changed.join(", ")).into());
        }
        for step in &plan.steps {
            match step {
                CardStep::Add { card, .. } => tx.remove_card(project, *card).await?,
                CardStep::Change { card, .. } => tx.park_card(project, *card).await?,
                CardStep::Archive { .. } | CardStep::SkipListed { .. } => {}
            }
        }
        let mut undone = CardsUndone::default();
        for step in &plan.steps {
            self.put_card_back(&mut tx, id, step, &mut undone).await?;
        }
        tx.mark_card_plan_undone(project, id, now).await?;
        let CardsUndone { removed, put_back, restored } = undone;
        let detail = format!("removed {removed}, put back {put_back}, restored {restored}");
        tx.record(project, now, actor, Act::CardsImportUndone, id.to_string(), detail).await?;
        tx.commit().await?;
        Ok(undone)
    }

    /// The card of a step, if it is not as the import has left it.
    async fn changed_since(
        &self,
        tx: &mut Transaction,
        step: &CardStep,
        applied_at: UnixTime,
    ) -> Result<Option<String>, Error> {
        let (card, values) = match step {
            CardStep::Add { card, new, .. } | CardStep::Change { card, new, .. } => (card, new),
            CardStep::Archive { card, old, .. } => (card, old),
            CardStep::SkipListed { .. } => return Ok(None),
        };
        let Some(row) = tx.card(self.project_id(), *card).await? else {
            return Ok(Some(values.card_id.clone()));
        };
        let is_as_left = CardValues::of(&row.shown) == *values
            && match step {
                CardStep::Add { .. } => {
                    row.shown.updated_at == applied_at && row.shown.status == CardStatus::Inactive
                }
                CardStep::Archive { .. } => {
                    row.shown.updated_at == applied_at && row.shown.status == CardStatus::Archived
                }
                CardStep::Change { .. } | CardStep::SkipListed { .. } => {
                    row.shown.status != CardStatus::Archived
                }
            };
        // A user has one card, and may have got another one meanwhile.
        let has_other = match row.shown.user.filter(|_| matches!(step, CardStep::Archive { .. })) {
            Some(user) => tx.card_of_user(self.project_id(), user).await?.is_some(),
            None => false,
        };
        Ok((!is_as_left || has_other).then(|| values.card_id.clone()))
    }

    async fn put_card_back(
        &self,
        tx: &mut Transaction,
        plan: Uuid,
        step: &CardStep,
        undone: &mut CardsUndone,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let (card, old) = match step {
            CardStep::Add { .. } => {
                undone.removed = undone.removed.saturating_add(1);
                return Ok(());
            }
            CardStep::SkipListed { .. } => return Ok(()),
            CardStep::Change { card, old, .. } | CardStep::Archive { card, old, .. } => (*card, old),
        };
        let mut row = self.known_card(tx, card).await?;
        old.put(&mut row.shown);
        row.shown.updated_at = now;
        if let CardStep::Archive { status, device, installed_at, .. } = step {
            row.shown.status = *status;
            (row.shown.device, row.shown.installed_at) = (*device, *installed_at);
            undone.restored = undone.restored.saturating_add(1);
        } else {
            undone.put_back = undone.put_back.saturating_add(1);
        }
        tx.update_card(project, &row).await?;
        tx.set_card_words(project, card, &words(&row.shown)).await?;
        if let CardStep::Change { photo: true, .. } = step {
            match tx.plan_photo(project, (plan, card), "old").await? {
                Some(photo) => {
                    let hash: [u8; 32] = Sha256::digest(&photo).into();
                    tx.keep_photo(project, (card, PhotoPlace::Shown), (&hash, &photo), now).await?;
                }
                None => drop(tx.forget_photo(project, card, PhotoPlace::Shown).await?),
            }
        }
        Ok(())
    }
}
