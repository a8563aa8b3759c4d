//! Messages in the pieces of a link: as they are, in GATT segments, or in APDUs.

use credential::ble::CommandMessage;
use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::iso7816::{
    Aid, CLA_EXCHANGE, CLA_INTERINDUSTRY, Card, CardStep, CommandHeader, FrontEnd, INS_SELECT,
    InterfaceDevice, InterfaceDeviceStep, LogicalCommand, ResponseApdu, StatusWord,
};
use credential::transport::Transport;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A whole message.
    Messages,
    /// A GATT segment.
    Segments(AttMtu),
    /// An APDU.
    Apdus(FrontEnd),
}

/// Octets of the longest APDU.
const APDU_MAX: usize = 2_060;

/// What a piece led to.
#[derive(Debug, PartialEq, Eq)]
pub enum Framed<T> {
    /// These pieces are to be sent back, if any; the message is not whole yet.
    Pieces(Vec<Vec<u8>>),
    /// The message is whole.
    Whole(T),
    /// The peer does not keep to the rules: the connection is to be dropped.
    Broken,
}

/// A whole command as a device sees it.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// The exchange is selected.
    Select,
    /// Instruction and data.
    Exchange(u8, Vec<u8>),
    /// Something that is answered with this status word.
    Refused(StatusWord),
}

/// The reader's framing of one connection.
pub enum ReaderFraming {
    /// Whole messages.
    Messages,
    /// GATT.
    Segments(Segmenter, Box<Reassembler>),
    /// NFC.
    Apdus(Box<InterfaceDevice>),
}

/// The device's framing of one connection.
pub enum DeviceFraming {
    /// Whole messages.
    Messages,
    /// GATT.
    Segments(Segmenter, Box<Reassembler>),
    /// NFC, with the size of the response buffer.
    Apdus(Box<Card>, usize),
}

impl Level {
    /// The transport that has such pieces.
    pub const fn transport(self) -> Transport {
        match self {
            Self::Messages => Transport::Tcp,
            Self::Segments(_) => Transport::BleGatt,
            Self::Apdus(_) => Transport::Nfc,
        }
    }
}

impl ReaderFraming {
    /// A new connection.
    pub fn new(level: Level) -> Self {
        match level {
            Level::Messages => Self::Messages,
            Level::Segments(att_mtu) => Self::Segments(Segmenter::new(att_mtu), Box::default()),
            Level::Apdus(front_end) => Self::Apdus(Box::new(InterfaceDevice::new(front_end))),
        }
    }

    /// The pieces that select the device, where it does not speak first.
    pub fn select(&mut self) -> Vec<Vec<u8>> {
        let header = CommandHeader::new(CLA_INTERINDUSTRY, INS_SELECT, 4, 0);
        match self {
            Self::Apdus(device) => vec![apdu(device, header, Aid::OSTIARY.as_bytes())],
            Self::Messages | Self::Segments(..) => Vec::new(),
        }
    }

    /// The pieces of a command.
    pub fn send(&mut self, instruction: u8, data: &[u8], extended: bool) -> Vec<Vec<u8>> {
        let mut message = vec![0; data.len() + 1];
        CommandMessage { ins: instruction, data }.encode(&mut message).unwrap();
        match self {
            Self::Messages => vec![message],
            Self::Segments(segmenter, _) => segments(segmenter, &message),
            Self::Apdus(device) => {
                device.set_extended(extended);
                vec![apdu(device, CommandHeader::new(CLA_EXCHANGE, instruction, 0, 0), data)]
            }
        }
    }

    /// Takes a piece.
    pub fn receive(&mut self, piece: &[u8]) -> Framed<(Vec<u8>, StatusWord)> {
        match self {
            Self::Messages => response(piece),
            Self::Segments(_, reassembler) => match reassembler.push(piece) {
                Ok(Some(message)) => response(message),
                Ok(None) => Framed::Pieces(Vec::new()),
                Err(_) => Framed::Broken,
            },
            Self::Apdus(device) => {
                let mut out = vec![0; APDU_MAX];
                match device.receive(piece, &mut out) {
                    Ok(InterfaceDeviceStep::Transmit(length)) => {
                        out.truncate(length);
                        Framed::Pieces(vec![out])
                    }
                    Ok(InterfaceDeviceStep::Complete(response)) => {
                        Framed::Whole((response.data.to_vec(), response.status))
                    }
                    Err(_) => Framed::Broken,
                }
            }
        }
    }
}

impl DeviceFraming {
    /// A new connection.
    pub fn new(level: Level) -> Self {
        match level {
            Level::Messages => Self::Messages,
            Level::Segments(att_mtu) => Self::Segments(Segmenter::new(att_mtu), Box::default()),
            Level::Apdus(front_end) => Self::Apdus(Box::default(), front_end.max_receive),
        }
    }

    /// Takes a piece.
    pub fn receive(&mut self, piece: &[u8]) -> Framed<Command> {
        match self {
            Self::Messages => command(piece),
            Self::Segments(_, reassembler) => match reassembler.push(piece) {
                Ok(Some(message)) => command(message),
                Ok(None) => Framed::Pieces(Vec::new()),
                Err(_) => Framed::Broken,
            },
            Self::Apdus(card, room) => {
                let mut out = vec![0; *room];
                match card.receive(piece, &mut out) {
                    Ok(CardStep::Transmit(length)) => {
                        out.truncate(length);
                        Framed::Pieces(vec![out])
                    }
                    Ok(CardStep::Command(LogicalCommand { header, data })) => {
                        Framed::Whole(logical(header, data))
                    }
                    Err(_) => Framed::Broken,
                }
            }
        }
    }

    /// The pieces of a response.
    pub fn respond(&mut self, data: &[u8], status: StatusWord) -> Vec<Vec<u8>> {
        let response = ResponseApdu { data, status };
        let mut message = vec![0; data.len() + 2];
        response.encode(&mut message).unwrap();
        match self {
            Self::Messages => vec![message],
            Self::Segments(segmenter, _) => segments(segmenter, &message),
            Self::Apdus(card, room) => {
                let mut out = vec![0; *room];
                let length = card.respond(response, &mut out).expect("a command was handed out");
                out.truncate(length);
                vec![out]
            }
        }
    }
}

fn apdu(device: &mut InterfaceDevice, header: CommandHeader, data: &[u8]) -> Vec<u8> {
    let mut out = vec![0; APDU_MAX];
    let length = device.send(LogicalCommand { header, data }, &mut out).unwrap();
    out.truncate(length);
    out
}

fn segments(segmenter: &mut Segmenter, message: &[u8]) -> Vec<Vec<u8>> {
    let mut segments = segmenter.segments(message).unwrap();
    let mut out = [0; SEGMENT_MAX];
    let mut pieces = Vec::new();
    while let Some(segment) = segments.next_segment(&mut out) {
        pieces.push(segment.to_vec());
    }
    pieces
}

fn response(message: &[u8]) -> Framed<(Vec<u8>, StatusWord)> {
    match ResponseApdu::decode(message) {
        Ok(response) => Framed::Whole((response.data.to_vec(), response.status)),
        Err(_) => Framed::Broken,
    }
}

fn command(message: &[u8]) -> Framed<Command> {
    match CommandMessage::decode(message) {
        Ok(command) => Framed::Whole(Command::Exchange(command.ins, command.data.to_vec())),
        Err(_) => Framed::Broken,
    }
}

/// What the owner of a card makes of a logical command.
fn logical(header: CommandHeader, data: &[u8]) -> Command {
    match header {
        CommandHeader { cla: CLA_INTERINDUSTRY, .. } if data == Aid::OSTIARY.as_bytes() => Command::Select,
        CommandHeader { cla: CLA_INTERINDUSTRY, .. } => {
            Command::Refused(StatusWord::FILE_OR_APPLICATION_NOT_FOUND)
        }
        CommandHeader { ins, p1: 0, p2: 0, .. } => Command::Exchange(ins, data.to_vec()),
        _ => Command::Refused(StatusWord::INCORRECT_PARAMETERS),
    }
}
