//! Names of attributes, with or without their schema, in any case of letters. Spec: RFC 7643 §2.1, RFC 7644 §3.10.

use super::{ENTERPRISE, USER};

/// An attribute by its name in small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AttributeName {
    /// Whether it is one of the enterprise extension.
    pub(super) is_enterprise: bool,
    /// Such as `username`; empty for the extension as a whole.
    pub(super) name: String,
    /// Such as `givenname` in `name.givenName`.
    pub(super) sub: Option<String>,
}

impl AttributeName {
    /// Reads `attr`, `attr.sub`, `urn:…:User:attr` and `urn:…:User:attr.sub`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let small = text.to_ascii_lowercase();
        let (is_enterprise, rest) = if let Some(rest) = small.strip_prefix(&ENTERPRISE.to_ascii_lowercase()) {
            (true, rest)
        } else if let Some(rest) = small.strip_prefix(&USER.to_ascii_lowercase()) {
            (false, rest)
        } else {
            return Self::plain(false, &small);
        };
        match rest.strip_prefix(':') {
            Some(rest) => Self::plain(is_enterprise, rest),
            None if rest.is_empty() && is_enterprise => {
                Some(Self { is_enterprise, name: String::new(), sub: None })
            }
            None => None,
        }
    }

    fn plain(is_enterprise: bool, text: &str) -> Option<Self> {
        let (name, sub) = match text.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (text, None),
        };
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '$')
                && name
                    .chars()
                    .all(|symbol| symbol.is_ascii_alphanumeric() || matches!(symbol, '-' | '_' | '$'))
        };
        (is_name(name) && sub.is_none_or(is_name)).then(|| Self {
            is_enterprise,
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_with_and_without_their_schema() {
        let name = |text| AttributeName::parse(text).map(|name| (name.is_enterprise, name.name, name.sub));
        let plain = |name: &str| Some((false, name.to_owned(), None));
        assert_eq!(name("userName"), plain("username"));
        assert_eq!(name("urn:ietf:params:scim:schemas:core:2.0:User:userName"), plain("username"));
        assert_eq!(name("name.givenName"), Some((false, "name".into(), Some("givenname".into()))));
        let number = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
        assert_eq!(name(number), Some((true, "employeenumber".into(), None)));
        assert_eq!(name(ENTERPRISE), Some((true, String::new(), None)));
        for bad in ["", "user name", "1x", "a.b.c", ".a", "a.", USER, "urn:other:thing"] {
            assert_eq!(name(bad), None, "{bad}");
        }
    }
}
