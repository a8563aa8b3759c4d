//! An invitation: which manager, and the secret that it gave.

use core::fmt;

use credential::secret::Secret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::code;
use crate::error::{Error, Misuse, Restart};

const MARK: &str = "/activate#";

/// An invitation to a project, not yet redeemed.
///
/// Source: `docs/ACTIVATION.md#the-invitation`
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    base: String,
    secret: Secret<16>,
}

impl Invitation {
    /// Reads a link, or the text of a QR code.
    ///
    /// # Errors
    /// [`Restart::NotAnInvitation`] for other texts, [`Restart::Code`] for a spoilt code, [`Misuse::Address`] for a
    /// manager that is not reached securely.
    pub fn from_link(text: &str) -> Result<Self, Error> {
        let (base, code) = text.trim().split_once(MARK).ok_or(Restart::NotAnInvitation)?;
        // Apps that pass links on may escape the check symbols.
        let code = ["%2A*", "%7E~", "%24$", "%3D="].iter().fold(code.to_owned(), unescape);
        Self::from_code(base, &Zeroizing::new(code))
    }

    /// Takes the manager's address, and a code as the holder types it.
    ///
    /// # Errors
    /// [`Restart::Code`] says what is wrong with the code, [`Misuse::Address`] is for a manager that is not reached
    /// securely.
    pub fn from_code(base: &str, typed: &str) -> Result<Self, Error> {
        let base = base.trim().trim_end_matches('/');
        if !is_secure(base) {
            return Err(Misuse::Address.into());
        }
        Ok(Self { base: base.to_owned(), secret: code::parse(typed)? })
    }

    /// The manager's address, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The code to send.
    pub(crate) fn code(&self) -> Zeroizing<String> {
        code::canonical(&self.secret)
    }

    /// What the invitation is known by once the secret must not be kept.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.expose()).into()
    }
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation").field("base", &self.base).field("secret", &self.secret).finish()
    }
}

/// Replaces an escape, the first three characters of `pair`, by the fourth.
fn unescape(code: String, pair: &&str) -> String {
    let Some((escape, symbol)) = pair.split_at_checked(3) else { return code };
    code.replace(escape, symbol).replace(&escape.to_ascii_lowercase(), symbol)
}

/// Whether nobody on the way can read along: HTTPS, or HTTP that does not leave this computer.
fn is_secure(base: &str) -> bool {
    let plain = |octet: u8| octet.is_ascii_graphic() && !b"?#@\"<>\\^`{|}".contains(&octet);
    if !base.bytes().all(plain) {
        return false;
    }
    match base.split_once("://") {
        Some(("https", rest)) => !host(rest).is_empty(),
        Some(("http", rest)) => {
            let host = host(rest);
            host == "localhost" || host == "[::1]" || is_loopback(host)
        }
        _ => false,
    }
}

/// The host of what follows the scheme, without port and path.
fn host(rest: &str) -> &str {
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_loopback(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::CodeError;

    const CODE: &str = "00041061050R3GG28A1C60T3GF6";

    #[test]
    fn a_link_a_qr_text_and_a_typed_code_are_the_same_invitation() {
        let link = Invitation::from_link(&format!(" https://door.example/a/activate#{CODE}\n")).unwrap();
        let typed =
            Invitation::from_code("https://door.example/a/", "0004-1061-050r-3gg2-8a1c-60t3-gf6").unwrap();
        assert_eq!(link, typed);
        assert_eq!(link.base(), "https://door.example/a");
        assert_eq!(link.code().as_str(), CODE);
    }

    #[test]
    fn a_check_symbol_may_be_escaped() {
        let link = format!("https://door.example/activate#7{}%2a", "Z".repeat(25));
        assert_eq!(
            Invitation::from_link(&link).unwrap().hash(),
            <[u8; 32]>::from(Sha256::digest([0xFF; 16]))
        );
    }

    #[test]
    fn other_texts_are_not_invitations() {
        let of = Invitation::from_link;
        assert_eq!(of("https://door.example/"), Err(Restart::NotAnInvitation.into()));
        assert_eq!(of("https://door.example/activate#1"), Err(CodeError::Length(1).into()));
    }

    #[test]
    fn a_secret_goes_to_a_secure_address_only() {
        for (base, secure) in [
            ("https://door.example", true),
            ("https://door.example:8443/a/b", true),
            ("http://127.0.0.1:8080", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://door.example", false),
            ("http://127.0.0.1.door.example", false),
            ("http://localhost@door.example", false),
            ("https://", false),
            ("https://door.example?x=", false),
            ("https://door example", false),
            ("ftp://door.example", false),
            ("", false),
        ] {
            assert_eq!(Invitation::from_code(base, CODE).is_ok(), secure, "{base}");
        }
    }

    #[test]
    fn the_secret_is_not_in_debug_output() {
        let invitation = Invitation::from_code("https://door.example", CODE).unwrap();
        assert_eq!(
            format!("{invitation:?}"),
            "Invitation { base: \"https://door.example\", secret: Secret(..) }"
        );
    }
}
