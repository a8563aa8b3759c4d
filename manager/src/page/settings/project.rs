//! Name, address and time zone of the project, and for how long what it gives out is good.

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;

use super::wrong;
use crate::domain::{Expected, Project, ProjectChange, ReminderChange, Version};
use crate::http::access::need::{SettingsRead, SettingsWrite};
use crate::page::access::{Sent, Signed};
use crate::page::failure::Answer;
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::{Frame, show};
use crate::page::site::Page;

const HOUR_S: u32 = 3600;
const DAY_S: u32 = 24 * HOUR_S;

#[derive(Template)]
#[template(path = "settings/project.html")]
struct Shown {
    f: Frame,
    tab: &'static str,
    error: String,
    version: String,
    about: Vec<Field>,
    lives: Vec<Field>,
    reminders: Vec<Field>,
    when_expired: bool,
    when_card_expired: bool,
}

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/settings", get(page).post(save))
}

async fn page(signed: Signed<SettingsRead>) -> Answer {
    let project = signed.manager().settings().await?;
    shown(&signed, &as_fields(&project), StatusCode::OK, String::new())
}

fn shown<N>(signed: &Signed<N>, fields: &Fields, status: StatusCode, error: String) -> Answer {
    let f = signed.frame().clone().at("settings");
    let text = |name, label| Field::text(name, label, fields.text(name));
    let number = |name, label| text(name, label).of_kind("number", "off").optional();
    let about = vec![
        text("name", f.t("Name of the project")),
        text("time_zone", f.t("Time zone")).hinted(f.t("A name such as Europe/Berlin.")),
        text("public_url", f.t("Address of the manager")).of_kind("url", "off").hinted(f.t(
            "Phones and passkeys know it: with another address, invitations that wait and passkeys are good no more.",
        )),
    ];
    let units = |name, label| {
        let options = [("days", f.t("days")), ("hours", f.t("hours")), ("seconds", f.t("seconds"))];
        let options = options.map(|(value, label)| (value.to_owned(), label.to_owned())).to_vec();
        Field { options, ..text(name, label).of_kind("choice", "off") }
    };
    let lives = vec![
        text("invitation_life", f.t("Invitations are good for")).of_kind("number", "off"),
        units("invitation_unit", f.t("Unit, for invitations")),
        text("credential_life", f.t("Credentials on phones are good for"))
            .of_kind("number", "off")
            .hinted(f.t("Phones renew them by themselves after a third of that, where they have a network.")),
        units("credential_unit", f.t("Unit, for credentials")),
    ];
    let reminders = vec![
        number("after_days", f.t("Remind of an invitation after so many days")),
        number("before_expiry_hours", f.t("Remind of an invitation so many hours before its end")),
        number("card_expiry_days", f.t("Tell of the end of a card so many days before")),
    ];
    let page = Shown {
        tab: "project",
        error,
        version: fields.text("version").to_owned(),
        about,
        lives,
        reminders,
        when_expired: fields.is_set("when_expired"),
        when_card_expired: fields.is_set("when_card_expired"),
        f,
    };
    Ok((status, show(&page)?).into_response())
}

/// The settings as the form has them.
fn as_fields(project: &Project) -> Fields {
    let optional = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
    let (invitation_life, invitation_unit) = in_words(project.invitation_life_s);
    let (credential_life, credential_unit) = in_words(project.credential_life_s);
    let reminders = project.reminders;
    let mut fields = Fields::default()
        .replacing("version", &Version::of(project).tag())
        .replacing("name", &project.name)
        .replacing("time_zone", &project.time_zone)
        .replacing("public_url", &project.public_url)
        .replacing("invitation_life", &invitation_life)
        .replacing("invitation_unit", invitation_unit)
        .replacing("credential_life", &credential_life)
        .replacing("credential_unit", credential_unit)
        .replacing("after_days", &optional(reminders.after_days))
        .replacing("before_expiry_hours", &optional(reminders.before_expiry_hours))
        .replacing("card_expiry_days", &optional(reminders.card_expiry_days));
    for (name, is_set) in
        [("when_expired", reminders.when_expired), ("when_card_expired", reminders.when_card_expired)]
    {
        if is_set {
            fields = fields.replacing(name, "yes");
        }
    }
    fields
}

/// A time in the largest unit that it is whole in.
fn in_words(seconds: u32) -> (String, &'static str) {
    let (unit, name) = match seconds {
        seconds if seconds.is_multiple_of(DAY_S) => (DAY_S, "days"),
        seconds if seconds.is_multiple_of(HOUR_S) => (HOUR_S, "hours"),
        _ => (1, "seconds"),
    };
    (seconds.checked_div(unit).unwrap_or(seconds).to_string(), name)
}

/// A time as the form has it, in seconds; `None` if it is no number.
fn life(fields: &Fields, value: &str, unit: &str) -> Option<u32> {
    let unit = match fields.text(unit) {
        "days" => DAY_S,
        "hours" => HOUR_S,
        _ => 1,
    };
    fields.text(value).trim().parse::<u32>().ok().map(|value| value.saturating_mul(unit))
}

/// A number that may be left out.
fn optional(fields: &Fields, name: &str) -> Option<Option<u32>> {
    match fields.text(name).trim() {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

/// The change that a form asks for; `None` if a number is none.
fn change(fields: &Fields) -> Option<ProjectChange> {
    let text = |name| Some(fields.text(name).to_owned());
    Some(ProjectChange {
        name: text("name"),
        time_zone: text("time_zone"),
        public_url: text("public_url"),
        invitation_life_s: Some(life(fields, "invitation_life", "invitation_unit")?),
        credential_life_s: Some(life(fields, "credential_life", "credential_unit")?),
        reminders: ReminderChange {
            after_days: Some(optional(fields, "after_days")?),
            before_expiry_hours: Some(optional(fields, "before_expiry_hours")?),
            when_expired: Some(fields.is_set("when_expired")),
            card_expiry_days: Some(optional(fields, "card_expiry_days")?),
            when_card_expired: Some(fields.is_set("when_card_expired")),
        },
    })
}

async fn save(sent: Sent<SettingsWrite>) -> Answer {
    let f = sent.frame();
    let refused = |error| shown(&sent, &sent.fields, StatusCode::UNPROCESSABLE_ENTITY, error);
    let Some(change) = change(&sent.fields) else {
        return refused(f.t("Times and numbers are whole numbers.").to_owned());
    };
    let expected = Expected::OneOf(vec![sent.fields.text("version").to_owned()]);
    match sent.manager().edit_expected_project(sent.actor(), &expected, &change).await {
        Ok(_) => Ok(f.go_saying("/settings", f.t("Saved."))),
        Err(error) => refused(wrong(f, error)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::NewProject;

    #[test]
    fn the_form_of_a_project_asks_for_that_project() {
        for life_s in [HOUR_S, 36 * HOUR_S, 7 * DAY_S, 5000] {
            let new = NewProject {
                invitation_life_s: life_s,
                credential_life_s: 7 * DAY_S,
                ..NewProject::named("Works")
            };
            let project = new.into_project(crate::domain::ProjectId([7; 8]), crate::domain::UnixTime(0));
            let change = change(&as_fields(&project)).unwrap();
            assert_eq!(change.applied(&project), Ok((project, Vec::new())));
        }
        assert_eq!(in_words(36 * HOUR_S), ("36".to_owned(), "hours"));
        assert!(change(&Fields::parse(b"invitation_life=x&credential_life=1")).is_none());
    }
}
