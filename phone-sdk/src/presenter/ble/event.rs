//! What a central API and the presenter say to each other.

use credential::ble::Uuid;
use serde::{Deserialize, Serialize};

/// What the platform's central API can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BleCentral {
    /// It opens L2CAP channels.
    pub opens_channels: bool,
    /// It reads, writes and subscribes by the handles of an earlier connection, without discovery.
    pub keeps_handles: bool,
}

/// Where a reader's characteristics are: attribute handles, or whatever numbers the central API has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BleHandles {
    /// Of the characteristic that the reader notifies on.
    pub command: u32,
    /// Of the characteristic that is written to.
    pub response: u32,
    /// Of the characteristic that reads as the PSM; `None` if the reader has none.
    pub psm: Option<u32>,
}

/// What the central API reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BleEvent {
    /// The link is up.
    Connected {
        /// What the platform calls the reader, the same at every visit; of an empty one nothing is remembered.
        peripheral: String,
        /// Octets that were negotiated; less than 23 counts as 23.
        att_mtu: u16,
    },
    /// The characteristics of the service were found.
    Discovered(BleHandles),
    /// The service or its characteristics are not where they were, or not there at all.
    HandlesRefused,
    /// The value that was to be read; an empty one if it could not be.
    Read(Vec<u8>),
    /// The subscription is in force.
    Subscribed,
    /// The reader has sent a notification on the subscribed characteristic.
    Notified(Vec<u8>),
    /// The reader has confirmed the write.
    Written,
    /// The channel is open.
    ChannelOpened,
    /// The channel could not be opened; the tap goes on over GATT.
    ChannelRefused,
    /// Octets have come on the channel, in pieces of any size.
    ChannelReceived(Vec<u8>),
    /// The link or its channel is gone.
    Disconnected,
    /// The time of [`BlePresenter::poll_at`](super::BlePresenter::poll_at) has come.
    Timeout,
}

/// What the central API is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BleAction {
    /// Find the characteristics of this service, then report [`BleEvent::Discovered`] or
    /// [`BleEvent::HandlesRefused`].
    Discover {
        /// The service.
        service: Uuid,
    },
    /// Read this characteristic, then report [`BleEvent::Read`].
    Read {
        /// The characteristic.
        characteristic: Uuid,
        /// Where it is.
        handle: u32,
    },
    /// Subscribe to the notifications of this characteristic, then report [`BleEvent::Subscribed`] or
    /// [`BleEvent::HandlesRefused`].
    Subscribe {
        /// The characteristic.
        characteristic: Uuid,
        /// Where it is.
        handle: u32,
    },
    /// Write these octets with response; the next action comes after [`BleEvent::Written`].
    Write {
        /// To this characteristic.
        characteristic: Uuid,
        /// Where it is.
        handle: u32,
        /// One segment.
        value: Vec<u8>,
    },
    /// Open an L2CAP channel without pairing, then report [`BleEvent::ChannelOpened`] or
    /// [`BleEvent::ChannelRefused`].
    OpenChannel {
        /// The reader's PSM.
        psm: u16,
    },
    /// Write these octets to the channel.
    Send(Vec<u8>),
    /// Take the link down: the tap is over, or cannot go on.
    Disconnect,
}
