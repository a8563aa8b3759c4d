//! How octets, project ids and issuer keys stand in JSON, here and in the manager's answers.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Octets as base64url without padding.
pub(super) mod octets {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::to_base64url(octets))
    }

    pub(crate) fn deserialize<'de, T: From<Vec<u8>>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::from_base64url(&text).map(T::from).ok_or_else(|| D::Error::custom("not base64url"))
    }
}

/// A project id as 16 hexadecimal digits.
pub(super) mod project {
    use credential::id::ProjectId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(project: &ProjectId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::project_text(*project))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ProjectId, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::project_from_text(&text).ok_or_else(|| D::Error::custom("not a project id"))
    }
}

/// The issuer keys of a project.
pub(super) mod issuers {
    use credential::crypto::Point;
    use credential::id::{IssuerIndex, ProjectId};
    use credential::object::{IssuerKey, IssuerKeys};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[derive(Serialize, Deserialize)]
    struct Keys {
        #[serde(with = "super::project")]
        project: ProjectId,
        keys: Vec<Key>,
    }

    #[derive(Serialize, Deserialize)]
    struct Key {
        index: u8,
        #[serde(with = "super::octets")]
        public_key: Vec<u8>,
    }

    pub(crate) fn serialize<S: Serializer>(issuers: &IssuerKeys, serializer: S) -> Result<S::Ok, S::Error> {
        let key = |key: &IssuerKey| Key { index: key.index.0, public_key: key.point.0.to_vec() };
        let keys = issuers.keys().iter().map(key).collect();
        Keys { project: issuers.project(), keys }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<IssuerKeys, D::Error> {
        let Keys { project, keys } = Keys::deserialize(deserializer)?;
        let key = |key: Key| {
            let point = key.public_key.try_into().map(Point).ok()?;
            Some(IssuerKey { index: IssuerIndex(key.index), point })
        };
        let keys: Option<Vec<_>> = keys.into_iter().map(key).collect();
        let issuers = keys.and_then(|keys| IssuerKeys::new(project, &keys));
        issuers.ok_or_else(|| D::Error::custom("not issuer keys"))
    }
}

pub(crate) fn to_base64url(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

pub(crate) fn project_text(project: credential::id::ProjectId) -> String {
    format!("{:016x}", u64::from_be_bytes(project.0))
}

pub(crate) fn project_from_text(text: &str) -> Option<credential::id::ProjectId> {
    let digits = text.len() == 16 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let number = digits.then(|| u64::from_str_radix(text, 16).ok()).flatten()?;
    Some(credential::id::ProjectId(number.to_be_bytes()))
}
