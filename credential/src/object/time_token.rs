//! The time token: the issuer says what time it is.
//!
//! Spec: `docs/PROTOCOL.md#time-token`

use serde::{Deserialize, Serialize};

use super::IssuerKeys;
use super::signed::{self, Head, IssueError, Parts, SIGNATURE_OCTETS};
use crate::crypto::{Crypto, Signer};
use crate::error::ObjectError;
use crate::id::{IssuerIndex, ProjectId};
use crate::time::UnixTime;
use crate::wire::Writer;

const LABEL: &[u8] = b"ostiary time token";

/// The fields of a time token, not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeToken {
    /// The project whose readers take it.
    pub project: ProjectId,
    /// The issuer key that signs.
    pub issuer: IssuerIndex,
    /// The time when it was signed.
    pub time: UnixTime,
}

/// A token whose issuer signature and project hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedTimeToken(TimeToken);

#[derive(Serialize, Deserialize)]
struct Body {
    head: Head,
    #[serde(with = "postcard::fixint::be")]
    time: u32,
}

impl TimeToken {
    /// Octets of an encoded token, signature included.
    pub const OCTETS: usize = 78;

    /// Signs the token.
    ///
    /// # Errors
    /// [`IssueError::Signer`] when the issuer key does not sign.
    pub fn issue<S: Signer>(&self, signer: &S) -> Result<[u8; Self::OCTETS], IssueError<S::Error>> {
        let mut out = [0; Self::OCTETS];
        let mut writer = Writer::new(&mut out);
        signed::encode(&mut writer, &Body { head: Head::new(self.project, self.issuer), time: self.time.0 })?;
        let body_octets = writer.length();
        signed::sign(signer, LABEL, &mut out, body_octets)?;
        Ok(out)
    }
}

impl VerifiedTimeToken {
    /// Verifies octets against the issuer keys of the verifier's project.
    ///
    /// # Errors
    /// [`ObjectError`] says what does not hold.
    pub fn verify<C: Crypto>(crypto: &C, octets: &[u8], issuers: &IssuerKeys) -> Result<Self, ObjectError> {
        let parts = Parts::split(octets)?;
        let body: Body = signed::decode(parts.body)?;
        let head = body.head.check()?;
        parts.verify(crypto, LABEL, head, issuers)?;
        Ok(Self(TimeToken { project: head.project, issuer: head.issuer, time: UnixTime(body.time) }))
    }

    /// The verified fields.
    pub const fn fields(&self) -> &TimeToken {
        &self.0
    }

    /// The time to set a clock to, if this token moves it forward from `clock`.
    ///
    /// # Errors
    /// [`ObjectError::NotNewer`] when it does not.
    pub fn forward_from(&self, clock: Option<UnixTime>) -> Result<UnixTime, ObjectError> {
        if clock.is_none_or(|clock| clock < self.0.time) {
            Ok(self.0.time)
        } else {
            Err(ObjectError::NotNewer)
        }
    }
}

const _: () = assert!(TimeToken::OCTETS == 10 + 4 + SIGNATURE_OCTETS);
