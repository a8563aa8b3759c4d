//! What the wallet stores beside tickets and keys: much of it is personal, and the secrets with which cards are shown to be
//! valid are in it.
//!
//! Stored under the name `wallet`:
//!
//! | octets | field |
//! | --- | --- |
//! | 1 | version, 2 |
//! | 2 | octets of the wrapped key, high one first |
//! | … | the key that seals the wallet, wrapped by the key store |
//! | … | JSON, sealed under that key for the label and all octets before it |

pub(crate) mod encoding;

use credential::device::CredentialHandle;
use credential::error::ObjectError;
use credential::id::{ProjectId, ReaderId};
use credential::object::{Credential, IssuerKeys};
use credential::time::UnixTime;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::StorageError;
use crate::port::KeyHandle;
use crate::presenter::BleHandles;
use crate::sealing::Sealer;
use crate::wallet::{CardId, DELIVERY_PAUSE_S, IdCard};

/// The name under which it is stored.
pub(crate) const NAME: &str = "wallet";

const VERSION: u8 = 2;
const LABEL: &[u8] = b"ostiary wallet";

/// Reports that are carried at a time: 16 KB.
pub(crate) const REPORTS_MAX: usize = 16;

/// Readers whose acknowledgements are kept.
const ACKNOWLEDGEMENTS_MAX: usize = 64;

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
    /// Readers that were visited over BLE, the latest last.
    pub(crate) visited: Vec<VisitedRecord>,
    /// The highest number that a card has had.
    pub(crate) last_card: u32,
    pub(crate) settings: Settings,
    /// What readers handed over for their manager, oldest first.
    pub(crate) reports: Vec<ReportRecord>,
    /// What managers said of reports, for the readers.
    pub(crate) acknowledgements: Vec<AcknowledgementRecord>,
    /// When reports should be taken along, and how often that has failed.
    pub(crate) deliver_at: u32,
    pub(crate) delivery_failures: u32,
}

/// What the holder or the app has chosen for the whole wallet.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// Whether certificates that were verified are remembered.
    pub(crate) remembers_certificates: bool,
    /// Whether reports of readers are carried.
    pub(crate) carries_reports: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { remembers_certificates: true, carries_reports: true }
    }
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
    /// As issued; empty once the device is revoked, and where there is only a card to show.
    #[serde(with = "encoding::octets")]
    pub(crate) credential: Vec<u8>,
    pub(crate) renew_after: u32,
    pub(crate) standing: Standing,
    /// When the manager last answered for it, 0 = not known.
    #[serde(default)]
    pub(crate) heard_at: u32,
    /// Renewals that failed since then.
    #[serde(default)]
    pub(crate) failures: u32,
    /// Before which a failed renewal is not tried again by itself.
    #[serde(default)]
    pub(crate) retry_at: u32,
    /// The card to show, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) id_card: Option<IdCard>,
    /// Names the photo of that card; the photo itself is stored apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) photo_version: Option<String>,
    /// By what anybody can ask whether that card is valid, if its manager tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) validation: Option<ValidationRecord>,
    /// A name that is new after each start and each renewal, so that a tap under way cannot mix two credentials.
    #[serde(skip, default = "unnamed")]
    pub(crate) handle: CredentialHandle,
    /// What this credential replaced, for a tap that began before.
    #[serde(skip)]
    pub(crate) superseded: Option<(CredentialHandle, Vec<u8>)>,
}

/// By what anybody can ask whether a card is valid.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ValidationRecord {
    /// What the manager calls the installation.
    pub(crate) reference: String,
    #[serde(with = "encoding::octets")]
    pub(crate) secret: Zeroizing<Vec<u8>>,
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
    /// Seconds by which the phone's clock was ahead of the manager's when it last answered.
    #[serde(default)]
    pub(crate) clock_ahead_s: i64,
}

/// The newest revocation list, verified before it came here.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct RevocationsRecord {
    pub(crate) version: u32,
    pub(crate) readers: Vec<ReaderId>,
    /// Those that it names of the serials this wallet's credentials had when it came.
    #[serde(default)]
    pub(crate) serials: Vec<u64>,
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

/// A reader that was visited over BLE, and what its next visit can do without.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VisitedRecord {
    /// What the platform calls it.
    pub(crate) peripheral: String,
    pub(crate) handles: Option<BleHandles>,
    /// Its L2CAP channel, 0 = none; `None` while it is not known.
    pub(crate) psm: Option<u16>,
    #[serde(with = "encoding::project")]
    pub(crate) project: ProjectId,
    pub(crate) reader: ReaderId,
}

/// A report of a reader, which only its manager can read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReportRecord {
    #[serde(with = "encoding::project")]
    pub(crate) project: ProjectId,
    pub(crate) reader: ReaderId,
    #[serde(with = "encoding::octets")]
    pub(crate) octets: Vec<u8>,
}

/// A manager's word for a reader, which only that reader can check.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AcknowledgementRecord {
    #[serde(with = "encoding::project")]
    pub(crate) project: ProjectId,
    pub(crate) reader: ReaderId,
    #[serde(with = "encoding::octets")]
    pub(crate) octets: Vec<u8>,
}

impl Document {
    /// Keeps a report; of too many the oldest are dropped, which their readers have still.
    pub(crate) fn keep_report(&mut self, report: ReportRecord, now: UnixTime) {
        if self.reports.is_empty() {
            self.deliver_at = now.0.saturating_add(DELIVERY_PAUSE_S);
        }
        self.reports.push(report);
        let surplus = self.reports.len().saturating_sub(REPORTS_MAX);
        self.reports.drain(..surplus);
    }

    /// Keeps what a manager said of a reader's reports, the latest for each reader.
    pub(crate) fn keep_acknowledgement(&mut self, said: AcknowledgementRecord) {
        self.acknowledgements.retain(|held| (held.project, held.reader) != (said.project, said.reader));
        self.acknowledgements.push(said);
        let surplus = self.acknowledgements.len().saturating_sub(ACKNOWLEDGEMENTS_MAX);
        self.acknowledgements.drain(..surplus);
    }

    /// Opens what is stored.
    pub(crate) fn open(stored: &[u8], sealer: &Sealer) -> Result<Self, StorageError> {
        let Parts { header, sealed, .. } = Parts::split(stored)?;
        let json = sealer.open(&about(header), sealed).ok_or(StorageError::Corrupt)?;
        Self::decode(&json)
    }

    /// What is to be stored.
    pub(crate) fn seal(&self, wrapped_key: &[u8], sealer: &Sealer) -> Result<Vec<u8>, StorageError> {
        let length = u16::try_from(wrapped_key.len()).map_err(|_| StorageError::WrongKey)?;
        let mut octets = [&[VERSION][..], &length.to_be_bytes(), wrapped_key].concat();
        let about = about(&octets);
        sealer.seal(&about, &self.encode()?, &mut octets)?;
        Ok(octets)
    }

    pub(crate) fn decode(json: &[u8]) -> Result<Self, StorageError> {
        serde_json::from_slice(json).map_err(|_| StorageError::Corrupt)
    }

    pub(crate) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, StorageError> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| StorageError::Corrupt)
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
        let known = |visited: &VisitedRecord| self.cards.iter().any(|card| card.project == visited.project);
        self.visited.retain(known);
        let cards = &self.cards;
        let known = |project: ProjectId| cards.iter().any(|card| card.project == project);
        self.reports.retain(|report| known(report.project));
        self.acknowledgements.retain(|said| known(said.project));
    }
}

impl CardRecord {
    /// The fields of the credential; `None` once the device is revoked.
    pub(crate) fn fields(&self) -> Option<Credential> {
        Credential::decode(&self.credential).ok()
    }

    /// The serial of the credential; none is 0.
    pub(crate) fn serial(&self) -> u64 {
        self.fields().map_or(0, |fields| fields.serial.0)
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

/// The wrapped key in what is stored.
pub(crate) fn wrapped_key(stored: &[u8]) -> Result<&[u8], StorageError> {
    Parts::split(stored).map(|parts| parts.wrapped_key)
}

struct Parts<'a> {
    /// All that comes before what is sealed.
    header: &'a [u8],
    wrapped_key: &'a [u8],
    sealed: &'a [u8],
}

impl<'a> Parts<'a> {
    fn split(stored: &'a [u8]) -> Result<Self, StorageError> {
        let (version, rest) = stored.split_first().ok_or(StorageError::Corrupt)?;
        match *version {
            VERSION => {}
            newer if newer > VERSION => return Err(StorageError::Newer),
            _ => return Err(StorageError::Corrupt),
        }
        let (length, rest) = rest.split_first_chunk().ok_or(StorageError::Corrupt)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (wrapped_key, sealed) = rest.split_at_checked(length).ok_or(StorageError::Corrupt)?;
        let header = stored.get(..stored.len().saturating_sub(sealed.len())).unwrap_or_default();
        Ok(Self { header, wrapped_key, sealed })
    }
}

fn about(header: &[u8]) -> Vec<u8> {
    [LABEL, header].concat()
}

/// The name of a credential that has not been given one.
const fn unnamed() -> CredentialHandle {
    CredentialHandle(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use credential::crypto::Point;
    use credential::id::IssuerIndex;
    use credential::object::IssuerKey;
    use credential::secret::Secret;

    use super::*;
    use crate::port::SeededRandom;

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
            heard_at: 0,
            failures: 0,
            retry_at: 0,
            id_card: None,
            photo_version: None,
            validation: None,
            handle: unnamed(),
            superseded: None,
        };
        let project = ProjectRecord {
            name: "Works".to_owned(),
            base: card.base.clone(),
            issuers: IssuerKeys::new(project, &[key]).unwrap(),
            revocations: None,
            time_token: Some(TimeTokenRecord { time: UnixTime(5), octets: vec![1; 78] }),
            clock_ahead_s: 0,
        };
        Document { cards: vec![card], projects: vec![project], last_card: 5, ..Document::default() }
    }

    fn sealer(key: u8) -> Sealer {
        Sealer::new(Secret::new([key; 32]), Arc::new(SeededRandom::new(1)))
    }

    #[test]
    fn a_document_comes_back_from_what_is_stored() {
        let stored = document().seal(b"wrapped", &sealer(1)).unwrap();
        assert_eq!(wrapped_key(&stored), Ok(&b"wrapped"[..]));
        let again = Document::open(&stored, &sealer(1)).unwrap();
        assert_eq!(again.encode().unwrap(), document().encode().unwrap());
        assert_eq!(again.card(CardId(5)).unwrap().credential, [9; 130]);
        assert_eq!(again.project(ProjectId([1; 8])).unwrap().issuers, document().projects[0].issuers);
        let is_in = |needle: &[u8]| stored.windows(needle.len()).any(|octets| octets == needle);
        assert!(!is_in(b"Anna") && !is_in(b"holder"));
    }

    #[test]
    fn a_damaged_or_newer_document_and_one_of_another_key_are_refused() {
        let stored = document().seal(b"wrapped", &sealer(1)).unwrap();
        let opened = |stored: &[u8]| Document::open(stored, &sealer(1)).err();
        for length in 0..stored.len() {
            assert_eq!(opened(&stored[..length]), Some(StorageError::Corrupt), "{length}");
        }
        for position in 1..stored.len() {
            let mut changed = stored.clone();
            changed[position] ^= 1;
            assert_eq!(opened(&changed), Some(StorageError::Corrupt), "{position}");
        }
        assert_eq!(opened(&[3]), Some(StorageError::Newer));
        assert_eq!(Document::open(&stored, &sealer(2)).err(), Some(StorageError::Corrupt));
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
