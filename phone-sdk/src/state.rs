//! What the wallet stores beside tickets and keys: nothing in it is secret, some of it is personal.
//!
//! Stored under the name `wallet`: the version octet 1, then JSON.

pub(crate) mod encoding;

use credential::device::CredentialHandle;
use credential::error::ObjectError;
use credential::id::{ProjectId, ReaderId};
use credential::object::{Credential, IssuerKeys};
use credential::time::UnixTime;
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::port::KeyHandle;
use crate::wallet::CardId;

const VERSION: u8 = 1;

/// Everything that the wallet knows, replaced as a whole.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Document {
    pub(crate) cards: Vec<CardRecord>,
    pub(crate) projects: Vec<ProjectRecord>,
    pub(crate) pending: Vec<PendingRecord>,
    /// Keys whose cards are gone, until the key store has deleted them.
    pub(crate) doomed_keys: Vec<KeyHandle>,
    /// What the holder has chosen for a door.
    pub(crate) overrides: Vec<OverrideRecord>,
    /// The highest number that a card has had.
    pub(crate) last_card: u32,
}

/// One credential and its key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct CardRecord {
    pub(crate) id: CardId,
    #[serde(with = "encoding::project")]
    pub(crate) project: ProjectId,
    pub(crate) key: KeyHandle,
    /// The manager's address, and its name for this device.
    pub(crate) base: String,
    pub(crate) device_id: String,
    /// SHA-256 of the secret of the invitation that made the card.
    #[serde(with = "encoding::octets")]
    pub(crate) invitation: Vec<u8>,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    /// As issued; empty once the device is revoked.
    #[serde(with = "encoding::octets")]
    pub(crate) credential: Vec<u8>,
    pub(crate) renew_after: u32,
    pub(crate) standing: Standing,
    /// A name that is new after each start and each renewal, so that a tap under way cannot mix two credentials.
    #[serde(skip, default = "unnamed")]
    pub(crate) handle: CredentialHandle,
    /// What this credential replaced, for a tap that began before.
    #[serde(skip)]
    pub(crate) superseded: Option<(CredentialHandle, Vec<u8>)>,
}

/// What the manager last said of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    Good,
    Suspended,
    Revoked,
}

/// What is known of a project.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ProjectRecord {
    pub(crate) name: String,
    /// The manager from which it was learnt: only this one may change its keys.
    pub(crate) base: String,
    #[serde(with = "encoding::issuers")]
    pub(crate) issuers: IssuerKeys,
    pub(crate) revocations: Option<RevocationsRecord>,
    pub(crate) time_token: Option<TimeTokenRecord>,
}

/// The newest revocation list, verified before it came here.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RevocationsRecord {
    pub(crate) version: u32,
    pub(crate) readers: Vec<ReaderId>,
    #[serde(with = "encoding::octets")]
    pub(crate) octets: Vec<u8>,
}

/// The newest time token, verified before it came here.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TimeTokenRecord {
    pub(crate) time: UnixTime,
    #[serde(with = "encoding::octets")]
    pub(crate) octets: Vec<u8>,
}

/// A key that was made for an invitation whose answer has not been kept yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingRecord {
    #[serde(with = "encoding::octets")]
    pub(crate) invitation: Vec<u8>,
    pub(crate) key: KeyHandle,
    pub(crate) begun_at: UnixTime,
}

/// The holder's choice of card for a door.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct OverrideRecord {
    #[serde(with = "encoding::project")]
    pub(crate) project: ProjectId,
    pub(crate) reader: ReaderId,
    pub(crate) card: CardId,
}

impl Document {
    pub(crate) fn decode(octets: &[u8]) -> Result<Self, StorageError> {
        match octets.split_first() {
            Some((&VERSION, json)) => serde_json::from_slice(json).map_err(|_| StorageError::Corrupt),
            Some((version, _)) if *version > VERSION => Err(StorageError::Newer),
            _ => Err(StorageError::Corrupt),
        }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, StorageError> {
        let mut octets = vec![VERSION];
        serde_json::to_writer(&mut octets, self).map_err(|_| StorageError::Corrupt)?;
        Ok(octets)
    }

    pub(crate) fn card(&self, id: CardId) -> Option<&CardRecord> {
        self.cards.iter().find(|card| card.id == id)
    }

    pub(crate) fn card_mut(&mut self, id: CardId) -> Option<&mut CardRecord> {
        self.cards.iter_mut().find(|card| card.id == id)
    }

    pub(crate) fn project(&self, id: ProjectId) -> Option<&ProjectRecord> {
        self.projects.iter().find(|project| project.issuers.project() == id)
    }

    pub(crate) fn project_mut(&mut self, id: ProjectId) -> Option<&mut ProjectRecord> {
        self.projects.iter_mut().find(|project| project.issuers.project() == id)
    }

    /// Takes a card away; its project goes with its last card, its key is doomed.
    pub(crate) fn remove_card(&mut self, id: CardId) {
        let Some(position) = self.cards.iter().position(|card| card.id == id) else { return };
        let card = self.cards.remove(position);
        self.doomed_keys.push(card.key);
        self.overrides.retain(|choice| choice.card != id);
        let used =
            |project: &ProjectRecord| self.cards.iter().any(|card| card.project == project.issuers.project());
        self.projects.retain(used);
    }
}

impl CardRecord {
    /// The fields of the credential; `None` once the device is revoked.
    pub(crate) fn fields(&self) -> Option<Credential> {
        Credential::decode(&self.credential).ok()
    }
}

impl ProjectRecord {
    /// Takes a list that has just been verified, unless the one held is as new.
    pub(crate) fn keep_revocations(&mut self, list: RevocationsRecord) -> Result<(), ObjectError> {
        if self.revocations.as_ref().is_some_and(|held| list.version <= held.version) {
            return Err(ObjectError::NotNewer);
        }
        self.revocations = Some(list);
        Ok(())
    }

    /// Takes a token that has just been verified, unless the one held is as new.
    pub(crate) fn keep_time_token(&mut self, token: TimeTokenRecord) -> Result<(), ObjectError> {
        if self.time_token.as_ref().is_some_and(|held| token.time <= held.time) {
            return Err(ObjectError::NotNewer);
        }
        self.time_token = Some(token);
        Ok(())
    }
}

/// The name of a credential that has not been given one.
const fn unnamed() -> CredentialHandle {
    CredentialHandle(0)
}

#[cfg(test)]
mod tests {
    use credential::crypto::Point;
    use credential::id::IssuerIndex;
    use credential::object::IssuerKey;

    use super::*;

    fn document() -> Document {
        let project = ProjectId([1; 8]);
        let key = IssuerKey { index: IssuerIndex(3), point: Point([2; 33]) };
        let card = CardRecord {
            id: CardId(5),
            project,
            key: KeyHandle("holder-1".to_owned()),
            base: "https://door.example".to_owned(),
            device_id: "1".to_owned(),
            invitation: vec![7; 32],
            first_name: "Anna".to_owned(),
            last_name: "Berg".to_owned(),
            credential: vec![9; 130],
            renew_after: 10,
            standing: Standing::Good,
            handle: unnamed(),
            superseded: None,
        };
        let project = ProjectRecord {
            name: "Works".to_owned(),
            base: card.base.clone(),
            issuers: IssuerKeys::new(project, &[key]).unwrap(),
            revocations: None,
            time_token: Some(TimeTokenRecord { time: UnixTime(5), octets: vec![1; 78] }),
        };
        Document { cards: vec![card], projects: vec![project], last_card: 5, ..Document::default() }
    }

    #[test]
    fn a_document_comes_back_from_its_octets() {
        let octets = document().encode().unwrap();
        let again = Document::decode(&octets).unwrap();
        assert_eq!(again.encode().unwrap(), octets);
        assert_eq!(again.card(CardId(5)).unwrap().credential, [9; 130]);
        assert_eq!(again.project(ProjectId([1; 8])).unwrap().issuers, document().projects[0].issuers);
    }

    #[test]
    fn a_damaged_or_newer_document_is_refused() {
        let octets = document().encode().unwrap();
        for length in 0..octets.len() {
            assert!(Document::decode(&octets[..length]).is_err(), "{length}");
        }
        assert_eq!(Document::decode(&[2]).err(), Some(StorageError::Newer));
    }

    #[test]
    fn the_last_card_takes_its_project_along_and_dooms_its_key() {
        let mut document = document();
        document.remove_card(CardId(5));
        assert!(document.cards.is_empty() && document.projects.is_empty());
        assert_eq!(document.doomed_keys, [KeyHandle("holder-1".to_owned())]);
    }

    #[test]
    fn an_older_time_token_is_not_kept() {
        let mut project = document().projects.remove(0);
        let token = |time| TimeTokenRecord { time: UnixTime(time), octets: Vec::new() };
        assert_eq!(project.keep_time_token(token(5)), Err(ObjectError::NotNewer));
        assert_eq!(project.keep_time_token(token(6)), Ok(()));
    }
}
