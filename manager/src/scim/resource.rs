//! A user as a SCIM resource, there and back.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::error::{ScimError, ScimType};
use super::path::AttributeName;
use super::{ENTERPRISE, USER};
use crate::domain::{Person, UnixTime, UserStatus, email, hex};

/// The longest user name, in characters.
const USER_NAME_MAX: usize = 255;
/// Octets of the hash that tells versions apart.
const VERSION_OCTETS: usize = 12;

/// A user, as far as SCIM cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: Uuid,
    /// What the identity provider calls the user; the e-mail address unless it said otherwise.
    pub(crate) user_name: String,
    pub(crate) person: Person,
    pub(crate) status: UserStatus,
    pub(crate) created_at: UnixTime,
    pub(crate) updated_at: UnixTime,
}

/// What an identity provider wants a user to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) user_name: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) employee_number: Option<String>,
    pub(crate) active: Option<bool>,
}

impl Record {
    /// Whether the user may use a phone.
    pub(crate) fn is_active(&self) -> bool {
        self.status != UserStatus::Suspended
    }
}

impl Draft {
    /// The user as it is.
    pub(crate) fn of(record: &Record) -> Self {
        let filled = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let person = &record.person;
        Self {
            user_name: Some(record.user_name.clone()),
            external_id: person.sync_id.clone(),
            given_name: filled(&person.first_name),
            family_name: filled(&person.last_name),
            email: filled(&person.email),
            employee_number: filled(&person.user_id),
            active: Some(record.is_active()),
        }
    }

    /// Reads a resource; attributes that are not kept here, or not to be written, are passed over.
    pub(crate) fn parse(resource: &Value) -> Result<Self, ScimError> {
        let invalid = |detail: &str| ScimError::new(ScimType::InvalidSyntax, detail);
        let resource = resource.as_object().ok_or_else(|| invalid("the resource is not a JSON object"))?;
        let schemas = member(resource, "schemas").and_then(Value::as_array);
        let is_user = schemas.is_some_and(|schemas| {
            schemas.iter().filter_map(Value::as_str).any(|schema| schema.eq_ignore_ascii_case(USER))
        });
        if !is_user {
            return Err(invalid(&format!("schemas does not name {USER}")));
        }
        let mut draft = Self::default();
        for (name, value) in resource {
            if let Some(name) = AttributeName::parse(name) {
                draft.set(&name, value)?;
            }
        }
        Ok(draft)
    }

    /// Gives an attribute a value; `null` and an empty list take it away. Whether it is one that is kept here.
    pub(super) fn set(&mut self, name: &AttributeName, value: &Value) -> Result<bool, ScimError> {
        let sub = name.sub.as_deref();
        match (name.is_enterprise, name.name.as_str(), sub) {
            (false, "username", None) => self.user_name = text("userName", value)?,
            (false, "externalid", None) => self.external_id = text("externalId", value)?,
            (false, "name", None) => {
                for part in ["givenName", "familyName"] {
                    let given = value.as_object().and_then(|name| member(name, part));
                    let inner = AttributeName { sub: Some(part.to_ascii_lowercase()), ..name.clone() };
                    if given.is_some() || value.is_null() {
                        self.set(&inner, given.unwrap_or(&Value::Null))?;
                    }
                }
                object("name", value)?;
            }
            (false, "name", Some("givenname")) => self.given_name = text("name.givenName", value)?,
            (false, "name", Some("familyname")) => self.family_name = text("name.familyName", value)?,
            (false, "emails", None) => self.email = email_of(value)?,
            (false, "emails", Some("value")) => self.email = text("emails.value", value)?,
            (false, "active", None) => self.active = boolean("active", value)?,
            (true, "", None) => {
                object(ENTERPRISE, value)?;
                let given = value.as_object().and_then(|extension| member(extension, "employeeNumber"));
                if given.is_some() || value.is_null() {
                    self.employee_number = text("employeeNumber", given.unwrap_or(&Value::Null))?;
                }
            }
            (true, "employeenumber", None) => self.employee_number = text("employeeNumber", value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What the user is called.
    pub(crate) fn checked_user_name(&self) -> Result<String, ScimError> {
        let name = self.user_name.as_deref().unwrap_or_default().trim();
        if name.is_empty() {
            return Err(ScimError::new(ScimType::InvalidValue, "userName is missing"));
        }
        if name.chars().count() > USER_NAME_MAX || name.chars().any(char::is_control) {
            let detail = "userName has more than 255 characters or a control character";
            return Err(ScimError::new(ScimType::InvalidValue, detail));
        }
        Ok(name.to_owned())
    }

    /// The person, by the rules that hold for everybody; every broken one is told.
    pub(crate) fn person(&self) -> Result<Person, ScimError> {
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        // Many identity providers know people by their address only.
        let address = self.user_name.clone().filter(|name| email(name.trim()).is_ok());
        let person = Person {
            first_name: given(&self.given_name),
            last_name: given(&self.family_name),
            email: self.email.clone().or(address).unwrap_or_default(),
            user_id: given(&self.employee_number),
            sync_id: self.external_id.clone(),
        };
        let person = person.trimmed();
        let errors: Vec<String> =
            person.check().iter().map(|(field, error)| format!("{} {error}", attribute(*field))).collect();
        if errors.is_empty() {
            Ok(person)
        } else {
            Err(ScimError::new(ScimType::InvalidValue, errors.join("; ")))
        }
    }
}

/// The attribute that holds a field.
pub(crate) const fn attribute(field: crate::domain::Field) -> &'static str {
    use crate::domain::Field;
    match field {
        Field::FirstName => "name.givenName",
        Field::LastName => "name.familyName",
        Field::Email => "emails.value",
        Field::UserId => "employeeNumber of the enterprise extension, which is the ID that doors get,",
        Field::SyncId => "externalId",
    }
}

/// The user as JSON; `base` is the address under which SCIM is served.
pub(crate) fn resource(record: &Record, base: &str) -> Value {
    let Record { id, user_name, person, .. } = record;
    let mut resource = json!({
        "schemas": [USER, ENTERPRISE],
        "id": id,
        "userName": user_name,
        "name": {
            "formatted": person.full_name(),
            "familyName": person.last_name,
        },
        "displayName": person.full_name(),
        "emails": [{ "value": person.email, "type": "work", "primary": true }],
        "active": record.is_active(),
        ENTERPRISE: { "employeeNumber": person.user_id },
        "meta": {
            "resourceType": "User",
            "created": moment(record.created_at),
            "lastModified": moment(record.updated_at),
            "location": format!("{base}/Users/{id}"),
            "version": version(record),
        },
    });
    if let Some(members) = resource.as_object_mut() {
        if let Some(name) = members.get_mut("name").and_then(Value::as_object_mut)
            && !person.first_name.is_empty()
        {
            name.insert("givenName".to_owned(), json!(person.first_name));
        }
        if let Some(sync_id) = &person.sync_id {
            members.insert("externalId".to_owned(), json!(sync_id));
        }
    }
    resource
}

/// The entity tag of a user, which another one has whenever something that SCIM shows has changed.
pub(crate) fn version(record: &Record) -> String {
    let Record { id, user_name, person, updated_at, .. } = record;
    let shown = json!([id, user_name, person, record.is_active(), updated_at.0]);
    let hash: [u8; 32] = Sha256::digest(shown.to_string().as_bytes()).into();
    format!("W/\"{}\"", hex(hash.get(..VERSION_OCTETS).unwrap_or_default()))
}

/// The resource with only, or without, some attributes. Spec: RFC 7644 §3.9.
pub(crate) fn selected(mut resource: Value, only: Option<&str>, without: Option<&str>) -> Value {
    let names = |list: &str| -> Vec<AttributeName> {
        list.split(',').filter_map(|name| AttributeName::parse(name.trim())).collect()
    };
    let Some(members) = resource.as_object_mut() else { return resource };
    if let Some(only) = only.map(names) {
        prune(members, |member, sub| only.iter().any(|name| name.matches(member, sub)) || always(member));
    } else if let Some(without) = without.map(names) {
        prune(members, |member, sub| always(member) || !without.iter().any(|name| name.covers(member, sub)));
    }
    resource
}

/// Keeps the members, and members of members, that `keep` says; objects that are left empty go too.
fn prune(members: &mut Map<String, Value>, keep: impl Fn(&str, Option<&str>) -> bool) {
    members.retain(|member, value| {
        if let Some(inner) = value.as_object_mut() {
            inner.retain(|sub, _| keep(member, Some(sub)));
            return !inner.is_empty();
        }
        if let Some(list) = value.as_array_mut().filter(|list| list.iter().all(Value::is_object)) {
            for inner in list.iter_mut().filter_map(Value::as_object_mut) {
                inner.retain(|sub, _| keep(member, Some(sub)));
            }
            list.retain(|inner| inner.as_object().is_some_and(|inner| !inner.is_empty()));
            return !list.is_empty();
        }
        keep(member, None)
    });
}

fn always(member: &str) -> bool {
    matches!(member, "schemas" | "id")
}

impl AttributeName {
    /// Whether asking for this attribute asks for a member of a resource, or a member of that.
    fn matches(&self, member: &str, sub: Option<&str>) -> bool {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        if same(member, ENTERPRISE) {
            return self.is_enterprise
                && (self.name.is_empty() || sub.is_some_and(|sub| same(sub, &self.name)));
        }
        !self.is_enterprise
            && same(member, &self.name)
            && self.sub.as_deref().is_none_or(|wanted| sub.is_some_and(|sub| same(sub, wanted)))
    }

    /// Whether leaving this attribute out leaves a member of a resource out, or a member of that.
    fn covers(&self, member: &str, sub: Option<&str>) -> bool {
        self.matches(member, sub)
    }
}

/// The values of an attribute, and whether the case of their letters matters.
pub(super) fn values(record: &Record, name: &AttributeName) -> Vec<(Value, bool)> {
    let person = &record.person;
    let folded = |text: &str| vec![(json!(text), false)];
    let exact = |text: &str| vec![(json!(text), true)];
    let filled = |values: Vec<(Value, bool)>| match values.first() {
        Some((Value::String(text), _)) if text.is_empty() => Vec::new(),
        _ => values,
    };
    filled(match (name.is_enterprise, name.name.as_str(), name.sub.as_deref()) {
        (false, "id", None) => exact(&record.id.to_string()),
        (false, "username", None) => folded(&record.user_name),
        (false, "externalid", None) => exact(person.sync_id.as_deref().unwrap_or_default()),
        (false, "name", Some("givenname")) => folded(&person.first_name),
        (false, "name", Some("familyname")) => folded(&person.last_name),
        (false, "displayname", None) | (false, "name", None | Some("formatted")) => {
            folded(&person.full_name())
        }
        (false, "emails", None | Some("value")) => folded(&person.email),
        (false, "emails", Some("type")) => folded("work"),
        (false, "emails", Some("primary")) => vec![(json!(true), true)],
        (false, "active", None) => vec![(json!(record.is_active()), true)],
        (false, "meta", Some("created")) => exact(&moment(record.created_at)),
        (false, "meta", Some("lastmodified")) => exact(&moment(record.updated_at)),
        (false, "meta", Some("resourcetype")) => exact("User"),
        (true, "employeenumber", None) => exact(&person.user_id),
        _ => Vec::new(),
    })
}

/// A member of an object, whatever the case of its name.
pub(super) fn member<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn text(name: &str, value: &Value) -> Result<Option<String>, ScimError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        // Some identity providers send numbers as numbers.
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(ScimError::new(ScimType::InvalidValue, format!("{name} is not a text"))),
    }
}

fn boolean(name: &str, value: &Value) -> Result<Option<bool>, ScimError> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(*value)),
        // Some identity providers send truth values as texts.
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        _ => Err(ScimError::new(ScimType::InvalidValue, format!("{name} is neither true nor false"))),
    }
}

fn object(name: &str, value: &Value) -> Result<(), ScimError> {
    if value.is_object() || value.is_null() {
        return Ok(());
    }
    Err(ScimError::new(ScimType::InvalidValue, format!("{name} is not an object")))
}

/// The address that is meant by a list of addresses: the primary one, else the one for work, else the first.
fn email_of(value: &Value) -> Result<Option<String>, ScimError> {
    let list = match value {
        Value::Null => return Ok(None),
        Value::Array(list) => list.as_slice(),
        single => std::slice::from_ref(single),
    };
    let addresses: Vec<&Map<String, Value>> = list.iter().filter_map(Value::as_object).collect();
    if addresses.len() != list.len() {
        return Err(ScimError::new(ScimType::InvalidValue, "emails is not a list of objects"));
    }
    let primary = |address: &&&Map<String, Value>| member(address, "primary") == Some(&Value::Bool(true));
    let work = |address: &&&Map<String, Value>| {
        member(address, "type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
    };
    let meant = addresses.iter().find(primary).or_else(|| addresses.iter().find(work)).or(addresses.first());
    meant.map_or(Ok(None), |address| text("emails.value", member(address, "value").unwrap_or(&Value::Null)))
}

/// A moment as RFC 3339 has it.
fn moment(time: UnixTime) -> String {
    jiff::Timestamp::from_second(i64::from(time.0)).map(|time| time.to_string()).unwrap_or_default()
}
