//! BLE: the phone is the central, the reader the peripheral. Events in, actions out.

use std::collections::VecDeque;

use credential::application::DeviceIncoming;
use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::{COMMAND_CHARACTERISTIC, RESPONSE_CHARACTERISTIC, SERVICE, Uuid};
use credential::time::Instant;
use credential::transport::Transport;
use zeroize::Zeroizing;

use super::event::{TapEvent, TapFailure};
use super::{Presenter, Reply};

/// What the central API reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BleEvent {
    /// The link is up, its services are known, and this att_mtu was negotiated; less than 23 counts as 23.
    Connected {
        /// Octets.
        att_mtu: u16,
    },
    /// The subscription is in force.
    Subscribed,
    /// The reader has sent a notification on the subscribed characteristic.
    Notified(Vec<u8>),
    /// The reader has confirmed the write.
    Written,
    /// The link is gone.
    Disconnected,
    /// The time of [`BlePresenter::poll_at`] has come.
    Timeout,
}

/// What the central API is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BleAction {
    /// Subscribe to the notifications of this characteristic.
    Subscribe(Uuid),
    /// Write these octets with response; the next action comes after [`BleEvent::Written`].
    Write {
        /// To this characteristic.
        characteristic: Uuid,
        /// One segment.
        value: Vec<u8>,
    },
    /// Take the link down: the tap is over, or cannot go on.
    Disconnect,
}

/// A phone that talks to one reader over GATT at a time.
pub struct BlePresenter {
    presenter: Presenter,
    link: Option<Link>,
    actions: VecDeque<BleAction>,
    writing: bool,
}

struct Link {
    segmenter: Segmenter,
    reassembler: Reassembler,
    subscribed: bool,
}

impl BlePresenter {
    /// The service whose advertisements to look for.
    pub const SERVICE: Uuid = SERVICE;

    pub(crate) fn new(presenter: Presenter) -> Self {
        Self { presenter, link: None, actions: VecDeque::new(), writing: false }
    }

    /// Takes what the central API reports; then ask for actions.
    pub fn handle(&mut self, event: BleEvent) {
        match event {
            BleEvent::Connected { att_mtu } => self.connected(att_mtu),
            BleEvent::Subscribed => self.subscribed(),
            BleEvent::Notified(segment) => self.notified(&Zeroizing::new(segment)),
            BleEvent::Written => self.writing = false,
            BleEvent::Disconnected => {
                self.presenter.lost();
                self.clear();
            }
            BleEvent::Timeout => {
                if self.presenter.expire() {
                    self.give_up();
                }
            }
        }
    }

    /// The next thing to do; `None` when there is nothing, or a write has to be confirmed first.
    pub fn poll_action(&mut self) -> Option<BleAction> {
        if self.writing {
            return None;
        }
        let action = self.actions.pop_front()?;
        self.writing = matches!(action, BleAction::Write { .. });
        Some(action)
    }

    /// What has happened since it was last asked, oldest first.
    pub fn poll_event(&mut self) -> Option<TapEvent> {
        self.presenter.poll_event()
    }

    /// When to report [`BleEvent::Timeout`]; `None` while no tap is under way.
    pub fn poll_at(&self) -> Option<Instant> {
        self.presenter.poll_at()
    }

    fn connected(&mut self, att_mtu: u16) {
        self.clear();
        let att_mtu = att_mtu.clamp(AttMtu::DEFAULT.octets(), AttMtu::MAX.octets());
        let att_mtu = AttMtu::new(att_mtu).unwrap_or(AttMtu::DEFAULT);
        self.link = Some(Link {
            segmenter: Segmenter::new(att_mtu),
            reassembler: Reassembler::new(),
            subscribed: false,
        });
        self.actions.push_back(BleAction::Subscribe(COMMAND_CHARACTERISTIC));
    }

    /// The device opens the session: the first message is its own.
    fn subscribed(&mut self) {
        let Some(link) = self.link.as_mut().filter(|link| !link.subscribed) else { return };
        link.subscribed = true;
        match self.presenter.connect(SERVICE, Transport::BleGatt) {
            Some(reply) => self.send(reply),
            None => self.give_up(),
        }
    }

    fn notified(&mut self, segment: &[u8]) {
        let Some(link) = self.link.as_mut().filter(|link| link.subscribed) else { return };
        let mut message = match link.reassembler.push(segment) {
            Ok(Some(message)) => Zeroizing::new(message.to_vec()),
            Ok(None) => return,
            Err(_) => {
                self.presenter.note(TapEvent::Failed(TapFailure::Framing));
                return self.give_up();
            }
        };
        let reply = self.presenter.receive(DeviceIncoming::Message(&mut message));
        if reply.length == 0 {
            return self.give_up();
        }
        self.send(reply);
    }

    fn send(&mut self, reply: Reply) {
        let Some(link) = self.link.as_mut() else { return };
        let Ok(mut segments) = link.segmenter.segments(self.presenter.octets(reply)) else {
            return self.give_up();
        };
        let mut out = [0; SEGMENT_MAX];
        while let Some(segment) = segments.next_segment(&mut out) {
            let value = segment.to_vec();
            self.actions.push_back(BleAction::Write { characteristic: RESPONSE_CHARACTERISTIC, value });
        }
    }

    fn give_up(&mut self) {
        self.presenter.forget();
        self.clear();
        self.actions.push_back(BleAction::Disconnect);
    }

    fn clear(&mut self) {
        self.link = None;
        self.actions.clear();
        self.writing = false;
    }
}
