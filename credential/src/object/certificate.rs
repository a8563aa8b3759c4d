//! The reader certificate: this key is this door of this project.
//!
//! Spec: `docs/PROTOCOL.md#reader-certificate`

use serde::{Deserialize, Serialize};

use super::IssuerKeys;
use super::signed::{self, Head, IssueError, Parts, SIGNATURE_OCTETS};
use crate::crypto::{Crypto, Digest, Point, Signer};
use crate::error::{DecodeError, ObjectError};
use crate::id::{IssuerIndex, ProjectId, ReaderId};
use crate::time::{OutsideValidity, UnixTime, Validity};
use crate::wire::Writer;

const LABEL: &[u8] = b"ostiary reader certificate";

/// What a holder must have done before the phone answers this door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Presence {
    /// Nothing.
    #[default]
    None,
    /// The phone is unlocked.
    Unlocked,
    /// The holder was verified for this tap: finger, face or code.
    Verified,
}

/// The fields of a reader certificate, not yet believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReaderCertificate {
    /// The project of the door.
    pub project: ProjectId,
    /// The issuer key that signs.
    pub issuer: IssuerIndex,
    /// The door.
    pub reader: ReaderId,
    /// When the certificate holds.
    pub validity: Validity,
    /// The user presence that the door demands.
    pub presence: Presence,
    /// The reader's key agreement key.
    pub public_key: Point,
}

/// A certificate whose issuer signature, project and validity hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedCertificate(ReaderCertificate);

#[derive(Serialize, Deserialize)]
struct Body {
    head: Head,
    #[serde(with = "postcard::fixint::be")]
    reader: u32,
    #[serde(with = "postcard::fixint::be")]
    not_before: u32,
    #[serde(with = "postcard::fixint::be")]
    not_after: u32,
    presence: u8,
    public_key: Point,
}

impl ReaderCertificate {
    /// Octets of an encoded certificate, signature included.
    pub const OCTETS: usize = 120;

    /// Signs the certificate.
    ///
    /// # Errors
    /// [`IssueError::Signer`] when the issuer key does not sign.
    pub fn issue<S: Signer>(&self, signer: &S) -> Result<[u8; Self::OCTETS], IssueError<S::Error>> {
        let body = Body {
            head: Head::new(self.project, self.issuer),
            reader: self.reader.0,
            not_before: self.validity.not_before.0,
            not_after: self.validity.not_after.0,
            presence: self.presence.code(),
            public_key: self.public_key,
        };
        let mut out = [0; Self::OCTETS];
        let mut writer = Writer::new(&mut out);
        signed::encode(&mut writer, &body)?;
        let body_octets = writer.length();
        signed::sign(signer, LABEL, &mut out, body_octets)?;
        Ok(out)
    }

    /// Decodes without verifying: for showing and for choosing the issuer keys to verify with.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but the exact layout.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let body: Body = signed::decode(Parts::split(octets)?.body)?;
        let head = body.head.check()?;
        Ok(Self {
            project: head.project,
            issuer: head.issuer,
            reader: ReaderId(body.reader),
            validity: Validity { not_before: UnixTime(body.not_before), not_after: UnixTime(body.not_after) },
            presence: Presence::from_code(body.presence).ok_or(DecodeError::UnknownValue)?,
            public_key: body.public_key,
        })
    }
}

impl VerifiedCertificate {
    /// Verifies octets against the issuer keys of a project at time `now`.
    ///
    /// # Errors
    /// [`ObjectError`] says what does not hold.
    pub fn verify<C: Crypto>(
        crypto: &C,
        octets: &[u8],
        issuers: &IssuerKeys,
        now: UnixTime,
    ) -> Result<Self, ObjectError> {
        let fields = Self::verify_signature(crypto, octets, issuers)?;
        fields.validity.contains(now).map_err(ObjectError::from)?;
        Ok(Self(fields))
    }

    /// What stands for a certificate and the very key that signed it; `None` for an issuer key that is not held.
    pub(crate) fn fingerprint<C: Crypto>(
        crypto: &C,
        octets: &[u8],
        fields: &ReaderCertificate,
        issuers: &IssuerKeys,
    ) -> Option<Digest> {
        let key = issuers.find(fields.project, fields.issuer)?;
        Some(crypto.sha256(&[octets, &key.0]))
    }

    /// A certificate whose signature held when one of the same fingerprint was verified before.
    ///
    /// # Errors
    /// [`ObjectError`] outside its validity.
    pub(crate) fn verified_before(octets: &[u8], now: UnixTime) -> Result<Self, ObjectError> {
        let fields = ReaderCertificate::decode(octets)?;
        fields.validity.contains(now).map_err(ObjectError::from)?;
        Ok(Self(fields))
    }

    /// The fields, if project and signature hold at whatever time.
    pub(super) fn verify_signature<C: Crypto>(
        crypto: &C,
        octets: &[u8],
        issuers: &IssuerKeys,
    ) -> Result<ReaderCertificate, ObjectError> {
        let fields = ReaderCertificate::decode(octets)?;
        Parts::split(octets)?.verify(crypto, LABEL, Head::new(fields.project, fields.issuer), issuers)?;
        Ok(fields)
    }

    /// The verified fields.
    pub const fn fields(&self) -> &ReaderCertificate {
        &self.0
    }
}

impl Presence {
    const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Unlocked => 1,
            Self::Verified => 2,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::None),
            1 => Some(Self::Unlocked),
            2 => Some(Self::Verified),
            _ => None,
        }
    }
}

impl From<OutsideValidity> for ObjectError {
    fn from(side: OutsideValidity) -> Self {
        match side {
            OutsideValidity::NotYetValid => Self::NotYetValid,
            OutsideValidity::Expired => Self::Expired,
        }
    }
}

const _: () = assert!(ReaderCertificate::OCTETS == 10 + 4 + 4 + 4 + 1 + 33 + SIGNATURE_OCTETS);
