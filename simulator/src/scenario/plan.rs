//! The first part of a scenario: who and what is there.

use std::collections::BTreeMap;

use credential::time::UnixTime;
use jiff::Timestamp;
use manager::domain::{Person, Presence};

use super::document::{Section, Word};
use crate::output::DoorOutput;
use crate::world::{DoorPlan, LinkKind, LinkSettings, PersonPlan, PhonePlan, ProjectPlan, WorldPlan};

/// A Monday morning.
const START: UnixTime = UnixTime(1_772_438_400);

/// The IDs of people who have none count from here.
const FIRST_USER_ID: usize = 1_001;

/// What a scenario has named.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) projects: Vec<String>,
    pub(crate) people: Vec<String>,
    pub(crate) phones: Vec<String>,
    pub(crate) doors: Vec<String>,
    links: BTreeMap<String, LinkSettings>,
}

/// The words for the presence of a holder.
pub(super) const PRESENCES: [(&str, Presence); 3] =
    [("none", Presence::None), ("unlocked", Presence::Unlocked), ("verified", Presence::Verified)];

impl Names {
    /// The names of the links.
    pub(super) fn link_names(&self) -> Vec<String> {
        self.links.keys().cloned().collect()
    }

    /// A link that a section names.
    pub(super) fn link(&self, section: &Section<'_>) -> Option<LinkSettings> {
        let Word { text, at } = section.word("link")?;
        let found = self.links.get(&text);
        if found.is_none() {
            let known: Vec<&str> = self.links.keys().map(String::as_str).collect();
            let known = known.join(", ");
            section.problems().add(at, format!("there is no link {text:?}; there are: {known}"));
        }
        found.copied()
    }
}

/// Reads who and what is there.
pub(super) fn read(root: &Section<'_>) -> (WorldPlan, Names) {
    let mut names = Names::default();
    for kind in LinkKind::ALL {
        names.links.insert(kind.name().to_owned(), kind.usual());
    }
    for (name, section) in root.named_tables("link") {
        let settings = link(&section);
        section.finish();
        names.links.insert(name, settings);
    }
    let mut projects: Vec<ProjectPlan> = root.tables("project").into_iter().map(project).collect();
    if projects.is_empty() {
        projects.push(ProjectPlan::default());
    }
    names.projects = projects.iter().map(|project| project.name.clone()).collect();
    let mut people = Vec::new();
    for section in root.tables("person") {
        people.extend(person(section, people.len(), &names));
    }
    names.people = people.iter().map(|person: &PersonPlan| person.name.clone()).collect();
    let phones: Vec<PhonePlan> = root.tables("phone").into_iter().filter_map(phone).collect();
    names.phones = phones.iter().map(|phone| phone.name.clone()).collect();
    let doors: Vec<DoorPlan> =
        root.tables("door").into_iter().filter_map(|section| door(section, &names)).collect();
    names.doors = doors.iter().map(|door| door.name.clone()).collect();
    twice(root, "person", &names.people);
    twice(root, "phone", &names.phones);
    twice(root, "door", &names.doors);
    let seed = root.number("seed").and_then(|seed| u64::try_from(seed).ok()).unwrap_or(1);
    let plan = WorldPlan { seed, start: start(root), projects, people, phones, doors };
    (plan, names)
}

fn twice(root: &Section<'_>, kind: &str, names: &[String]) {
    for (index, name) in names.iter().enumerate() {
        if names.iter().take(index).any(|other| other == name) {
            root.problems().add(root.at(), format!("there are two of [[{kind}]] with the name {name:?}"));
        }
    }
}

fn start(root: &Section<'_>) -> UnixTime {
    let Some(Word { text, at }) = root.word("start") else { return START };
    let time = text.parse::<Timestamp>().ok().and_then(|time| u32::try_from(time.as_second()).ok());
    if time.is_none() {
        root.problems().add(at, format!("{text:?} is not a time; write 2026-03-02T08:00:00Z"));
    }
    time.map_or(START, UnixTime)
}

fn project(section: Section<'_>) -> ProjectPlan {
    let usual = ProjectPlan::default();
    let plan = ProjectPlan {
        name: section.needed("name").map_or(usual.name, |word| word.text),
        invitation_life_s: section.seconds("invitation_life").unwrap_or(usual.invitation_life_s),
        credential_life_s: section.seconds("credential_life").unwrap_or(usual.credential_life_s),
        time_zone: section.text("time_zone").unwrap_or(usual.time_zone),
    };
    section.finish();
    plan
}

fn person(section: Section<'_>, index: usize, names: &Names) -> Option<PersonPlan> {
    let name = section.needed("name").map(|word| word.text);
    let project = section.one_of("project", "project", &names.projects).unwrap_or(0);
    let called = name.clone().unwrap_or_default();
    let or = |key: &'static str, usual: String| section.text(key).unwrap_or(usual);
    let person = Person {
        first_name: or("first_name", capital(&called)),
        last_name: or("last_name", "Example".to_owned()),
        email: or("email", format!("{}@example.org", called.to_lowercase().replace(' ', "."))),
        user_id: or("user_id", FIRST_USER_ID.saturating_add(index).to_string()),
        sync_id: section.text("sync_id"),
    };
    let added = section.flag("added").unwrap_or(true);
    section.finish();
    Some(PersonPlan { name: name?, project, person, added })
}

fn phone(section: Section<'_>) -> Option<PhonePlan> {
    let name = section.needed("name").map(|word| word.text);
    let delay_us = section.duration("delay").unwrap_or(0);
    section.finish();
    Some(PhonePlan { name: name?, delay_us })
}

fn door(section: Section<'_>, names: &Names) -> Option<DoorPlan> {
    let name = section.needed("name").map(|word| word.text);
    let plan = DoorPlan {
        name: name.clone().unwrap_or_default(),
        project: section.one_of("project", "project", &names.projects).unwrap_or(0),
        output: output(&section).unwrap_or_default(),
        presence: section.choice("presence", &PRESENCES).unwrap_or_default(),
        knows_time: section.choice("clock", &[("set", true), ("unset", false)]).unwrap_or(true),
        drift_ppm: section.number("drift_ppm").and_then(|drift| i32::try_from(drift).ok()).unwrap_or(0),
        delay_us: section.duration("delay").unwrap_or(0),
        link: names.link(&section).unwrap_or_else(|| LinkKind::Nfc.usual()),
    };
    section.finish();
    name.map(|_| plan)
}

/// How a door writes the user ID.
pub(super) fn output(section: &Section<'_>) -> Option<DoorOutput> {
    let Word { text, at } = section.word("output")?;
    match text.parse() {
        Ok(output) => Some(output),
        Err(why) => {
            section.problems().add(at, format!("{text:?} is not an output: {why}"));
            None
        }
    }
}

fn link(section: &Section<'_>) -> LinkSettings {
    let kinds = LinkKind::ALL.map(|kind| (kind.name(), kind));
    if section.word("kind").is_none() {
        section.miss("kind");
    }
    let usual = section.choice("kind", &kinds).unwrap_or(LinkKind::Nfc).usual();
    LinkSettings {
        kind: usual.kind,
        connect_us: section.duration("connect").unwrap_or(usual.connect_us),
        latency_us: section.duration("latency").unwrap_or(usual.latency_us),
        jitter_us: section.duration("jitter").unwrap_or(usual.jitter_us),
        interval_us: section.duration("interval").unwrap_or(usual.interval_us),
        bits_per_second: section
            .count("bits_per_second")
            .and_then(|bits| u64::try_from(bits).ok())
            .unwrap_or(usual.bits_per_second),
        loss: section.percent("loss").unwrap_or(usual.loss),
        corruption: section.percent("corruption").unwrap_or(usual.corruption),
        att_mtu: section
            .count("att_mtu")
            .and_then(|octets| u16::try_from(octets).ok())
            .unwrap_or(usual.att_mtu),
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
