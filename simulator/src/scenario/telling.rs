//! What is done, in words.

use super::act::{Act, DoorChange, KeyChange, PersonChange, PhoneChange};
use crate::world::World;

impl World {
    /// Whom an act concerns, and what it is.
    pub(super) fn told(&self, act: &Act) -> (String, &'static str) {
        let person = |index: &usize| self.people.get(*index).map(|person| person.plan.name.clone());
        let phone = |index: &usize| self.phones.get(*index).map(|phone| phone.name().to_owned());
        let door = |index: &usize| self.doors.get(*index).map(|door| door.name().to_owned());
        let (who, what) = match act {
            Act::Wait { .. } => (None, "time passes"),
            Act::Tap { door: at, .. } => (door(at), "a phone is held to it"),
            Act::Invite { person: whom, .. } => (person(whom), "is invited"),
            Act::Activate { phone: on, .. } => (phone(on), "opens an invitation"),
            Act::Person { person: whom, change } => (
                person(whom),
                match change {
                    PersonChange::Suspend => "is suspended",
                    PersonChange::Resume => "is no longer suspended",
                    PersonChange::Revoke => "has the phones revoked",
                    PersonChange::Reset => "is reset",
                    PersonChange::Delete => "is deleted",
                },
            ),
            Act::Edit { person: whom, .. } => (person(whom), "is edited"),
            Act::LookPerson { person: whom } => (person(whom), "stands so"),
            Act::Import { .. } => (None, "a list of people is imported"),
            Act::Jobs { .. } => (None, "the manager does what is due"),
            Act::Key { change, .. } => (
                None,
                match change {
                    KeyChange::Make => "an issuer key is made",
                    KeyChange::Activate => "the new issuer key signs",
                    KeyChange::Retire => "the old issuer key is retired",
                },
            ),
            Act::Phone { phone: on, change } => (
                phone(on),
                match change {
                    PhoneChange::Renew => "renews",
                    PhoneChange::Sync => "fetches list and time",
                    PhoneChange::Deliver => "delivers reports",
                    PhoneChange::GiveBack => "gives its card back",
                    PhoneChange::Online(true) => "has a network",
                    PhoneChange::Online(false) => "has no network",
                    PhoneChange::Power(true) => "is charged",
                    PhoneChange::Power(false) => "has an empty battery",
                },
            ),
            Act::PhoneClock { phone: on, .. } => (phone(on), "has its clock set"),
            Act::LookPhone { phone: on, .. } => (phone(on), "shows"),
            Act::Door { door: at, change } => (
                door(at),
                match change {
                    DoorChange::Configure => "takes its newest configuration",
                    DoorChange::BringList => "is brought the newest list",
                    DoorChange::SetClock => "is brought the time",
                    DoorChange::Power(false) => "has no power",
                    DoorChange::Power(true) => "has power again",
                    DoorChange::Replace => "gets another reader",
                    DoorChange::Revoke => "has its reader revoked",
                },
            ),
            Act::EditDoor { door: at, .. } => (door(at), "is edited"),
            Act::LookDoor { door: at } => (door(at), "is looked at"),
        };
        (who.unwrap_or_else(|| "manager".to_owned()), what)
    }
}
