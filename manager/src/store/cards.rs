//! Cards.

use uuid::Uuid;

use super::rows::{number, time};
use super::statement::Statement;
use super::{StoreError, Transaction};
use crate::domain::{
    Card, CardDesign, CardPhoto, CardStatus, ExpiryRule, ProjectId, SecurityQuestion, UnixTime, fold_answer,
    hex, prefix_end,
};

/// A card with what is not shown of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CardRow {
    pub(crate) shown: Card,
    pub(crate) questions: Vec<SecurityQuestion>,
    pub(crate) design: CardDesign,
}

/// Which cards a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CardFilter {
    /// Only those of this status.
    pub status: Option<CardStatus>,
    /// Only those of this template.
    pub template: Option<Uuid>,
    /// Only those of this user.
    pub user: Option<Uuid>,
    /// Only those with a photo that waits for approval.
    pub photo_waits: bool,
    /// Only those with a word in card ID, fields, unique identifier or e-mail address that begins so, folded.
    pub search: Option<String>,
}

/// A card whose phone, as one of a user, was revoked has lost it; see the migration.
const STATUS: &str =
    "CASE WHEN c.status = 'active' AND d.status = 'revoked' THEN 'uninstalled' ELSE c.status END";

const SELECT: &str = "SELECT c.id, c.template, t.design, c.holder, c.card_id, \
     CASE WHEN c.status = 'active' AND d.status = 'revoked' THEN 'uninstalled' ELSE c.status END AS status, \
     c.fields, c.barcode_value, c.unique_identifier, c.questions, c.expires_at, c.time_zone, c.expiry_rule, c.email, \
     c.photo_refused, c.wrong_answers, c.locked_until, c.device, c.installed_at, c.terms_accepted, c.created_at, \
     c.updated_at, s.hash AS photo, w.kept_at AS waiting_since FROM cards c \
     JOIN card_templates t ON t.project = c.project AND t.id = c.template \
     LEFT JOIN devices d ON d.project = c.project AND d.id = c.device \
     LEFT JOIN card_photos s ON s.project = c.project AND s.card = c.id AND s.place = 'shown' \
     LEFT JOIN card_photos w ON w.project = c.project AND w.card = c.id AND w.place = 'waiting'";

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    template: Uuid,
    design: String,
    holder: Option<Uuid>,
    card_id: String,
    status: String,
    fields: String,
    barcode_value: Option<String>,
    unique_identifier: Option<String>,
    questions: String,
    expires_at: Option<i64>,
    time_zone: Option<String>,
    expiry_rule: String,
    email: Option<String>,
    photo_refused: i64,
    wrong_answers: i64,
    locked_until: Option<i64>,
    device: Option<Uuid>,
    installed_at: Option<i64>,
    terms_accepted: Option<String>,
    created_at: i64,
    updated_at: i64,
    photo: Option<Vec<u8>>,
    waiting_since: Option<i64>,
}

impl Transaction {
    /// Adds a card.
    pub(crate) async fn insert_card(&mut self, project: ProjectId, row: &CardRow) -> Result<(), StoreError> {
        let card = &row.shown;
        self.query(
            "INSERT INTO cards (project, id, template, card_id, status, fields, questions, expiry_rule, created_at, \
             updated_at) VALUES ($1, $2, $3, $4, $5, '{}', '[]', 'none', $6, $6)",
        )
        .bind(project.0.as_slice())
        .bind(card.id)
        .bind(card.template)
        .bind(&card.card_id)
        .bind(card.status.name())
        .bind(i64::from(card.created_at.0))
        .execute()
        .await?;
        self.update_card(project, row).await
    }

    /// Replaces everything about a card but its photos, its words and when it was added.
    pub(crate) async fn update_card(&mut self, project: ProjectId, row: &CardRow) -> Result<(), StoreError> {
        let card = &row.shown;
        let json = |value: Result<String, serde_json::Error>| value.map_err(|_| StoreError::Corrupt("card"));
        self.query(
            "UPDATE cards SET holder = $3, card_id = $4, status = $5, fields = $6, barcode_value = $7, \
             unique_identifier = $8, identifier_key = $9, questions = $10, expires_at = $11, time_zone = $12, \
             expiry_rule = $13, email = $14, photo_refused = $15, wrong_answers = $16, locked_until = $17, \
             device = $18, installed_at = $19, terms_accepted = $20, updated_at = $21 \
             WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(card.id)
        .bind(card.user)
        .bind(&card.card_id)
        .bind(card.status.name())
        .bind(json(serde_json::to_string(&card.fields))?)
        .bind(card.barcode_value.as_deref())
        .bind(card.unique_identifier.as_deref())
        .bind(card.unique_identifier.as_deref().map(fold_answer))
        .bind(json(serde_json::to_string(&row.questions))?)
        .bind(card.expires_at.map(|at| i64::from(at.0)))
        .bind(card.time_zone.as_deref())
        .bind(card.expiry_rule.name())
        .bind(card.email.as_deref())
        .bind(i64::from(card.photo.refused))
        .bind(i64::from(card.wrong_answers))
        .bind(card.locked_until.map(|at| i64::from(at.0)))
        .bind(card.device)
        .bind(card.installed_at.map(|at| i64::from(at.0)))
        .bind(card.terms_accepted.as_deref())
        .bind(i64::from(card.updated_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Replaces what a card is found by.
    pub(crate) async fn set_card_words(
        &mut self,
        project: ProjectId,
        card: Uuid,
        words: &[String],
    ) -> Result<(), StoreError> {
        self.query("DELETE FROM card_words WHERE project = $1 AND card = $2")
            .bind(project.0.as_slice())
            .bind(card)
            .execute()
            .await?;
        for word in words {
            self.query("INSERT INTO card_words (project, word, card) VALUES ($1, $2, $3)")
                .bind(project.0.as_slice())
                .bind(word)
                .bind(card)
                .execute()
                .await?;
        }
        Ok(())
    }

    /// The card of this id.
    pub(crate) async fn card(&mut self, project: ProjectId, id: Uuid) -> Result<Option<CardRow>, StoreError> {
        let mut statement = Statement::default();
        let (project, id) = (statement.octets(&project.0), statement.id(id));
        self.one_card(statement, &format!("c.project = {project} AND c.id = {id}")).await
    }

    /// The card of a user that was not put away.
    pub(crate) async fn card_of_user(
        &mut self,
        project: ProjectId,
        user: Uuid,
    ) -> Result<Option<CardRow>, StoreError> {
        let mut statement = Statement::default();
        let (project, user) = (statement.octets(&project.0), statement.id(user));
        let condition = format!("c.project = {project} AND c.holder = {user} AND c.status <> 'archived'");
        self.one_card(statement, &condition).await
    }

    /// The card that a phone has.
    pub(crate) async fn card_on_device(
        &mut self,
        project: ProjectId,
        device: Uuid,
    ) -> Result<Option<CardRow>, StoreError> {
        let mut statement = Statement::default();
        let (project, device) = (statement.octets(&project.0), statement.id(device));
        self.one_card(statement, &format!("c.project = {project} AND c.device = {device}")).await
    }

    /// The card of a template with this card ID, and the one with this unique identifier.
    pub(crate) async fn card_with(
        &mut self,
        project: ProjectId,
        template: Uuid,
        (card_id, identifier): (&str, Option<&str>),
    ) -> Result<(Option<Uuid>, Option<Uuid>), StoreError> {
        let by_id: Option<(Uuid,)> = self
            .query("SELECT id FROM cards WHERE project = $1 AND template = $2 AND card_id = $3")
            .bind(project.0.as_slice())
            .bind(template)
            .bind(card_id)
            .fetch_optional()
            .await?;
        let by_identifier: Option<(Uuid,)> = match identifier {
            Some(identifier) => {
                self.query(
                    "SELECT id FROM cards WHERE project = $1 AND template = $2 AND identifier_key = $3",
                )
                .bind(project.0.as_slice())
                .bind(template)
                .bind(fold_answer(identifier))
                .fetch_optional()
                .await?
            }
            None => None,
        };
        Ok((by_id.map(|(id,)| id), by_identifier.map(|(id,)| id)))
    }

    /// The cards with this card ID, of whatever template.
    pub(crate) async fn cards_of_number(
        &mut self,
        project: ProjectId,
        card_id: &str,
    ) -> Result<Vec<Uuid>, StoreError> {
        let rows: Vec<(Uuid,)> = self
            .query(
                "SELECT c.id FROM cards c JOIN card_templates t ON t.project = c.project AND t.id = c.template \
                 WHERE t.project = $1 AND c.card_id = $2 LIMIT 2",
            )
            .bind(project.0.as_slice())
            .bind(card_id)
            .fetch_all()
            .await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// Up to `limit` cards that follow one, in the order in which they were added.
    pub(crate) async fn cards(
        &mut self,
        project: ProjectId,
        filter: &CardFilter,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<CardRow>, StoreError> {
        let mut statement = Statement::default();
        let project = statement.octets(&project.0);
        let mut text = format!("{SELECT} WHERE c.project = {project} AND c.id > {}", statement.id(after));
        if let Some(status) = filter.status {
            text.push_str(&format!(" AND {STATUS} = {}", statement.text(status.name())));
        }
        if let Some(template) = filter.template {
            text.push_str(&format!(" AND c.template = {}", statement.id(template)));
        }
        if let Some(user) = filter.user {
            text.push_str(&format!(" AND c.holder = {}", statement.id(user)));
        }
        if filter.photo_waits {
            text.push_str(" AND w.kept_at IS NOT NULL");
        }
        if let Some(search) = &filter.search {
            let (from, to) = (statement.text(search), statement.text(prefix_end(search)));
            text.push_str(&format!(
                " AND c.id IN (SELECT card FROM card_words WHERE project = {project} AND word >= {from} \
                 AND word < {to})"
            ));
        }
        text.push_str(&format!(" ORDER BY c.id LIMIT {}", statement.number(limit)));
        let rows: Vec<Columns> = statement.fetch_all(text, self).await?;
        rows.into_iter().map(Columns::into_row).collect()
    }

    /// How many cards of each template have which status; those of none are left out.
    pub(crate) async fn card_counts(
        &mut self,
        project: ProjectId,
    ) -> Result<Vec<(Uuid, CardStatus, u64)>, StoreError> {
        let mut statement = Statement::default();
        let project = statement.octets(&project.0);
        let text = format!(
            "SELECT c.template, {STATUS} AS state, count(*) FROM cards c \
             LEFT JOIN devices d ON d.project = c.project AND d.id = c.device \
             WHERE c.project = {project} GROUP BY c.template, {STATUS} ORDER BY c.template"
        );
        let rows: Vec<(Uuid, String, i64)> = statement.fetch_all(text, self).await?;
        let counted = rows.into_iter().map(|(template, status, count)| {
            let status = CardStatus::from_name(&status).ok_or(StoreError::Corrupt("card"))?;
            Ok((template, status, number(count, "count")?))
        });
        counted.collect()
    }

    async fn one_card(
        &mut self,
        statement: Statement,
        condition: &str,
    ) -> Result<Option<CardRow>, StoreError> {
        let rows: Vec<Columns> = statement.fetch_all(format!("{SELECT} WHERE {condition}"), self).await?;
        rows.into_iter().next().map(Columns::into_row).transpose()
    }
}

impl Columns {
    fn into_row(self) -> Result<CardRow, StoreError> {
        const CORRUPT: StoreError = StoreError::Corrupt("card");
        let design: CardDesign = serde_json::from_str(&self.design).map_err(|_| CORRUPT)?;
        let questions: Vec<SecurityQuestion> = serde_json::from_str(&self.questions).map_err(|_| CORRUPT)?;
        let shown = Card {
            id: self.id,
            template: self.template,
            template_name: design.name.clone(),
            user: self.holder,
            card_id: self.card_id,
            status: CardStatus::from_name(&self.status).ok_or(CORRUPT)?,
            fields: serde_json::from_str(&self.fields).map_err(|_| CORRUPT)?,
            barcode_value: self.barcode_value,
            unique_identifier: self.unique_identifier,
            questions: questions.iter().map(|question| question.question.clone()).collect(),
            expires_at: optional_time(self.expires_at)?,
            time_zone: self.time_zone,
            expiry_rule: ExpiryRule::from_name(&self.expiry_rule).ok_or(CORRUPT)?,
            email: self.email,
            photo: CardPhoto {
                shown: self.photo.as_deref().map(hex),
                waiting_since: optional_time(self.waiting_since)?,
                refused: self.photo_refused != 0,
            },
            wrong_answers: number(self.wrong_answers, "number of wrong answers")?,
            locked_until: optional_time(self.locked_until)?,
            device: self.device,
            installed_at: optional_time(self.installed_at)?,
            terms_accepted: self.terms_accepted,
            created_at: time(self.created_at)?,
            updated_at: time(self.updated_at)?,
        };
        Ok(CardRow { shown, questions, design })
    }
}

fn optional_time(column: Option<i64>) -> Result<Option<UnixTime>, StoreError> {
    column.map(time).transpose()
}
