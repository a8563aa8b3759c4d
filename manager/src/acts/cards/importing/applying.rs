//! Doing exactly what a plan says, all of it or nothing.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::planning::blank;
use super::{CardImportPlan, basis};
use crate::acts::cards::words;
use crate::domain::{
    Act, Actor, CardCounts, CardStatus, CardStep, CardTemplate, Confirmation, UnixTime, after,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{Holders, PhotoPlace, Transaction};

impl Manager {
    /// Does exactly what the plan says; `confirmed` when the guard's question was answered.
    ///
    /// Nobody is invited by it. A phone whose card is archived loses it when it renews.
    ///
    /// # Errors
    /// [`Refusal::PlanUnknown`], [`Refusal::PlanApplied`], [`Refusal::PlanOutdated`] when cards of the template have
    /// changed since it was made, [`Refusal::ConfirmationNeeded`].
    pub async fn apply_card_import(
        &self,
        actor: Actor,
        id: Uuid,
        confirmed: bool,
    ) -> Result<CardImportPlan, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let plan = tx.card_plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        if plan.applied_at.is_some() {
            return Err(Refusal::PlanApplied.into());
        }
        let has_steps = plan.steps.iter().any(|step| !matches!(step, CardStep::SkipListed { .. }));
        let is_forgotten = !has_steps && !plan.header.counts.is_nothing();
        if is_forgotten || basis(&self.cards_of(&mut tx, plan.template).await?) != plan.basis {
            return Err(Refusal::PlanOutdated.into());
        }
        if let Some(reason) = plan.header.confirmation.filter(|_| !confirmed) {
            return Err(Refusal::ConfirmationNeeded(question(reason, plan.header.counts)).into());
        }
        let template = tx.template(project, plan.template).await?.ok_or(Refusal::TemplateUnknown)?;
        for step in &plan.steps {
            match step {
                CardStep::Archive { card, .. } => self.put_away(&mut tx, *card, now).await?,
                CardStep::Change { card, .. } => tx.park_card(project, *card).await?,
                CardStep::Add { .. } | CardStep::SkipListed { .. } => {}
            }
        }
        for step in &plan.steps {
            self.write_card(&mut tx, &template, (id, step), now).await?;
        }
        let undo_until = after(now, tx.undo_window_s(project).await?);
        tx.mark_card_plan_applied(project, id, (now, undo_until)).await?;
        let CardCounts { added, changed, archived, .. } = plan.header.counts;
        let detail = format!("added {added}, changed {changed}, archived {archived}");
        tx.record(project, now, actor, Act::CardsImported, id.to_string(), detail).await?;
        let applied = tx.card_plan(project, id).await?.ok_or(Refusal::PlanUnknown)?;
        tx.commit().await?;
        Ok(applied.into())
    }

    async fn put_away(&self, tx: &mut Transaction, card: Uuid, now: UnixTime) -> Result<(), Error> {
        let project = self.project_id();
        let mut row = self.known_card(tx, card).await?;
        row.shown.status = CardStatus::Archived;
        (row.shown.device, row.shown.installed_at) = (None, None);
        row.shown.updated_at = now;
        tx.void_invitations(Holders::Cards, project, card).await?;
        Ok(tx.update_card(project, &row).await?)
    }

    /// Does a step at the moment of the import: by that it is known, when it is undone, what was changed since.
    async fn write_card(
        &self,
        tx: &mut Transaction,
        template: &CardTemplate,
        (plan, step): (Uuid, &CardStep),
        now: UnixTime,
    ) -> Result<(), Error> {
        let project = self.project_id();
        let (card, photo, row) = match step {
            CardStep::Add { card, new, photo, .. } => {
                let mut row = blank(template);
                new.put(&mut row.shown);
                (row.shown.id, row.shown.created_at, row.shown.updated_at) = (*card, now, now);
                tx.insert_card(project, &row).await?;
                (*card, *photo, row)
            }
            CardStep::Change { card, new, photo, .. } => {
                let mut row = self.known_card(tx, *card).await?;
                new.put(&mut row.shown);
                row.shown.updated_at = now;
                tx.update_card(project, &row).await?;
                (*card, *photo, row)
            }
            CardStep::Archive { .. } | CardStep::SkipListed { .. } => return Ok(()),
        };
        tx.set_card_words(project, card, &words(&row.shown)).await?;
        if photo && let Some(new) = tx.plan_photo(project, (plan, card), "new").await? {
            if let Some(old) = tx.photo(project, card, PhotoPlace::Shown).await? {
                tx.keep_plan_photo(project, (plan, card), "old", &old).await?;
            }
            let hash: [u8; 32] = Sha256::digest(&new).into();
            tx.keep_photo(project, (card, PhotoPlace::Shown), (&hash, &new), now).await?;
        }
        Ok(())
    }
}

/// What the guard asks before many cards are archived.
fn question(reason: Confirmation, counts: CardCounts) -> String {
    let archived = counts.archived;
    match reason {
        Confirmation::EmptyList => {
            format!("The list has no card: all {archived} cards would be archived. Confirm it.")
        }
        Confirmation::ManyDeletions => format!("{archived} cards would be archived. Confirm it."),
    }
}
