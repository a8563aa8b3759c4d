//! The revocation list: credentials and readers that are no longer believed before they expire.
//!
//! Spec: `docs/PROTOCOL.md#revocation-list`

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::IssuerKeys;
use super::signed::{self, Head, IssueError, Parts};
use crate::crypto::{Crypto, Signer};
use crate::error::{DecodeError, ObjectError};
use crate::id::{IssuerIndex, ProjectId, ReaderId, Serial};
use crate::time::UnixTime;
use crate::wire::Writer;

const LABEL: &[u8] = b"ostiary revocation list";

/// What an issuer revokes; both lists ascend strictly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevocationList<'a> {
    /// The project.
    pub project: ProjectId,
    /// The issuer key that signs.
    pub issuer: IssuerIndex,
    /// Goes up with each list.
    pub version: u32,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// Revoked credentials that have not expired.
    pub serials: &'a [Serial],
    /// Revoked readers, for devices.
    pub readers: &'a [ReaderId],
}

/// A list whose issuer signature, project and order hold, over the octets as received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedRevocationList<'a> {
    octets: &'a [u8],
    fields: Fields<'a>,
}

/// What a reader asks of the list that it holds.
pub trait Revocations {
    /// Version of the list held, 0 = none.
    fn version(&self) -> u32;

    /// Whether the credential is on it.
    fn is_revoked(&self, serial: Serial) -> bool;
}

/// A verified list in memory of its own, `N` octets at most.
#[derive(Clone, Debug, Default)]
pub struct HeldRevocationList<const N: usize> {
    octets: Vec<u8, N>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Fixed {
    head: Head,
    #[serde(with = "postcard::fixint::be")]
    version: u32,
    #[serde(with = "postcard::fixint::be")]
    issued_at: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fields<'a> {
    project: ProjectId,
    issuer: IssuerIndex,
    version: u32,
    issued_at: UnixTime,
    serials: Deltas<'a>,
    readers: Deltas<'a>,
}

/// Ascending numbers, each written as the difference to the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deltas<'a> {
    left: u64,
    previous: Option<u64>,
    octets: &'a [u8],
}

impl RevocationList<'_> {
    /// Octets that a list of so many entries needs at most.
    pub const fn octets_max(serials: usize, readers: usize) -> usize {
        let entries = serials.saturating_mul(10).saturating_add(readers.saturating_mul(5));
        entries.saturating_add(18 + 20 + 64)
    }

    /// Signs the list into `out` and returns its length.
    ///
    /// # Errors
    /// [`IssueError::Invalid`] when a list does not ascend strictly, [`IssueError::BufferTooSmall`] when `out` is
    /// shorter than the list (see [`RevocationList::octets_max`]), [`IssueError::Signer`] when the key does not sign.
    pub fn issue<S: Signer>(&self, signer: &S, out: &mut [u8]) -> Result<usize, IssueError<S::Error>> {
        let mut writer = Writer::new(out);
        let fixed = Fixed {
            head: Head::new(self.project, self.issuer),
            version: self.version,
            issued_at: self.issued_at.0,
        };
        signed::encode(&mut writer, &fixed)?;
        write_deltas(&mut writer, self.serials.iter().map(|serial| serial.0))?;
        write_deltas(&mut writer, self.readers.iter().map(|reader| u64::from(reader.0)))?;
        let body_octets = writer.length();
        signed::sign(signer, LABEL, out, body_octets)
    }
}

impl<'a> VerifiedRevocationList<'a> {
    /// Verifies octets against the issuer keys of a project.
    ///
    /// # Errors
    /// [`ObjectError`] says what does not hold.
    pub fn verify<C: Crypto>(
        crypto: &C,
        octets: &'a [u8],
        issuers: &IssuerKeys,
    ) -> Result<Self, ObjectError> {
        let parts = Parts::split(octets)?;
        let fields = Fields::decode(parts.body)?;
        parts.verify(crypto, LABEL, Head::new(fields.project, fields.issuer), issuers)?;
        Ok(Self { octets, fields })
    }

    /// The octets that were verified.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Its version.
    pub const fn version(&self) -> u32 {
        self.fields.version
    }

    /// When it was signed.
    pub const fn issued_at(&self) -> UnixTime {
        self.fields.issued_at
    }

    /// The project whose list it is.
    pub const fn project(&self) -> ProjectId {
        self.fields.project
    }

    /// The revoked credentials, ascending.
    pub fn serials(&self) -> impl Iterator<Item = Serial> + use<'a> {
        self.fields.serials.flatten().map(Serial)
    }

    /// The revoked readers, ascending.
    pub fn readers(&self) -> impl Iterator<Item = ReaderId> + use<'a> {
        self.fields.readers.flatten().filter_map(|id| u32::try_from(id).ok()).map(ReaderId)
    }
}

impl<const N: usize> HeldRevocationList<N> {
    /// No list yet: version 0, nothing revoked.
    pub const fn empty() -> Self {
        Self { octets: Vec::new() }
    }

    /// Takes a newer list.
    ///
    /// # Errors
    /// [`ObjectError::NotNewer`] unless its version is higher than the one held,
    /// [`ObjectError::TooLarge`] when it has more than `N` octets; the list held is then kept.
    pub fn replace(&mut self, list: &VerifiedRevocationList<'_>) -> Result<(), ObjectError> {
        if list.version() <= self.version() {
            return Err(ObjectError::NotNewer);
        }
        self.octets = Vec::from_slice(list.octets()).map_err(|_| ObjectError::TooLarge)?;
        Ok(())
    }

    /// The octets of the list held, as they were verified; empty if there is none.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Whether the reader is on it.
    pub fn is_reader_revoked(&self, reader: ReaderId) -> bool {
        self.fields().is_some_and(|fields| fields.readers.flatten().any(|id| id == u64::from(reader.0)))
    }

    fn fields(&self) -> Option<Fields<'_>> {
        Parts::split(&self.octets).and_then(|parts| Fields::decode(parts.body)).ok()
    }
}

impl<const N: usize> Revocations for HeldRevocationList<N> {
    fn version(&self) -> u32 {
        self.fields().map_or(0, |fields| fields.version)
    }

    fn is_revoked(&self, serial: Serial) -> bool {
        self.fields().is_some_and(|fields| fields.serials.flatten().any(|revoked| revoked == serial.0))
    }
}

impl<'a> Fields<'a> {
    fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (fixed, rest) = signed::decode_front::<Fixed>(body)?;
        let head = fixed.head.check()?;
        let (serials, rest) = Deltas::decode(rest, u64::MAX)?;
        let (readers, rest) = Deltas::decode(rest, u64::from(u32::MAX))?;
        if !rest.is_empty() {
            return Err(DecodeError::Trailing);
        }
        Ok(Self {
            project: head.project,
            issuer: head.issuer,
            version: fixed.version,
            issued_at: UnixTime(fixed.issued_at),
            serials,
            readers,
        })
    }
}

impl<'a> Deltas<'a> {
    /// Walks a whole list once, so that walking it later cannot fail; gives back what follows it.
    fn decode(octets: &'a [u8], largest: u64) -> Result<(Self, &'a [u8]), DecodeError> {
        let (count, entries) = signed::decode_front::<u64>(octets)?;
        let list = Self { left: count, previous: None, octets: entries };
        let mut walk = list;
        while let Some(number) = walk.step() {
            if number? > largest {
                return Err(DecodeError::NotSorted);
            }
        }
        Ok((list, walk.octets))
    }

    fn step(&mut self) -> Option<Result<u64, DecodeError>> {
        self.left = self.left.checked_sub(1)?;
        Some(self.read())
    }

    fn read(&mut self) -> Result<u64, DecodeError> {
        let (delta, rest) = signed::decode_front::<u64>(self.octets)?;
        self.octets = rest;
        let number = match self.previous {
            None => delta,
            Some(_) if delta == 0 => return Err(DecodeError::NotSorted),
            Some(previous) => previous.checked_add(delta).ok_or(DecodeError::NotSorted)?,
        };
        self.previous = Some(number);
        Ok(number)
    }

    /// The numbers of a list that was decoded before.
    fn flatten(mut self) -> impl Iterator<Item = u64> + use<'a> {
        core::iter::from_fn(move || self.step()?.ok())
    }
}

fn write_deltas<E>(
    writer: &mut Writer<'_>,
    numbers: impl ExactSizeIterator<Item = u64>,
) -> Result<(), IssueError<E>> {
    signed::encode(writer, &u64::try_from(numbers.len()).unwrap_or(u64::MAX))?;
    let mut previous = None;
    for number in numbers {
        let delta = match previous {
            None => number,
            Some(previous) => match number.checked_sub(previous) {
                None | Some(0) => return Err(IssueError::Invalid(DecodeError::NotSorted)),
                Some(delta) => delta,
            },
        };
        signed::encode(writer, &delta)?;
        previous = Some(number);
    }
    Ok(())
}
