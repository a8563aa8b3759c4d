//! Versions of things, so that an edit is not done to another version than the one that was looked at.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::text::hex;

/// Names one version of a thing: the same only while everything that is shown of it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version([u8; 16]);

/// Which version an edit is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whichever there is.
    Any,
    /// One of these, as [`Version::tag`] wrote them.
    OneOf(Vec<String>),
}

impl Version {
    /// The version of a thing that is shown like this.
    pub fn of(shown: &impl Serialize) -> Self {
        // What cannot be shown has no versions to tell apart.
        let text = serde_json::to_vec(shown).unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(text).into();
        let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 16], &[]));
        Self(*first)
    }

    /// The version as an entity tag (RFC 9110 §8.8.3).
    pub fn tag(self) -> String {
        format!("\"{}\"", hex(&self.0))
    }
}

impl Expected {
    /// Whether an edit may be done to a thing that is shown like this.
    pub fn holds(&self, shown: &impl Serialize) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.contains(&Version::of(shown).tag()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_not_the_expected_one() {
        let expected = Expected::OneOf(vec!["\"0\"".to_owned(), Version::of(&"a").tag()]);
        assert!(expected.holds(&"a") && !expected.holds(&"b"));
        assert!(Expected::Any.holds(&"b"));
        assert_eq!(Version::of(&"a").tag().len(), 34);
    }
}
