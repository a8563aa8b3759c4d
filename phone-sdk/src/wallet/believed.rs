//! The checks that turn a manager's answer into something that is kept.

use credential::crypto::{Point, RustCrypto};
use credential::id::{IssuerIndex, ProjectId, ReaderId};
use credential::object::{
    Credential, IssuerKey, IssuerKeys, VerifiedCredential, VerifiedRevocationList, VerifiedTimeToken,
};
use credential::time::UnixTime;
use zeroize::Zeroizing;

use super::id_card::IdCard;
use crate::client::{Blob, CardAnswer, DeviceAnswer, IssuerKeyAnswer};
use crate::error::{Denied, Error, NotGenuine, Retry};
use crate::state::encoding::to_base64url;
use crate::state::{
    CardRecord, Document, ProjectRecord, RevocationsRecord, Standing, TimeTokenRecord, ValidationRecord,
};

/// An answer in which everything holds.
pub(super) struct Believed {
    pub(super) device_id: String,
    first_name: String,
    last_name: String,
    /// Empty for a card that is only shown.
    pub(super) credential: Vec<u8>,
    id_card: Option<IdCard>,
    photo_version: Option<String>,
    validation: Option<ValidationRecord>,
    /// The octets of that photo, if they came.
    pub(super) photo: Option<Vec<u8>>,
    renew_after: u32,
    issuers: IssuerKeys,
    revocations: Option<RevocationsRecord>,
    time_token: TimeTokenRecord,
    heard_at: UnixTime,
}

/// What the answer has to be about.
pub(super) struct Expected {
    pub(super) project: ProjectId,
    pub(super) holder_key: Point,
}

impl Believed {
    /// Checks every signature, and that the credential is this key's, this project's and this user's.
    pub(super) fn check(
        answer: DeviceAnswer,
        expected: &Expected,
        now: Option<UnixTime>,
    ) -> Result<Self, Error> {
        if !is_uuid(&answer.device_id) {
            return Err(Retry::NotAManager.into());
        }
        let key = |key: &IssuerKeyAnswer| IssuerKey {
            index: IssuerIndex(key.index),
            point: Point(key.public_key.0),
        };
        let keys: Vec<_> = answer.issuer_keys.iter().map(key).collect();
        let issuers = IssuerKeys::new(expected.project, &keys).ok_or(NotGenuine::IssuerKeys)?;
        let user = answer.user.unwrap_or_default();
        let credential = match answer.credential {
            Some(Blob(octets)) => {
                genuine(&octets, &issuers, expected, &user.user_id)?;
                octets
            }
            // A card to show, alone.
            None if answer.card.is_some() => Vec::new(),
            None => return Err(NotGenuine::Mismatch.into()),
        };
        let mut card = answer.card;
        let validation =
            card.as_mut().and_then(|card| card.validation.take()).map(|given| ValidationRecord {
                reference: to_base64url(&given.reference.0),
                secret: Zeroizing::new(given.secret.0.to_vec()),
            });
        let (id_card, photo_version, photo) = card.map(shown).unwrap_or_default();
        let revocations =
            answer.revocation_list.map(|list| revocations(list.0, &issuers, &[])).transpose()?;
        let time_token = time_token(answer.time_token.0, &issuers)?;
        let heard_at = now.unwrap_or(time_token.time);
        Ok(Self {
            heard_at,
            device_id: answer.device_id,
            first_name: user.first_name,
            last_name: user.last_name,
            credential,
            id_card,
            photo_version,
            validation,
            photo,
            renew_after: answer.renew_after,
            issuers,
            revocations,
            time_token,
        })
    }

    /// Keeps what belongs to the project.
    ///
    /// Only the manager from which a project was learnt may change its keys: anybody can set up a manager that
    /// claims to be this project, and whose doors would then be told the user ID.
    pub(super) fn keep_project(
        &self,
        document: &mut Document,
        base: &str,
        name: Option<&str>,
    ) -> Result<(), Error> {
        let id = self.issuers.project();
        let Some(project) = document.project_mut(id) else {
            document.projects.push(ProjectRecord {
                name: name.unwrap_or_default().to_owned(),
                base: base.to_owned(),
                issuers: self.issuers.clone(),
                revocations: self.revocations.clone(),
                time_token: Some(self.time_token.clone()),
                clock_ahead_s: self.clock_ahead_s(),
            });
            return Ok(());
        };
        if project.base != base {
            return Err(Denied::OtherManager.into());
        }
        project.issuers = self.issuers.clone();
        project.clock_ahead_s = self.clock_ahead_s();
        if let Some(name) = name {
            name.clone_into(&mut project.name);
        }
        // What is not newer than what is held is no fault of the answer.
        let _ = self.revocations.clone().map(|list| project.keep_revocations(list));
        let _ = project.keep_time_token(self.time_token.clone());
        Ok(())
    }

    fn clock_ahead_s(&self) -> i64 {
        i64::from(self.heard_at.0).saturating_sub(i64::from(self.time_token.time.0))
    }

    /// Puts the credential and the user into a card.
    pub(super) fn keep_card(self, card: &mut CardRecord) {
        card.device_id = self.device_id;
        card.first_name = self.first_name;
        card.last_name = self.last_name;
        card.credential = self.credential;
        card.id_card = self.id_card;
        card.photo_version = self.photo_version;
        card.validation = self.validation;
        card.renew_after = self.renew_after;
        card.standing = Standing::Good;
        card.heard_at = self.heard_at.0;
        card.failures = 0;
        card.retry_at = 0;
    }
}

/// Verifies a credential, and that it is this key's, this project's and this user's.
fn genuine(
    octets: &[u8],
    issuers: &IssuerKeys,
    expected: &Expected,
    named_user_id: &str,
) -> Result<(), NotGenuine> {
    let credential =
        VerifiedCredential::verify(&RustCrypto, octets, issuers).map_err(NotGenuine::Credential)?;
    let Credential { holder_key, user_id, .. } = credential.fields();
    if *holder_key != expected.holder_key || user_id.as_str() != named_user_id {
        return Err(NotGenuine::Mismatch);
    }
    Ok(())
}

/// A card to show, the version of its photo, and the photo.
fn shown(card: CardAnswer) -> (Option<IdCard>, Option<String>, Option<Vec<u8>>) {
    let id_card = IdCard {
        kind: card.template,
        card_id: card.card_id,
        is_valid: card.status == "active",
        front: card.front,
        secondary: card.secondary,
        back: card.back,
        barcode: card.barcode,
        photo: card.photo.state,
        expires_at: card.expires_at.map(UnixTime),
        time_zone: card.time_zone,
        ends: card.ends,
    };
    (Some(id_card), card.photo.version, card.photo.image.map(|Blob(octets)| octets))
}

/// Verifies a list.
///
/// `own` are the serials of the wallet's own credentials in the project.
pub(super) fn revocations(
    octets: Vec<u8>,
    issuers: &IssuerKeys,
    own: &[u64],
) -> Result<RevocationsRecord, NotGenuine> {
    let list =
        VerifiedRevocationList::verify(&RustCrypto, &octets, issuers).map_err(NotGenuine::RevocationList)?;
    let readers: Vec<ReaderId> = list.readers().collect();
    let serials = list.serials().map(|serial| serial.0).filter(|serial| own.contains(serial)).collect();
    Ok(RevocationsRecord { version: list.version(), readers, serials, octets })
}

/// Verifies a time token.
pub(super) fn time_token(octets: Vec<u8>, issuers: &IssuerKeys) -> Result<TimeTokenRecord, NotGenuine> {
    let token = VerifiedTimeToken::verify(&RustCrypto, &octets, issuers).map_err(NotGenuine::TimeToken)?;
    Ok(TimeTokenRecord { time: token.fields().time, octets })
}

/// A device id becomes part of an address, so that nothing else is let in.
fn is_uuid(text: &str) -> bool {
    let hyphens = [8, 13, 18, 23];
    let fits = |(place, octet): (usize, u8)| {
        if hyphens.contains(&place) { octet == b'-' } else { octet.is_ascii_hexdigit() }
    };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_id_is_a_uuid_and_nothing_else() {
        assert!(is_uuid("01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10"));
        assert!(!is_uuid("01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d1"));
        assert!(!is_uuid("01990f3e/5c1e-7cc3-98a5-6f0a3a3f9d10"));
        assert!(!is_uuid("../../../../../../../../../projects/"));
    }
}
