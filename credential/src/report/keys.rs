//! The keys that a reader and its manager share.
//!
//! Spec: `docs/PROTOCOL.md#reports`

use rand_core::CryptoRng;

use crate::crypto::{Crypto, InvalidKey, Mismatch, Point, TAG_OCTETS};
use crate::id::{ProjectId, ReaderId};
use crate::secret::Secret;

const LABEL: &[u8] = b"ostiary/1 report";
const NONCE_OCTETS: usize = 12;
const AAD_OCTETS: usize = LABEL.len() + 1 + 8 + 4;

/// Octets that sealing adds to the contents of a report.
pub const REPORT_OVERHEAD: usize = NONCE_OCTETS + TAG_OCTETS;

/// What seals and acknowledges the reports of one reader; derived once, no tap waits for it.
pub struct ReportKeys {
    sealing: Secret<32>,
    acknowledging: Secret<32>,
    aad: [u8; AAD_OCTETS],
}

impl ReportKeys {
    /// From one's own private key and the other's public one: the reader's certified key and the project's report key.
    ///
    /// # Errors
    /// [`InvalidKey`] when `other` is not on the curve.
    pub fn derive<C: Crypto>(
        crypto: &C,
        own: &C::AgreementKey,
        other: &Point,
        project: ProjectId,
        reader: ReaderId,
    ) -> Result<Self, InvalidKey> {
        let shared = crypto.agree(own, other)?;
        let mut aad = [0; AAD_OCTETS];
        let named = LABEL.iter().chain(&[0]).chain(&project.0).copied().chain(reader.0.to_be_bytes());
        for (to, from) in aad.iter_mut().zip(named) {
            *to = from;
        }
        let secret = crypto.extract(&crypto.sha256(&[&aad]), &[shared.expose()]);
        Ok(Self {
            sealing: crypto.expand(&secret, &[b"ostiary/1 report seal"]),
            acknowledging: crypto.expand(&secret, &[b"ostiary/1 report acknowledgement"]),
            aad,
        })
    }

    /// Seals contents that `fill` writes in place; returns the length of the report.
    ///
    /// `fill` gets the room for the contents and returns their length; 0 is no report.
    pub fn seal<C: Crypto>(
        &self,
        crypto: &C,
        rng: &mut dyn CryptoRng,
        fill: &mut dyn FnMut(&mut [u8]) -> usize,
        out: &mut [u8],
    ) -> Option<usize> {
        let room = out.len().checked_sub(REPORT_OVERHEAD)?;
        let (nonce, rest) = out.split_first_chunk_mut::<NONCE_OCTETS>()?;
        rng.fill_bytes(nonce);
        let length = fill(rest.get_mut(..room)?);
        let (contents, behind) = rest.split_at_mut_checked(length).filter(|_| length > 0)?;
        let tag = behind.first_chunk_mut::<TAG_OCTETS>()?;
        *tag = crypto.seal(&self.sealing, nonce, &self.aad, contents);
        length.checked_add(REPORT_OVERHEAD)
    }

    /// Opens a report in place; returns its contents, to be decoded.
    ///
    /// # Errors
    /// [`Mismatch`] for anything but a report of this reader.
    pub fn open<'m, C: Crypto>(&self, crypto: &C, report: &'m mut [u8]) -> Result<&'m mut [u8], Mismatch> {
        let (nonce, sealed) = report.split_first_chunk_mut::<NONCE_OCTETS>().ok_or(Mismatch)?;
        let (contents, tag) = sealed.split_last_chunk_mut::<TAG_OCTETS>().ok_or(Mismatch)?;
        crypto.open(&self.sealing, nonce, &self.aad, contents, tag)?;
        Ok(contents)
    }

    pub(super) const fn acknowledging(&self) -> &Secret<32> {
        &self.acknowledging
    }
}

impl core::fmt::Debug for ReportKeys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ReportKeys(..)")
    }
}
