//! What all signed objects have in common: `body ‖ signature`, a label, a head of three fields.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::IssuerKeys;
use crate::crypto::{Crypto, Signature, Signer};
use crate::error::{DecodeError, ObjectError};
use crate::id::{IssuerIndex, ProjectId};
use crate::wire::{NoRoom, Writer};

pub(super) const SIGNATURE_OCTETS: usize = 64;

/// The only format so far.
const FORMAT: u8 = 1;

/// The first three fields of every body.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Head {
    format: u8,
    pub(super) project: ProjectId,
    pub(super) issuer: IssuerIndex,
}

/// Why an object could not be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssueError<E> {
    /// The signer failed.
    Signer(E),
    /// The output buffer is too short.
    BufferTooSmall,
    /// The fields do not make a valid object.
    Invalid(DecodeError),
}

impl<E: core::fmt::Display> core::fmt::Display for IssueError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Signer(error) => write!(f, "the issuer key did not sign: {error}"),
            Self::BufferTooSmall => f.write_str("the output buffer is too small"),
            Self::Invalid(error) => write!(f, "the fields do not make a valid object: {error}"),
        }
    }
}

impl<E: core::fmt::Debug + core::fmt::Display> core::error::Error for IssueError<E> {}

impl<E> From<NoRoom> for IssueError<E> {
    fn from(NoRoom: NoRoom) -> Self {
        Self::BufferTooSmall
    }
}

impl Head {
    pub(super) const fn new(project: ProjectId, issuer: IssuerIndex) -> Self {
        Self { format: FORMAT, project, issuer }
    }

    pub(super) const fn check(self) -> Result<Self, DecodeError> {
        if self.format == FORMAT { Ok(self) } else { Err(DecodeError::Format) }
    }
}

/// Octets parted into body and signature.
#[derive(Clone, Copy)]
pub(super) struct Parts<'a> {
    pub(super) body: &'a [u8],
    signature: Signature,
}

impl<'a> Parts<'a> {
    pub(super) fn split(octets: &'a [u8]) -> Result<Self, DecodeError> {
        let (body, signature) =
            octets.split_last_chunk::<SIGNATURE_OCTETS>().ok_or(DecodeError::Truncated)?;
        Ok(Self { body, signature: Signature(*signature) })
    }

    /// Checks the signature over the octets as received.
    pub(super) fn verify<C: Crypto>(
        &self,
        crypto: &C,
        label: &[u8],
        head: Head,
        issuers: &IssuerKeys,
    ) -> Result<(), ObjectError> {
        let key = issuers.find(head.project, head.issuer).ok_or(ObjectError::UnknownIssuer)?;
        crypto.verify(key, &[label, &[0], self.body], &self.signature).map_err(|_| ObjectError::BadSignature)
    }
}

/// Decodes the front of `octets` and gives back the rest.
pub(super) fn decode_front<T: DeserializeOwned>(octets: &[u8]) -> Result<(T, &[u8]), DecodeError> {
    postcard::take_from_bytes(octets).map_err(blame)
}

/// Decodes all of `octets`.
pub(super) fn decode<T: DeserializeOwned>(octets: &[u8]) -> Result<T, DecodeError> {
    let (value, rest) = decode_front(octets)?;
    if rest.is_empty() { Ok(value) } else { Err(DecodeError::Trailing) }
}

/// Appends the encoding of `value`.
pub(super) fn encode<T: Serialize>(writer: &mut Writer<'_>, value: &T) -> Result<(), NoRoom> {
    // The longest piece that is encoded at a time: the fixed part of a reader configuration.
    let mut buffer = [0; 192];
    let octets = postcard::to_slice(value, &mut buffer).map_err(|_| NoRoom)?;
    writer.put(octets)
}

/// Signs the body that `writer` has put at the front of `out` and appends the signature.
pub(super) fn sign<S: Signer>(
    signer: &S,
    label: &[u8],
    out: &mut [u8],
    body_octets: usize,
) -> Result<usize, IssueError<S::Error>> {
    let (body, rest) = out.split_at_mut_checked(body_octets).ok_or(IssueError::BufferTooSmall)?;
    let signature = signer.sign(&[label, &[0], body]).map_err(IssueError::Signer)?;
    *rest.first_chunk_mut().ok_or(IssueError::BufferTooSmall)? = signature.0;
    body_octets.checked_add(SIGNATURE_OCTETS).ok_or(IssueError::BufferTooSmall)
}

fn blame(error: postcard::Error) -> DecodeError {
    match error {
        postcard::Error::DeserializeUnexpectedEnd => DecodeError::Truncated,
        postcard::Error::DeserializeBadVarint => DecodeError::Varint,
        _ => DecodeError::UnknownValue,
    }
}
