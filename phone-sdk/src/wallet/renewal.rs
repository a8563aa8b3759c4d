//! Keeping a card alive, and fetching what readers are brought.
//!
//! Source: `docs/ACTIVATION.md#renewal`

use credential::device::CredentialHandle;
use credential::id::ProjectId;
use credential::time::UnixTime;

use super::believed::{Believed, Expected, revocations, time_token};
use super::card::{Card, CardId};
use super::{Core, Wallet, key_error};
use crate::client::{Client, Proof};
use crate::error::{Denied, Error, Misuse, Retry};
use crate::state::{CardRecord, Standing};

const LABEL: &[u8] = b"ostiary renewal";

/// What the wallet holds of a project after [`Wallet::refresh`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// Version of the revocation list, 0 = none.
    pub list_version: u32,
    /// The time that the newest time token says.
    pub time: Option<UnixTime>,
}

impl Wallet {
    /// Gets a new credential for a card; blocks until the manager has answered.
    ///
    /// Learns by the way what the manager thinks of the device: a suspended card is not presented until a renewal
    /// succeeds, a revoked one loses its key and credential.
    ///
    /// # Errors
    /// [`Error`], sorted by what to do; the old credential is kept, unless the device is revoked.
    pub fn renew(&self, id: CardId) -> Result<Card, Error> {
        let _online = self.core.online();
        let record = self.core.vault().document().card(id).cloned().ok_or(Misuse::NoSuchCard)?;
        if record.standing == Standing::Revoked {
            return Err(Denied::DeviceRevoked.into());
        }
        let renewed = match self.core.fetch(&record) {
            Err(Error::Retry(Retry::Challenge)) => self.core.fetch(&record),
            fetched => fetched,
        };
        let mut believed = match renewed {
            Ok(believed) => believed,
            Err(error) => {
                self.core.take_note(id, &error)?;
                return Err(error);
            }
        };
        let photo = believed.photo.take();
        self.core.keep_renewed(&record, believed)?;
        self.core.keep_photo(id, photo);
        self.core.card(id)
    }

    /// Fetches revocation list and time token of a project, and keeps what is newer than what is held.
    ///
    /// # Errors
    /// [`Error`], sorted by what to do; what came before the failure is kept.
    pub fn refresh(&self, project: ProjectId) -> Result<Refreshed, Error> {
        let _online = self.core.online();
        let record = self.core.vault().document().project(project).cloned().ok_or(Misuse::NoSuchProject)?;
        let client = Client::new(&*self.core.ports.http, &record.base);
        let held = record.revocations.as_ref().map_or(0, |list| list.version);
        if let Some(octets) = client.revocation_list(project, held)? {
            let list = revocations(octets, &record.issuers, &self.core.serials(project))?;
            if list.version > held {
                self.core.vault().change(|document| {
                    document.project_mut(project).map(|project| project.keep_revocations(list))
                })?;
            }
        }
        let token = time_token(client.time_token(project)?, &record.issuers)?;
        let mut vault = self.core.vault();
        vault
            .change(|document| document.project_mut(project).map(|project| project.keep_time_token(token)))?;
        let project = vault.document().project(project).ok_or(Misuse::NoSuchProject)?;
        Ok(Refreshed {
            list_version: project.revocations.as_ref().map_or(0, |list| list.version),
            time: project.time_token.as_ref().map(|token| token.time),
        })
    }
}

impl Core {
    fn fetch(&self, card: &CardRecord) -> Result<Believed, Error> {
        let client = Client::new(&*self.ports.http, &card.base);
        let challenge = client.renewal_challenge(&card.device_id)?.challenge.0;
        let public_key = self.ports.key_store.public_key(&card.key).map_err(key_error)?;
        let message = [LABEL, &[0], &challenge, &public_key.0].concat();
        let signature = self.sign_low(&card.key, &message)?;
        let held = self.held_photo(card);
        let answer =
            client.renew(&card.device_id, &Proof { challenge, public_key, signature }, held.as_deref())?;
        let expected = Expected { project: card.project, holder_key: public_key };
        let believed = Believed::check(answer, &expected, self.ports.clock.now().unix)?;
        // What opened doors goes on to, and what was only shown does not begin to.
        let is_alike = believed.credential.is_empty() == card.credential.is_empty();
        if believed.device_id == card.device_id && is_alike {
            Ok(believed)
        } else {
            Err(Retry::NotAManager.into())
        }
    }

    /// The version of the photo that is stored and opens.
    fn held_photo(&self, card: &CardRecord) -> Option<String> {
        let version = card.photo_version.clone()?;
        let held = self.vault().photo(card.id, &version).ok().flatten();
        held.map(|_| version)
    }

    /// The serials of a project's cards.
    fn serials(&self, project: ProjectId) -> Vec<u64> {
        let vault = self.vault();
        let cards = vault.document().cards.iter().filter(|card| card.project == project);
        cards.map(CardRecord::serial).collect()
    }

    /// Replaces the credential; the tickets that were given for the old one go first, for they name the old user ID.
    fn keep_renewed(&self, old: &CardRecord, believed: Believed) -> Result<(), Error> {
        let mut vault = self.vault();
        vault.drop_tickets(old.id)?;
        vault.try_change(|document| {
            if document.card(old.id).is_none() {
                return Err(Error::from(Misuse::NoSuchCard));
            }
            believed.keep_project(document, &old.base, None)?;
            if let Some(card) = document.card_mut(old.id) {
                card.superseded = Some((card.handle, core::mem::take(&mut card.credential)));
                card.handle = CredentialHandle(0);
                believed.keep_card(card);
            }
            Ok(())
        })
    }

    /// Acts on what a refused renewal says of the card.
    fn take_note(&self, id: CardId, error: &Error) -> Result<(), Error> {
        let standing = match error {
            Error::Denied(Denied::UserSuspended) => Standing::Suspended,
            Error::Denied(Denied::DeviceRevoked) => Standing::Revoked,
            _ => return Ok(()),
        };
        {
            let mut vault = self.vault();
            vault.drop_tickets(id)?;
            if standing == Standing::Revoked {
                vault.remove_photo(id)?;
            }
            vault.change(|document| {
                let Some(card) = document.card_mut(id) else { return };
                card.standing = standing;
                if standing == Standing::Revoked {
                    (card.id_card, card.photo_version, card.validation) = (None, None, None);
                    card.credential.clear();
                    card.superseded = None;
                    let key = card.key.clone();
                    document.doomed_keys.push(key);
                }
            })?;
        }
        self.delete_doomed_keys();
        Ok(())
    }
}
