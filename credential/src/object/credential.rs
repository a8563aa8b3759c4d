//! The credential: the holder of this key presents this user ID.
//!
//! Spec: `docs/PROTOCOL.md#credential`

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::IssuerKeys;
use super::signed::{self, Head, IssueError, Parts, SIGNATURE_OCTETS};
use crate::crypto::{Crypto, Point, Signer};
use crate::error::{DecodeError, ObjectError};
use crate::id::{IssuerIndex, ProjectId, Serial, UserId};
use crate::limits::USER_ID_MAX;
use crate::time::{UnixTime, Validity};
use crate::wire::{Cursor, Writer};

const LABEL: &[u8] = b"ostiary credential";

/// The fields of a credential, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// The project whose doors take it.
    pub project: ProjectId,
    /// The issuer key that signs.
    pub issuer: IssuerIndex,
    /// Its number within the project, for revocation.
    pub serial: Serial,
    /// When it holds.
    pub validity: Validity,
    /// The key that was made in the holder's device and signs every full tap.
    pub holder_key: Point,
    /// What the reader hands to the access control system.
    pub user_id: UserId,
}

/// A credential whose issuer signature and project hold.
///
/// Validity in time and revocation are the reader's next checks, as each has a reason of its own to deny with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCredential(Credential);

#[derive(Serialize, Deserialize)]
struct Fixed {
    head: Head,
    #[serde(with = "postcard::fixint::be")]
    serial: u64,
    #[serde(with = "postcard::fixint::be")]
    not_before: u32,
    #[serde(with = "postcard::fixint::be")]
    not_after: u32,
    flags: u8,
    holder_key: Point,
    user_id_octets: u8,
}

/// Octets before the user ID.
const FIXED_OCTETS: usize = 61;

impl Credential {
    /// Octets of the longest encoded credential, signature included.
    pub const OCTETS_MAX: usize = 157;

    /// Signs the credential.
    ///
    /// # Errors
    /// [`IssueError::Signer`] when the issuer key does not sign.
    pub fn issue<S: Signer>(
        &self,
        signer: &S,
    ) -> Result<Vec<u8, { Self::OCTETS_MAX }>, IssueError<S::Error>> {
        let fixed = Fixed {
            head: Head::new(self.project, self.issuer),
            serial: self.serial.0,
            not_before: self.validity.not_before.0,
            not_after: self.validity.not_after.0,
            flags: 0,
            holder_key: self.holder_key,
            user_id_octets: u8::try_from(self.user_id.as_bytes().len()).unwrap_or(0),
        };
        let mut out = [0; Self::OCTETS_MAX];
        let mut writer = Writer::new(&mut out);
        signed::encode(&mut writer, &fixed)?;
        writer.put(self.user_id.as_bytes())?;
        let body_octets = writer.length();
        let octets = signed::sign(signer, LABEL, &mut out, body_octets)?;
        let issued = out.get(..octets).and_then(|octets| Vec::from_slice(octets).ok());
        issued.ok_or(IssueError::BufferTooSmall)
    }

    /// Decodes without verifying.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but the exact layout.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let (fixed, user_id) = signed::decode_front::<Fixed>(Parts::split(octets)?.body)?;
        let head = fixed.head.check()?;
        if fixed.flags != 0 {
            return Err(DecodeError::UnknownValue);
        }
        let mut cursor = Cursor::new(user_id);
        let length = usize::from(fixed.user_id_octets);
        if length == 0 || length > USER_ID_MAX {
            return Err(DecodeError::UserId);
        }
        let user_id = UserId::new(cursor.take(length)?)?;
        cursor.finish()?;
        Ok(Self {
            project: head.project,
            issuer: head.issuer,
            serial: Serial(fixed.serial),
            validity: Validity {
                not_before: UnixTime(fixed.not_before),
                not_after: UnixTime(fixed.not_after),
            },
            holder_key: fixed.holder_key,
            user_id,
        })
    }

    /// The length of the credential at the front of `octets`, which padding follows.
    pub(crate) fn octets_at_front(octets: &[u8]) -> Result<usize, DecodeError> {
        let length = *octets.get(FIXED_OCTETS.saturating_sub(1)).ok_or(DecodeError::Truncated)?;
        if usize::from(length) > USER_ID_MAX {
            return Err(DecodeError::UserId);
        }
        Ok(usize::from(length).saturating_add(FIXED_OCTETS).saturating_add(SIGNATURE_OCTETS))
    }
}

impl VerifiedCredential {
    /// Verifies octets against the issuer keys of the verifier's project.
    ///
    /// # Errors
    /// [`ObjectError`] says what does not hold.
    pub fn verify<C: Crypto>(crypto: &C, octets: &[u8], issuers: &IssuerKeys) -> Result<Self, ObjectError> {
        let fields = Credential::decode(octets)?;
        Parts::split(octets)?.verify(crypto, LABEL, Head::new(fields.project, fields.issuer), issuers)?;
        Ok(Self(fields))
    }

    /// A credential whose issuer signature held when the very same octets were verified before.
    pub(crate) fn verified_before(octets: &[u8]) -> Result<Self, ObjectError> {
        Ok(Self(Credential::decode(octets)?))
    }

    /// The verified fields.
    pub const fn fields(&self) -> &Credential {
        &self.0
    }
}

const _: () = assert!(FIXED_OCTETS == 10 + 8 + 4 + 4 + 1 + 33 + 1);
const _: () = assert!(Credential::OCTETS_MAX == FIXED_OCTETS + USER_ID_MAX + SIGNATURE_OCTETS);
