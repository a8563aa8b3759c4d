//! One person's phone: a wallet of its own on disk, activated over HTTP.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use credential::object::Presence;
use manager::domain::User;
use phone_sdk::port::TlsClient;
use phone_sdk::{DeviceLabel, Invitation, Ports, Wallet};

use crate::handset::Handset;

/// A phone and who carries it.
pub(super) struct DemoPhone {
    pub(super) user: User,
    wallet: Wallet,
}

impl DemoPhone {
    /// A new phone opens the link of the invitation.
    pub(super) fn activate(dir: &Path, user: &User, link: &str, http: Arc<TlsClient>) -> Result<Self> {
        let ports = Ports::desktop(dir, http)?;
        let label =
            DeviceLabel { name: format!("{}'s phone", user.person.first_name), platform: "demo".to_owned() };
        let wallet = Wallet::open(ports, label)?;
        wallet.activate(&Invitation::from_link(link)?)?;
        Ok(Self { user: user.clone(), wallet })
    }

    pub(super) fn name(&self) -> String {
        format!("{} {}", self.user.person.first_name, self.user.person.last_name)
    }

    /// Takes what the door has reported to the manager.
    pub(super) fn deliver_reports(&self) -> Result<usize> {
        Ok(self.wallet.deliver_reports()?)
    }

    /// The phone as a card, locked as it is.
    pub(super) fn nfc(&self) -> Handset {
        Handset::nfc(&self.wallet, Presence::None)
    }

    /// The phone as a BLE central.
    pub(super) fn ble(&self) -> Handset {
        Handset::ble(&self.wallet, Presence::None)
    }
}
