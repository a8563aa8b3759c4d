//! Octets as text: base64url and hexadecimal.

use base64ct::{Base64UrlUnpadded, Encoding};

/// Base64url without padding (RFC 4648 §5).
pub fn to_base64url(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

/// Undoes [`to_base64url`] for exactly `N` octets; `None` for anything else.
pub fn from_base64url<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut octets = [0; N];
    let decoded = Base64UrlUnpadded::decode(text, &mut octets).ok()?;
    (decoded.len() == N).then_some(octets)
}

/// Lower-case hexadecimal.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_takes_the_exact_length_only() {
        let text = to_base64url(&[0xFB, 0xFF, 0xFE]);
        assert_eq!(text, "-__-");
        assert_eq!(from_base64url::<3>(&text), Some([0xFB, 0xFF, 0xFE]));
        assert_eq!(from_base64url::<2>(&text), None);
        assert_eq!(from_base64url::<4>(&text), None);
        assert_eq!(from_base64url::<3>("-__-="), None);
        assert_eq!(from_base64url::<3>("+//+"), None);
    }
}
