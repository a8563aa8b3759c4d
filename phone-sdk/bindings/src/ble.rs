//! A tap over BLE, for any central API.

use std::sync::{Mutex, MutexGuard, PoisonError};

use phone_sdk::BlePresenter;

use crate::tap::TapEvent;

/// A phone that talks to one reader over BLE at a time: events in, actions out.
#[derive(uniffi::Object)]
pub struct BleTap(Mutex<BlePresenter>);

/// What the platform's central API can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BleCentral {
    /// It opens L2CAP channels.
    pub opens_channels: bool,
    /// It reads, writes and subscribes by the handles of an earlier connection, without discovery.
    pub keeps_handles: bool,
}

/// Where a reader's characteristics are: attribute handles, or whatever numbers the central API has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct BleHandles {
    /// Of the characteristic that the reader notifies on, `…0002`.
    pub command: u32,
    /// Of the characteristic that is written to, `…0001`.
    pub response: u32,
    /// Of the characteristic that reads as the PSM, `…0003`; none if the reader has none.
    pub psm: Option<u32>,
}

/// What the central API reports.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum BleEvent {
    /// The link is up.
    Connected {
        /// What the platform calls the reader, the same at every visit.
        peripheral: String,
        /// Octets that were negotiated; less than 23 counts as 23.
        att_mtu: u16,
    },
    /// The characteristics of the service were found.
    Discovered {
        /// Where they are.
        handles: BleHandles,
    },
    /// The service or its characteristics are not where they were, or not there at all.
    HandlesRefused,
    /// The value that was to be read; an empty one if it could not be.
    Read {
        /// Its octets.
        value: Vec<u8>,
    },
    /// The subscription is in force.
    Subscribed,
    /// The reader has sent a notification.
    Notified {
        /// Its octets.
        value: Vec<u8>,
    },
    /// The reader has confirmed the write.
    Written,
    /// The channel is open.
    ChannelOpened,
    /// The channel could not be opened; the tap goes on over GATT.
    ChannelRefused,
    /// Octets have come on the channel, in pieces of any size.
    ChannelReceived {
        /// The octets.
        octets: Vec<u8>,
    },
    /// The link or its channel is gone.
    Disconnected,
    /// The time of `timeout_in_ms` has passed.
    Timeout,
}

/// What the central API is to do.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum BleAction {
    /// Find the characteristics of this service, then report `Discovered` or `HandlesRefused`.
    Discover {
        /// The UUID of the service.
        service: String,
    },
    /// Read this characteristic, then report `Read`.
    Read {
        /// The UUID.
        characteristic: String,
        /// Where it is.
        handle: u32,
    },
    /// Subscribe to the notifications of this characteristic, then report `Subscribed` or `HandlesRefused`.
    Subscribe {
        /// The UUID.
        characteristic: String,
        /// Where it is.
        handle: u32,
    },
    /// Write these octets with response, then report `Written`.
    Write {
        /// The UUID of the characteristic.
        characteristic: String,
        /// Where it is.
        handle: u32,
        /// The octets.
        value: Vec<u8>,
    },
    /// Open an L2CAP channel without pairing, then report `ChannelOpened` or `ChannelRefused`.
    OpenChannel {
        /// The reader's PSM.
        psm: u16,
    },
    /// Write these octets to the channel.
    Send {
        /// The octets.
        octets: Vec<u8>,
    },
    /// Take the link down.
    Disconnect,
}

#[uniffi::export]
impl BleTap {
    /// Takes what the central API reports; then ask for actions.
    pub fn handle(&self, event: BleEvent) {
        self.presenter().handle(event.into());
    }

    /// The next thing to do; none when there is nothing, or a write has to be confirmed first.
    pub fn next_action(&self) -> Option<BleAction> {
        self.presenter().poll_action().map(BleAction::from)
    }

    /// In how many milliseconds to report `Timeout`; none while no tap is under way.
    pub fn timeout_in_ms(&self) -> Option<u64> {
        self.presenter().timeout_in_ms()
    }

    /// What has happened since it was last asked, oldest first.
    pub fn next_event(&self) -> Option<TapEvent> {
        self.presenter().poll_event().map(TapEvent::from)
    }
}

impl BleTap {
    pub(crate) const fn new(presenter: BlePresenter) -> Self {
        Self(Mutex::new(presenter))
    }

    fn presenter(&self) -> MutexGuard<'_, BlePresenter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<BleCentral> for phone_sdk::BleCentral {
    fn from(central: BleCentral) -> Self {
        Self { opens_channels: central.opens_channels, keeps_handles: central.keeps_handles }
    }
}

impl From<BleEvent> for phone_sdk::BleEvent {
    fn from(event: BleEvent) -> Self {
        match event {
            BleEvent::Connected { peripheral, att_mtu } => Self::Connected { peripheral, att_mtu },
            BleEvent::Discovered { handles: BleHandles { command, response, psm } } => {
                Self::Discovered(phone_sdk::BleHandles { command, response, psm })
            }
            BleEvent::HandlesRefused => Self::HandlesRefused,
            BleEvent::Read { value } => Self::Read(value),
            BleEvent::Subscribed => Self::Subscribed,
            BleEvent::Notified { value } => Self::Notified(value),
            BleEvent::Written => Self::Written,
            BleEvent::ChannelOpened => Self::ChannelOpened,
            BleEvent::ChannelRefused => Self::ChannelRefused,
            BleEvent::ChannelReceived { octets } => Self::ChannelReceived(octets),
            BleEvent::Disconnected => Self::Disconnected,
            BleEvent::Timeout => Self::Timeout,
        }
    }
}

impl From<phone_sdk::BleAction> for BleAction {
    fn from(action: phone_sdk::BleAction) -> Self {
        use phone_sdk::BleAction as Sdk;
        match action {
            Sdk::Discover { service } => Self::Discover { service: service.to_string() },
            Sdk::Read { characteristic, handle } => {
                Self::Read { characteristic: characteristic.to_string(), handle }
            }
            Sdk::Subscribe { characteristic, handle } => {
                Self::Subscribe { characteristic: characteristic.to_string(), handle }
            }
            Sdk::Write { characteristic, handle, value } => {
                Self::Write { characteristic: characteristic.to_string(), handle, value }
            }
            Sdk::OpenChannel { psm } => Self::OpenChannel { psm },
            Sdk::Send(octets) => Self::Send { octets },
            Sdk::Disconnect => Self::Disconnect,
        }
    }
}
