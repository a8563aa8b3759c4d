//! The rest of `objects.json`: what is sealed to a reader, and what a reader takes.

use credential::crypto::{Crypto, Point};
use credential::object::{
    HeldRevocationList, ReaderConfiguration, RevocationList, Revocations, VerifiedConfiguration,
    VerifiedRevocationList, VerifiedTimeToken, open_sealed,
};
use credential::secret::Secret;
use credential::time::UnixTime;
use serde::Deserialize;

use super::blocks::{IssuerKeyBlock, keys_for};
use super::check::{Checked, same};
use super::objects::{Expect, refusal};
use super::octets::Octets;
use credential::crypto::SoftwareSigner;
use credential::id::IssuerIndex;
use credential::object::{IssuerKey, IssuerKeys};

/// A sealed configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealedCase {
    /// The name.
    pub name: String,
    sealed: Octets,
    reader_secret: Octets,
    #[serde(default, rename = "ephemeral_secret")]
    _ephemeral_secret: Option<Octets>,
    expect: SealedExpect,
    plaintext: Option<Octets>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SealedExpect {
    Opens,
    CannotOpen,
}

/// A configuration that a reader takes, or refuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationCase {
    /// The name.
    pub name: String,
    octets: Octets,
    reader_point: Octets,
    issuer_keys: Option<Vec<IssuerKeyBlock>>,
    held_version: u32,
    expect: Expect,
}

/// A list that replaces the one held, or does not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListCase {
    /// The name.
    pub name: String,
    held_version: u32,
    octets: Octets,
    issuer_keys: Vec<IssuerKeyBlock>,
    expect: ListExpect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ListExpect {
    Replaced,
    Kept,
}

/// Where a time token moves a clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockCase {
    /// The name.
    pub name: String,
    clock: u32,
    octets: Octets,
    issuer_keys: Vec<IssuerKeyBlock>,
    after: u32,
}

/// Opens what was sealed.
///
/// # Errors
/// What did not come out.
pub fn sealed(case: &SealedCase) -> Checked {
    let mut octets = case.sealed.0.clone();
    let opened = open_sealed(&Secret::new(case.reader_secret.array()?), &mut octets).ok();
    let got = if opened.is_some() { SealedExpect::Opens } else { SealedExpect::CannotOpen };
    same("expect", got, case.expect)?;
    same("plaintext", opened.map(|plaintext| Octets(plaintext.to_vec())), case.plaintext.clone())
}

/// Takes a configuration; without keys that are trusted it is an enrolment that somebody confirms.
///
/// # Errors
/// What did not come out.
pub fn configuration<C: Crypto>(crypto: &C, case: &ConfigurationCase) -> Checked {
    let octets = &case.octets.0;
    let (issuers, held) = match &case.issuer_keys {
        Some(keys) => (keys_for(keys, octets)?, Some(case.held_version)),
        None => {
            same("held in an enrolment", case.held_version, 0)?;
            (ReaderConfiguration::decode(octets).map_err(|error| error.to_string())?.issuers, None)
        }
    };
    let own_key = Point(case.reader_point.array()?);
    let taken = VerifiedConfiguration::verify(crypto, octets, &issuers, &own_key, held);
    same("expect", taken.map_or_else(refusal, |_| Expect::Taken), case.expect)
}

/// Replaces the list held, or keeps it.
///
/// # Errors
/// What did not come out.
pub fn list<C: Crypto>(crypto: &C, case: &ListCase) -> Checked {
    let issuers = keys_for(&case.issuer_keys, &case.octets.0)?;
    let newer = VerifiedRevocationList::verify(crypto, &case.octets.0, &issuers)
        .map_err(|error| error.to_string())?;
    let mut held = held_list(crypto, case.held_version)?;
    let replaced = held.replace(&newer).is_ok();
    same("expect", if replaced { ListExpect::Replaced } else { ListExpect::Kept }, case.expect)?;
    same("version", held.version(), if replaced { newer.version() } else { case.held_version })
}

/// A list of some version, of an issuer of its own; none for version 0.
fn held_list<C: Crypto>(crypto: &C, version: u32) -> Result<HeldRevocationList<2048>, String> {
    let mut held = HeldRevocationList::empty();
    if version == 0 {
        return Ok(held);
    }
    let signer = SoftwareSigner::new(&Secret::new([7; 32])).map_err(|error| error.to_string())?;
    let (project, issuer) = (credential::id::ProjectId([7; 8]), IssuerIndex(0));
    let key = IssuerKey { index: issuer, point: credential::crypto::Signer::public_key(&signer) };
    let issuers = IssuerKeys::new(project, &[key]).ok_or("one issuer key")?;
    let list =
        RevocationList { project, issuer, version, issued_at: UnixTime(1), serials: &[], readers: &[] };
    let mut octets = vec![0; RevocationList::octets_max(0, 0)];
    let length = list.issue(&signer, &mut octets).map_err(|error| error.to_string())?;
    let octets = octets.get(..length).unwrap_or_default();
    let verified =
        VerifiedRevocationList::verify(crypto, octets, &issuers).map_err(|error| error.to_string())?;
    held.replace(&verified).map_err(|error| error.to_string())?;
    Ok(held)
}

/// Sets a clock by a token, or leaves it.
///
/// # Errors
/// What did not come out.
pub fn clock<C: Crypto>(crypto: &C, case: &ClockCase) -> Checked {
    let issuers = keys_for(&case.issuer_keys, &case.octets.0)?;
    let token =
        VerifiedTimeToken::verify(crypto, &case.octets.0, &issuers).map_err(|error| error.to_string())?;
    let clock = (case.clock != 0).then_some(UnixTime(case.clock));
    let after = token.forward_from(clock).ok().or(clock);
    same("after", after, Some(UnixTime(case.after)))
}
