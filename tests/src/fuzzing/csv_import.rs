//! A list of people of any octets, and what an import would make of it.

use std::collections::HashSet;

use manager::domain::{
    Confirmation, Mode, Person, Plan, Roster, RosterEntry, SheetRow, Step, UserStatus, email_key, plan,
};
use manager::import::{Sheet, export, read};
use uuid::Uuid;

use super::input::Input;

/// Never panics; what is read keeps the rules of its fields and is planned so that the list comes out.
pub fn csv_import(octets: &[u8]) {
    let mut input = Input::new(octets);
    let statuses = input.octet();
    let before = input.long_string();
    let before = read_checked(before).map_or(Vec::new(), |sheet| sheet.rows);
    let Some(list) = read_checked(input.rest()) else { return };
    let empty = Roster::default();
    assert_eq!(checked(&empty, &list).counts.added, list.rows.len());
    checked(&roster(&before, statuses), &list);
    // Who is in the list already is left as it is.
    let after = checked(&roster(&list.rows, 0), &list);
    assert!(after.steps.is_empty() && after.counts.unchanged == list.rows.len());
}

fn read_checked(octets: &[u8]) -> Option<Sheet> {
    let sheet = match read(octets) {
        Ok(sheet) => sheet,
        Err(errors) => {
            assert!(!errors.0.is_empty());
            let lines = octets.iter().filter(|octet| matches!(octet, b'\n' | b'\r')).count() + 1;
            for error in &errors.0 {
                assert!(!error.to_string().is_empty());
                assert!(error.line.is_none_or(|line| (1..=lines).contains(&usize::try_from(line).unwrap())));
            }
            return None;
        }
    };
    assert!(sheet.rows.is_sorted_by(|a, b| a.line < b.line));
    let people = || sheet.rows.iter().map(|row| &row.person);
    for person in people() {
        assert_eq!(person.check(), [], "what is read keeps the rules");
        assert!(person.sync_id.is_none() || sheet.has_sync_ids);
        assert!(credential::id::UserId::new(person.user_id.as_bytes()).is_ok(), "every ID fits a credential");
    }
    assert_distinct(people());
    let again = read(exported(&sheet).as_bytes());
    assert!(sheet.rows.is_empty() || again.unwrap().rows.iter().map(|row| &row.person).eq(people()));
    Some(sheet)
}

/// The sheet as the manager exports it.
fn exported(sheet: &Sheet) -> String {
    let rows = sheet.rows.iter().map(|SheetRow { person, .. }| export::row(person));
    std::iter::once(export::header()).chain(rows).collect()
}

fn assert_distinct<'a>(people: impl Iterator<Item = &'a Person>) {
    let (mut emails, mut user_ids, mut sync_ids) = (HashSet::new(), HashSet::new(), HashSet::new());
    for person in people {
        assert!(emails.insert(email_key(&person.email)), "an address twice");
        assert!(user_ids.insert(&person.user_id), "an ID twice");
        assert!(person.sync_id.as_ref().is_none_or(|id| sync_ids.insert(id)), "a Sync ID twice");
    }
}

/// People of another list as users; `statuses` says who has reset the app.
fn roster(rows: &[SheetRow], statuses: u8) -> Roster {
    let entry = |(place, row): (usize, &SheetRow)| RosterEntry {
        id: Uuid::from_u128(place as u128 + 1),
        status: if statuses >> (place % 8) & 1 == 0 { UserStatus::Active } else { UserStatus::Reset },
        person: row.person.clone(),
    };
    Roster { version: 1, entries: rows.iter().enumerate().map(entry).collect() }
}

/// The plan for a list, whose steps were made and led to the people of the list.
fn checked(roster: &Roster, list: &Sheet) -> Plan {
    let plan = match plan(roster, &list.rows, list.has_sync_ids, Mode::Replace) {
        Ok(plan) => plan,
        Err(conflicts) => {
            assert!(!conflicts.is_empty());
            assert!(roster.entries.iter().any(|entry| entry.status == UserStatus::Reset));
            return Plan { steps: Vec::new(), counts: Default::default(), confirmation: None };
        }
    };
    let mut people: Vec<(Option<Uuid>, Person)> =
        roster.entries.iter().map(|entry| (Some(entry.id), entry.person.clone())).collect();
    let mut touched = HashSet::new();
    let mut counts = [0; 4];
    for step in &plan.steps {
        let place = |user: &Uuid| roster.entries.iter().position(|entry| entry.id == *user).unwrap();
        match step {
            Step::Add { new, .. } => {
                counts[0] += 1;
                people.push((None, new.clone()));
            }
            Step::Change { user, old, new, .. } => {
                counts[1] += 1;
                assert!(touched.insert(*user) && roster.entries[place(user)].person == *old);
                assert!(roster.entries[place(user)].status != UserStatus::Reset && old != new);
                people[place(user)].1 = new.clone();
            }
            Step::Delete { user, .. } => {
                counts[2] += 1;
                assert!(touched.insert(*user) && roster.entries[place(user)].status != UserStatus::Reset);
            }
            Step::SkipListed { .. } => panic!("a list that replaces changes who is listed"),
            Step::SkipReset { user, .. } => {
                counts[3] += 1;
                assert!(touched.insert(*user) && roster.entries[place(user)].status == UserStatus::Reset);
            }
        }
    }
    let planned = plan.counts;
    assert_eq!(counts, [planned.added, planned.changed, planned.deleted, planned.skipped]);
    let deleted = |id: &Option<Uuid>| {
        plan.steps.iter().any(|step| matches!(step, Step::Delete { user, .. } if Some(*user) == *id))
    };
    people.retain(|(id, _)| !deleted(id));
    assert_distinct(people.iter().map(|(_, person)| person));
    let many = planned.deleted > 5 && planned.deleted * 10 > roster.entries.len();
    let expected = if list.rows.is_empty() {
        Some(Confirmation::EmptyList)
    } else {
        many.then_some(Confirmation::ManyDeletions)
    };
    assert_eq!(plan.confirmation, expected);
    plan
}
