//! Keeping the administrators of a project.

use uuid::Uuid;

use crate::domain::{Act, Actor, Administrator, Expected, NewAdministrator, Role, leaves_an_owner};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Transaction;

/// What is to be changed about an administrator; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdministratorChange {
    /// What people call the administrator.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// What the administrator may do.
    pub role: Option<Role>,
}

impl Manager {
    /// Up to `limit` administrators who follow the administrator `after`, in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn administrators(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<Administrator>, Error> {
        let after = after.unwrap_or_else(Uuid::nil);
        Ok(self.read().await?.administrators(self.project_id(), after, limit).await?)
    }

    /// The administrator of this id.
    ///
    /// # Errors
    /// [`Refusal::AdministratorUnknown`].
    pub async fn administrator(&self, id: Uuid) -> Result<Administrator, Error> {
        let found = self.read().await?.administrator(self.project_id(), id).await?;
        Ok(found.ok_or(Refusal::AdministratorUnknown)?)
    }

    /// The administrator whom somebody means by an id or an e-mail address.
    ///
    /// # Errors
    /// [`Refusal::AdministratorUnknown`].
    pub async fn find_administrator(&self, text: &str) -> Result<Administrator, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let id = match Uuid::parse_str(text) {
            Ok(id) => Some(id),
            Err(_) => tx.administrator_by_email(project, text).await?,
        };
        let found = tx.administrator(project, id.ok_or(Refusal::AdministratorUnknown)?).await?;
        Ok(found.ok_or(Refusal::AdministratorUnknown)?)
    }

    /// Adds an administrator, who cannot do anything until a token is made.
    ///
    /// # Errors
    /// [`Refusal::Administrator`] for a name or address that is not allowed, [`Refusal::AdministratorKnown`].
    pub async fn add_administrator(
        &self,
        actor: Actor,
        new: &NewAdministrator,
    ) -> Result<Administrator, Error> {
        new.check().map_err(Refusal::Administrator)?;
        let (project, now) = (self.project_id(), self.now());
        let administrator = Administrator {
            id: self.ids().next(now),
            name: new.name.trim().to_owned(),
            email: new.email.clone(),
            role: new.role,
            created_at: now,
        };
        let mut tx = self.write().await?;
        self.check_email(&mut tx, &administrator).await?;
        tx.insert_administrator(project, &administrator).await?;
        let (subject, detail) = (administrator.id.to_string(), administrator.role.to_string());
        tx.record(project, now, actor, Act::AdministratorAdded, subject, detail).await?;
        tx.commit().await?;
        Ok(administrator)
    }

    /// Changes name, address or role of an administrator; a role holds from the next request on.
    ///
    /// # Errors
    /// [`Refusal::AdministratorUnknown`], [`Refusal::Administrator`], [`Refusal::AdministratorKnown`],
    /// [`Refusal::LastOwner`].
    pub async fn change_administrator(
        &self,
        actor: Actor,
        id: Uuid,
        change: &AdministratorChange,
    ) -> Result<Administrator, Error> {
        self.change_expected_administrator(actor, &Expected::Any, id, change).await
    }

    /// Changes an administrator as [`Manager::change_administrator`] does, if that is still the one that the edit is
    /// meant for.
    ///
    /// # Errors
    /// Those of [`Manager::change_administrator`], [`Refusal::PreconditionFailed`].
    pub async fn change_expected_administrator(
        &self,
        actor: Actor,
        expected: &Expected,
        id: Uuid,
        change: &AdministratorChange,
    ) -> Result<Administrator, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let old = tx.administrator(project, id).await?.ok_or(Refusal::AdministratorUnknown)?;
        if !expected.holds(&old) {
            return Err(Refusal::PreconditionFailed.into());
        }
        let new = Administrator {
            name: change.name.as_deref().map_or_else(|| old.name.clone(), |name| name.trim().to_owned()),
            email: change.email.clone().or_else(|| old.email.clone()),
            role: change.role.unwrap_or(old.role),
            ..old.clone()
        };
        let (name, email) = (new.name.clone(), new.email.clone());
        NewAdministrator { name, email, role: new.role }.check().map_err(Refusal::Administrator)?;
        if !leaves_an_owner(old.role, Some(new.role), tx.count_owners(project).await?) {
            return Err(Refusal::LastOwner.into());
        }
        if old == new {
            return Ok(new);
        }
        self.check_email(&mut tx, &new).await?;
        tx.update_administrator(project, &new).await?;
        let detail =
            if old.role == new.role { String::new() } else { format!("{} to {}", old.role, new.role) };
        tx.record(project, now, actor, Act::AdministratorChanged, id.to_string(), detail).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// Removes an administrator, whose tokens are revoked with it.
    ///
    /// # Errors
    /// [`Refusal::AdministratorUnknown`], [`Refusal::LastOwner`].
    pub async fn remove_administrator(&self, actor: Actor, id: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        let old = tx.administrator(project, id).await?.ok_or(Refusal::AdministratorUnknown)?;
        if !leaves_an_owner(old.role, None, tx.count_owners(project).await?) {
            return Err(Refusal::LastOwner.into());
        }
        tx.remove_administrator(project, id, now).await?;
        tx.record(project, now, actor, Act::AdministratorRemoved, id.to_string(), String::new()).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn check_email(&self, tx: &mut Transaction, administrator: &Administrator) -> Result<(), Error> {
        let Some(email) = &administrator.email else { return Ok(()) };
        match tx.administrator_by_email(self.project_id(), email).await? {
            Some(other) if other != administrator.id => Err(Refusal::AdministratorKnown.into()),
            _ => Ok(()),
        }
    }
}
