//! Digital ID cards: adding, looking up, editing, and the acts of their lives.

mod alone;
mod importing;
mod installing;
mod inviting;
mod photos;
mod templates;
mod validating;

pub use importing::{CardImportOptions, CardImportPlan, CardsUndone};
pub use installing::InstalledCard;
pub(super) use installing::{Invited, Judgement, requirements};
pub use inviting::CardInvitation;
pub use validating::{CardValidation, ValidatedCard};

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::{
    Act, Actor, Card, CardContent, CardDesign, CardEdit, CardPhoto, CardStatus, CardTurn, Expected, Expiry,
    ExpiryRule, NewCard, SecurityAnswer, SecurityQuestion, TemplateState, check_content, line,
    next_card_status, suffixes,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::random;
use crate::store::{CardFilter, CardRow, Holders, Transaction};

/// Cards on a page, at most.
const PAGE_MAX: u32 = 1000;
/// The longest question or answer, in characters.
const QUESTION_MAX: usize = 200;
/// Words by which a card is found, at most.
const WORDS_MAX: usize = 100;

impl Manager {
    /// Adds a card of an approved template; it is on no phone yet.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`], [`Refusal::TemplateState`], [`Refusal::CardInvalid`], [`Refusal::CardTaken`],
    /// [`Refusal::UserUnknown`], [`Refusal::UserDeleted`].
    pub async fn add_card(&self, actor: Actor, new: &NewCard) -> Result<Card, Error> {
        let (project, now) = (self.project_id(), self.now());
        let questions = self.hashed(&new.questions).await?;
        let mut tx = self.write().await?;
        let row = self.new_card(&mut tx, new, questions).await?;
        tx.insert_card(project, &row).await?;
        tx.set_card_words(project, row.shown.id, &words(&row.shown)).await?;
        tx.record(project, now, actor, Act::CardAdded, row.shown.id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(row.shown)
    }

    /// A card as it would be added, to be looked at first; nothing is written.
    ///
    /// # Errors
    /// As [`Manager::add_card`].
    pub async fn review_card(&self, new: &NewCard) -> Result<Card, Error> {
        let questions = self.hashed(&new.questions).await?;
        let mut tx = self.read().await?;
        Ok(self.new_card(&mut tx, new, questions).await?.shown)
    }

    /// How many cards of each template have which status; those of none are left out.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn card_counts(&self) -> Result<Vec<(Uuid, CardStatus, u64)>, Error> {
        Ok(self.read().await?.card_counts(self.project_id()).await?)
    }

    /// A card that may be added.
    async fn new_card(
        &self,
        tx: &mut Transaction,
        new: &NewCard,
        questions: Vec<SecurityQuestion>,
    ) -> Result<CardRow, Error> {
        let (project, now) = (self.project_id(), self.now());
        let template = tx.template(project, new.template).await?.ok_or(Refusal::TemplateUnknown)?;
        if template.state != TemplateState::Approved {
            return Err(Refusal::TemplateState("approved").into());
        }
        let own = new.expires.as_deref().map(|text| (text, new.time_zone.as_deref()));
        let expiry = self.expiry(&template.design, own)?;
        let (expires_at, time_zone, expiry_rule) = parts(expiry);
        let shown = Card {
            id: self.ids().next(now),
            template: template.id,
            template_name: template.design.name.clone(),
            user: new.user,
            card_id: new.card_id.trim().to_owned(),
            status: CardStatus::Inactive,
            fields: filled(&BTreeMap::new(), &new.fields),
            barcode_value: trimmed(new.barcode_value.as_deref()),
            unique_identifier: trimmed(new.unique_identifier.as_deref()),
            questions: questions.iter().map(|question| question.question.clone()).collect(),
            expires_at,
            time_zone,
            expiry_rule,
            email: trimmed(new.email.as_deref()),
            photo: CardPhoto::default(),
            wrong_answers: 0,
            locked_until: None,
            device: None,
            installed_at: None,
            terms_accepted: None,
            created_at: now,
            updated_at: now,
        };
        let row = CardRow { shown, questions, design: template.design };
        self.demand_good(tx, &row).await?;
        Ok(row)
    }

    /// The card of this id.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`].
    pub async fn card(&self, id: Uuid) -> Result<Card, Error> {
        let mut tx = self.read().await?;
        Ok(self.known_card(&mut tx, id).await?.shown)
    }

    /// The card that somebody means by an id or a card ID.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardAmbiguous`] where cards of two templates have the same card ID.
    pub async fn find_card(&self, text: &str) -> Result<Card, Error> {
        let mut tx = self.read().await?;
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(self.known_card(&mut tx, id).await?.shown);
        }
        match tx.cards_of_number(self.project_id(), text).await?.as_slice() {
            [] => Err(Refusal::CardUnknown.into()),
            [id] => Ok(self.known_card(&mut tx, *id).await?.shown),
            _ => Err(Refusal::CardAmbiguous.into()),
        }
    }

    /// Up to `limit` cards (1,000 at most) that follow the card `after`, in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn cards(
        &self,
        filter: &CardFilter,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Card>, Error> {
        let (after, limit) = (after.unwrap_or_default(), limit.clamp(1, PAGE_MAX));
        let rows = self.read().await?.cards(self.project_id(), filter, after, limit).await?;
        Ok(rows.into_iter().map(|row| row.shown).collect())
    }

    /// Changes what stands on a card, if it is still as the edit is meant for; its phone learns so when it renews.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::PreconditionFailed`], and as
    /// [`Manager::add_card`] for what is not allowed.
    pub async fn edit_card(
        &self,
        actor: Actor,
        expected: &Expected,
        id: Uuid,
        edit: &CardEdit,
    ) -> Result<Card, Error> {
        let (project, now) = (self.project_id(), self.now());
        let questions = match &edit.questions {
            Some(questions) => Some(self.hashed(questions).await?),
            None => None,
        };
        let mut tx = self.write().await?;
        let old = self.known_card(&mut tx, id).await?;
        if !expected.holds(&old.shown) {
            return Err(Refusal::PreconditionFailed.into());
        }
        if old.shown.status == CardStatus::Archived {
            return Err(Refusal::CardArchived.into());
        }
        let mut row = old.clone();
        self.apply(&mut row, edit, questions)?;
        let changed = changes(&old, &row);
        if changed.is_empty() {
            return Ok(old.shown);
        }
        self.demand_good(&mut tx, &row).await?;
        row.shown.updated_at = now;
        tx.update_card(project, &row).await?;
        tx.set_card_words(project, id, &words(&row.shown)).await?;
        tx.record(project, now, actor, Act::CardEdited, id.to_string(), changed.join(", ")).await?;
        tx.commit().await?;
        Ok(row.shown)
    }

    /// Deactivates, reactivates, archives, restores or uninstalls a card; its phone learns so when it renews.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`], [`Refusal::CardArchived`], [`Refusal::CardStatus`].
    pub async fn turn_card(&self, actor: Actor, id: Uuid, turn: CardTurn) -> Result<Card, Error> {
        let (project, now) = (self.project_id(), self.now());
        let act = match turn {
            CardTurn::Deactivate => Act::CardDeactivated,
            CardTurn::Reactivate => Act::CardReactivated,
            CardTurn::Archive => Act::CardArchived,
            CardTurn::Restore => Act::CardRestored,
            CardTurn::Uninstall => Act::CardUninstalled,
            CardTurn::Invite | CardTurn::Install => return Err(Refusal::CardStatus("invited").into()),
        };
        let mut tx = self.write().await?;
        let mut row = self.known_card(&mut tx, id).await?;
        row.shown.status = next_card_status(row.shown.status, turn).map_err(Refusal::from)?;
        if turn == CardTurn::Restore {
            self.demand_good(&mut tx, &row).await?;
        }
        if !matches!(turn, CardTurn::Deactivate | CardTurn::Reactivate) {
            tx.void_invitations(Holders::Cards, project, id).await?;
            (row.shown.device, row.shown.installed_at) = (None, None);
        }
        row.shown.updated_at = now;
        tx.update_card(project, &row).await?;
        tx.record(project, now, actor, act, id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(row.shown)
    }

    /// Lets a card that wrong answers locked take answers again.
    ///
    /// # Errors
    /// [`Refusal::CardUnknown`].
    pub async fn unlock_card(&self, actor: Actor, id: Uuid) -> Result<Card, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let mut row = self.known_card(&mut tx, id).await?;
        if row.shown.locked_until.is_none() && row.shown.wrong_answers == 0 {
            return Ok(row.shown);
        }
        (row.shown.locked_until, row.shown.wrong_answers) = (None, 0);
        tx.update_card(project, &row).await?;
        tx.record(project, now, actor, Act::CardUnlocked, id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(row.shown)
    }

    pub(in crate::acts) async fn known_card(&self, tx: &mut Transaction, id: Uuid) -> Result<CardRow, Error> {
        Ok(tx.card(self.project_id(), id).await?.ok_or(Refusal::CardUnknown)?)
    }

    /// Puts an edit into a card.
    fn apply(
        &self,
        row: &mut CardRow,
        edit: &CardEdit,
        questions: Option<Vec<SecurityQuestion>>,
    ) -> Result<(), Error> {
        let card = &mut row.shown;
        if let Some(card_id) = &edit.card_id {
            card.card_id = card_id.trim().to_owned();
        }
        card.fields = filled(&card.fields, &edit.fields);
        if let Some(value) = &edit.barcode_value {
            card.barcode_value = trimmed(value.as_deref());
        }
        if let Some(value) = &edit.unique_identifier {
            card.unique_identifier = trimmed(value.as_deref());
        }
        if let Some(value) = &edit.email {
            card.email = trimmed(value.as_deref());
        }
        if let Some(user) = edit.user {
            card.user = user;
        }
        if let Some(questions) = questions {
            card.questions = questions.iter().map(|question| question.question.clone()).collect();
            row.questions = questions;
        }
        match (&edit.expires, &edit.time_zone) {
            (Some(text), zone) => {
                let zone = zone.as_deref().or(card.time_zone.as_deref());
                let expiry = self.expiry(&row.design, Some((text, zone)))?;
                (card.expires_at, card.time_zone, card.expiry_rule) = parts(expiry);
            }
            (None, Some(_)) => {
                let text = "a time zone comes with the time when the card ends".to_owned();
                return Err(Refusal::CardInvalid(text).into());
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Refuses a card that is not one of its template, or has what another card has.
    async fn demand_good(&self, tx: &mut Transaction, row: &CardRow) -> Result<(), Error> {
        let (project, card) = (self.project_id(), &row.shown);
        check_content(&row.design, &content(row)).map_err(|wrong| Refusal::CardInvalid(wrong.join("; ")))?;
        let is_other = |found: Option<Uuid>| found.is_some_and(|found| found != card.id);
        let keys = (card.card_id.as_str(), card.unique_identifier.as_deref());
        let (by_id, by_identifier) = tx.card_with(project, card.template, keys).await?;
        if is_other(by_id) {
            return Err(Refusal::CardTaken("card ID").into());
        }
        if is_other(by_identifier) {
            return Err(Refusal::CardTaken("unique identifier").into());
        }
        if let Some(user) = card.user {
            self.present_user(tx, user).await?;
            if is_other(tx.card_of_user(project, user).await?.map(|other| other.shown.id)) {
                return Err(Refusal::CardTaken("user").into());
            }
        }
        Ok(())
    }

    pub(in crate::acts) fn expiry(
        &self,
        design: &CardDesign,
        own: Option<(&str, Option<&str>)>,
    ) -> Result<Option<Expiry>, Error> {
        let found = design.expiry.of_card(own, &self.project().time_zone, self.now());
        Ok(found.map_err(|error| Refusal::CardInvalid(error.to_string()))?)
    }

    /// Hashes answers, on a thread that may take its time.
    async fn hashed(&self, given: &[SecurityAnswer]) -> Result<Vec<SecurityQuestion>, Error> {
        for SecurityAnswer { question, answer } in given {
            let is_good = |text: &str| !text.trim().is_empty() && line(text, QUESTION_MAX).is_ok();
            if !is_good(question) || !is_good(answer) {
                let text =
                    format!("a security question and its answer have 1 to {QUESTION_MAX} characters each");
                return Err(Refusal::CardInvalid(text).into());
            }
        }
        let mut work = Vec::new();
        for answer in given {
            work.push((answer.clone(), random::octets()?));
        }
        let hashed = tokio::task::spawn_blocking(move || {
            work.iter().map(|(answer, salt)| SecurityQuestion::new(answer, *salt)).collect::<Option<Vec<_>>>()
        });
        let hashed = hashed.await.map_err(|_| Error::Stopping)?;
        Ok(hashed.ok_or(Refusal::CardInvalid("an answer cannot be kept".to_owned()))?)
    }
}

/// What the rules look at.
pub(super) fn content(row: &CardRow) -> CardContent<'_> {
    let card = &row.shown;
    CardContent {
        card_id: &card.card_id,
        fields: &card.fields,
        barcode_value: card.barcode_value.as_deref(),
        unique_identifier: card.unique_identifier.as_deref(),
        questions: row.questions.len(),
        email: card.email.as_deref(),
    }
}

/// What was changed, by name: the log holds nothing personal.
fn changes(old: &CardRow, new: &CardRow) -> Vec<&'static str> {
    let (one, other) = (&old.shown, &new.shown);
    let ends = |card: &Card| (card.expires_at, card.time_zone.clone(), card.expiry_rule);
    let compared = [
        ("card_id", one.card_id != other.card_id),
        ("fields", one.fields != other.fields),
        ("barcode_value", one.barcode_value != other.barcode_value),
        ("unique_identifier", one.unique_identifier != other.unique_identifier),
        ("questions", old.questions != new.questions),
        ("expires", ends(one) != ends(other)),
        ("email", one.email != other.email),
        ("user", one.user != other.user),
    ];
    compared.into_iter().filter(|(_, is_other)| *is_other).map(|(name, _)| name).collect()
}

fn parts(expiry: Option<Expiry>) -> (Option<crate::domain::UnixTime>, Option<String>, ExpiryRule) {
    match expiry {
        Some(Expiry { at, time_zone, rule }) => (Some(at), Some(time_zone), rule),
        None => (None, None, ExpiryRule::None),
    }
}

fn trimmed(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// Old values with new ones in their place; an empty one is taken away.
fn filled(old: &BTreeMap<String, String>, new: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut all = old.clone();
    all.extend(new.iter().map(|(key, value)| (key.clone(), value.trim().to_owned())));
    all.retain(|_, value| !value.is_empty());
    all
}

/// What a card is found by.
fn words(card: &Card) -> Vec<String> {
    let ids = [Some(&card.card_id), card.unique_identifier.as_ref(), card.email.as_ref()];
    let texts = ids.into_iter().flatten().chain(card.fields.values());
    let mut words: Vec<String> = texts.flat_map(|text| suffixes(text)).take(WORDS_MAX).collect();
    words.sort_unstable();
    words.dedup();
    words
}
