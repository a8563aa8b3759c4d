//! From an invitation to a card.
//!
//! Source: `docs/ACTIVATION.md#activation`

use credential::device::CredentialHandle;
use credential::id::ProjectId;

use super::believed::{Believed, Expected};
use super::card::{Card, CardId};
use super::requirements::{Holder, Requirements};
use super::{Core, Wallet, key_error};
use crate::client::{ActivationChallenge, Client, DeviceAnswer, Proof};
use crate::error::{Denied, Error, Restart, Retry};
use crate::invitation::Invitation;
use crate::port::KeyHandle;
use crate::state::encoding::project_from_text;
use crate::state::{CardRecord, Document, PendingRecord, Standing};

const LABEL: &[u8] = b"ostiary activation";

/// Started activations that are remembered; the oldest is given up for a new one.
const PENDING_MAX: usize = 16;

impl Wallet {
    /// Redeems an invitation and keeps the card; blocks until the manager has answered.
    ///
    /// After any failure, a kill included, the same invitation may be tried again: the key that was made for it is
    /// used again, so that an answer that got lost is given once more.
    /// An invitation whose card is in the wallet gives that card.
    ///
    /// # Errors
    /// [`Error`], sorted by what to do; nothing is lost by repeating.
    /// [`Restart::HolderAsked`] for one that asks the holder for something: see [`Wallet::activate_with`].
    pub fn activate(&self, invitation: &Invitation) -> Result<Card, Error> {
        self.activate_with(invitation, &Holder::default())
    }

    /// Redeems an invitation as [`Wallet::activate`] does, with what it asks of its holder:
    /// [`Wallet::requirements`].
    ///
    /// # Errors
    /// Those of [`Wallet::activate`]; [`Restart::AnswersWrong`], [`Restart::TermsNotAccepted`],
    /// [`Restart::PhotoRefused`] and [`Denied::CardLocked`] for what was given.
    pub fn activate_with(&self, invitation: &Invitation, holder: &Holder) -> Result<Card, Error> {
        holder.check()?;
        let _online = self.core.online();
        let hash = invitation.hash();
        let held =
            self.core.vault().document().cards.iter().find(|card| card.invitation == hash).map(|c| c.id);
        if let Some(id) = held {
            return self.core.card(id);
        }
        let result = self.core.activate(invitation, &hash, holder);
        if matches!(
            result,
            Err(Error::Restart(
                Restart::InvitationExpired | Restart::InvitationVoid | Restart::InvitationUsed
            ))
        ) {
            self.core.give_up(&hash);
        }
        self.core.card(result?)
    }
}

/// The manager's answer, and what it has to be about.
struct Redeemed {
    answer: DeviceAnswer,
    expected: Expected,
    project_name: String,
    key: KeyHandle,
}

impl Core {
    fn activate(&self, invitation: &Invitation, hash: &[u8; 32], holder: &Holder) -> Result<CardId, Error> {
        let redeemed = match self.redeem(invitation, hash, holder) {
            // The challenge was used by a request whose answer got lost, or is too old.
            Err(Error::Retry(Retry::Challenge)) => self.redeem(invitation, hash, holder)?,
            redeemed => redeemed?,
        };
        let Redeemed { answer, expected, project_name, key } = redeemed;
        let mut believed = Believed::check(answer, &expected, self.ports.clock.now().unix)?;
        let photo = believed.photo.take();
        let id = self.vault().try_change(|document| {
            believed.keep_project(document, invitation.base(), Some(&project_name))?;
            Ok::<_, Error>(keep_card(document, believed, &expected, invitation.base(), hash, key))
        })?;
        self.keep_photo(id, photo);
        Ok(id)
    }

    fn redeem(&self, invitation: &Invitation, hash: &[u8; 32], holder: &Holder) -> Result<Redeemed, Error> {
        let client = Client::new(&*self.ports.http, invitation.base());
        let code = invitation.code();
        let given = client.activation_challenge(&code)?;
        let is_met = Requirements::of(&given)?.are_met_by(holder);
        let ActivationChallenge { challenge, project, .. } = given;
        let id = project_from_text(&project.id).ok_or(Retry::NotAManager)?;
        self.check_manager(id, invitation.base())?;
        if !is_met {
            return Err(Restart::HolderAsked.into());
        }
        let key = self.pending_key(hash)?;
        let holder_key = self.ports.key_store.make(&key).map_err(key_error)?;
        let message = [LABEL, &[0], &challenge.0, &holder_key.0, hash].concat();
        let signature = self.sign_low(&key, &message)?;
        let proof = Proof { challenge: challenge.0, public_key: holder_key, signature };
        let answer = client.activate(&code, &proof, &self.label, holder)?;
        Ok(Redeemed {
            answer,
            expected: Expected { project: id, holder_key },
            project_name: project.name,
            key,
        })
    }

    /// Stores the photo of a card; what storage does not take now comes with a renewal.
    pub(super) fn keep_photo(&self, id: CardId, photo: Option<Vec<u8>>) {
        let vault = self.vault();
        let version = vault.document().card(id).and_then(|card| card.photo_version.clone());
        let _ = match (version, photo) {
            (Some(version), Some(photo)) => vault.keep_photo(id, &version, &photo),
            (None, _) => vault.remove_photo(id),
            (Some(_), None) => Ok(()),
        };
    }

    /// Refuses a manager that claims another's project, before its invitation is used up.
    fn check_manager(&self, project: ProjectId, base: &str) -> Result<(), Error> {
        let vault = self.vault();
        match vault.document().project(project) {
            Some(known) if known.base != base => Err(Denied::OtherManager.into()),
            _ => Ok(()),
        }
    }

    /// The key for an invitation: the one of an earlier attempt, else a new name, stored before the key is made so
    /// that a kill leaves no key behind that nobody knows.
    fn pending_key(&self, hash: &[u8; 32]) -> Result<KeyHandle, Error> {
        let begun_at = self.ports.clock.now().unix.ok_or(Retry::NoClock)?;
        let mut vault = self.vault();
        if let Some(pending) = vault.document().pending.iter().find(|pending| pending.invitation == hash) {
            return Ok(pending.key.clone());
        }
        let mut name = [0; 16];
        self.ports.random.fill(&mut name)?;
        let key = KeyHandle(format!("holder-{:032x}", u128::from_be_bytes(name)));
        let pending = PendingRecord { invitation: hash.to_vec(), key: key.clone(), begun_at };
        vault.change(|document| {
            if document.pending.len() >= PENDING_MAX {
                document.doomed_keys.push(document.pending.remove(0).key);
            }
            document.pending.push(pending);
        })?;
        Ok(key)
    }

    /// Forgets the key of an invitation that is over.
    fn give_up(&self, hash: &[u8; 32]) {
        let given_up = self.vault().change(|document| {
            let position = document.pending.iter().position(|pending| pending.invitation == hash);
            document.doomed_keys.extend(position.map(|position| document.pending.remove(position).key));
        });
        // What storage does not take now is given up when its time is over.
        if given_up.is_ok() {
            self.delete_doomed_keys();
        }
    }

    /// A signature as the manager takes it, with a low s.
    pub(super) fn sign_low(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], Error> {
        let signature = self.ports.key_store.sign(key, message).map_err(key_error)?;
        let signature = credential::crypto::Signature::normalized(&signature);
        Ok(signature.map_err(|_| Retry::KeyStore)?.0)
    }
}

fn keep_card(
    document: &mut Document,
    believed: Believed,
    expected: &Expected,
    base: &str,
    hash: &[u8; 32],
    key: KeyHandle,
) -> CardId {
    document.pending.retain(|pending| pending.invitation != hash);
    document.last_card = document.last_card.saturating_add(1);
    let id = CardId(document.last_card);
    let mut card = CardRecord {
        id,
        project: expected.project,
        key,
        base: base.to_owned(),
        device_id: String::new(),
        invitation: hash.to_vec(),
        first_name: String::new(),
        last_name: String::new(),
        credential: Vec::new(),
        renew_after: 0,
        standing: Standing::Good,
        heard_at: 0,
        failures: 0,
        retry_at: 0,
        id_card: None,
        photo_version: None,
        validation: None,
        handle: CredentialHandle(0),
        superseded: None,
    };
    believed.keep_card(&mut card);
    document.cards.push(card);
    id
}
