//! The scenarios that ship, compiled in, so that the lab has them wherever it is started.

use serde_json::{Value, json};

use crate::scenario::Scenario;

/// What the lab begins with.
pub(super) const STREET: &str = include_str!("street.toml");

/// Names and texts.
const SHIPPED: [(&str, &str); 31] = [
    ("a-week-in-the-house", include_str!("../../scenarios/a-week-in-the-house.toml")),
    ("battery-dies", include_str!("../../scenarios/battery-dies.toml")),
    ("corrupted-link", include_str!("../../scenarios/corrupted-link.toml")),
    ("courier-brings-list", include_str!("../../scenarios/courier-brings-list.toml")),
    ("credential-expired", include_str!("../../scenarios/credential-expired.toml")),
    ("first-day-at-work", include_str!("../../scenarios/first-day-at-work.toml")),
    ("holder-gives-the-card-back", include_str!("../../scenarios/holder-gives-the-card-back.toml")),
    ("invitation-expired", include_str!("../../scenarios/invitation-expired.toml")),
    ("invitation-used-twice", include_str!("../../scenarios/invitation-used-twice.toml")),
    ("issuer-key-rotation", include_str!("../../scenarios/issuer-key-rotation.toml")),
    ("list-removes-a-person", include_str!("../../scenarios/list-removes-a-person.toml")),
    ("lossy-ble", include_str!("../../scenarios/lossy-ble.toml")),
    ("lost-phone", include_str!("../../scenarios/lost-phone.toml")),
    ("phone-offline-too-long", include_str!("../../scenarios/phone-offline-too-long.toml")),
    ("phone-with-wrong-clock", include_str!("../../scenarios/phone-with-wrong-clock.toml")),
    ("power-cut", include_str!("../../scenarios/power-cut.toml")),
    ("presence-demanded", include_str!("../../scenarios/presence-demanded.toml")),
    ("reader-replaced", include_str!("../../scenarios/reader-replaced.toml")),
    ("reader-with-wrong-clock", include_str!("../../scenarios/reader-with-wrong-clock.toml")),
    ("reader-without-clock", include_str!("../../scenarios/reader-without-clock.toml")),
    ("reinvited", include_str!("../../scenarios/reinvited.toml")),
    ("slow-ble-interval", include_str!("../../scenarios/slow-ble-interval.toml")),
    ("stale-list", include_str!("../../scenarios/stale-list.toml")),
    ("suspended-and-resumed", include_str!("../../scenarios/suspended-and-resumed.toml")),
    ("ticket-used-once", include_str!("../../scenarios/ticket-used-once.toml")),
    ("time-token", include_str!("../../scenarios/time-token.toml")),
    ("two-phones-at-one-door", include_str!("../../scenarios/two-phones-at-one-door.toml")),
    ("two-projects-on-one-phone", include_str!("../../scenarios/two-projects-on-one-phone.toml")),
    ("user-deleted", include_str!("../../scenarios/user-deleted.toml")),
    ("user-edited", include_str!("../../scenarios/user-edited.toml")),
    ("visitors", include_str!("../../scenarios/visitors.toml")),
];

/// Names, titles, and what each shows.
pub(super) fn list() -> Value {
    let entry = |(name, text): &(&str, &str)| {
        let scenario = Scenario::parse(text).ok()?;
        Some(json!({ "name": name, "title": scenario.title, "about": scenario.about }))
    };
    SHIPPED.iter().filter_map(entry).collect()
}

/// The text of one.
pub(super) fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::find;

    #[test]
    fn every_scenario_of_the_folder_is_there() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let found: Vec<String> = find(&[folder]).unwrap().into_iter().map(|found| found.name).collect();
        assert_eq!(found, SHIPPED.map(|(name, _)| name));
        assert_eq!(list().as_array().unwrap().len(), found.len());
    }
}
