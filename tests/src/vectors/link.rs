//! What carries the messages of a tap: APDUs, segments or frames, with every octet written down.

use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::stream::{FrameDecoder, encode_frame};
use credential::ble::{CommandMessage, MESSAGE_CAP};
use credential::crypto::Crypto;
use credential::device::DeviceEvent;
use credential::iso7816::{
    Aid, CLA_EXCHANGE, CLA_INTERINDUSTRY, Card, CardStep, CommandHeader, FrontEnd, INS_SELECT,
    InterfaceDevice, InterfaceDeviceStep, LogicalCommand, ResponseApdu, StatusWord,
};
use credential::transport::Transport;
use serde::Deserialize;

use super::device::{Answered, VectorDevice};
use super::octets::Octets;

/// Who sends a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The reader.
    Reader,
    /// The device.
    Device,
}

/// Octets as they travel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    from: Sender,
    octets: Octets,
}

/// The transports by the names that the vectors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names of the transports")]
pub enum TransportName {
    Nfc,
    BleGatt,
    BleL2cap,
    Tcp,
}

/// A link to a device.
pub struct Link {
    transport: Transport,
    carrier: Carrier,
    /// What went over it.
    pub frames: Vec<Frame>,
}

enum Carrier {
    Apdus { reader: Box<InterfaceDevice>, device: Box<Card> },
    Messages { to_device: Box<Direction>, to_reader: Box<Direction> },
}

/// One direction of a link without APDUs.
enum Direction {
    Segments(Segmenter, Reassembler),
    Stream(FrameDecoder),
}

impl TransportName {
    /// The transport.
    pub const fn transport(self) -> Transport {
        match self {
            Self::Nfc => Transport::Nfc,
            Self::BleGatt => Transport::BleGatt,
            Self::BleL2cap => Transport::BleL2cap,
            Self::Tcp => Transport::Tcp,
        }
    }
}

impl Link {
    /// A new link; GATT needs an att_mtu.
    ///
    /// # Errors
    /// When it has none, or one that does not exist.
    pub fn new(transport: TransportName, att_mtu: Option<u16>) -> Result<Self, String> {
        let carrier = match (transport, att_mtu) {
            (TransportName::Nfc, None) => Carrier::Apdus {
                reader: Box::new(InterfaceDevice::new(FrontEnd::SHORT)),
                device: Box::new(Card::new()),
            },
            (TransportName::BleGatt, Some(octets)) => {
                let att_mtu = AttMtu::new(octets).map_err(|error| error.to_string())?;
                let direction = || Box::new(Direction::Segments(Segmenter::new(att_mtu), Reassembler::new()));
                Carrier::Messages { to_device: direction(), to_reader: direction() }
            }
            (TransportName::BleL2cap | TransportName::Tcp, None) => {
                let direction = || Box::new(Direction::Stream(FrameDecoder::new()));
                Carrier::Messages { to_device: direction(), to_reader: direction() }
            }
            _ => return Err("an att_mtu is for GATT".to_owned()),
        };
        Ok(Self { transport: transport.transport(), carrier, frames: Vec::new() })
    }

    /// Selects the device, or is opened by it.
    ///
    /// # Errors
    /// What did not arrive.
    pub fn open<C: Crypto>(&mut self, device: &mut VectorDevice<C>) -> Result<Answered, String> {
        match &mut self.carrier {
            Carrier::Apdus { .. } => {
                let header = CommandHeader::new(CLA_INTERINDUSTRY, INS_SELECT, 4, 0);
                self.carry_apdus(header, Aid::OSTIARY.as_bytes(), device)
            }
            Carrier::Messages { to_reader, .. } => {
                let data = device.select(self.transport)?;
                let message = [&data[..], &StatusWord::NORMAL.to_be_bytes()].concat();
                answered(&to_reader.carry(Sender::Device, &message, &mut self.frames)?, None)
            }
        }
    }

    /// A command and its answer.
    ///
    /// # Errors
    /// What did not arrive.
    pub fn ask<C: Crypto>(
        &mut self,
        device: &mut VectorDevice<C>,
        instruction: u8,
        data: &[u8],
    ) -> Result<Answered, String> {
        match &mut self.carrier {
            Carrier::Apdus { .. } => {
                self.carry_apdus(CommandHeader::new(CLA_EXCHANGE, instruction, 0, 0), data, device)
            }
            Carrier::Messages { to_device, to_reader } => {
                let mut message = vec![0; data.len().saturating_add(1)];
                CommandMessage { ins: instruction, data }
                    .encode(&mut message)
                    .map_err(|error| error.to_string())?;
                let arrived = to_device.carry(Sender::Reader, &message, &mut self.frames)?;
                let command = CommandMessage::decode(&arrived).map_err(|error| error.to_string())?;
                let reply = device.receive(command.ins, command.data)?;
                let message = [&reply.data[..], &reply.status.to_be_bytes()].concat();
                answered(&to_reader.carry(Sender::Device, &message, &mut self.frames)?, reply.event)
            }
        }
    }

    fn carry_apdus<C: Crypto>(
        &mut self,
        header: CommandHeader,
        data: &[u8],
        device: &mut VectorDevice<C>,
    ) -> Result<Answered, String> {
        let Carrier::Apdus { reader, device: card } = &mut self.carrier else {
            return Err("not a link of APDUs".to_owned());
        };
        let (mut out, mut back) = ([0; 261], [0; 258]);
        let mut event = None;
        let mut length =
            reader.send(LogicalCommand { header, data }, &mut out).map_err(|error| error.to_string())?;
        loop {
            let command = out.get(..length).unwrap_or_default();
            self.frames.push(Frame { from: Sender::Reader, octets: Octets(command.to_vec()) });
            let step = card.receive(command, &mut back).map_err(|error| error.to_string())?;
            let length_back = match step {
                CardStep::Transmit(length) => length,
                CardStep::Command(LogicalCommand { header, data }) => {
                    let answer = if header.ins == INS_SELECT {
                        let data = device.select(Transport::Nfc)?;
                        Answered { data, status: StatusWord::NORMAL, event: None }
                    } else {
                        device.receive(header.ins, data)?
                    };
                    event = answer.event;
                    let response = ResponseApdu { data: &answer.data, status: answer.status };
                    card.respond(response, &mut back).map_err(|error| error.to_string())?
                }
            };
            let response = back.get(..length_back).unwrap_or_default();
            self.frames.push(Frame { from: Sender::Device, octets: Octets(response.to_vec()) });
            match reader.receive(response, &mut out).map_err(|error| error.to_string())? {
                InterfaceDeviceStep::Transmit(next) => length = next,
                InterfaceDeviceStep::Complete(response) => {
                    return Ok(Answered { data: response.data.to_vec(), status: response.status, event });
                }
            }
        }
    }
}

impl Direction {
    fn carry(&mut self, from: Sender, message: &[u8], frames: &mut Vec<Frame>) -> Result<Vec<u8>, String> {
        let mut arrived = None;
        match self {
            Self::Segments(segmenter, reassembler) => {
                let mut segments = segmenter.segments(message).map_err(|error| error.to_string())?;
                let mut out = [0; SEGMENT_MAX];
                while let Some(segment) = segments.next_segment(&mut out) {
                    frames.push(Frame { from, octets: Octets(segment.to_vec()) });
                    let whole = reassembler.push(segment).map_err(|error| error.to_string())?;
                    arrived = whole.map(<[u8]>::to_vec);
                }
            }
            Self::Stream(decoder) => {
                let octets = framed(message)?;
                let mut input = octets.as_slice();
                frames.push(Frame { from, octets: Octets(octets.clone()) });
                let whole = decoder.next_message(&mut input).map_err(|error| error.to_string())?;
                arrived = whole.map(<[u8]>::to_vec);
            }
        }
        arrived.ok_or_else(|| "a message did not come out whole".to_owned())
    }
}

/// A message behind its length.
///
/// # Errors
/// When it is empty or too long to be framed.
pub fn framed(message: &[u8]) -> Result<Vec<u8>, String> {
    let mut octets = vec![0; message.len().saturating_add(2)];
    encode_frame(message, &mut octets).map_err(|error| error.to_string())?;
    Ok(octets)
}

/// An answer as it comes out of a stream; `None` where the stream is closed because it is too long.
///
/// # Errors
/// When it does not come out although the stream is still open.
pub fn over_a_stream(data: &[u8], status: StatusWord) -> Result<Option<(Vec<u8>, StatusWord)>, String> {
    let octets = framed(&[data, &status.to_be_bytes()].concat())?;
    let mut decoder = FrameDecoder::<MESSAGE_CAP>::new();
    match decoder.next_message(&mut octets.as_slice()) {
        Ok(Some(message)) => {
            let answer = answered(message, None)?;
            Ok(Some((answer.data, answer.status)))
        }
        Ok(None) => Err("a message did not come out whole".to_owned()),
        Err(_) => Ok(None),
    }
}

fn answered(message: &[u8], event: Option<DeviceEvent>) -> Result<Answered, String> {
    let response = ResponseApdu::decode(message).map_err(|error| error.to_string())?;
    Ok(Answered { data: response.data.to_vec(), status: response.status, event })
}
