//! The wallet: cards, and what is done with them online.

mod activation;
mod announced;
mod background;
mod believed;
mod card;
mod carrying;
mod id_card;
mod leaving;
mod renewal;
mod requirements;
mod validation;
mod visited;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credential::device::{CredentialHandle, SigningRequest};
use credential::id::{ProjectId, ReaderId};
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use crate::error::{Error, Misuse, Retry, StorageError};
use crate::port::{
    Clock, DirectoryStorage, HttpClient, KeyHandle, KeyStore, KeyStoreError, Random, RandomFailure,
    SoftwareKeyStore, Storage, SystemClock, SystemRandom, UserPresence,
};
use crate::presenter::{BleCentral, BlePresenter, NearbyReaders, NfcPresenter, Presenter, StreamPresenter};
use crate::state::{Document, OverrideRecord, Standing};
use crate::vault::Vault;
use announced::Announced;

pub use background::RenewalReport;
pub use card::{Card, CardId, CardState, CardWarning};
pub(crate) use carrying::DELIVERY_PAUSE_S;
pub use id_card::{IdBarcode, IdCard, IdField, PhotoState};
pub use renewal::Refreshed;
pub use requirements::{Holder, PhotoWanted, Requirements, Terms};
pub use validation::ValidationLink;

/// Seconds after which a key that was made for an invitation is given up: the manager repeats an answer for a day,
/// and an invitation that was not redeemed takes any key.
const PENDING_LIFE_S: u32 = 2 * 86_400;

/// What the platform gives to a wallet.
#[derive(Clone)]
pub struct Ports {
    /// Where the wallet is kept.
    pub storage: Arc<dyn Storage>,
    /// Where holder keys are made and kept.
    pub key_store: Arc<dyn KeyStore>,
    /// The way to managers.
    pub http: Arc<dyn HttpClient>,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness.
    pub random: Arc<dyn Random>,
}

impl Ports {
    /// Everything in one directory of this computer, with holder keys that are kept beside the wallet.
    ///
    /// For desktops and simulations; see [`SoftwareKeyStore`] for what that means.
    ///
    /// # Errors
    /// [`StorageError::InUse`] while another wallet has the directory open, [`StorageError::Io`] for anything else.
    pub fn desktop(directory: impl Into<PathBuf>, http: Arc<dyn HttpClient>) -> Result<Self, StorageError> {
        let storage = Arc::new(DirectoryStorage::open(directory)?);
        let random = Arc::new(SystemRandom);
        let key_store = Arc::new(SoftwareKeyStore::new(storage.clone(), random.clone()));
        Ok(Self { storage, key_store, http, clock: Arc::new(SystemClock::new()), random })
    }
}

/// What the administrator sees of this phone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceLabel {
    /// What its holder calls it; at most 100 characters are sent.
    pub name: String,
    /// What it runs, `android` for example; at most 40 characters are sent.
    pub platform: String,
}

/// What a phone holds: cards of any number of projects.
///
/// A clone is the same wallet. All functions may be called from any thread; those that ask a manager block until it
/// has answered, and no tap waits for them.
#[derive(Clone)]
pub struct Wallet {
    core: Arc<Core>,
}

/// What wallet and presenters share.
pub(crate) struct Core {
    pub(crate) ports: Ports,
    label: DeviceLabel,
    vault: Mutex<Vault>,
    /// Held while a manager is asked, so that one invitation is not redeemed with two keys.
    online: Mutex<()>,
    /// What readers in range announce.
    announced: Mutex<Announced>,
}

impl Wallet {
    /// Opens the wallet in a storage, and makes it if there is none; ends what a kill has left half done.
    ///
    /// # Errors
    /// [`Error::Storage`] when it cannot be read or is sealed under another key, [`Retry::KeyStoreLocked`] before the
    /// phone was unlocked for the first time; a wallet that is there is never taken for an empty one.
    pub fn open(ports: Ports, label: DeviceLabel) -> Result<Self, Error> {
        let vault = Vault::open(&ports)?;
        let core = Core {
            ports,
            label,
            vault: Mutex::new(vault),
            online: Mutex::new(()),
            announced: Mutex::default(),
        };
        core.expire_pending()?;
        core.delete_doomed_keys();
        Ok(Self { core: Arc::new(core) })
    }

    /// All cards, oldest first.
    pub fn cards(&self) -> Vec<Card> {
        let now = self.core.ports.clock.now().unix;
        let vault = self.core.vault();
        let document = vault.document();
        document.cards.iter().map(|card| Card::of(card, document, now)).collect()
    }

    /// One card.
    ///
    /// # Errors
    /// [`Misuse::NoSuchCard`] when there is none of this id.
    pub fn card(&self, id: CardId) -> Result<Card, Error> {
        self.core.card(id)
    }

    /// The cards that should be renewed now, or whose suspension may be over.
    pub fn due(&self) -> Vec<CardId> {
        let now = self.core.ports.clock.now().unix;
        let due = |card: &Card| match card.state {
            CardState::RenewalDue | CardState::Expired | CardState::Suspended => true,
            CardState::ShowOnly => now.is_some_and(|now| now >= card.renew_after),
            _ => false,
        };
        self.cards().iter().filter(|card| due(card)).map(|card| card.id).collect()
    }

    /// The photo of a card to show, a JPEG; `None` where there is none, or where it has not been fetched yet.
    ///
    /// # Errors
    /// [`Misuse::NoSuchCard`] when there is none of this id, [`Error::Storage`] when it cannot be read.
    pub fn photo(&self, id: CardId) -> Result<Option<Vec<u8>>, Error> {
        let vault = self.core.vault();
        let card = vault.document().card(id).ok_or(Misuse::NoSuchCard)?;
        let Some(version) = &card.photo_version else { return Ok(None) };
        Ok(vault.photo(id, version)?.map(|photo| photo.to_vec()))
    }

    /// Presents `card` at this door from now on; `None` leaves the choice to the wallet again.
    ///
    /// # Errors
    /// [`Misuse::NoSuchCard`] when the card does not exist or is of another project, [`Error::Storage`] when the
    /// choice cannot be kept.
    pub fn prefer(&self, project: ProjectId, reader: ReaderId, card: Option<CardId>) -> Result<(), Error> {
        let mut vault = self.core.vault();
        let is_of = |id: CardId| vault.document().card(id).is_some_and(|card| card.project == project);
        if card.is_some_and(|id| !is_of(id)) {
            return Err(Misuse::NoSuchCard.into());
        }
        vault.change(|document| {
            document.overrides.retain(|choice| (choice.project, choice.reader) != (project, reader));
            document.overrides.extend(card.map(|card| OverrideRecord { project, reader, card }));
        })?;
        Ok(())
    }

    /// The names of all keys that this wallet has in the key store, for apps that look for orphaned ones: those of
    /// cards, of started activations, and of cards that are gone and whose keys could not be deleted yet.
    pub fn keys(&self) -> Vec<KeyHandle> {
        let vault = self.core.vault();
        let document = vault.document();
        let held =
            document.cards.iter().filter(|card| card.standing != Standing::Revoked).map(|card| &card.key);
        let started = document.pending.iter().map(|pending| &pending.key);
        held.chain(started).chain(&document.doomed_keys).cloned().collect()
    }

    /// Whether reader certificates that were verified are remembered; they are, unless it was set otherwise.
    pub fn remembers_certificates(&self) -> bool {
        self.core.vault().document().settings.remembers_certificates
    }

    /// Sets whether the 64 newest reader certificates that were verified are remembered.
    ///
    /// A visit to a door that is remembered costs one signature check less, and whoever has a door's certificate and
    /// measures the time of an answer can tell that this phone was there (`docs/THREAT-MODEL.md`).
    /// Those that are remembered are forgotten when it is set to `false`, and so is where readers that were visited
    /// over BLE have their characteristics, which is then discovered at every visit.
    ///
    /// # Errors
    /// [`Error::Storage`] when the choice cannot be kept.
    pub fn set_remembers_certificates(&self, remembers: bool) -> Result<(), Error> {
        let mut vault = self.core.vault();
        vault.change(|document| {
            document.settings.remembers_certificates = remembers;
            if !remembers {
                document.visited.clear();
            }
        })?;
        if !remembers {
            vault.drop_certificates()?;
        }
        Ok(())
    }

    /// Removes a card and deletes its key; the manager is not told.
    ///
    /// # Errors
    /// [`Misuse::NoSuchCard`] when there is none of this id, [`Error::Storage`] when it cannot be removed.
    pub fn remove(&self, id: CardId) -> Result<(), Error> {
        self.core.card(id)?;
        {
            let mut vault = self.core.vault();
            vault.drop_tickets(id)?;
            vault.remove_photo(id)?;
            vault.change(|document| document.remove_card(id))?;
        }
        self.core.delete_doomed_keys();
        Ok(())
    }

    /// Removes everything: all cards, keys, tickets and started activations.
    ///
    /// # Errors
    /// [`Error::Storage`] or [`Retry::KeyStore`] when something could not be removed; what was not is removed by
    /// doing it again.
    pub fn reset(&self) -> Result<(), Error> {
        let _online = self.core.online();
        self.core.remove_photos()?;
        self.core.vault().change(|document| {
            let cards = document.cards.drain(..).map(|card| card.key);
            let keys = cards.chain(document.pending.drain(..).map(|pending| pending.key));
            let doomed_keys = document.doomed_keys.drain(..).chain(keys).collect();
            *document = Document { doomed_keys, last_card: document.last_card, ..Document::default() };
        })?;
        self.core.delete_doomed_keys();
        let mut vault = self.core.vault();
        if !vault.document().doomed_keys.is_empty() {
            return Err(Retry::KeyStore.into());
        }
        Ok(vault.clear()?)
    }

    /// A tap over NFC.
    pub fn nfc(&self, presence: Arc<dyn UserPresence>) -> NfcPresenter {
        NfcPresenter::new(self.presenter(presence))
    }

    /// Taps over BLE, with the phone as the central.
    pub fn ble(&self, presence: Arc<dyn UserPresence>, central: BleCentral) -> BlePresenter {
        BlePresenter::new(self.presenter(presence), central)
    }

    /// The readers in BLE range, as a scan reports them.
    pub fn nearby(&self) -> NearbyReaders {
        NearbyReaders::new(Arc::clone(&self.core))
    }

    /// Taps over an L2CAP channel or TCP: `transport` says which.
    pub fn stream(&self, presence: Arc<dyn UserPresence>, transport: Transport) -> StreamPresenter {
        StreamPresenter::new(self.presenter(presence), transport)
    }

    /// Lends what a tap needs of the wallet to a device session of one's own: another link, or a measurement.
    ///
    /// Nothing else can be done with the wallet until `to` returns; what the tap has brought is stored then.
    pub fn lend<T>(&self, to: impl FnOnce(&mut dyn credential::device::Wallet) -> T) -> T {
        let mut vault = self.core.vault();
        let result = to(&mut *vault);
        // What cannot be stored is still good until the app ends.
        let _ = vault.flush();
        result
    }

    /// Signs for a session of one's own: what [`credential::device::Answer::Sign`] asks for.
    ///
    /// # Errors
    /// [`KeyStoreError`].
    pub fn sign(&self, request: &SigningRequest) -> Result<[u8; 64], KeyStoreError> {
        self.core.sign(request.credential, request.message())
    }

    fn presenter(&self, presence: Arc<dyn UserPresence>) -> Presenter {
        Presenter::new(Arc::clone(&self.core), presence)
    }
}

impl Core {
    pub(crate) fn vault(&self) -> MutexGuard<'_, Vault> {
        // What is in memory is what is stored, also after a panic elsewhere.
        self.vault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn online(&self) -> MutexGuard<'_, ()> {
        self.online.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn card(&self, id: CardId) -> Result<Card, Error> {
        let now = self.ports.clock.now().unix;
        let vault = self.vault();
        let card = vault.document().card(id).ok_or(Misuse::NoSuchCard)?;
        Ok(Card::of(card, vault.document(), now))
    }

    /// Forgets the photos of all cards.
    fn remove_photos(&self) -> Result<(), Error> {
        let vault = self.vault();
        for card in vault.document().cards.iter().filter(|card| card.photo_version.is_some()) {
            vault.remove_photo(card.id)?;
        }
        Ok(())
    }

    /// The signature of a credential's key; the vault is free meanwhile, because secure hardware takes its time.
    pub(crate) fn sign(&self, handle: CredentialHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        let key = self.vault().key_of(handle).ok_or(KeyStoreError::NoSuchKey)?;
        self.ports.key_store.sign(&key, message)
    }

    /// A generator for one tap.
    pub(crate) fn rng(&self) -> Result<StdRng, RandomFailure> {
        let mut seed = Zeroizing::new([0; 32]);
        self.ports.random.fill(seed.as_mut_slice())?;
        Ok(StdRng::from_seed(*seed))
    }

    /// Deletes the keys of cards that are gone; one that cannot be deleted now is tried again at the next opening.
    fn delete_doomed_keys(&self) {
        let doomed = self.vault().document().doomed_keys.clone();
        let deleted: Vec<KeyHandle> =
            doomed.into_iter().filter(|key| self.ports.key_store.delete(key).is_ok()).collect();
        if !deleted.is_empty() {
            let forget = |document: &mut Document| document.doomed_keys.retain(|key| !deleted.contains(key));
            // To delete a key again does no harm.
            let _ = self.vault().change(forget);
        }
    }

    /// Gives up keys whose invitations can no longer be answered with them.
    fn expire_pending(&self) -> Result<(), Error> {
        let Some(now) = self.ports.clock.now().unix else { return Ok(()) };
        let mut vault = self.vault();
        let is_over = |begun_at: u32| now.0.saturating_sub(begun_at) > PENDING_LIFE_S;
        if vault.document().pending.iter().any(|pending| is_over(pending.begun_at.0)) {
            vault.change(|document| {
                let (over, live): (Vec<_>, _) =
                    document.pending.drain(..).partition(|pending| is_over(pending.begun_at.0));
                document.pending = live;
                document.doomed_keys.extend(over.into_iter().map(|pending| pending.key));
            })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Wallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wallet").field("cards", &self.cards().len()).finish_non_exhaustive()
    }
}

/// What a failing key store means for the app.
fn key_error(error: KeyStoreError) -> Error {
    match error {
        KeyStoreError::NoSuchKey => crate::error::Restart::KeyGone.into(),
        KeyStoreError::Locked => Retry::KeyStoreLocked.into(),
        KeyStoreError::Failed => Retry::KeyStore.into(),
    }
}
