//! Names of things and of moments.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text::hex;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UnixTime(pub u32);

impl UnixTime {
    /// This moment, `seconds` later, and no later than can be told.
    pub const fn after(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// One organisation's trust domain; written as 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ProjectId(pub [u8; 8]);

/// Text that is not a project id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a project id is 16 hexadecimal digits")]
pub struct ProjectIdError;

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProjectId({self})")
    }
}

impl FromStr for ProjectId {
    type Err = ProjectIdError;

    fn from_str(text: &str) -> Result<Self, ProjectIdError> {
        if text.len() != 16 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(ProjectIdError);
        }
        u64::from_str_radix(text, 16).map(|value| Self(value.to_be_bytes())).map_err(|_| ProjectIdError)
    }
}

impl From<ProjectId> for String {
    fn from(id: ProjectId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ProjectId {
    type Error = ProjectIdError;

    fn try_from(text: String) -> Result<Self, ProjectIdError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_id_is_sixteen_digits() {
        let id = ProjectId([0, 1, 2, 3, 4, 5, 6, 0xFF]);
        assert_eq!(id.to_string(), "00010203040506ff");
        assert_eq!("00010203040506ff".parse(), Ok(id));
        for bad in ["", "00010203040506f", "+0010203040506ff", "00010203040506fg", "00010203040506ff0"] {
            assert_eq!(bad.parse::<ProjectId>(), Err(ProjectIdError), "{bad}");
        }
    }
}
