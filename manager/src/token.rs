//! API tokens: 256 random bits, of which only the hash is kept.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::{from_base64url, to_base64url};
use crate::random::{self, RandomFailed};

/// What every token begins with, so that one that leaked can be searched for.
const PREFIX: &str = "ostiary_";

/// A bearer token of the administrator API; wiped when dropped.
#[derive(Clone)]
pub struct ApiToken(Zeroizing<[u8; 32]>);

impl ApiToken {
    pub(crate) fn generate() -> Result<Self, RandomFailed> {
        Ok(Self(Zeroizing::new(random::octets()?)))
    }

    /// Reads a token as it was shown; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let octets = from_base64url(text.strip_prefix(PREFIX)?)?;
        Some(Self(Zeroizing::new(octets)))
    }

    /// The token as text, to be shown once.
    pub fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}{}", to_base64url(self.0.as_ref())))
    }

    /// A key for one purpose that only whoever has the token can make.
    pub(crate) fn derive(&self, purpose: &[u8], text: &[u8]) -> Zeroizing<[u8; 32]> {
        let hash = Sha256::new().chain_update(purpose).chain_update(self.0.as_ref()).chain_update(text);
        Zeroizing::new(hash.finalize().into())
    }

    /// The only thing that is stored.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_ref()).into()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(..)")
    }
}

/// The secret of a session on the administrators' page, which the browser keeps in a cookie; wiped when dropped.
#[derive(Clone)]
pub(crate) struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    pub(crate) fn generate() -> Result<Self, RandomFailed> {
        Ok(Self(Zeroizing::new(random::octets()?)))
    }

    /// Reads what a browser brought; `None` for any other text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        from_base64url(text).map(|octets| Self(Zeroizing::new(octets)))
    }

    /// What the browser is given.
    pub(crate) fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(to_base64url(self.0.as_ref()))
    }

    /// The only thing that is stored.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"ostiary session\0").chain_update(self.0.as_ref()).finalize().into()
    }

    /// What a form has to bring to be one that this session was shown.
    pub(crate) fn form_token(&self) -> String {
        let hash = Sha256::new().chain_update(b"ostiary form\0").chain_update(self.0.as_ref()).finalize();
        to_base64url(&hash)
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_shown_and_not_in_debug_output() {
        let token = ApiToken::generate().unwrap();
        assert_eq!(ApiToken::parse(&token.expose()).unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?}"), "ApiToken(..)");
        for bad in ["", "ostiary_", "ostiary_AAAA", &token.expose()[1..]] {
            assert!(ApiToken::parse(bad).is_none(), "{bad}");
        }
    }
}
