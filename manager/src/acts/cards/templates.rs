//! Templates of cards.

use uuid::Uuid;

use crate::domain::{Act, Actor, CardDesign, CardTemplate, Expected, TemplateState};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Transaction;

/// Templates on a page, at most.
const PAGE_MAX: u32 = 1000;

impl Manager {
    /// Adds a template, as a draft.
    ///
    /// # Errors
    /// [`Refusal::TemplateInvalid`], [`Refusal::TemplateNameTaken`].
    pub async fn add_template(&self, actor: Actor, design: &CardDesign) -> Result<CardTemplate, Error> {
        let (project, now) = (self.project_id(), self.now());
        let template = CardTemplate {
            id: self.ids().next(now),
            state: TemplateState::Draft,
            design: checked(design)?,
            created_at: now,
            updated_at: now,
        };
        let mut tx = self.write().await?;
        self.demand_name(&mut tx, &template).await?;
        tx.insert_template(project, &template).await?;
        let subject = template.id.to_string();
        tx.record(project, now, actor, Act::TemplateAdded, subject, String::new()).await?;
        tx.commit().await?;
        Ok(template)
    }

    /// Up to `limit` templates (1,000 at most) that follow the template `after`, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn templates(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<CardTemplate>, Error> {
        let mut tx = self.read().await?;
        Ok(tx.templates(self.project_id(), after.unwrap_or_default(), limit.clamp(1, PAGE_MAX)).await?)
    }

    /// The template of this id.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`].
    pub async fn template(&self, id: Uuid) -> Result<CardTemplate, Error> {
        let mut tx = self.read().await?;
        self.known_template(&mut tx, id).await
    }

    /// The template that somebody means by an id or a name.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`].
    pub async fn find_template(&self, text: &str) -> Result<CardTemplate, Error> {
        let mut tx = self.read().await?;
        let named = tx.template_of_name(self.project_id(), text).await?;
        let id = named.or_else(|| Uuid::parse_str(text).ok()).ok_or(Refusal::TemplateUnknown)?;
        self.known_template(&mut tx, id).await
    }

    /// Replaces the design of a draft, if it is still as the edit is meant for.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`], [`Refusal::TemplateState`], [`Refusal::TemplateInvalid`],
    /// [`Refusal::TemplateNameTaken`], [`Refusal::PreconditionFailed`].
    pub async fn replace_template(
        &self,
        actor: Actor,
        expected: &Expected,
        id: Uuid,
        design: &CardDesign,
    ) -> Result<CardTemplate, Error> {
        let (project, now) = (self.project_id(), self.now());
        let design = checked(design)?;
        let mut tx = self.write().await?;
        let old = self.known_template(&mut tx, id).await?;
        if !expected.holds(&old) {
            return Err(Refusal::PreconditionFailed.into());
        }
        demand_draft(&old)?;
        if old.design == design {
            return Ok(old);
        }
        let template = CardTemplate { design, updated_at: now, ..old };
        self.demand_name(&mut tx, &template).await?;
        tx.update_template(project, &template).await?;
        tx.record(project, now, actor, Act::TemplateChanged, id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(template)
    }

    /// Approves a draft: from then on it has cards and is not changed any more.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`], [`Refusal::TemplateState`].
    pub async fn approve_template(&self, actor: Actor, id: Uuid) -> Result<CardTemplate, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let old = self.known_template(&mut tx, id).await?;
        demand_draft(&old)?;
        let template = CardTemplate { state: TemplateState::Approved, updated_at: now, ..old };
        tx.update_template(project, &template).await?;
        tx.record(project, now, actor, Act::TemplateApproved, id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(template)
    }

    /// Removes a draft.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`], [`Refusal::TemplateState`].
    pub async fn remove_template(&self, actor: Actor, id: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        demand_draft(&self.known_template(&mut tx, id).await?)?;
        tx.delete_template(project, id).await?;
        tx.record(project, now, actor, Act::TemplateRemoved, id.to_string(), String::new()).await?;
        Ok(tx.commit().await?)
    }

    async fn known_template(&self, tx: &mut Transaction, id: Uuid) -> Result<CardTemplate, Error> {
        Ok(tx.template(self.project_id(), id).await?.ok_or(Refusal::TemplateUnknown)?)
    }

    async fn demand_name(&self, tx: &mut Transaction, template: &CardTemplate) -> Result<(), Error> {
        let named = tx.template_of_name(self.project_id(), &template.design.name).await?;
        if named.is_some_and(|other| other != template.id) {
            return Err(Refusal::TemplateNameTaken.into());
        }
        Ok(())
    }
}

fn checked(design: &CardDesign) -> Result<CardDesign, Refusal> {
    design.check().map_err(|wrong| Refusal::TemplateInvalid(wrong.join("; ")))?;
    Ok(CardDesign { name: design.name.trim().to_owned(), ..design.clone() })
}

fn demand_draft(template: &CardTemplate) -> Result<(), Refusal> {
    match template.state {
        TemplateState::Draft => Ok(()),
        TemplateState::Approved => Err(Refusal::TemplateState("a draft")),
    }
}
