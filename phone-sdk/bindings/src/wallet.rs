//! The wallet in a form that other languages know.

use std::sync::Arc;

use credential::id::ReaderId;
#[cfg(not(feature = "https"))]
use phone_sdk::Misuse;
#[cfg(feature = "https")]
use phone_sdk::port::TlsClient;
use phone_sdk::port::{HttpClient, SystemClock, SystemRandom};
use phone_sdk::{CardId, DeviceLabel, Error, Invitation, Ports, Wallet};

use crate::background;
use crate::ble::{BleCentral, BleTap};
use crate::card::{Card, RenewalReport};
use crate::error::WalletError;
use crate::id_card::{Holder, Requirements, ValidationLink};
use crate::nearby::ReaderScan;
use crate::ports::{Given, Http, HttpTransport, KeyVault, Keys, PresenceSource, Stored, WalletStorage};
use crate::tap::NfcTap;

/// What a phone holds: cards of any number of projects.
///
/// All functions may be called from any thread; those that ask a manager are asynchronous.
#[derive(uniffi::Object)]
pub struct PhoneWallet(pub(crate) Wallet);

#[uniffi::export]
impl PhoneWallet {
    /// Opens the wallet in a storage, and makes it if there is none.
    ///
    /// `http` may be left out where the library was built with an HTTP client of its own; elsewhere the error is
    /// `Misuse` with the code `http-transport-missing`.
    #[uniffi::constructor]
    pub fn open(
        storage: Arc<dyn WalletStorage>,
        keys: Arc<dyn KeyVault>,
        http: Option<Arc<dyn HttpTransport>>,
        device_name: String,
        platform: String,
    ) -> Result<Arc<Self>, WalletError> {
        let ports = Ports {
            storage: Arc::new(Stored(storage)),
            key_store: Arc::new(Keys(keys)),
            http: match http {
                Some(http) => Arc::new(Http(http)),
                None => own_http()?,
            },
            clock: Arc::new(SystemClock::new()),
            random: Arc::new(SystemRandom),
        };
        Self::with(ports, device_name, platform)
    }

    /// Opens the wallet in a directory, for desktops: its keys are in software, in the same directory.
    ///
    /// Needs a library that was built with an HTTP client of its own.
    #[uniffi::constructor]
    pub fn open_desktop(
        directory: String,
        device_name: String,
        platform: String,
    ) -> Result<Arc<Self>, WalletError> {
        let ports = Ports::desktop(directory, own_http()?).map_err(Error::from)?;
        Self::with(ports, device_name, platform)
    }

    /// All cards, oldest first.
    pub fn cards(&self) -> Vec<Card> {
        self.0.cards().into_iter().map(Card::from).collect()
    }

    /// Redeems an invitation by its link or the text of its QR code, and keeps the card.
    ///
    /// After any failure the same may be tried again, also after a restart.
    pub async fn activate(&self, link: String) -> Result<Card, WalletError> {
        let wallet = self.0.clone();
        background::run(move || wallet.activate(&Invitation::from_link(&link)?)).await.map(Card::from)
    }

    /// Redeems an invitation by the manager's address and a code as the holder types it.
    pub async fn activate_code(&self, manager: String, code: String) -> Result<Card, WalletError> {
        let wallet = self.0.clone();
        background::run(move || wallet.activate(&Invitation::from_code(&manager, &code)?))
            .await
            .map(Card::from)
    }

    /// What an invitation asks of its holder, by its link or the text of its QR code.
    pub async fn requirements(&self, link: String) -> Result<Requirements, WalletError> {
        let wallet = self.0.clone();
        let asked = background::run(move || wallet.requirements(&Invitation::from_link(&link)?)).await?;
        Ok(asked.into())
    }

    /// As `requirements`, by the manager's address and a code as the holder types it.
    pub async fn requirements_code(
        &self,
        manager: String,
        code: String,
    ) -> Result<Requirements, WalletError> {
        let wallet = self.0.clone();
        let asked = background::run(move || wallet.requirements(&Invitation::from_code(&manager, &code)?));
        Ok(asked.await?.into())
    }

    /// As `activate`, with what the invitation asks of its holder.
    pub async fn activate_with(&self, link: String, holder: Holder) -> Result<Card, WalletError> {
        let wallet = self.0.clone();
        let holder = holder.into();
        background::run(move || wallet.activate_with(&Invitation::from_link(&link)?, &holder))
            .await
            .map(Card::from)
    }

    /// As `activate_code`, with what the invitation asks of its holder.
    pub async fn activate_code_with(
        &self,
        manager: String,
        code: String,
        holder: Holder,
    ) -> Result<Card, WalletError> {
        let wallet = self.0.clone();
        let holder = holder.into();
        background::run(move || wallet.activate_with(&Invitation::from_code(&manager, &code)?, &holder))
            .await
            .map(Card::from)
    }

    /// The photo of a card to show, a JPEG; none where there is none, or where it has not been fetched yet.
    pub fn photo(&self, card: u32) -> Result<Option<Vec<u8>>, WalletError> {
        Ok(self.0.photo(CardId(card))?)
    }

    /// The link at which anybody can see at this moment whether a card is valid; none where its manager tells nobody.
    pub fn validation_link(&self, card: u32) -> Result<Option<ValidationLink>, WalletError> {
        Ok(self.0.validation_link(CardId(card))?.map(ValidationLink::from))
    }

    /// Gets a new credential for a card.
    pub async fn renew(&self, card: u32) -> Result<Card, WalletError> {
        let wallet = self.0.clone();
        background::run(move || wallet.renew(CardId(card))).await.map(Card::from)
    }

    /// Renews what is due; for the background task of the platform.
    pub async fn renew_due(&self) -> Result<RenewalReport, WalletError> {
        let wallet = self.0.clone();
        background::run(move || wallet.renew_due()).await.map(RenewalReport::from)
    }

    /// When `renew_due` has something to do, in Unix seconds.
    pub fn next_renewal_at(&self) -> Option<u64> {
        self.0.next_renewal_at().map(|next| u64::from(next.0))
    }

    /// Fetches the revocation list and the time of a card's project, for the doors that are tapped next.
    pub async fn refresh(&self, card: u32) -> Result<(), WalletError> {
        let wallet = self.0.clone();
        background::run(move || wallet.refresh(wallet.card(CardId(card))?.project).map(|_| ())).await
    }

    /// Tells the manager that the holder gives the card back, and removes it.
    pub async fn give_back(&self, card: u32) -> Result<(), WalletError> {
        let wallet = self.0.clone();
        background::run(move || wallet.give_back(CardId(card))).await
    }

    /// Removes a card and deletes its key; the manager is not told.
    pub fn remove(&self, card: u32) -> Result<(), WalletError> {
        Ok(self.0.remove(CardId(card))?)
    }

    /// Removes everything; the managers are not told.
    pub fn reset(&self) -> Result<(), WalletError> {
        Ok(self.0.reset()?)
    }

    /// Presents `card` at this door of its project from now on.
    pub fn prefer(&self, reader: u32, card: u32) -> Result<(), WalletError> {
        let card = self.0.card(CardId(card))?;
        Ok(self.0.prefer(card.project, ReaderId(reader), Some(card.id))?)
    }

    /// Leaves the choice for a door of this card's project to the wallet again.
    pub fn prefer_none(&self, reader: u32, card: u32) -> Result<(), WalletError> {
        let card = self.0.card(CardId(card))?;
        Ok(self.0.prefer(card.project, ReaderId(reader), None)?)
    }

    /// Sets whether reader certificates that were verified are remembered; they are, unless it was set otherwise.
    pub fn set_remembers_certificates(&self, remembers: bool) -> Result<(), WalletError> {
        Ok(self.0.set_remembers_certificates(remembers)?)
    }

    /// Sets whether this phone carries reports of readers to their manager, sealed so that it cannot read them; it does,
    /// unless it was set otherwise.
    pub fn set_carries_reports(&self, carries: bool) -> Result<(), WalletError> {
        Ok(self.0.set_carries_reports(carries)?)
    }

    /// How many reports wait to be taken to a manager.
    pub fn reports_held(&self) -> u32 {
        u32::try_from(self.0.reports_held()).unwrap_or(u32::MAX)
    }

    /// A tap over NFC.
    pub fn nfc(&self, presence: Arc<dyn PresenceSource>) -> Arc<NfcTap> {
        Arc::new(NfcTap::new(self.0.nfc(Arc::new(Given(presence)))))
    }

    /// Taps over BLE.
    pub fn ble(&self, presence: Arc<dyn PresenceSource>, central: BleCentral) -> Arc<BleTap> {
        Arc::new(BleTap::new(self.0.ble(Arc::new(Given(presence)), central.into())))
    }

    /// The readers in BLE range, as a scan reports them.
    pub fn scan(&self) -> Arc<ReaderScan> {
        Arc::new(ReaderScan::new(self.0.nearby()))
    }
}

impl PhoneWallet {
    fn with(ports: Ports, name: String, platform: String) -> Result<Arc<Self>, WalletError> {
        Ok(Arc::new(Self(Wallet::open(ports, DeviceLabel { name, platform })?)))
    }
}

/// The HTTP client that the library brings.
#[cfg(feature = "https")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature there is none")]
fn own_http() -> Result<Arc<dyn HttpClient>, Error> {
    Ok(Arc::new(TlsClient::new()))
}

#[cfg(not(feature = "https"))]
fn own_http() -> Result<Arc<dyn HttpClient>, Error> {
    Err(Misuse::HttpMissing.into())
}
