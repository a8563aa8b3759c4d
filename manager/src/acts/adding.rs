//! Adding a user, and what only one user can have.

use uuid::Uuid;

use crate::domain::{Act, Actor, Field, Person, User};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Transaction;

impl Manager {
    /// Adds a user, not yet invited; white space around the values does not count.
    ///
    /// # Errors
    /// [`Refusal::PersonInvalid`] with every field that breaks its rules, [`Refusal::Taken`].
    pub async fn add_user(&self, actor: Actor, person: &Person) -> Result<User, Error> {
        let (project, now) = (self.project_id(), self.now());
        let person = valid(person.trimmed())?;
        let id = self.ids().next(now);
        let mut tx = self.write().await?;
        self.refuse_taken(&mut tx, &person, None).await?;
        tx.insert_user(project, id, &person, now).await?;
        tx.roster_changed(project).await?;
        tx.record(project, now, actor, Act::UserAdded, id.to_string(), String::new()).await?;
        let user = tx.user(project, id, now).await?.ok_or(Refusal::UserUnknown)?;
        tx.commit().await?;
        Ok(user)
    }

    /// Refuses a person whose address or ID another user has than `own`.
    pub(super) async fn refuse_taken(
        &self,
        tx: &mut Transaction,
        person: &Person,
        own: Option<Uuid>,
    ) -> Result<(), Error> {
        let project = self.project_id();
        let mut holders = vec![
            (Field::Email, tx.user_by_email(project, &person.email).await?),
            (Field::UserId, tx.user_by_user_id(project, &person.user_id).await?),
        ];
        if let Some(sync_id) = &person.sync_id {
            holders.push((Field::SyncId, tx.user_by_sync_id(project, sync_id).await?));
        }
        for (field, holder) in holders {
            if let Some(holder) = holder.filter(|holder| Some(*holder) != own) {
                let holder = tx.user(project, holder, self.now()).await?.ok_or(Refusal::UserUnknown)?;
                return Err(Refusal::Taken { field, holder: holder.person.full_name() }.into());
            }
        }
        Ok(())
    }
}

/// The person, unless a field breaks its rules.
pub(super) fn valid(person: Person) -> Result<Person, Refusal> {
    let errors = person.check();
    if errors.is_empty() { Ok(person) } else { Err(Refusal::PersonInvalid(errors)) }
}
