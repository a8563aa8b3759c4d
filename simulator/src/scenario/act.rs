//! What can be done in a step.

use credential::object::Presence;
use manager::domain::PersonEdit;

use super::document::{Section, Word, duration_us};
use super::plan::{Names, PRESENCES, output};
use crate::output::DoorOutput;
use crate::world::TapPlan;

/// What is done; numbers are those of people, phones, doors and projects in the order in which they are named.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Wait { us: u64 },
    Tap { phone: usize, door: usize, plan: TapPlan },
    Invite { person: usize, life_s: Option<u32> },
    Activate { phone: usize, person: usize, before: usize },
    Person { person: usize, change: PersonChange },
    Edit { person: usize, edit: PersonEdit },
    LookPerson { person: usize },
    Import { project: usize, csv: String, confirmed: bool },
    Jobs { project: usize },
    Key { project: usize, change: KeyChange, forced: bool },
    Phone { phone: usize, change: PhoneChange },
    PhoneClock { phone: usize, ahead_s: Option<i64> },
    LookPhone { phone: usize, card: usize },
    Door { door: usize, change: DoorChange },
    EditDoor { door: usize, presence: Option<manager::domain::Presence>, output: Option<DoorOutput> },
    LookDoor { door: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PersonChange {
    Suspend,
    Resume,
    Revoke,
    Reset,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyChange {
    Make,
    Activate,
    Retire,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PhoneChange {
    Renew,
    Sync,
    Deliver,
    GiveBack,
    Online(bool),
    Power(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DoorChange {
    Configure,
    BringList,
    SetClock,
    Power(bool),
    Replace,
    Revoke,
}

/// Every act: its name, what it reads, and what is known when it is done.
pub(crate) const ACTS: [(&str, &str, &[&str]); 35] = [
    ("wait", "for", &["result"]),
    (
        "tap",
        "phone, door, link, presence, leaves_after, battery_dies_after, together",
        &["result", "path", "output", "reason", "told", "list", "time", "pairs", "octets", "ms"],
    ),
    ("invite", "person, life", RESULT),
    ("activate", "phone, person, older", &["result", "user_id"]),
    ("suspend", "person", LIST),
    ("resume", "person", LIST),
    ("revoke", "person", LIST),
    ("reset", "person", LIST),
    ("delete", "person", LIST),
    ("edit", "person, first_name, last_name, email, user_id", RESULT),
    ("look-at-person", "person", &["result", "status", "phones", "revoked", "user_id"]),
    ("import", "csv, project, confirmed", &["result", "added", "changed", "deleted", "unchanged", "skipped"]),
    ("run-jobs", "project", RESULT),
    ("make-key", "project", KEY),
    ("activate-key", "project, forced", KEY),
    ("retire-key", "project, forced", KEY),
    ("renew", "phone", RESULT),
    ("sync", "phone", &["result", "list"]),
    ("deliver", "phone", &["result", "reports"]),
    ("give-back", "phone", RESULT),
    ("go-online", "phone", RESULT),
    ("go-offline", "phone", RESULT),
    ("charge", "phone", RESULT),
    ("empty-battery", "phone", RESULT),
    ("set-phone-clock", "phone, ahead", RESULT),
    ("look-at-phone", "phone, card", &["result", "cards", "state", "warning", "user_id", "reports"]),
    ("configure", "door", &["result", "version"]),
    ("bring-list", "door", &["result", "version"]),
    ("set-clock", "door", RESULT),
    ("edit-door", "door, presence, output", RESULT),
    (
        "look-at-door",
        "door",
        &["result", "reader", "list", "configuration", "clock", "ahead_s", "events", "taps", "proven"],
    ),
    ("cut-power", "door", RESULT),
    ("restore-power", "door", RESULT),
    ("replace-reader", "door", &["result", "reader"]),
    ("revoke-reader", "door", &["result", "version"]),
];

const RESULT: &[&str] = &["result"];
const LIST: &[&str] = &["result", "list"];
const KEY: &[&str] = &["result", "key"];

impl Act {
    /// Reads the act that a step names; what it may name is then known to the section.
    pub(super) fn read(section: &Section<'_>, name: &Word, names: &Names) -> Option<Self> {
        let person = || section.need_one_of("person", "person", &names.people);
        let phone = || section.need_one_of("phone", "phone", &names.phones);
        let door = || section.need_one_of("door", "door", &names.doors);
        let project = || section.one_of("project", "project", &names.projects).unwrap_or(0);
        let change_person = |change| Some(Self::Person { person: person()?, change });
        let change_key = |change| {
            let forced = section.flag("forced").unwrap_or(false);
            Some(Self::Key { project: project(), change, forced })
        };
        let change_phone = |change| Some(Self::Phone { phone: phone()?, change });
        let change_door = |change| Some(Self::Door { door: door()?, change });
        match name.text.as_str() {
            "wait" => {
                if section.word("for").is_none() {
                    section.miss("for");
                }
                Some(Self::Wait { us: section.duration("for")? })
            }
            "tap" => tap(section, names, phone(), door()),
            "invite" => Some(Self::Invite { life_s: section.seconds("life"), person: person()? }),
            "activate" => {
                let (phone, person) = (phone(), person());
                let before = section.count("older").unwrap_or(0);
                Some(Self::Activate { phone: phone?, person: person?, before })
            }
            "suspend" => change_person(PersonChange::Suspend),
            "resume" => change_person(PersonChange::Resume),
            "revoke" => change_person(PersonChange::Revoke),
            "reset" => change_person(PersonChange::Reset),
            "delete" => change_person(PersonChange::Delete),
            "edit" => {
                let edit = PersonEdit {
                    first_name: section.text("first_name"),
                    last_name: section.text("last_name"),
                    email: section.text("email"),
                    user_id: section.text("user_id"),
                    sync_id: None,
                };
                Some(Self::Edit { person: person()?, edit })
            }
            "look-at-person" => Some(Self::LookPerson { person: person()? }),
            "import" => {
                let confirmed = section.flag("confirmed").unwrap_or(false);
                let project = project();
                Some(Self::Import { project, csv: section.needed("csv")?.text, confirmed })
            }
            "run-jobs" => Some(Self::Jobs { project: project() }),
            "make-key" => change_key(KeyChange::Make),
            "activate-key" => change_key(KeyChange::Activate),
            "retire-key" => change_key(KeyChange::Retire),
            "renew" => change_phone(PhoneChange::Renew),
            "sync" => change_phone(PhoneChange::Sync),
            "deliver" => change_phone(PhoneChange::Deliver),
            "give-back" => change_phone(PhoneChange::GiveBack),
            "go-online" => change_phone(PhoneChange::Online(true)),
            "go-offline" => change_phone(PhoneChange::Online(false)),
            "charge" => change_phone(PhoneChange::Power(true)),
            "empty-battery" => change_phone(PhoneChange::Power(false)),
            "set-phone-clock" => {
                let ahead_s = ahead(section);
                Some(Self::PhoneClock { phone: phone()?, ahead_s: ahead_s? })
            }
            "look-at-phone" => {
                let card = section.count("card").unwrap_or(1);
                Some(Self::LookPhone { phone: phone()?, card })
            }
            "configure" => change_door(DoorChange::Configure),
            "bring-list" => change_door(DoorChange::BringList),
            "set-clock" => change_door(DoorChange::SetClock),
            "edit-door" => {
                let presence = section.choice("presence", &PRESENCES);
                let output = output(section);
                Some(Self::EditDoor { door: door()?, presence, output })
            }
            "look-at-door" => Some(Self::LookDoor { door: door()? }),
            "cut-power" => change_door(DoorChange::Power(false)),
            "restore-power" => change_door(DoorChange::Power(true)),
            "replace-reader" => change_door(DoorChange::Replace),
            "revoke-reader" => change_door(DoorChange::Revoke),
            other => {
                let known: Vec<&str> = ACTS.iter().map(|(name, ..)| *name).collect();
                let text = format!("nothing is called {other:?}; what can be done is: {}", known.join(", "));
                section.problems().add(name.at, text);
                None
            }
        }
    }
}

fn tap(section: &Section<'_>, names: &Names, phone: Option<usize>, door: Option<usize>) -> Option<Act> {
    use manager::domain::Presence as Demanded;
    let presence = match section.choice("presence", &PRESENCES).unwrap_or_default() {
        Demanded::None => Presence::None,
        Demanded::Unlocked => Presence::Unlocked,
        Demanded::Verified => Presence::Verified,
    };
    let plan = TapPlan {
        link: names.link(section),
        presence,
        leaves_after: section.count("leaves_after"),
        dies_after: section.count("battery_dies_after"),
    };
    Some(Act::Tap { phone: phone?, door: door?, plan })
}

/// By how much a clock is wrong; `Some(None)` if it is not set.
fn ahead(section: &Section<'_>) -> Option<Option<i64>> {
    let Word { text, at } = section.needed("ahead")?;
    if text == "unset" {
        return Some(None);
    }
    let ahead_s = duration_us(&text).map(|us| us / 1_000_000);
    if ahead_s.is_none() {
        section
            .problems()
            .add(at, format!("{text:?} is neither a duration, such as `2h` or `-10m`, nor `unset`"));
    }
    ahead_s.map(Some)
}
