//! Looking users up.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::User;
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Device;

/// A phone that redeemed an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeviceSummary {
    /// Names the device.
    pub id: Uuid,
    /// What the holder calls it.
    pub name: String,
    /// What it runs.
    pub platform: String,
    /// Whether it was revoked, for good.
    pub revoked: bool,
}

/// Users that one page has at most.
const PAGE_MAX: u32 = 1000;

impl Manager {
    /// Up to `limit` users (1,000 at most) who follow the user `after`, in the order in which they were added.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn users(&self, after: Option<Uuid>, limit: u32) -> Result<Vec<User>, Error> {
        let mut tx = self.read().await?;
        let after = after.unwrap_or_else(Uuid::nil);
        Ok(tx.users(self.project_id(), after, limit.min(PAGE_MAX), self.now()).await?)
    }

    /// The user of this id.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn user(&self, id: Uuid) -> Result<User, Error> {
        let user = self.read().await?.user(self.project_id(), id, self.now()).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?)
    }

    /// The devices of a user, oldest first.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn devices(&self, user: Uuid) -> Result<Vec<DeviceSummary>, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        if tx.user(project, user, self.now()).await?.is_none() {
            return Err(Refusal::UserUnknown.into());
        }
        let devices = tx.devices(project, user).await?.into_iter();
        Ok(devices
            .map(|Device { id, name, platform, is_revoked, .. }| DeviceSummary {
                id,
                name,
                platform,
                revoked: is_revoked,
            })
            .collect())
    }

    /// The user whom somebody means by an id, an e-mail address or a user ID.
    ///
    /// # Errors
    /// [`Refusal::UserUnknown`].
    pub async fn find_user(&self, text: &str) -> Result<User, Error> {
        let project = self.project_id();
        let mut tx = self.read().await?;
        let mut found = Uuid::parse_str(text).ok();
        if found.is_none() {
            found = tx.user_by_email(project, text).await?;
        }
        if found.is_none() {
            found = tx.user_by_user_id(project, text).await?;
        }
        let user = tx.user(project, found.ok_or(Refusal::UserUnknown)?, self.now()).await?;
        Ok(user.ok_or(Refusal::UserUnknown)?)
    }
}
