use super::*;

fn person(name: &str, email: &str, id: &str, sync_id: Option<&str>) -> Person {
    Person {
        first_name: name.into(),
        last_name: "Berg".into(),
        email: email.into(),
        user_id: id.into(),
        sync_id: sync_id.map(Into::into),
    }
}

fn row(line: u64, person: Person) -> SheetRow {
    SheetRow { line, person }
}

fn entry(id: u128, status: UserStatus, person: Person) -> RosterEntry {
    RosterEntry { id: Uuid::from_u128(id), status, person }
}

fn roster(entries: Vec<RosterEntry>) -> Roster {
    Roster { version: 1, entries }
}

fn many(count: u32) -> Vec<Person> {
    (0..count).map(|n| person("P", &format!("p{n}@x.example"), &format!("{n}"), None)).collect()
}

#[test]
fn rows_become_added_changed_deleted_and_unchanged() {
    let anna = person("Anna", "anna@x.example", "1", None);
    let bert = person("Bert", "bert@x.example", "2", None);
    let cleo = person("Cleo", "cleo@x.example", "3", None);
    let dora = person("Dora", "dora@x.example", "4", None);
    let users = roster(vec![
        entry(1, UserStatus::Active, anna.clone()),
        entry(2, UserStatus::Invited, bert.clone()),
        entry(3, UserStatus::NotInvited, cleo.clone()),
    ]);
    let bert_new = Person { user_id: "0002".into(), email: "BERT@x.example".into(), ..bert.clone() };
    let plan =
        plan(&users, &[row(2, bert_new.clone()), row(3, dora.clone()), row(4, anna)], false, Mode::Replace)
            .unwrap();
    assert_eq!(
        plan.steps,
        [
            Step::Change { line: 2, user: Uuid::from_u128(2), old: bert, new: bert_new },
            Step::Add { line: 3, new: dora },
            Step::Delete { user: Uuid::from_u128(3), old: cleo },
        ]
    );
    assert_eq!(plan.counts, Counts { added: 1, changed: 1, deleted: 1, unchanged: 1, skipped: 0 });
    assert_eq!(plan.confirmation, None);
}

#[test]
fn a_sync_id_keeps_a_user_whose_address_changed() {
    let old = person("Anna", "anna@x.example", "1", Some("S1"));
    let new = Person { email: "anna.berg@x.example".into(), ..old.clone() };
    let users = roster(vec![entry(1, UserStatus::Active, old.clone())]);
    let result = plan(&users, &[row(2, new.clone())], true, Mode::Replace).unwrap();
    assert_eq!(result.steps, [Step::Change { line: 2, user: Uuid::from_u128(1), old, new }]);
}

#[test]
fn an_address_passed_on_to_a_new_person_is_a_new_user() {
    let old = person("Anna", "desk@x.example", "1", Some("S1"));
    let new = person("Bert", "desk@x.example", "2", Some("S2"));
    let users = roster(vec![entry(1, UserStatus::Active, old.clone())]);
    let result = plan(&users, &[row(2, new.clone())], true, Mode::Replace).unwrap();
    let expected = [Step::Add { line: 2, new }, Step::Delete { user: Uuid::from_u128(1), old }];
    assert_eq!(result.steps, expected);
}

#[test]
fn addresses_that_two_users_exchange_are_two_changes() {
    let (a, b) = (person("A", "a@x.example", "1", Some("S1")), person("B", "b@x.example", "2", Some("S2")));
    let users =
        roster(vec![entry(1, UserStatus::Active, a.clone()), entry(2, UserStatus::Active, b.clone())]);
    let rows = [
        row(2, Person { email: b.email.clone(), ..a.clone() }),
        row(3, Person { email: a.email.clone(), ..b.clone() }),
    ];
    let result = plan(&users, &rows, true, Mode::Replace).unwrap();
    assert_eq!(result.counts, Counts { changed: 2, ..Counts::default() });
}

#[test]
fn a_list_without_the_column_leaves_sync_ids_alone() {
    let anna = person("Anna", "anna@x.example", "1", Some("S1"));
    let users = roster(vec![entry(1, UserStatus::Active, anna.clone())]);
    let listed = Person { sync_id: None, ..anna };
    let without = plan(&users, &[row(1, listed.clone())], false, Mode::Replace).unwrap();
    assert_eq!(without.counts.unchanged, 1);
    let with = plan(&users, &[row(1, listed)], true, Mode::Replace).unwrap();
    assert_eq!(with.counts.changed, 1);
}

#[test]
fn users_whose_app_was_reset_are_left_alone() {
    let anna = person("Anna", "anna@x.example", "1", None);
    let users = roster(vec![
        entry(1, UserStatus::Reset, anna.clone()),
        entry(2, UserStatus::Reset, person("Bert", "bert@x.example", "2", None)),
    ]);
    let plan = plan(&users, &[row(5, Person { user_id: "9".into(), ..anna })], false, Mode::Replace).unwrap();
    assert_eq!(plan.counts, Counts { skipped: 2, ..Counts::default() });
    assert!(matches!(
        plan.steps.as_slice(),
        [Step::SkipReset { line: Some(5), .. }, Step::SkipReset { line: None, .. }]
    ));
}

#[test]
fn what_a_reset_user_keeps_cannot_be_given_to_another() {
    let anna = person("Anna", "anna@x.example", "1", None);
    let users = roster(vec![entry(1, UserStatus::Reset, anna.clone())]);
    let conflicts =
        plan(&users, &[row(3, person("Bert", "bert@x.example", "1", None))], false, Mode::Replace)
            .unwrap_err();
    assert_eq!(conflicts, [Conflict { line: 3, taken: Field::UserId, holder: anna, keeps: Keeps::Reset }]);
}

#[test]
fn many_deletions_and_an_empty_list_need_to_be_confirmed() {
    let cases = [
        // present, listed of them, confirmation
        (5, 1, None),
        (6, 1, None),
        (7, 1, Some(Confirmation::ManyDeletions)),
        (60, 54, None),
        (59, 53, Some(Confirmation::ManyDeletions)),
        (100, 90, None),
        (100, 89, Some(Confirmation::ManyDeletions)),
        (1, 0, Some(Confirmation::EmptyList)),
        (0, 0, Some(Confirmation::EmptyList)),
    ];
    for (present, listed, expected) in cases {
        let people = many(present);
        let entries = people
            .iter()
            .zip(1..)
            .map(|(person, id)| entry(id, UserStatus::Active, person.clone()))
            .collect();
        let rows: Vec<_> = people.into_iter().take(listed).map(|person| row(1, person)).collect();
        let plan = plan(&roster(entries), &rows, false, Mode::Replace).unwrap();
        assert_eq!(plan.confirmation, expected, "{present} users, {listed} listed");
    }
}

#[test]
fn a_list_that_adds_and_updates_deletes_nobody() {
    let (anna, bert) =
        (person("Anna", "anna@x.example", "1", None), person("Bert", "bert@x.example", "2", None));
    let users =
        roster(vec![entry(1, UserStatus::Active, anna.clone()), entry(2, UserStatus::Active, bert.clone())]);
    let new = Person { user_id: "3".into(), ..anna.clone() };
    let cleo = person("Cleo", "cleo@x.example", "1", None);
    let rows = [row(2, new.clone()), row(3, cleo.clone())];
    let result = plan(&users, &rows, false, Mode::AddAndUpdate).unwrap();
    let expected = [
        Step::Change { line: 2, user: Uuid::from_u128(1), old: anna, new },
        Step::Add { line: 3, new: cleo },
    ];
    assert_eq!(result.steps, expected);
    assert_eq!(result.counts, Counts { added: 1, changed: 1, ..Counts::default() });
    let taken = [row(2, person("Dora", "dora@x.example", "2", None))];
    let conflicts = plan(&users, &taken, false, Mode::AddAndUpdate).unwrap_err();
    let keeps = Keeps::NotListed;
    assert_eq!(conflicts, [Conflict { line: 2, taken: Field::UserId, holder: bert, keeps }]);
    let nobody = plan(&users, &[], false, Mode::AddAndUpdate).unwrap();
    assert_eq!((nobody.steps, nobody.confirmation), (vec![], None));
}

#[test]
fn a_list_that_only_adds_changes_nobody() {
    let anna = person("Anna", "anna@x.example", "1", None);
    let users = roster(vec![entry(1, UserStatus::Active, anna.clone())]);
    let new = Person { user_id: "3".into(), ..anna.clone() };
    let bert = person("Bert", "bert@x.example", "2", None);
    let rows = [row(2, new.clone()), row(3, bert.clone())];
    let result = plan(&users, &rows, false, Mode::AddOnly).unwrap();
    let expected = [
        Step::SkipListed { line: 2, user: Uuid::from_u128(1), old: anna.clone(), new },
        Step::Add { line: 3, new: bert },
    ];
    assert_eq!(result.steps, expected);
    assert_eq!(result.counts, Counts { added: 1, skipped: 1, ..Counts::default() });
    let taken = [row(2, anna.clone()), row(3, person("Dora", "dora@x.example", "1", None))];
    let conflicts = plan(&users, &taken, false, Mode::AddOnly).unwrap_err();
    let keeps = Keeps::Listed;
    assert_eq!(conflicts, [Conflict { line: 3, taken: Field::UserId, holder: anna, keeps }]);
}

#[test]
fn a_user_whose_app_was_reset_and_whose_row_is_the_same_is_unchanged() {
    let anna = person("Anna", "anna@x.example", "1", None);
    let users = roster(vec![entry(1, UserStatus::Reset, anna.clone())]);
    let result = plan(&users, &[row(2, anna)], false, Mode::Replace).unwrap();
    assert_eq!((result.steps.len(), result.counts.unchanged), (0, 1));
}
