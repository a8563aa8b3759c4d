use uuid::Uuid;

use super::*;
use crate::domain::{Person, UnixTime, UserStatus};

fn anna() -> Record {
    Record {
        id: Uuid::from_u128(7),
        user_name: "Anna.Berg".into(),
        person: Person {
            first_name: "Anna".into(),
            last_name: "Berg".into(),
            email: "anna@x.example".into(),
            user_id: "0042".into(),
            sync_id: Some("S1".into()),
        },
        status: UserStatus::Active,
        created_at: UnixTime(1_790_000_000),
        updated_at: UnixTime(1_790_000_000),
    }
}

#[test]
fn filters_hold_as_rfc_7644_says() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
    for (filter, expected) in [
        (r#"userName eq "anna.berg""#, true),
        (r#"USERNAME EQ "ANNA.BERG""#, true),
        (r#"userName ne "anna.berg""#, false),
        (r#"userName co "na.B" and active eq true"#, true),
        (r#"userName sw "berg" or externalId eq "S1""#, true),
        (r#"externalId eq "s1""#, false),
        (r#"emails eq "anna@x.example""#, true),
        (r#"emails.value ew "@X.example""#, true),
        (r#"emails[type eq "work" and value co "@x"]"#, true),
        (r#"emails[type eq "home"]"#, false),
        (r#"not (userName pr)"#, false),
        (r#"title pr"#, false),
        (r#"title eq null"#, true),
        (r#"name.familyName eq "berg" and (active eq false or name.givenName sw "a")"#, true),
        (r#"userName eq "x" or userName eq "y" and active eq true or id pr"#, true),
        (r#"meta.lastModified gt "2026-01-01T00:00:00Z""#, true),
        (r#"meta.resourceType eq "User""#, true),
        (r#"userName eq "a\"b""#, false),
    ] {
        assert_eq!(Filter::parse(filter).unwrap().holds(&anna()), expected, "{filter}");
    }
    assert!(Filter::parse(&format!(r#"{enterprise} eq "0042""#)).unwrap().holds(&anna()));
}

#[test]
fn what_is_not_a_filter_says_why() {
    for (bad, detail) in [
        ("", "the filter ends too early"),
        ("userName", "an operator is missing behind \"userName\""),
        ("userName is \"x\"", "\"is\" is not an operator; say eq, ne, co, sw, ew, pr, gt, ge, lt or le"),
        ("userName eq", "the filter ends too early"),
        ("userName eq anna", "unexpected anna in the filter"),
        ("userName eq \"anna", "a text in the filter is not closed"),
        ("(userName pr", "the filter ends too early"),
        ("userName pr )", "unexpected ) in the filter"),
        ("\"x\" eq userName", "unexpected \"x\" in the filter"),
    ] {
        assert_eq!(Filter::parse(bad).unwrap_err().detail, detail, "{bad}");
    }
    assert_eq!(Filter::parse(&"(".repeat(3000)).unwrap_err().detail, "the filter is nested too deeply");
}

#[test]
fn an_equal_sign_on_a_key_uses_an_index() {
    let found =
        |text: &str| indexed(&Filter::parse(text).unwrap()).map(|(field, value)| (field, value.to_owned()));
    assert_eq!(found(r#"active eq true and userName eq "a""#), Some((IndexedField::UserName, "a".into())));
    let email = Some((IndexedField::Person(Field::Email), "a@x.example".into()));
    assert_eq!(found(r#"emails.value eq "a@x.example""#), email);
    assert_eq!(found(r#"userName eq "a" or externalId eq "b""#), None);
    assert_eq!(found(r#"not (userName eq "a")"#), None);
}
