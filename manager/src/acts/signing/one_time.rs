//! One-time codes of authenticator apps (RFC 6238), as every such app makes them.

use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::domain::UnixTime;

/// Octets of a secret: as many as SHA-1 takes in.
pub(super) const SECRET_OCTETS: usize = 20;

/// The step whose code this is, if it is one of now or of the step before or after.
pub(super) fn step(secret: &[u8], code: &str, now: UnixTime) -> Option<u64> {
    let digits: String = code.chars().filter(|character| !character.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    made(secret)?.check(&digits, u64::from(now.0))
}

/// What an authenticator app takes, as text and as the address that its QR code has.
pub(super) fn to_scan(secret: &[u8], email: &str, issuer: &str) -> (Zeroizing<String>, Zeroizing<String>) {
    let text = Zeroizing::new(Secret::from(secret.to_vec()).to_base32());
    let escaped =
        |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20");
    let (label, issuer) = (escaped(email), escaped(issuer));
    let address = format!("otpauth://totp/{issuer}:{label}?secret={}&issuer={issuer}", text.as_str());
    (text, Zeroizing::new(address))
}

fn made(secret: &[u8]) -> Option<Totp> {
    Builder::new().with_secret(secret.to_vec()).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spec: RFC 6238 appendix B, the last six digits.
    #[test]
    fn codes_are_those_of_the_standard_and_of_the_steps_beside_them() {
        let secret = b"12345678901234567890";
        assert_eq!(step(secret, "287082", UnixTime(59)), Some(1));
        assert_eq!(step(secret, "287 082", UnixTime(29)), Some(1));
        assert_eq!(step(secret, "287082", UnixTime(89)), Some(1));
        assert_eq!(step(secret, "287082", UnixTime(90)), None);
        assert_eq!(step(secret, "050471", UnixTime(1_111_111_111)), Some(37_037_037));
        for bad in ["", "28708", "2870820", "28708a", "٢٨٧٠٨٢"] {
            assert_eq!(step(secret, bad, UnixTime(59)), None, "{bad}");
        }
    }

    #[test]
    fn what_is_scanned_names_account_and_project() {
        let (text, address) = to_scan(b"12345678901234567890", "anna+x@doors.example", "Works & Co");
        assert_eq!(text.as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let expected = format!(
            "otpauth://totp/Works%20%26%20Co:anna%2Bx%40doors.example?secret={}&issuer=Works%20%26%20Co",
            text.as_str()
        );
        assert_eq!(address.as_str(), expected);
    }
}
