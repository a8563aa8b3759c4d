//! A phone's end of a link: what it sends, and what it asks of the link itself.

use std::sync::Arc;

use credential::object::Presence;
use credential::transport::Transport;
use phone_sdk::{
    BleAction, BleCentral, BleEvent, BleHandles, BlePresenter, Deactivation, NfcPresenter, StreamPresenter,
    TapEvent, Wallet,
};

/// Where the characteristics are; nothing here looks at it.
const HANDLES: BleHandles = BleHandles { command: 1, response: 2, psm: None };

/// What the central of a handset can do.
const CENTRAL: BleCentral = BleCentral { opens_channels: false, keeps_handles: true };

/// Requests until a central has found a service: itself, its characteristics and their descriptors.
const DISCOVERY_REQUESTS: u32 = 5;

/// The phone's end of a link.
pub(crate) enum Handset {
    Nfc(Box<NfcPresenter>),
    Ble(Box<BlePresenter>),
    Stream(Box<StreamPresenter>),
}

/// What the phone wants of the link.
#[derive(Debug)]
pub(crate) enum Wish {
    /// To send these octets: a response APDU or a piece of a stream.
    Send(Vec<u8>),
    /// To write this segment, and to hear when it was written.
    Write(Vec<u8>),
    /// To be told this after so many requests and their answers.
    Ask(BleEvent, u32),
    /// To end.
    Close,
}

impl Handset {
    /// A card; its holder has given this presence.
    pub(crate) fn nfc(wallet: &Wallet, presence: Presence) -> Self {
        Self::Nfc(Box::new(wallet.nfc(Arc::new(presence))))
    }

    /// A central over GATT.
    pub(crate) fn ble(wallet: &Wallet, presence: Presence) -> Self {
        Self::Ble(Box::new(wallet.ble(Arc::new(presence), CENTRAL)))
    }

    /// A stream.
    pub(crate) fn stream(wallet: &Wallet, presence: Presence, transport: Transport) -> Self {
        Self::Stream(Box::new(wallet.stream(Arc::new(presence), transport)))
    }

    /// The link is up: what the phone wants of its own accord; nothing as a card.
    pub(crate) fn arrive(&mut self, peripheral: &str, att_mtu: u16) -> Vec<Wish> {
        match self {
            Self::Nfc(_) => Vec::new(),
            Self::Ble(_) => self.told(BleEvent::Connected { peripheral: peripheral.to_owned(), att_mtu }),
            Self::Stream(presenter) => {
                vec![presenter.opened().map_or(Wish::Close, Wish::Send)]
            }
        }
    }

    /// What the phone wants when these octets have come.
    pub(crate) fn receive(&mut self, octets: &[u8]) -> Vec<Wish> {
        match self {
            Self::Nfc(presenter) => vec![Wish::Send(presenter.process_command(octets))],
            Self::Ble(_) => self.told(BleEvent::Notified(octets.to_vec())),
            Self::Stream(presenter) => match presenter.received(octets) {
                Ok(answer) if answer.is_empty() => Vec::new(),
                Ok(answer) => vec![Wish::Send(answer)],
                Err(_) => vec![Wish::Close],
            },
        }
    }

    /// What the phone wants when its central has reported this.
    pub(crate) fn told(&mut self, event: BleEvent) -> Vec<Wish> {
        let Self::Ble(presenter) = self else { return Vec::new() };
        presenter.handle(event);
        let mut wishes = Vec::new();
        while let Some(action) = presenter.poll_action() {
            wishes.push(match action {
                BleAction::Discover { .. } => Wish::Ask(BleEvent::Discovered(HANDLES), DISCOVERY_REQUESTS),
                BleAction::Subscribe { .. } => Wish::Ask(BleEvent::Subscribed, 1),
                BleAction::Write { value, .. } => Wish::Write(value),
                // A central without channels is asked for nothing else.
                _ => Wish::Close,
            });
        }
        wishes
    }

    /// What is sent on a link that answers everything at once.
    pub(crate) fn at_once(&mut self, wishes: Vec<Wish>) -> Vec<Vec<u8>> {
        let mut sent = Vec::new();
        for wish in wishes {
            match wish {
                Wish::Send(octets) => sent.push(octets),
                Wish::Write(octets) => {
                    sent.push(octets);
                    let next = self.told(BleEvent::Written);
                    sent.extend(self.at_once(next));
                }
                Wish::Ask(event, _) => {
                    let next = self.told(event);
                    sent.extend(self.at_once(next));
                }
                Wish::Close => {}
            }
        }
        sent
    }

    /// Whether these octets to the reader are the end of a message: each response APDU is one, and each last segment.
    pub(crate) fn ends_message(&self, octets: &[u8]) -> bool {
        const LAST: u8 = 0x40;
        match self {
            Self::Nfc(_) | Self::Stream(_) => true,
            Self::Ble(_) => octets.first().is_some_and(|flags| flags & LAST != 0),
        }
    }

    /// What has happened since it was last asked.
    pub(crate) fn poll_event(&mut self) -> Option<TapEvent> {
        match self {
            Self::Nfc(presenter) => presenter.poll_event(),
            Self::Ble(presenter) => presenter.poll_event(),
            Self::Stream(presenter) => presenter.poll_event(),
        }
    }

    /// Takes the phone away.
    pub(crate) fn leave(&mut self) {
        match self {
            Self::Nfc(presenter) => presenter.deactivated(Deactivation::LinkLoss),
            Self::Ble(presenter) => presenter.handle(BleEvent::Disconnected),
            Self::Stream(presenter) => presenter.closed(),
        }
    }
}

/// What the phone was told, in words.
pub(crate) fn in_words(event: &TapEvent) -> String {
    match event {
        TapEvent::Finished(tap) => {
            tap.result.map_or_else(|reason| reason.to_string(), |()| "grant".to_owned())
        }
        TapEvent::ReaderRefused(refused) => refused.to_string(),
        TapEvent::Failed(failure) => failure.to_string(),
        _ => "something new".to_owned(),
    }
}
