//! Templates of cards.

use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{CardTemplate, ProjectId, TemplateState};

#[derive(sqlx::FromRow)]
struct Columns {
    id: Uuid,
    state: String,
    design: String,
    created_at: i64,
    updated_at: i64,
}

impl Transaction {
    /// Adds a template.
    pub(crate) async fn insert_template(
        &mut self,
        project: ProjectId,
        template: &CardTemplate,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO card_templates (project, id, name, state, design, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(project.0.as_slice())
        .bind(template.id)
        .bind(&template.design.name)
        .bind(template.state.name())
        .bind(json(template)?)
        .bind(i64::from(template.created_at.0))
        .bind(i64::from(template.updated_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Replaces design and state of a template.
    pub(crate) async fn update_template(
        &mut self,
        project: ProjectId,
        template: &CardTemplate,
    ) -> Result<(), StoreError> {
        self.query(
            "UPDATE card_templates SET name = $3, state = $4, design = $5, updated_at = $6 \
             WHERE project = $1 AND id = $2",
        )
        .bind(project.0.as_slice())
        .bind(template.id)
        .bind(&template.design.name)
        .bind(template.state.name())
        .bind(json(template)?)
        .bind(i64::from(template.updated_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// Removes a template, which has no cards.
    pub(crate) async fn delete_template(&mut self, project: ProjectId, id: Uuid) -> Result<(), StoreError> {
        self.query("DELETE FROM card_templates WHERE project = $1 AND id = $2")
            .bind(project.0.as_slice())
            .bind(id)
            .execute()
            .await?;
        Ok(())
    }

    /// The template of this id.
    pub(crate) async fn template(
        &mut self,
        project: ProjectId,
        id: Uuid,
    ) -> Result<Option<CardTemplate>, StoreError> {
        let row: Option<Columns> = self
            .query(
                "SELECT id, state, design, created_at, updated_at FROM card_templates \
                 WHERE project = $1 AND id = $2",
            )
            .bind(project.0.as_slice())
            .bind(id)
            .fetch_optional()
            .await?;
        row.map(Columns::into_template).transpose()
    }

    /// The template of this name.
    pub(crate) async fn template_of_name(
        &mut self,
        project: ProjectId,
        name: &str,
    ) -> Result<Option<Uuid>, StoreError> {
        let row: Option<(Uuid,)> = self
            .query("SELECT id FROM card_templates WHERE project = $1 AND name = $2")
            .bind(project.0.as_slice())
            .bind(name)
            .fetch_optional()
            .await?;
        Ok(row.map(|(id,)| id))
    }

    /// Up to `limit` templates that follow one, oldest first.
    pub(crate) async fn templates(
        &mut self,
        project: ProjectId,
        after: Uuid,
        limit: u32,
    ) -> Result<Vec<CardTemplate>, StoreError> {
        let rows: Vec<Columns> = self
            .query(
                "SELECT id, state, design, created_at, updated_at FROM card_templates \
                 WHERE project = $1 AND id > $2 ORDER BY id LIMIT $3",
            )
            .bind(project.0.as_slice())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all()
            .await?;
        rows.into_iter().map(Columns::into_template).collect()
    }
}

impl Columns {
    fn into_template(self) -> Result<CardTemplate, StoreError> {
        const CORRUPT: StoreError = StoreError::Corrupt("card template");
        Ok(CardTemplate {
            id: self.id,
            state: TemplateState::from_name(&self.state).ok_or(CORRUPT)?,
            design: serde_json::from_str(&self.design).map_err(|_| CORRUPT)?,
            created_at: time(self.created_at)?,
            updated_at: time(self.updated_at)?,
        })
    }
}

fn json(template: &CardTemplate) -> Result<String, StoreError> {
    serde_json::to_string(&template.design).map_err(|_| StoreError::Corrupt("card template"))
}
