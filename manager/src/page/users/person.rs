//! The form of a person.

use crate::domain::{Field as Of, Person};
use crate::error::Refusal;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::Frame;

/// The form with what stands in it, and what is wrong with it.
pub(super) fn form(f: &Frame, person: &Person, refusal: Option<&Refusal>) -> Vec<Field> {
    let wrong = |of: Of| match refusal {
        Some(Refusal::PersonInvalid(errors)) => {
            let mine = errors.iter().filter(|(field, _)| *field == of);
            mine.map(|(_, error)| f.known(&error.to_string()).to_owned()).collect::<Vec<_>>().join("; ")
        }
        Some(Refusal::Taken { field, holder }) if *field == of => f.with("belongs to {} already", holder),
        _ => String::new(),
    };
    let text = |of: Of, label, value: &str| Field::text(of.key(), label, value).wrong(wrong(of));
    vec![
        text(Of::FirstName, f.t("First name"), &person.first_name).optional(),
        text(Of::LastName, f.t("Last name"), &person.last_name),
        text(Of::Email, f.t("E-mail address"), &person.email).of_kind("email", "off"),
        text(Of::UserId, f.t("User ID"), &person.user_id)
            .hinted(f.t("What door readers give to the access control system.")),
        text(Of::SyncId, f.t("Sync ID"), person.sync_id.as_deref().unwrap_or_default())
            .optional()
            .hinted(f.t("The person's identifier in the system that lists come from.")),
    ]
}

/// The person that a form names.
pub(super) fn read(fields: &Fields) -> Person {
    let text = |of: Of| fields.text(of.key()).to_owned();
    Person {
        first_name: text(Of::FirstName),
        last_name: text(Of::LastName),
        email: text(Of::Email),
        user_id: text(Of::UserId),
        sync_id: fields.some(Of::SyncId.key()).map(ToOwned::to_owned),
    }
}

/// Whether a refusal is about the fields of the form.
pub(super) const fn is_about_fields(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::PersonInvalid(_) | Refusal::Taken { .. })
}
