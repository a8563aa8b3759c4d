//! The links between a door and a presenter: only framing, no radio.

use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::stream::{FrameDecoder, encode_frame};
use credential::ble::{COMMAND_CHARACTERISTIC, RESPONSE_CHARACTERISTIC};
use credential::iso7816::{
    Aid, CLA_INTERINDUSTRY, CommandHeader, FrontEnd, INS_SELECT, InterfaceDevice, InterfaceDeviceStep,
    LogicalCommand, ResponseApdu,
};
use credential::transport::Transport;
use phone_sdk::{BleAction, BleCentral, BleEvent, BleHandles, BlePresenter, NfcPresenter, StreamPresenter};

/// Carries whole messages to a presenter and back; a response has its status word behind it.
pub trait Link {
    /// Its name in the transcript.
    fn transport(&self) -> Transport;
    /// Brings up the link: returns what the device opens the session with.
    fn open(&mut self) -> Option<Vec<u8>>;
    /// Carries a command; `None` when the link went down instead.
    fn carry(&mut self, header: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>>;
    /// What the device said of extended length.
    fn set_extended(&mut self, _: bool) {}
}

/// APDUs through an interface device.
pub struct NfcLink<'a> {
    presenter: &'a mut NfcPresenter,
    interface_device: InterfaceDevice,
    /// APDUs that went to the phone.
    pub apdus: usize,
}

impl<'a> NfcLink<'a> {
    /// Through this front end.
    pub fn new(presenter: &'a mut NfcPresenter, front_end: FrontEnd) -> Self {
        Self { presenter, interface_device: InterfaceDevice::new(front_end), apdus: 0 }
    }
}

impl Link for NfcLink<'_> {
    fn transport(&self) -> Transport {
        Transport::Nfc
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        let select = CommandHeader::new(CLA_INTERINDUSTRY, INS_SELECT, 4, 0);
        self.carry(Some(select), Aid::OSTIARY.as_bytes())
    }

    fn carry(&mut self, header: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; 4096];
        let command = LogicalCommand { header: header?, data: octets };
        let mut length = self.interface_device.send(command, &mut out).unwrap();
        loop {
            self.apdus += 1;
            let response = self.presenter.process_command(&out[..length]);
            match self.interface_device.receive(&response, &mut out).unwrap() {
                InterfaceDeviceStep::Transmit(next) => length = next,
                InterfaceDeviceStep::Complete(ResponseApdu { data, status }) => {
                    return Some([data, &status.to_be_bytes()].concat());
                }
            }
        }
    }

    fn set_extended(&mut self, allowed: bool) {
        self.interface_device.set_extended(allowed);
    }
}

/// What the centrals of these links can do.
pub const GATT_ONLY: BleCentral = BleCentral { opens_channels: false, keeps_handles: true };

/// Where the characteristics are.
pub const HANDLES: BleHandles = BleHandles { command: 0x12, response: 0x10, psm: Some(0x15) };

/// Segments over GATT.
pub struct GattLink<'a> {
    presenter: &'a mut BlePresenter,
    segmenter: Segmenter,
    reassembler: Reassembler,
    att_mtu: u16,
}

impl<'a> GattLink<'a> {
    /// A connection with this att_mtu.
    pub fn new(presenter: &'a mut BlePresenter, att_mtu: u16) -> Self {
        let segmenter = Segmenter::new(AttMtu::new(att_mtu).unwrap());
        Self { presenter, segmenter, reassembler: Reassembler::new(), att_mtu }
    }

    /// Does what the central is told to, until a message has been written.
    fn act(&mut self) -> Option<Vec<u8>> {
        let mut whole = None;
        while let Some(action) = self.presenter.poll_action() {
            match action {
                BleAction::Discover { .. } => self.presenter.handle(BleEvent::Discovered(HANDLES)),
                BleAction::Subscribe { characteristic, handle } => {
                    assert_eq!((characteristic, handle), (COMMAND_CHARACTERISTIC, HANDLES.command));
                    self.presenter.handle(BleEvent::Subscribed);
                }
                BleAction::Write { characteristic, handle, value } => {
                    assert_eq!((characteristic, handle), (RESPONSE_CHARACTERISTIC, HANDLES.response));
                    assert!(value.len() + 3 <= usize::from(self.att_mtu));
                    assert_eq!(self.presenter.poll_action(), None, "one write at a time");
                    whole = self.reassembler.push(&value).unwrap().map(<[u8]>::to_vec);
                    self.presenter.handle(BleEvent::Written);
                }
                BleAction::Disconnect => return None,
                other => panic!("{other:?}"),
            }
        }
        whole
    }
}

impl Link for GattLink<'_> {
    fn transport(&self) -> Transport {
        Transport::BleGatt
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        let peripheral = "AA:BB:CC:00:00:07".to_owned();
        self.presenter.handle(BleEvent::Connected { peripheral, att_mtu: self.att_mtu });
        self.act()
    }

    fn carry(&mut self, _: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; SEGMENT_MAX];
        let mut segments = self.segmenter.segments(octets).unwrap();
        while let Some(segment) = segments.next_segment(&mut out) {
            self.presenter.handle(BleEvent::Notified(segment.to_vec()));
        }
        self.act()
    }
}

/// Frames on a stream that delivers pieces of any size.
pub struct StreamLink<'a> {
    presenter: &'a mut StreamPresenter,
    transport: Transport,
    decoder: FrameDecoder,
    piece: usize,
}

impl<'a> StreamLink<'a> {
    /// A stream that delivers so many octets at a time.
    pub fn new(presenter: &'a mut StreamPresenter, transport: Transport, piece: usize) -> Self {
        Self { presenter, transport, decoder: FrameDecoder::new(), piece }
    }

    fn message(&mut self, octets: &[u8]) -> Option<Vec<u8>> {
        self.decoder.next_message(&mut &*octets).unwrap().map(<[u8]>::to_vec)
    }
}

impl Link for StreamLink<'_> {
    fn transport(&self) -> Transport {
        self.transport
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        let octets = self.presenter.opened().ok()?;
        self.message(&octets)
    }

    fn carry(&mut self, _: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        let mut frame = vec![0; octets.len() + 2];
        encode_frame(octets, &mut frame).unwrap();
        let mut answer = Vec::new();
        for piece in frame.chunks(self.piece) {
            answer.extend(self.presenter.received(piece).ok()?);
        }
        self.message(&answer)
    }
}
