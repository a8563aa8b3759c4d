//! Changing parts of a user. Spec: RFC 7644 §3.5.2.

use serde_json::Value;

use super::error::{ScimError, ScimType};
use super::filter::Filter;
use super::path::AttributeName;
use super::resource::{Draft, Record, member};

/// The schema of a patch.
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// Operations of one patch.
const OPERATIONS_MAX: usize = 100;

/// Attributes that RFC 7643 knows and that are not kept here: changes of them are passed over, so that an identity
/// provider with its usual settings can be connected.
const PASSED_OVER: &[&str] = &[
    "displayname",
    "nickname",
    "profileurl",
    "title",
    "usertype",
    "preferredlanguage",
    "locale",
    "timezone",
    "phonenumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509certificates",
    "password",
    "costcenter",
    "organization",
    "division",
    "department",
    "manager",
];
/// Attributes that nobody sets.
const READ_ONLY: &[&str] = &["id", "meta", "groups", "schemas"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add,
    Replace,
    Remove,
}

/// Does what a patch says to a draft of the user as it is.
pub(crate) fn apply(patch: &Value, record: &Record) -> Result<Draft, ScimError> {
    let invalid = |detail: &str| ScimError::new(ScimType::InvalidSyntax, detail);
    let patch = patch.as_object().ok_or_else(|| invalid("the patch is not a JSON object"))?;
    let schemas = member(patch, "schemas").and_then(Value::as_array);
    if !schemas.is_some_and(|schemas| schemas.iter().any(|schema| schema == PATCH)) {
        return Err(invalid(&format!("schemas does not name {PATCH}")));
    }
    let operations = member(patch, "Operations")
        .and_then(Value::as_array)
        .filter(|operations| !operations.is_empty())
        .ok_or_else(|| invalid("Operations is missing or empty"))?;
    if operations.len() > OPERATIONS_MAX {
        return Err(invalid("more than 100 operations"));
    }
    let mut draft = Draft::of(record);
    for operation in operations {
        one(operation, record, &mut draft)?;
    }
    Ok(draft)
}

fn one(operation: &Value, record: &Record, draft: &mut Draft) -> Result<(), ScimError> {
    let invalid = |detail: &str| ScimError::new(ScimType::InvalidSyntax, detail);
    let object = operation.as_object().ok_or_else(|| invalid("an operation is not a JSON object"))?;
    let name = member(object, "op").and_then(Value::as_str).unwrap_or_default();
    let kind = match name.to_ascii_lowercase().as_str() {
        "add" => Operation::Add,
        "replace" => Operation::Replace,
        "remove" => Operation::Remove,
        _ => return Err(invalid(&format!("op is {name:?}; say add, replace or remove"))),
    };
    let path = member(object, "path").filter(|path| !path.is_null());
    let path = path.map(|path| path.as_str().ok_or_else(|| invalid("path is not a text"))).transpose()?;
    let value = member(object, "value");
    match (kind, path, value) {
        (Operation::Remove, None, _) => Err(ScimError::new(ScimType::NoTarget, "remove needs a path")),
        (Operation::Remove, Some(path), _) => set(path, &Value::Null, kind, record, draft),
        (_, _, None) => Err(ScimError::new(ScimType::InvalidValue, "value is missing")),
        (_, Some(path), Some(value)) => set(path, value, kind, record, draft),
        (_, None, Some(value)) => {
            let members = value.as_object();
            let members = members.ok_or_else(|| {
                ScimError::new(ScimType::InvalidValue, "value is not an object, and there is no path")
            })?;
            members.iter().try_for_each(|(name, value)| set(name, value, kind, record, draft))
        }
    }
}

fn set(
    path: &str,
    value: &Value,
    kind: Operation,
    record: &Record,
    draft: &mut Draft,
) -> Result<(), ScimError> {
    let invalid =
        || ScimError::new(ScimType::InvalidPath, format!("{path:?} is not the path of an attribute"));
    let (attribute, condition, sub) = split(path).ok_or_else(invalid)?;
    let joined = match sub {
        Some(sub) => format!("{attribute}.{sub}"),
        None => attribute.to_owned(),
    };
    let name = AttributeName::parse(&joined).ok_or_else(invalid)?;
    if READ_ONLY.contains(&name.name.as_str()) && !name.is_enterprise {
        return Err(ScimError::new(ScimType::Mutability, format!("{path} is read-only")));
    }
    if let Some(condition) = condition {
        let filter =
            Filter::parse(condition).map_err(|error| ScimError::new(ScimType::InvalidPath, error.detail))?;
        let filter = Filter::Within(attribute.to_owned(), Box::new(filter));
        // To add the address that there is none of yet is no error; there is always exactly one here.
        if !filter.holds(record) && name.name == "emails" {
            return match kind {
                Operation::Remove => Ok(()),
                _ => Err(ScimError::new(
                    ScimType::NoTarget,
                    format!("{path} names no value; there is one address, of type work"),
                )),
            };
        }
    }
    // A user without it would be active again.
    if name.name == "active" && !name.is_enterprise && value.is_null() {
        let detail = "active cannot be removed; replace it by true or false";
        return Err(ScimError::new(ScimType::Mutability, detail));
    }
    // Of an address, only the value can be another one.
    if name.name == "emails" && matches!(name.sub.as_deref(), Some("type" | "primary" | "display")) {
        return Ok(());
    }
    if draft.set(&name, value)? || PASSED_OVER.contains(&name.name.as_str()) {
        return Ok(());
    }
    if name.name == "name" {
        return Ok(());
    }
    Err(invalid())
}

/// The attribute, the condition in brackets, and the sub-attribute behind them.
fn split(path: &str) -> Option<(&str, Option<&str>, Option<&str>)> {
    let path = path.trim();
    let Some((attribute, rest)) = path.split_once('[') else { return Some((path, None, None)) };
    let (condition, behind) = rest.rsplit_once(']')?;
    let sub = match behind {
        "" => None,
        behind => Some(behind.strip_prefix('.')?),
    };
    Some((attribute, Some(condition), sub))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Person, UnixTime, UserStatus};
    use crate::scim::ENTERPRISE;

    fn anna() -> Record {
        Record {
            id: Uuid::nil(),
            user_name: "anna".into(),
            person: Person {
                first_name: "Anna".into(),
                last_name: "Berg".into(),
                email: "anna@x.example".into(),
                user_id: "1".into(),
                sync_id: Some("S1".into()),
            },
            status: UserStatus::Active,
            created_at: UnixTime(1),
            updated_at: UnixTime(1),
        }
    }

    fn patched(operations: Value) -> Result<Draft, ScimError> {
        apply(&json!({ "schemas": [PATCH], "Operations": operations }), &anna())
    }

    #[test]
    fn identity_providers_say_it_in_many_ways() {
        let before = Draft::of(&anna());
        let suspended = Draft { active: Some(false), ..before.clone() };
        for operations in [
            json!([{ "op": "replace", "path": "active", "value": false }]),
            json!([{ "op": "Replace", "path": "active", "value": "False" }]),
            json!([{ "op": "replace", "value": { "active": false } }]),
            json!([{ "op": "add", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": false }]),
            json!([{ "op": "replace", "path": "title", "value": "Dr." }, { "op": "add", "value": { "active": "false" } }]),
        ] {
            assert_eq!(patched(operations.clone()), Ok(suspended.clone()), "{operations}");
        }
        let moved = Draft { email: Some("a@y.example".into()), ..before.clone() };
        for operations in [
            json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@y.example" }]),
            json!([{ "op": "replace", "path": "emails", "value": [{ "value": "a@y.example", "type": "work" }] }]),
            json!([{ "op": "add", "value": { "emails.value": "a@y.example" } }]),
        ] {
            assert_eq!(patched(operations.clone()), Ok(moved.clone()), "{operations}");
        }
        let number =
            json!([{ "op": "replace", "path": format!("{ENTERPRISE}:employeeNumber"), "value": 42 }]);
        assert_eq!(patched(number).unwrap().employee_number, Some("42".into()));
        let number = json!([{ "op": "add", "value": { ENTERPRISE: { "employeeNumber": "43" } } }]);
        assert_eq!(patched(number).unwrap().employee_number, Some("43".into()));
        let renamed = json!([{ "op": "replace", "path": "name", "value": { "familyName": "Neu" } }]);
        let expected = Draft { family_name: Some("Neu".into()), ..before.clone() };
        assert_eq!(patched(renamed), Ok(expected));
        let removed = json!([{ "op": "remove", "path": "externalId" }]);
        assert_eq!(patched(removed), Ok(Draft { external_id: None, ..before }));
    }

    #[test]
    fn what_is_wrong_with_a_patch_has_its_kind() {
        for (operations, kind) in [
            (json!([]), ScimType::InvalidSyntax),
            (json!([{ "op": "move", "path": "active" }]), ScimType::InvalidSyntax),
            (json!([{ "op": "remove" }]), ScimType::NoTarget),
            (json!([{ "op": "replace", "path": "active" }]), ScimType::InvalidValue),
            (json!([{ "op": "replace", "path": "active", "value": "perhaps" }]), ScimType::InvalidValue),
            (json!([{ "op": "replace", "value": 3 }]), ScimType::InvalidValue),
            (json!([{ "op": "replace", "path": "nonsense", "value": 3 }]), ScimType::InvalidPath),
            (json!([{ "op": "replace", "path": "emails[", "value": 3 }]), ScimType::InvalidPath),
            (
                json!([{ "op": "replace", "path": "emails[type is \"work\"]", "value": 3 }]),
                ScimType::InvalidPath,
            ),
            (json!([{ "op": "replace", "path": "id", "value": "x" }]), ScimType::Mutability),
            (json!([{ "op": "remove", "path": "active" }]), ScimType::Mutability),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x" }]),
                ScimType::NoTarget,
            ),
        ] {
            assert_eq!(patched(operations.clone()).unwrap_err().kind, kind, "{operations}");
        }
    }
}
