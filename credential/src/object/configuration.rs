//! The reader configuration: what a reader needs to know, signed by the issuer and sealed to the reader.
//!
//! Spec: `docs/PROTOCOL.md#reader-configuration`

use serde::{Deserialize, Serialize};

use super::output_format::OutputFormat;
use super::signed::{self, Head, IssueError, Parts};
use super::{IssuerKey, IssuerKeys, ReaderCertificate, VerifiedCertificate};
use crate::crypto::{Crypto, Point, Signer};
use crate::error::{DecodeError, ObjectError};
use crate::id::{IssuerIndex, ProjectId};
use crate::limits::ISSUER_KEYS_MAX;
use crate::wire::{Cursor, Writer};

const LABEL: &[u8] = b"ostiary reader configuration";
const TICKETS: u8 = 1;
const REPORTS: u8 = 2;

/// The fields of a configuration, not yet believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderConfiguration {
    /// The issuer key that signs.
    pub issuer: IssuerIndex,
    /// Goes up with each configuration of this reader.
    pub version: u32,
    /// The reader's certificate, as issued.
    pub certificate: [u8; ReaderCertificate::OCTETS],
    /// The issuer keys that the reader trusts from now on; their project is the configuration's.
    pub issuers: IssuerKeys,
    /// Whether the reader gives tickets for the fast path.
    pub tickets: bool,
    /// Version of the revocation list that the reader should hold by now, 0 = none.
    pub list_version: u32,
    /// The key that the reader reports to; `None` if nobody wants its reports.
    pub report_key: Option<Point>,
    /// How the user ID is written on the wire.
    pub output: OutputFormat,
}

/// A configuration whose issuer signature holds and which is for this reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedConfiguration(ReaderConfiguration);

#[derive(Serialize, Deserialize)]
struct Front {
    head: Head,
    #[serde(with = "postcard::fixint::be")]
    version: u32,
}

impl ReaderConfiguration {
    /// Octets of the longest encoded configuration, signature included.
    pub const OCTETS_MAX: usize =
        14 + ReaderCertificate::OCTETS + 1 + 34 * ISSUER_KEYS_MAX + 1 + 4 + 33 + 9 + 64;

    /// Signs the configuration into `out` and returns its length.
    ///
    /// # Errors
    /// [`IssueError::Signer`] when the issuer key does not sign, [`IssueError::BufferTooSmall`] for an `out` of less
    /// than [`ReaderConfiguration::OCTETS_MAX`] octets.
    pub fn issue<S: Signer>(&self, signer: &S, out: &mut [u8]) -> Result<usize, IssueError<S::Error>> {
        let mut writer = Writer::new(out);
        let front = Front { head: Head::new(self.issuers.project(), self.issuer), version: self.version };
        signed::encode(&mut writer, &front)?;
        writer.put(&self.certificate)?;
        let keys = self.issuers.keys();
        writer.put(&[u8::try_from(keys.len()).unwrap_or(u8::MAX)])?;
        for key in keys {
            signed::encode(&mut writer, key)?;
        }
        let tickets = if self.tickets { TICKETS } else { 0 };
        let reports = if self.report_key.is_some() { REPORTS } else { 0 };
        writer.put(&[tickets | reports])?;
        writer.put(&self.list_version.to_be_bytes())?;
        if let Some(key) = &self.report_key {
            writer.put(&key.0)?;
        }
        self.output.encode(&mut writer)?;
        let body_octets = writer.length();
        signed::sign(signer, LABEL, out, body_octets)
    }

    /// Decodes without verifying: in enrolment, for the person who confirms the issuer keys in it.
    ///
    /// # Errors
    /// [`DecodeError`] for anything but the exact layout.
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        let (front, rest) = signed::decode_front::<Front>(Parts::split(octets)?.body)?;
        let head = front.head.check()?;
        let mut cursor = Cursor::new(rest);
        let certificate = cursor.array()?;
        let issuers = decode_issuers(&mut cursor, head.project)?;
        let flags = cursor.u8()?;
        if flags & !(TICKETS | REPORTS) != 0 {
            return Err(DecodeError::UnknownValue);
        }
        let list_version = cursor.u32()?;
        let report_key = if flags & REPORTS == 0 { None } else { Some(Point(cursor.array()?)) };
        let output = OutputFormat::decode(&mut cursor)?;
        cursor.finish()?;
        Ok(Self {
            issuer: head.issuer,
            version: front.version,
            certificate,
            issuers,
            tickets: flags & TICKETS != 0,
            list_version,
            report_key,
            output,
        })
    }
}

impl VerifiedConfiguration {
    /// Verifies octets for the reader whose key is `own_key`.
    ///
    /// `issuers` are the keys trusted so far; in enrolment, those that the configuration itself carries, once they
    /// were confirmed. `newer_than` is the version held, `None` if there is none.
    ///
    /// # Errors
    /// [`ObjectError`] says what does not hold.
    pub fn verify<C: Crypto>(
        crypto: &C,
        octets: &[u8],
        issuers: &IssuerKeys,
        own_key: &Point,
        newer_than: Option<u32>,
    ) -> Result<Self, ObjectError> {
        let fields = ReaderConfiguration::decode(octets)?;
        let head = Head::new(fields.issuers.project(), fields.issuer);
        Parts::split(octets)?.verify(crypto, LABEL, head, issuers)?;
        let certificate =
            VerifiedCertificate::verify_signature(crypto, &fields.certificate, &fields.issuers)?;
        if certificate.public_key != *own_key {
            return Err(ObjectError::NotForThisReader);
        }
        if newer_than.is_some_and(|held| fields.version <= held) {
            return Err(ObjectError::NotNewer);
        }
        Ok(Self(fields))
    }

    /// The verified fields.
    pub const fn fields(&self) -> &ReaderConfiguration {
        &self.0
    }
}

fn decode_issuers(cursor: &mut Cursor<'_>, project: ProjectId) -> Result<IssuerKeys, DecodeError> {
    let count = usize::from(cursor.u8()?);
    if count == 0 || count > ISSUER_KEYS_MAX {
        return Err(DecodeError::Count);
    }
    let mut keys = heapless::Vec::<IssuerKey, ISSUER_KEYS_MAX>::new();
    for _ in 0..count {
        let key = IssuerKey { index: IssuerIndex(cursor.u8()?), point: Point(cursor.array()?) };
        keys.push(key).map_err(|_| DecodeError::Count)?;
    }
    IssuerKeys::new(project, &keys).ok_or(DecodeError::UnknownValue)
}
