//! Installing a card on a phone: what the holder has to give, whether it is right, and what the phone gets.
//!
//! Spec: docs/ACTIVATION.md#what-the-holder-gives

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{CardValidation, content};
use crate::domain::{
    Act, Actor, Card, CardDesign, CardStatus, CardTurn, HolderGives, HolderPhoto, LOCK_S, PhotoRule,
    PhotoWanted, Requirements, TRIES_MAX, UnixTime, after, answers_hold, next_card_status,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::photo::{HOLDER_PHOTO_OCTETS_MAX, PhotoError};
use crate::store::{CardRow, Holders, PhotoPlace, Transaction};

/// Whom or what an invitation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::acts) enum Invited {
    /// A user, who gets a credential, and the card if there is one.
    User(Uuid),
    /// Whoever gets a card alone.
    Card(Uuid),
}

impl Invited {
    /// Whose invitations it is one of.
    pub(in crate::acts) const fn holders(self) -> Holders {
        match self {
            Self::User(_) => Holders::Users,
            Self::Card(_) => Holders::Cards,
        }
    }
}

/// A card on a phone, as the phone shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledCard {
    /// The card.
    pub card: Card,
    /// Its template.
    pub design: CardDesign,
    /// The value of its barcode.
    pub barcode: Option<String>,
    /// Its photo, a JPEG.
    pub photo: Option<Vec<u8>>,
    /// By what the phone shows that it is the card, where its template lets it be checked.
    pub validation: Option<CardValidation>,
}

/// What came of what a holder gave, judged before anything is written.
pub(in crate::acts) struct Judgement {
    /// The card as it was when it was judged.
    card: CardRow,
    is_right: bool,
    photo: Option<Result<Vec<u8>, PhotoError>>,
}

impl Manager {
    /// The card that an invitation brings.
    pub(in crate::acts) async fn invited_card(
        &self,
        tx: &mut Transaction,
        invited: Invited,
    ) -> Result<Option<CardRow>, Error> {
        match invited {
            Invited::User(user) => Ok(tx.card_of_user(self.project_id(), user).await?),
            Invited::Card(card) => Ok(Some(self.known_card(tx, card).await?)),
        }
    }

    /// Judges what a holder gave; takes its time on another thread, and the same whatever is wrong.
    pub(in crate::acts) async fn judge_holder(
        &self,
        card: CardRow,
        gives: &HolderGives,
    ) -> Result<Judgement, Error> {
        let asked = requirements(&card, true);
        let is_locked = card.shown.locked_until.is_some_and(|until| self.now() < until);
        let mut is_right = true;
        if asked.asks_identity() && !is_locked {
            let identifier = card.shown.unique_identifier.clone();
            let (questions, gives) = (card.questions.clone(), gives.clone());
            let work = move || {
                answers_hold(identifier.as_deref(), &gives.unique_identifier, &questions, &gives.answers)
            };
            is_right = tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopping)?;
        }
        // Nobody makes the manager decode pictures without the answers.
        let photo = match &gives.photo {
            Some(octets) if is_right && !is_locked && asked.photo.is_some() => {
                Some(self.prepared(octets.clone(), HOLDER_PHOTO_OCTETS_MAX).await?)
            }
            _ => None,
        };
        Ok(Judgement { card, is_right, photo })
    }

    /// Lets a holder pass, or says why not; a wrong answer is counted, so that the transaction has to be committed.
    pub(in crate::acts) async fn pass(
        &self,
        tx: &mut Transaction,
        judgement: &Judgement,
        gives: &HolderGives,
    ) -> Result<Result<CardRow, Refusal>, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut row = self.known_card(tx, judgement.card.shown.id).await?;
        let then = &judgement.card;
        if (&row.questions, &row.shown.unique_identifier, &row.design)
            != (&then.questions, &then.shown.unique_identifier, &then.design)
        {
            // Judged by what it no longer is: the phone asks again.
            return Ok(Err(Refusal::ChallengeUnknown));
        }
        if row.shown.expires_at.is_some_and(|end| end <= now) {
            return Ok(Err(Refusal::InvitationExpired));
        }
        if let Some(until) = row.shown.locked_until {
            if now < until {
                return Ok(Err(Refusal::CardLocked(until)));
            }
            row.shown.locked_until = None;
        }
        if !judgement.is_right {
            let refusal = count(&mut row.shown, now);
            tx.update_card(project, &row).await?;
            if matches!(refusal, Refusal::CardLocked(_)) {
                let subject = row.shown.id.to_string();
                tx.record(project, now, Actor::Manager, Act::CardLocked, subject, String::new()).await?;
            }
            return Ok(Err(refusal));
        }
        let asked = requirements(&row, true);
        if asked.terms.is_some_and(|terms| gives.terms.as_deref() != Some(terms.version.as_str())) {
            return Ok(Err(Refusal::TermsNotAccepted));
        }
        match (asked.photo, &judgement.photo) {
            (_, Some(Err(error))) => return Ok(Err(Refusal::PhotoRefused(error.to_string()))),
            (Some(PhotoWanted { required: true, .. }), None) => return Ok(Err(Refusal::PhotoMissing)),
            _ => {}
        }
        Ok(Ok(row))
    }

    /// Puts a card on a phone.
    pub(in crate::acts) async fn install(
        &self,
        tx: &mut Transaction,
        mut row: CardRow,
        device: Uuid,
        judgement: Judgement,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let card = &mut row.shown;
        let id = card.id;
        card.status = next_card_status(card.status, CardTurn::Install).map_err(Refusal::from)?;
        (card.device, card.installed_at) = (Some(device), Some(now));
        (card.wrong_answers, card.locked_until) = (0, None);
        card.terms_accepted = row.design.terms.as_ref().map(|terms| terms.version.clone());
        if let Some(Ok(photo)) = judgement.photo {
            let place = match row.design.photo.from_holder {
                HolderPhoto::AtOnce => PhotoPlace::Shown,
                HolderPhoto::AfterApproval | HolderPhoto::Never => PhotoPlace::Waiting,
            };
            let hash: [u8; 32] = Sha256::digest(&photo).into();
            tx.keep_photo(project, (id, place), (&hash, &photo), now).await?;
            row.shown.photo.refused = false;
            tx.record(project, now, Actor::Device(device), Act::CardPhotoSent, id.to_string(), String::new())
                .await?;
        }
        row.shown.updated_at = now;
        tx.update_card(project, &row).await?;
        tx.void_card_invitations_but(project, id, device).await?;
        let actor = Actor::Device(device);
        Ok(tx.record(project, now, actor, Act::CardInstalled, id.to_string(), String::new()).await?)
    }

    /// The card that a phone has, as it shows it.
    pub(in crate::acts) async fn installed_card(
        &self,
        tx: &mut Transaction,
        device: Uuid,
    ) -> Result<Option<InstalledCard>, Error> {
        let project = self.project_id();
        let Some(row) = tx.card_on_device(project, device).await? else { return Ok(None) };
        if !matches!(row.shown.status, CardStatus::Active | CardStatus::Deactivated) {
            return Ok(None);
        }
        let photo = tx.photo(project, row.shown.id, PhotoPlace::Shown).await?;
        let barcode = content(&row).barcode(&row.design);
        let validation = self.validation(&row.design, device);
        Ok(Some(InstalledCard { card: row.shown, design: row.design, barcode, photo, validation }))
    }
}

/// What the holder of a card has to give.
pub(in crate::acts) fn requirements(row: &CardRow, has_credential: bool) -> Requirements {
    let CardRow { shown, questions, design } = row;
    let sends = design.photo.rule != PhotoRule::None && design.photo.from_holder != HolderPhoto::Never;
    let has_photo = shown.photo.shown.is_some() || shown.photo.waiting_since.is_some();
    Requirements {
        card: Some(design.name.clone()),
        has_credential,
        unique_identifier: design.identity.unique_identifier,
        questions: questions.iter().map(|question| question.question.clone()).collect(),
        terms: design.terms.clone(),
        photo: (sends && !has_photo).then_some(PhotoWanted {
            required: design.photo.rule == PhotoRule::Required,
            needs_approval: design.photo.from_holder == HolderPhoto::AfterApproval,
        }),
    }
}

/// Counts a wrong answer.
fn count(card: &mut Card, now: UnixTime) -> Refusal {
    card.wrong_answers = card.wrong_answers.saturating_add(1);
    if card.wrong_answers < TRIES_MAX {
        return Refusal::AnswersWrong(TRIES_MAX.saturating_sub(card.wrong_answers));
    }
    let until = after(now, LOCK_S);
    (card.wrong_answers, card.locked_until) = (0, Some(until));
    Refusal::CardLocked(until)
}
