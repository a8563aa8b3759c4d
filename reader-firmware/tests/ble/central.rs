//! A phone on the air: a host stack of its own as central, and a device session behind it.

use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use credential::application::{DeviceApplication, DeviceIncoming};
use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::stream::{FrameDecoder, encode_frame};
use credential::ble::{COMMAND_CHARACTERISTIC, RESPONSE_CHARACTERISTIC, SERVICE};
use credential::transport::Transport;
use embassy_futures::poll_once;
use embassy_futures::select::{Either, select, select_slice};
use reader_firmware::ble::HeapPackets;
use tokio::time::Instant;
use trouble_host::prelude::*;

use crate::phone::Phone;
use crate::reader::PSM;
use crate::world::at_ms;

impl Phone {
    /// Opens a session on a link without APDUs.
    pub(crate) fn open(&mut self, transport: Transport, ms: u64) -> Vec<u8> {
        let mut out = [0; 2_100];
        let length = self.device.open(transport, at_ms(ms), &mut out).unwrap();
        out[..length].to_vec()
    }

    /// Answers a message, and says whether the tap is over.
    pub(crate) fn message(&mut self, message: &mut [u8], ms: u64) -> (Vec<u8>, bool) {
        let mut out = [0; 2_100];
        let (length, _, finished) = self.act(DeviceIncoming::Message(message), ms, &mut out);
        (out[..length].to_vec(), finished)
    }
}

/// How a phone talks to the reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// GATT, whose characteristics it has to find first.
    Gatt,
    /// GATT, with what it found at an earlier visit.
    Remembered(Handles),
    /// An L2CAP channel, whose number it knows.
    Channel,
}

/// Where the characteristics of a reader are; the type of what is in them does not matter here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Handles {
    response: Characteristic<u8>,
    command: Characteristic<u8>,
}

/// How a phone behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It does what it should.
    Polite,
    /// Nothing of it arrives any more after so many messages.
    WalksAway(usize),
    /// It keeps the connection and says nothing more after so many messages.
    Hangs(usize),
    /// What it says is no frame of anything.
    Babbles,
    /// Nor is this, of which it sends as much as it may and closes its channel; it wants so many channels besides.
    Floods(usize),
}

impl Manner {
    const fn messages_max(self) -> usize {
        match self {
            Self::Polite | Self::Floods(_) => usize::MAX,
            Self::WalksAway(messages) | Self::Hangs(messages) => messages,
            Self::Babbles => 1,
        }
    }
}

/// How a visit went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visit {
    pub(crate) connected: Instant,
    /// When the first octets of the exchange were sent.
    pub(crate) opened: Option<Instant>,
    /// Where the characteristics were, over GATT.
    pub(crate) handles: Option<Handles>,
    pub(crate) messages: usize,
    pub(crate) finished: bool,
}

/// A visit with this connection interval, until the connection has ended.
///
/// `walk_away` is called when the phone does.
pub(crate) async fn visit<C: Controller>(
    controller: C,
    walk_away: &dyn Fn(),
    reader: [u8; 6],
    phone: &mut Phone,
    way: Way,
    interval: Duration,
    manner: Manner,
) -> Visit {
    let mut resources: HostResources<HeapPackets, 1, 3> = HostResources::new();
    let stack = trouble_host::new(controller, &mut resources).build();
    let mut runner = stack.runner();
    let visiting = visiting(&stack, walk_away, reader, phone, way, interval, manner);
    match select(runner.run(), visiting).await {
        Either::First(ended) => panic!("the phone's host has ended: {ended:?}"),
        Either::Second(visit) => visit,
    }
}

async fn visiting<C: Controller>(
    stack: &Stack<'_, C, HeapPackets>,
    walk_away: &dyn Fn(),
    reader: [u8; 6],
    phone: &mut Phone,
    way: Way,
    interval: Duration,
    manner: Manner,
) -> Visit {
    let [a, b, c, d, e, f] = reader;
    let address = Address::random([f, e, d, c, b, a]);
    let interval = embassy_time::Duration::from_micros(u64::try_from(interval.as_micros()).unwrap());
    let config = ConnectConfig {
        connect_params: RequestedConnParams {
            min_connection_interval: interval,
            max_connection_interval: interval,
            ..Default::default()
        },
        scan_config: ScanConfig { filter_accept_list: &[address], ..Default::default() },
    };
    let connection = stack.central().connect(&config).await.unwrap();
    let mut visit =
        Visit { connected: Instant::now(), opened: None, handles: None, messages: 0, finished: false };
    let talk = Talk { stack, walk_away, phone, manner, visit: &mut visit };
    match way {
        _ if manner == Manner::Hangs(0) => None,
        Way::Gatt => over_gatt(talk, &connection, None).await,
        Way::Remembered(handles) => over_gatt(talk, &connection, Some(handles)).await,
        Way::Channel => over_channel(talk, &connection).await,
    };
    // Until the reader has let go, or the link is lost.
    while connection.is_connected() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    visit
}

struct Talk<'t, 'r, C> {
    stack: &'t Stack<'r, C, HeapPackets>,
    walk_away: &'t dyn Fn(),
    phone: &'t mut Phone,
    manner: Manner,
    visit: &'t mut Visit,
}

impl<C> Talk<'_, '_, C> {
    fn open(&mut self, transport: Transport) -> Vec<u8> {
        self.visit.opened = Some(Instant::now());
        let message = self.phone.open(transport, 0);
        if self.manner == Manner::Babbles { vec![0xFF; message.len()] } else { message }
    }

    /// Counts a message that has been sent; says whether to go on.
    fn sent(&mut self) -> bool {
        self.visit.messages += 1;
        if self.manner == Manner::WalksAway(self.visit.messages) {
            (self.walk_away)();
        }
        self.visit.messages < self.manner.messages_max() && !self.visit.finished
    }

    fn answer(&mut self, mut message: Vec<u8>) -> Vec<u8> {
        let (answer, finished) = self.phone.message(&mut message, 0);
        self.visit.finished = finished;
        answer
    }
}

async fn over_gatt<C: Controller>(
    mut talk: Talk<'_, '_, C>,
    connection: &Connection<'_, HeapPackets>,
    remembered: Option<Handles>,
) -> Option<()> {
    let client = GattClient::<_, HeapPackets, 10>::new(talk.stack, connection).await.ok()?;
    let talking = async {
        let handles = match remembered {
            Some(handles) => handles,
            None => discovered(&client).await?,
        };
        talk.visit.handles = Some(handles);
        let Handles { response, command } = handles;
        let mut listener = client.subscribe(&command, false).await.ok()?;
        let mut segmenter = Segmenter::new(AttMtu::new(connection.att_mtu()).unwrap());
        let mut reassembler: Reassembler = Reassembler::new();
        let mut message = talk.open(Transport::BleGatt);
        loop {
            let mut segments = segmenter.segments(&message).unwrap();
            let mut out = [0; SEGMENT_MAX];
            while let Some(segment) = segments.next_segment(&mut out) {
                client.write_characteristic(&response, segment).await.ok()?;
            }
            if !talk.sent() {
                return Some(());
            }
            let command = loop {
                let notification = listener.next().await;
                if let Some(message) = reassembler.push(notification.as_ref()).unwrap() {
                    break message.to_vec();
                }
            };
            message = talk.answer(command);
        }
    };
    let lost = async {
        while connection.is_connected() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match select(select(client.task(), talking), lost).await {
        Either::First(Either::Second(talked)) => talked,
        _ => None,
    }
}

async fn discovered<C: Controller>(client: &GattClient<'_, C, HeapPackets, 10>) -> Option<Handles> {
    let uuid = |uuid: credential::ble::Uuid| Uuid::new_long(uuid.to_le_bytes());
    let services = client.services_by_uuid(&uuid(SERVICE)).await.ok()?;
    let service = services.first()?.clone();
    Some(Handles {
        response: client.characteristic_by_uuid(&service, &uuid(RESPONSE_CHARACTERISTIC)).await.ok()?,
        command: client.characteristic_by_uuid(&service, &uuid(COMMAND_CHARACTERISTIC)).await.ok()?,
    })
}

async fn over_channel<C: Controller>(
    mut talk: Talk<'_, '_, C>,
    connection: &Connection<'_, HeapPackets>,
) -> Option<()> {
    let config = L2capChannelConfig::default();
    let create = || L2capChannel::create(talk.stack, connection, PSM, &config);
    let others = if let Manner::Floods(others) = talk.manner { others } else { 0 };
    let mut others: Vec<_> = (0..others).map(|_| Box::pin(create())).collect();
    let Either::First(created) = select(create(), select_slice(Pin::new(&mut others[..]))).await else {
        panic!("a reader has accepted another channel than the first");
    };
    let channel = created.ok()?;
    drop(others);
    let (mut writer, mut reader) = channel.split();
    if matches!(talk.manner, Manner::Floods(_)) {
        while let Poll::Ready(sent) = poll_once(writer.send(talk.stack, &[0xFF; 4])) {
            sent.ok()?;
            talk.visit.messages += 1;
        }
        return None;
    }
    let mut decoder = FrameDecoder::<2_050>::new();
    let mut message = talk.open(Transport::BleL2cap);
    loop {
        let mut frame = vec![0; message.len() + 2];
        encode_frame(&message, &mut frame).unwrap();
        for piece in frame.chunks(usize::from(writer.peer_mtu())) {
            writer.send(talk.stack, piece).await.ok()?;
        }
        if !talk.sent() {
            return Some(());
        }
        let command = loop {
            let mut piece = [0; 512];
            let length = reader.receive(talk.stack, &mut piece).await.ok()?;
            if let Some(message) = decoder.next_message(&mut &piece[..length]).unwrap() {
                break message.to_vec();
            }
        };
        message = talk.answer(command);
    }
}
