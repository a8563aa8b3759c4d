//! Octets as people paste them.

/// Lower-case hexadecimal.
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Octets of hexadecimal text, with or without white space, colons, commas and `0x` before each octet or all of them.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let plain = text.replace("0x", " ").replace("0X", " ");
    let parts = plain.split(|symbol: char| symbol.is_whitespace() || matches!(symbol, ':' | ',' | '-'));
    let digits: String = parts.collect();
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    // A sign would be taken for a digit.
    let all_digits = digits.chars().all(|digit| digit.is_ascii_hexdigit());
    all_digits.then(|| digits.as_bytes().chunks(2).map(octet).collect())?
}

/// Octets in a JSON file.
pub(super) mod text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::trace) fn serialize<S: Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::to_hex(octets))
    }

    pub(in crate::trace) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        super::from_hex(&text).ok_or_else(|| de::Error::custom("not octets in hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_are_read_as_people_paste_them() {
        for text in ["00a4FF", "00 A4 ff", "00:a4:ff", "0x00a4ff", "0x00, 0xA4, 0xFF", " 00-a4\n ff "] {
            assert_eq!(from_hex(text), Some(vec![0x00, 0xA4, 0xFF]), "{text}");
        }
        for text in ["0", "0g", "+1", "é1", "00 a"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
        assert_eq!(from_hex(""), Some(Vec::new()));
    }
}
