//! BLE: the phone is the central, the reader the peripheral. Events in, actions out.
//!
//! | | a reader that is new | a reader that was visited |
//! | --- | --- | --- |
//! | over GATT | `Discover`, `Subscribe`, `Write`… | `Subscribe`, `Write`… |
//! | over L2CAP | `Discover`, `Read` of the PSM, `OpenChannel`, `Send`… | `OpenChannel`, `Send`… |
//! | over L2CAP, announced | `OpenChannel`, `Send`… | `OpenChannel`, `Send`… |
//!
//! What has to be discovered is remembered once the reader has proved itself, and thrown away when it no longer holds.

mod event;
mod link;
mod scan;

use std::collections::VecDeque;

use credential::application::DeviceIncoming;
use credential::ble::{COMMAND_CHARACTERISTIC, PSM_CHARACTERISTIC, SERVICE, Uuid};
use credential::time::Instant;
use credential::transport::Transport;
use zeroize::Zeroizing;

use super::event::{Tap, TapEvent, TapFailure};
use super::{Presenter, Reply};
use crate::state::VisitedRecord;

pub use event::{BleAction, BleCentral, BleEvent, BleHandles};
use link::Link;
pub use scan::{NearbyReader, NearbyReaders, Sighting};

/// A phone that talks to one reader over BLE at a time.
pub struct BlePresenter {
    presenter: Presenter,
    central: BleCentral,
    connection: Option<Connection>,
    actions: VecDeque<BleAction>,
    writing: bool,
}

/// A link that is up.
struct Connection {
    peripheral: String,
    att_mtu: u16,
    /// What has been discovered, or is remembered.
    handles: Option<BleHandles>,
    /// The channel that the reader offers, 0 = none; `None` while it is not known.
    psm: Option<u16>,
    channel_refused: bool,
    /// Whether what is used was remembered, and nothing has been discovered on this connection.
    from_memory: bool,
    link: Option<Link>,
    /// What has been learnt, to be kept when the tap is over.
    visited: Option<VisitedRecord>,
}

impl BlePresenter {
    /// The service whose advertisements to look for.
    pub const SERVICE: Uuid = SERVICE;

    pub(crate) const fn new(presenter: Presenter, central: BleCentral) -> Self {
        Self { presenter, central, connection: None, actions: VecDeque::new(), writing: false }
    }

    /// Takes what the central API reports; then ask for actions.
    pub fn handle(&mut self, event: BleEvent) {
        match event {
            BleEvent::Connected { peripheral, att_mtu } => self.connected(peripheral, att_mtu),
            BleEvent::Discovered(handles) => self.discovered(handles),
            BleEvent::HandlesRefused => self.rediscover(),
            BleEvent::Read(value) => self.read(&value),
            BleEvent::Subscribed => self.subscribed(),
            BleEvent::Notified(segment) => self.received(&Zeroizing::new(segment)),
            BleEvent::Written => self.writing = false,
            BleEvent::ChannelOpened => self.channel_opened(),
            BleEvent::ChannelReceived(octets) => self.received(&Zeroizing::new(octets)),
            BleEvent::ChannelRefused => self.channel_refused(),
            BleEvent::Disconnected => self.disconnected(),
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

    /// The same in milliseconds from now.
    pub fn timeout_in_ms(&self) -> Option<u64> {
        let now = self.presenter.core.ports.clock.now().instant;
        self.poll_at().map(|at| at.0.saturating_sub(now.0))
    }

    fn connected(&mut self, peripheral: String, att_mtu: u16) {
        self.clear();
        let remembered = self.presenter.core.visited(&peripheral);
        let handles =
            remembered.as_ref().filter(|_| self.central.keeps_handles).and_then(|reader| reader.handles);
        let announced = self.presenter.core.announced_psm(&peripheral);
        // What was heard a moment ago is newer than what is remembered.
        let psm = announced.or(remembered.as_ref().and_then(|reader| reader.psm));
        self.connection = Some(Connection {
            peripheral,
            att_mtu,
            handles,
            psm,
            channel_refused: false,
            from_memory: remembered.is_some(),
            link: None,
            visited: None,
        });
        self.go_on();
    }

    /// Takes the shortest way to the first message.
    fn go_on(&mut self) {
        let Some(connection) = &self.connection else { return };
        let channels = self.central.opens_channels && !connection.channel_refused;
        let action = match (connection.psm, connection.handles) {
            (Some(psm), _) if psm != 0 && channels => BleAction::OpenChannel { psm },
            (_, None) => BleAction::Discover { service: SERVICE },
            (None, Some(BleHandles { psm: Some(handle), .. })) if channels => {
                BleAction::Read { characteristic: PSM_CHARACTERISTIC, handle }
            }
            (_, Some(handles)) => {
                BleAction::Subscribe { characteristic: COMMAND_CHARACTERISTIC, handle: handles.command }
            }
        };
        self.actions.push_back(action);
    }

    fn discovered(&mut self, handles: BleHandles) {
        if let Some(connection) = self.waiting() {
            connection.handles = Some(handles);
            connection.from_memory = false;
            self.go_on();
        }
    }

    /// What was remembered does not hold any more: the reader has other firmware, or is another one.
    fn rediscover(&mut self) {
        let Some(connection) = self.waiting() else { return };
        if !connection.from_memory {
            // What has just been discovered and is refused will be refused again.
            return self.give_up_with(TapFailure::NotAReader);
        }
        connection.from_memory = false;
        (connection.handles, connection.psm) = (None, None);
        let peripheral = connection.peripheral.clone();
        self.presenter.core.forget_visited(&peripheral);
        self.go_on();
    }

    fn disconnected(&mut self) {
        // A reader that has changed may end the connection instead of refusing what was remembered of it.
        let unopened =
            self.waiting().map(|connection| (connection.peripheral.clone(), connection.from_memory));
        if let Some((peripheral, from_memory)) = unopened {
            self.presenter.core.forget_announced(&peripheral);
            if from_memory {
                self.presenter.core.forget_visited(&peripheral);
            }
        }
        self.presenter.lost(TapFailure::LinkLost);
        self.clear();
    }

    fn read(&mut self, value: &[u8]) {
        if let Some(connection) = self.waiting() {
            connection.psm = Some(<[u8; 2]>::try_from(value).map_or(0, u16::from_be_bytes));
            self.go_on();
        }
    }

    fn channel_refused(&mut self) {
        if let Some(connection) = self.waiting() {
            connection.channel_refused = true;
            self.go_on();
        }
    }

    fn subscribed(&mut self) {
        let connection = self.waiting();
        let at = connection.and_then(|connection| Some((connection.att_mtu, connection.handles?.response)));
        if let Some((att_mtu, response)) = at {
            self.open(Link::gatt(att_mtu, response), Transport::BleGatt);
        }
    }

    fn channel_opened(&mut self) {
        if self.waiting().is_some() {
            self.open(Link::channel(), Transport::BleL2cap);
        }
    }

    /// The device opens the session: the first message is its own.
    fn open(&mut self, link: Link, transport: Transport) {
        if let Some(connection) = &mut self.connection {
            connection.link = Some(link);
        }
        match self.presenter.connect(SERVICE, transport) {
            Some(reply) => self.send(reply),
            None => self.give_up(),
        }
    }

    /// The connection whose link is not open yet.
    fn waiting(&mut self) -> Option<&mut Connection> {
        self.connection.as_mut().filter(|connection| connection.link.is_none())
    }

    fn received(&mut self, mut octets: &[u8]) {
        loop {
            let Some(link) = self.connection.as_mut().and_then(|connection| connection.link.as_mut()) else {
                return;
            };
            let mut message = match link.next_message(&mut octets) {
                Ok(Some(message)) => message,
                Ok(None) => return,
                Err(_) => return self.give_up_with(TapFailure::Framing),
            };
            let reply = self.presenter.receive(DeviceIncoming::Message(&mut message));
            self.learn();
            if reply.length == 0 {
                return self.give_up();
            }
            self.send(reply);
        }
    }

    /// Notes what the next visit can do without, once the reader has proved itself.
    fn learn(&mut self) {
        let Some(TapEvent::Finished(Tap { project, reader, .. })) = self.presenter.events.back() else {
            return;
        };
        let (project, reader) = (*project, *reader);
        let Some(connection) = &mut self.connection else { return };
        if connection.peripheral.is_empty() {
            return;
        }
        connection.visited = Some(VisitedRecord {
            peripheral: connection.peripheral.clone(),
            handles: connection.handles,
            // A channel that was refused is asked for anew next time.
            psm: connection.psm.filter(|_| !connection.channel_refused),
            project,
            reader,
        });
    }

    fn send(&mut self, reply: Reply) {
        let message = self.presenter.octets(reply);
        let Some(link) = self.connection.as_mut().and_then(|connection| connection.link.as_mut()) else {
            return;
        };
        if link.send(message, &mut self.actions).is_err() {
            self.give_up();
        }
    }

    fn give_up_with(&mut self, failure: TapFailure) {
        self.presenter.note(TapEvent::Failed(failure));
        self.give_up();
    }

    fn give_up(&mut self) {
        self.presenter.forget();
        self.clear();
        self.actions.push_back(BleAction::Disconnect);
    }

    fn clear(&mut self) {
        if let Some(visited) = self.connection.take().and_then(|connection| connection.visited) {
            self.presenter.core.keep_visited(visited);
        }
        self.actions.clear();
        self.writing = false;
    }
}
