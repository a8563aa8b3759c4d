//! A change to what is known of a person.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::person::Person;

/// What is to be changed; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PersonEdit {
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// What doors get.
    pub user_id: Option<String>,
    /// Sync ID; `Some(None)`, which is `null`, takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub sync_id: Option<Option<String>>,
}

impl PersonEdit {
    /// The person as it will be, without white space around the values.
    #[must_use]
    pub fn applied_to(&self, person: &Person) -> Person {
        let or = |new: &Option<String>, old: &String| new.clone().unwrap_or_else(|| old.clone());
        let person = Person {
            first_name: or(&self.first_name, &person.first_name),
            last_name: or(&self.last_name, &person.last_name),
            email: or(&self.email, &person.email),
            user_id: or(&self.user_id, &person.user_id),
            sync_id: self.sync_id.clone().unwrap_or_else(|| person.sync_id.clone()),
        };
        person.trimmed()
    }
}

/// Tells `null` from a member that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_not_there_stays_and_null_takes_the_sync_id_away() {
        let anna = Person {
            first_name: "Anna".into(),
            last_name: "Berg".into(),
            email: "anna@x.example".into(),
            user_id: "1".into(),
            sync_id: Some("hr-7".into()),
        };
        let edited = |json: &str| serde_json::from_str::<PersonEdit>(json).unwrap().applied_to(&anna);
        assert_eq!(edited("{}"), anna);
        assert_eq!(edited(r#"{"sync_id": null}"#), Person { sync_id: None, ..anna.clone() });
        assert_eq!(edited(r#"{"last_name": " Tal "}"#), Person { last_name: "Tal".into(), ..anna.clone() });
        assert!(serde_json::from_str::<PersonEdit>(r#"{"surname": "Tal"}"#).is_err());
    }
}
