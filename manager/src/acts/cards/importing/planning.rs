//! From a list to a plan, or to everything that is wrong with the list.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::{CardImportOptions, CardImportPlan, basis};
use crate::acts::cards::{content, filled, parts, trimmed};
use crate::acts::importing::off_the_loop;
use crate::card_list::{Archive, CardListError, CardListErrors, CardSheet, ListedCard, read};
use crate::domain::{
    CardCounts, CardPlanHeader, CardStatus, CardStep, CardTemplate, CardValues, Mode, PhotoRule,
    TemplateState, check_content, complained_of, confirmation, fold_answer, hex,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::photo::{PHOTO_OCTETS_MAX, prepare};
use crate::store::{CardRow, StoredCardPlan};

/// Errors that are told one by one.
const ERRORS_MAX: usize = 10_000;

/// Photos by the line of their card, and how many nobody has.
type Photos = (HashMap<u64, Vec<u8>>, usize);

/// The photos, and what is wrong with single ones; or what is wrong with the archive.
type Unpacked = Result<(Photos, Vec<CardListError>), Vec<CardListError>>;

impl Manager {
    /// Plans what a list of cards of a template means; nothing is changed.
    ///
    /// Where there is no list but an archive, the list is the one file in it that ends with `.csv`.
    ///
    /// # Errors
    /// [`Refusal::TemplateUnknown`], [`Refusal::TemplateState`], [`Error::CardList`] with everything that is wrong.
    pub async fn plan_card_import(
        &self,
        template: Uuid,
        list: Vec<u8>,
        options: CardImportOptions,
    ) -> Result<CardImportPlan, Error> {
        let (project, now) = (self.project_id(), self.now());
        let CardImportOptions { mode, mapping, photos } = options;
        let found = self.read().await?.template(project, template).await?;
        let template = found.ok_or(Refusal::TemplateUnknown)?;
        if template.state != TemplateState::Approved {
            return Err(Refusal::TemplateState("approved").into());
        }
        let design = template.design.clone();
        let (sheet, photos) = off_the_loop(move || {
            let (list, photos) = apart(list, photos)?;
            let mut sheet = read(&list, &design, &mapping)?;
            let (photos, errors) = match photos {
                Some(octets) => unpacked(octets, &sheet, design.photo.rule).map_err(|mut errors| {
                    errors.append(&mut sheet.errors);
                    CardListErrors(errors)
                })?,
                None => Default::default(),
            };
            sheet.errors.extend(errors);
            Ok::<_, CardListErrors>((sheet, photos))
        })
        .await??;
        let mut tx = self.write().await?;
        let cards = self.cards_of(&mut tx, template.id).await?;
        let (steps, counts) = self.steps(&template, &sheet, &cards, &photos, mode)?;
        let present = cards.iter().filter(|row| row.shown.status != CardStatus::Archived).count();
        let confirmation = match mode {
            Mode::Replace => confirmation(present, sheet.cards.len(), counts.archived),
            Mode::AddAndUpdate | Mode::AddOnly => None,
        };
        let encoding = sheet.encoding.to_owned();
        let plan = StoredCardPlan {
            id: self.ids().next(now),
            template: template.id,
            basis: basis(&cards),
            header: CardPlanHeader { mode, encoding, columns: sheet.columns, counts, confirmation },
            steps,
            created_at: now,
            applied_at: None,
            undo_until: None,
            undone_at: None,
        };
        tx.insert_card_plan(project, &plan).await?;
        for step in &plan.steps {
            if let CardStep::Add { line, card, photo: true, .. }
            | CardStep::Change { line, card, photo: true, .. } = step
                && let Some(octets) = photos.0.get(line)
            {
                tx.keep_plan_photo(project, (plan.id, *card), "new", octets).await?;
            }
        }
        tx.commit().await?;
        Ok(plan.into())
    }

    fn steps(
        &self,
        template: &CardTemplate,
        sheet: &CardSheet,
        cards: &[CardRow],
        photos: &Photos,
        mode: Mode,
    ) -> Result<(Vec<CardStep>, CardCounts), CardListErrors> {
        let by_number: HashMap<&str, &CardRow> =
            cards.iter().map(|row| (row.shown.card_id.as_str(), row)).collect();
        let (mut steps, mut errors) = (Vec::new(), sheet.errors.clone());
        let mut counts = CardCounts { photos_unused: photos.1, ..CardCounts::default() };
        let mut listed: Vec<Uuid> = Vec::new();
        for card in &sheet.cards {
            let row = by_number.get(card.card_id.as_str()).copied();
            listed.extend(row.map(|row| row.shown.id));
            match self.step(template, sheet, card, row, photos, mode) {
                Ok(step) => steps.extend(step.inspect(|step| count(step, &mut counts))),
                Err(wrong) => errors.extend(wrong),
            }
        }
        counts.unchanged = sheet.cards.len().saturating_sub(steps.len()).saturating_sub(errors.len());
        errors.extend(twice(sheet, cards, &steps));
        if mode == Mode::Replace {
            let listed: std::collections::HashSet<Uuid> = listed.into_iter().collect();
            let is_gone =
                |row: &&CardRow| row.shown.status != CardStatus::Archived && !listed.contains(&row.shown.id);
            for CardRow { shown, .. } in cards.iter().filter(is_gone) {
                counts.archived = counts.archived.saturating_add(1);
                steps.push(CardStep::Archive {
                    card: shown.id,
                    old: CardValues::of(shown),
                    status: shown.status,
                    device: shown.device,
                    installed_at: shown.installed_at,
                });
            }
        }
        errors.sort_by_key(|error: &CardListError| (error.line, error.column));
        // One cell is told of once, by whoever looked at it first.
        errors.dedup_by(|one, first| {
            one.column.is_some() && (one.line, one.column) == (first.line, first.column)
        });
        errors.truncate(ERRORS_MAX);
        if errors.is_empty() { Ok((steps, counts)) } else { Err(CardListErrors(errors)) }
    }

    /// What a line means; nothing where the card is as it should be.
    fn step(
        &self,
        template: &CardTemplate,
        sheet: &CardSheet,
        listed: &ListedCard,
        row: Option<&CardRow>,
        photos: &Photos,
        mode: Mode,
    ) -> Result<Option<CardStep>, Vec<CardListError>> {
        let line = listed.line;
        if row.is_some_and(|row| row.shown.status == CardStatus::Archived) {
            let message = format!("card {:?} is archived; restore it first", listed.card_id);
            return Err(vec![CardListError::at(line, sheet.number("card_id"), message)]);
        }
        let new = self.values(template, sheet, listed, row).map_err(|error| vec![error])?;
        let mut as_it_will_be = row.cloned().unwrap_or_else(|| blank(template));
        new.put(&mut as_it_will_be.shown);
        check_content(&template.design, &content(&as_it_will_be)).map_err(|wrong| {
            let error = |text: String| CardListError::at(line, column(sheet, template, &text), text);
            wrong.into_iter().map(error).collect::<Vec<_>>()
        })?;
        let photo = photos.0.get(&line).map(|octets| {
            use sha2::{Digest, Sha256};
            hex(&Sha256::digest(octets))
        });
        let Some(row) = row else {
            let card = self.ids().next(self.now());
            return Ok(Some(CardStep::Add { line, card, new, photo: photo.is_some() }));
        };
        let (card, old) = (row.shown.id, CardValues::of(&row.shown));
        let photo = photo.is_some() && photo != row.shown.photo.shown;
        Ok(match mode {
            _ if new == old && !photo => None,
            Mode::AddOnly => Some(CardStep::SkipListed { line, card, old, new }),
            Mode::Replace | Mode::AddAndUpdate => Some(CardStep::Change { line, card, old, new, photo }),
        })
    }

    /// A card as the list has it; what the list has no column for is as it is, or as the template says.
    fn values(
        &self,
        template: &CardTemplate,
        sheet: &CardSheet,
        listed: &ListedCard,
        row: Option<&CardRow>,
    ) -> Result<CardValues, CardListError> {
        let old = row.map(|row| CardValues::of(&row.shown));
        let given = |new: &Option<String>, old: Option<Option<String>>| match new {
            Some(text) => trimmed(Some(text)),
            None => old.flatten(),
        };
        let own = listed.expires.as_deref().filter(|text| !text.is_empty());
        let zone = listed.time_zone.as_deref().filter(|text| !text.is_empty());
        let zone = zone.map(str::to_owned).or_else(|| old.as_ref().and_then(|old| old.time_zone.clone()));
        let (expires_at, time_zone, expiry_rule) = match (&old, own) {
            (Some(old), None) => (old.expires_at, old.time_zone.clone(), old.expiry_rule),
            _ => {
                let own = own.map(|text| (text, zone.as_deref()));
                let expiry = self.expiry(&template.design, own).map_err(|error| {
                    CardListError::at(listed.line, sheet.number("expires"), error.to_string())
                })?;
                parts(expiry)
            }
        };
        Ok(CardValues {
            card_id: listed.card_id.clone(),
            fields: filled(&old.as_ref().map(|old| old.fields.clone()).unwrap_or_default(), &listed.fields),
            barcode_value: given(&listed.barcode_value, old.as_ref().map(|old| old.barcode_value.clone())),
            unique_identifier: given(
                &listed.unique_identifier,
                old.as_ref().map(|old| old.unique_identifier.clone()),
            ),
            expires_at,
            time_zone,
            expiry_rule,
            email: given(&listed.email, old.as_ref().map(|old| old.email.clone())),
        })
    }
}

/// The list and the archive with photos, which may have come in one archive.
fn apart(list: Vec<u8>, photos: Option<Vec<u8>>) -> Result<(Vec<u8>, Option<Vec<u8>>), CardListErrors> {
    if photos.is_some() || !list.starts_with(b"PK\x03\x04") {
        return Ok((list, photos));
    }
    let mut archive = Archive::open(list.clone()).map_err(CardListErrors)?;
    let found = archive.list().map_err(|error| CardListErrors(vec![CardListError::file(error)]))?;
    Ok((found, (archive.photos() > 0).then_some(list)))
}

/// Unpacks the photos of a list, each for one card: otherwise a list of one name in many lines would have a small
/// archive decoded as often as it has lines.
fn unpacked(octets: Vec<u8>, sheet: &CardSheet, rule: PhotoRule) -> Unpacked {
    if rule == PhotoRule::None {
        let message = "photos came with the list, and cards of this template have none";
        return Err(vec![CardListError::file(message)]);
    }
    let mut archive = Archive::open(octets)?;
    let (mut photos, mut errors) = (HashMap::new(), Vec::new());
    let mut lines: HashMap<String, u64> = HashMap::new();
    for card in &sheet.cards {
        let asked = card.photo.as_deref().filter(|name| !name.is_empty());
        let Some(name) = archive.named(asked.unwrap_or(&card.card_id)) else {
            if let Some(asked) = asked {
                let message = format!("there is no photo {asked:?} in the archive");
                errors.push(CardListError::at(card.line, sheet.number("photo"), message));
            }
            continue;
        };
        if let Some(first) = lines.get(&name) {
            let message = format!("the photo {name:?} is already that of line {first}");
            errors.push(CardListError::at(card.line, sheet.number("photo"), message));
            continue;
        }
        lines.insert(name.clone(), card.line);
        let photo = archive
            .unpack(&name)
            .and_then(|octets| prepare(&octets, PHOTO_OCTETS_MAX).map_err(|error| error.to_string()));
        match photo {
            Ok(photo) => drop(photos.insert(card.line, photo)),
            Err(error) => {
                let message = format!("the photo {name:?}: {error}");
                errors.push(CardListError::at(card.line, sheet.number("photo"), message));
            }
        }
    }
    let unused = archive.photos().saturating_sub(photos.len());
    Ok(((photos, unused), errors))
}

/// Lines whose unique identifier another card has, as the cards will be.
fn twice(sheet: &CardSheet, cards: &[CardRow], steps: &[CardStep]) -> Vec<CardListError> {
    let mut new: BTreeMap<Uuid, (Option<u64>, Option<String>)> =
        cards.iter().map(|row| (row.shown.id, (None, row.shown.unique_identifier.clone()))).collect();
    for step in steps {
        if let CardStep::Add { line, card, new: values, .. }
        | CardStep::Change { line, card, new: values, .. } = step
        {
            new.insert(*card, (Some(*line), values.unique_identifier.clone()));
        }
    }
    let mut seen: HashMap<String, Option<u64>> = HashMap::new();
    let mut errors = Vec::new();
    // Those that stay as they are come first: whoever comes in yields.
    let (stay, come): (Vec<_>, Vec<_>) = new.into_values().partition(|(line, _)| line.is_none());
    for (line, identifier) in stay.into_iter().chain(come) {
        let Some(identifier) = identifier else { continue };
        let before = seen.insert(fold_answer(&identifier), line);
        let (Some(first), Some(line)) = (before, line) else { continue };
        let message = match first {
            Some(first) => format!("the unique identifier is already in line {first}"),
            None => "another card has this unique identifier".to_owned(),
        };
        errors.push(CardListError::at(line, sheet.number("unique_identifier"), message));
    }
    errors
}

/// The column that a complaint is about.
fn column(sheet: &CardSheet, template: &CardTemplate, complaint: &str) -> Option<usize> {
    sheet.number(&complained_of(&template.design, complaint)?)
}

fn count(step: &CardStep, counts: &mut CardCounts) {
    let (place, photo) = match step {
        CardStep::Add { photo, .. } => (&mut counts.added, *photo),
        CardStep::Change { photo, .. } => (&mut counts.changed, *photo),
        CardStep::Archive { .. } => (&mut counts.archived, false),
        CardStep::SkipListed { .. } => (&mut counts.skipped, false),
    };
    *place = place.saturating_add(1);
    counts.photos = counts.photos.saturating_add(usize::from(photo));
}

/// A card of a template on which nothing stands yet.
pub(super) fn blank(template: &CardTemplate) -> CardRow {
    use crate::domain::{Card, CardPhoto, ExpiryRule, UnixTime};
    let shown = Card {
        id: Uuid::nil(),
        template: template.id,
        template_name: template.design.name.clone(),
        user: None,
        card_id: String::new(),
        status: CardStatus::Inactive,
        fields: BTreeMap::new(),
        barcode_value: None,
        unique_identifier: None,
        questions: Vec::new(),
        expires_at: None,
        time_zone: None,
        expiry_rule: ExpiryRule::None,
        email: None,
        photo: CardPhoto::default(),
        wrong_answers: 0,
        locked_until: None,
        device: None,
        installed_at: None,
        terms_accepted: None,
        created_at: UnixTime(0),
        updated_at: UnixTime(0),
    };
    CardRow { shown, questions: Vec::new(), design: template.design.clone() }
}
