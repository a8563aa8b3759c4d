//! A tap over BLE, for any central API.

use std::sync::{Mutex, MutexGuard, PoisonError};

use phone_sdk::BlePresenter;

use crate::tap::TapEvent;

/// A phone that talks to one reader over GATT at a time: events in, actions out.
#[derive(uniffi::Object)]
pub struct BleTap(Mutex<BlePresenter>);

/// What the central API reports.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum BleEvent {
    /// The link is up, its services are known, and this many octets of att_mtu were negotiated.
    Connected {
        /// Octets.
        att_mtu: u16,
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
    /// The link is gone.
    Disconnected,
    /// The time of `timeout_in_ms` has passed.
    Timeout,
}

/// What the central API is to do.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum BleAction {
    /// Subscribe to the notifications of this characteristic.
    Subscribe {
        /// Its UUID.
        characteristic: String,
    },
    /// Write these octets with response.
    Write {
        /// The characteristic's UUID.
        characteristic: String,
        /// The octets.
        value: Vec<u8>,
    },
    /// Take the link down.
    Disconnect,
}

#[uniffi::export]
impl BleTap {
    /// The service whose advertisements to look for.
    pub fn service(&self) -> String {
        BlePresenter::SERVICE.to_string()
    }

    /// Takes what the central API reports; then ask for actions.
    pub fn handle(&self, event: BleEvent) {
        self.presenter().handle(match event {
            BleEvent::Connected { att_mtu } => phone_sdk::BleEvent::Connected { att_mtu },
            BleEvent::Subscribed => phone_sdk::BleEvent::Subscribed,
            BleEvent::Notified { value } => phone_sdk::BleEvent::Notified(value),
            BleEvent::Written => phone_sdk::BleEvent::Written,
            BleEvent::Disconnected => phone_sdk::BleEvent::Disconnected,
            BleEvent::Timeout => phone_sdk::BleEvent::Timeout,
        });
    }

    /// The next thing to do; none when there is nothing, or a write has to be confirmed first.
    pub fn next_action(&self) -> Option<BleAction> {
        self.presenter().poll_action().map(|action| match action {
            phone_sdk::BleAction::Subscribe(characteristic) => {
                BleAction::Subscribe { characteristic: characteristic.to_string() }
            }
            phone_sdk::BleAction::Write { characteristic, value } => {
                BleAction::Write { characteristic: characteristic.to_string(), value }
            }
            phone_sdk::BleAction::Disconnect => BleAction::Disconnect,
        })
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
