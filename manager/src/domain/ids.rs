//! Names of things and of moments, as the exchange has them, and how they are written here.

pub use credential::id::{ProjectId, ReaderId, Serial};
pub use credential::time::UnixTime;

use super::text::hex;

/// The moment `seconds` after `time`, and no later than can be told.
pub const fn after(time: UnixTime, seconds: u32) -> UnixTime {
    UnixTime(time.0.saturating_add(seconds))
}

/// A project id as 16 lower-case hexadecimal digits.
pub fn project_id_text(id: ProjectId) -> String {
    hex(&id.0)
}

/// Undoes [`project_id_text`]; takes capitals too, and `None` for anything else.
pub fn parse_project_id(text: &str) -> Option<ProjectId> {
    if text.len() != 16 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u64::from_str_radix(text, 16).ok().map(|value| ProjectId(value.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_id_is_sixteen_digits() {
        let id = ProjectId([0, 1, 2, 3, 4, 5, 6, 0xFF]);
        assert_eq!(project_id_text(id), "00010203040506ff");
        assert_eq!(parse_project_id("00010203040506ff"), Some(id));
        for bad in ["", "00010203040506f", "+0010203040506ff", "00010203040506fg", "00010203040506ff0"] {
            assert_eq!(parse_project_id(bad), None, "{bad}");
        }
    }
}
