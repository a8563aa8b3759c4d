//! Giving a card back: the manager is told before it is removed.
//!
//! Source: `docs/ACTIVATION.md#reset`

use super::card::CardId;
use super::{Core, Wallet, key_error};
use crate::client::{Client, Proof};
use crate::error::{Denied, Error, Misuse, Restart, Retry};
use crate::state::{CardRecord, Standing};

const LABEL: &[u8] = b"ostiary reset";

impl Wallet {
    /// Tells the manager that the holder gives the card back, and removes it with its key; blocks until the manager
    /// has answered.
    ///
    /// From then on the credential is on the revocation list, and the administrator sees the status Reset.
    ///
    /// # Errors
    /// [`Error`], sorted by what to do; the card is then still there, and [`Wallet::remove`] removes it without the
    /// manager.
    pub fn give_back(&self, id: CardId) -> Result<(), Error> {
        let online = self.core.online();
        let record = self.core.vault().document().card(id).cloned().ok_or(Misuse::NoSuchCard)?;
        if record.standing != Standing::Revoked {
            let told = match self.core.tell_reset(&record) {
                Err(Error::Retry(Retry::Challenge)) => self.core.tell_reset(&record),
                told => told,
            };
            match told {
                // The manager has forgotten or revoked the device already, or nobody can sign for it any more.
                Err(Error::Denied(Denied::DeviceRevoked))
                | Err(Error::Restart(Restart::DeviceUnknown | Restart::KeyGone)) => {}
                told => told?,
            }
        }
        drop(online);
        self.remove(id)
    }
}

impl Core {
    fn tell_reset(&self, card: &CardRecord) -> Result<(), Error> {
        let client = Client::new(&*self.ports.http, &card.base);
        let challenge = client.reset_challenge(&card.device_id)?.challenge.0;
        let public_key = self.ports.key_store.public_key(&card.key).map_err(key_error)?;
        let message = [LABEL, &[0], &challenge, &public_key.0].concat();
        let signature = self.sign_low(&card.key, &message)?;
        client.reset(&card.device_id, &Proof { challenge, public_key, signature })
    }
}
