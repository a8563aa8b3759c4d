//! People, and what their phones do with what they are sent.

use anyhow::{Context, Result, anyhow, ensure};
use manager::domain::{Actor, Person, User};
use phone_sdk::{Card, Invitation};
use uuid::Uuid;

use super::{Phone, PhonePlan, World};

/// What is set about a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonPlan {
    /// What scenarios call the person.
    pub name: String,
    /// The project that knows the person.
    pub project: usize,
    /// What the manager knows.
    pub person: Person,
    /// Whether the manager knows the person from the beginning; otherwise a list brings the person.
    pub added: bool,
}

/// Somebody.
#[derive(Clone, Debug)]
pub struct Somebody {
    /// What is set.
    pub plan: PersonPlan,
    id: Option<Uuid>,
    /// The links of all invitations, the newest last.
    pub(crate) invitations: Vec<String>,
}

impl World {
    pub(super) fn add_person(&mut self, plan: PersonPlan) -> Result<usize> {
        let id = if plan.added {
            let manager = self.office.manager(plan.project)?;
            let added = self.office.run(manager.add_user(Actor::Operator, &plan.person));
            Some(added.with_context(|| format!("{} is refused", plan.name))?.id)
        } else {
            None
        };
        self.people.push(Somebody { plan, id, invitations: Vec::new() });
        Ok(self.people.len().saturating_sub(1))
    }

    pub(super) fn add_phone(&mut self, plan: PhonePlan) -> Result<usize> {
        self.phones.push(Phone::new(plan, &self.clock, &self.office, &self.seeds)?);
        Ok(self.phones.len().saturating_sub(1))
    }

    /// Somebody as the manager knows the person.
    ///
    /// # Errors
    /// When the manager does not.
    pub fn user(&mut self, person: usize) -> Result<User> {
        let known = self.people.get(person).context("there is no such person")?;
        let (plan, id) = (known.plan.clone(), known.id);
        let manager = self.office.manager(plan.project)?.clone();
        let found = match id {
            Some(id) => self.office.run(manager.user(id)),
            None => self.office.run(manager.find_user(&plan.person.email)),
        };
        let user = found?;
        if let Some(known) = self.people.get_mut(person) {
            known.id = Some(user.id);
        }
        Ok(user)
    }

    /// Opens an invitation on a phone: the newest of the person's, or the one so many before it.
    ///
    /// # Errors
    /// Whatever keeps the phone from getting its card.
    pub fn activate(&mut self, phone: usize, person: usize, before: usize) -> Result<Card> {
        let somebody = self.people.get(person).context("there is no such person")?;
        let link = somebody.invitations.iter().rev().nth(before);
        let link = link.ok_or_else(|| anyhow!("{} has not been invited", somebody.plan.name))?;
        let at = self.phone(phone)?;
        let card = at.wallet.activate(&Invitation::from_link(link)?)?;
        self.set_alarm(phone);
        Ok(card)
    }

    /// A phone that has power.
    ///
    /// # Errors
    /// When it has none, or is not there.
    pub fn phone(&self, phone: usize) -> Result<&Phone> {
        let phone = self.phones.get(phone).context("there is no such phone")?;
        ensure!(phone.powered, "the battery of phone {} is empty", phone.name());
        Ok(phone)
    }
}
