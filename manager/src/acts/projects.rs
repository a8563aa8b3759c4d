//! Changing the settings of a project.

use crate::domain::{Act, Actor, Expected, Project, ProjectChange, project_id_text};
use crate::error::{Error, Refusal};
use crate::manager::Manager;

impl Manager {
    /// The settings of the project as they are now.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn settings(&self) -> Result<Project, Error> {
        // Each transaction looks whether the settings have changed.
        drop(self.read().await?);
        Ok(self.project().as_ref().clone())
    }

    /// Changes settings of the project, for every process at once; the project as it is now.
    ///
    /// Invitations and credentials that were given out keep the life that they were given.
    ///
    /// # Errors
    /// [`Error::Project`] for settings that are not allowed, [`Refusal::ProjectNameTaken`].
    pub async fn edit_project(&self, actor: Actor, change: &ProjectChange) -> Result<Project, Error> {
        self.edit_expected_project(actor, &Expected::Any, change).await
    }

    /// Changes settings as [`Manager::edit_project`] does, if they are still those that the edit is meant for.
    ///
    /// # Errors
    /// Those of [`Manager::edit_project`], [`Refusal::PreconditionFailed`].
    pub async fn edit_expected_project(
        &self,
        actor: Actor,
        expected: &Expected,
        change: &ProjectChange,
    ) -> Result<Project, Error> {
        let mut tx = self.write().await?;
        if !expected.holds(self.project().as_ref()) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let (project, changed) = change.applied(&self.project())?;
        if changed.is_empty() {
            return Ok(project);
        }
        if tx.project_named(&project.name).await?.is_some_and(|other| other != project.id) {
            return Err(Refusal::ProjectNameTaken.into());
        }
        tx.update_project(&project).await?;
        let (subject, now) = (project_id_text(project.id), self.now());
        tx.record(project.id, now, actor, Act::ProjectChanged, subject, changed.join(", ")).await?;
        tx.commit().await?;
        // Looks the new settings up, so that whoever asks this handle next gets them.
        drop(self.read().await?);
        Ok(project)
    }
}
