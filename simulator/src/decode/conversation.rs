//! A tap as it is overheard: pieces in, whole messages out.

use std::collections::HashMap;

use credential::ble::segment::Reassembler;
use credential::ble::stream::FrameDecoder;
use credential::iso7816::CommandApdu;
use serde::Serialize;

use super::apdu;
use super::field::Field;
use super::message::Question;
use crate::trace::{Link, Octets, Record, Side, to_hex};

/// A message of a tap, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// At this tap.
    pub tap: u64,
    /// When its last piece was sent, microseconds.
    pub at_us: u64,
    /// By whom.
    pub from: Side,
    /// Which message it is.
    pub name: String,
    /// Octets on the link, framing included.
    pub carried: usize,
    /// The message, without the framing of its link.
    #[serde(serialize_with = "as_hex")]
    pub octets: Vec<u8>,
    /// What is in it; offsets are those of the message.
    pub fields: Vec<Field>,
}

/// What both sides of each tap say, from the records of a trace.
#[derive(Default)]
pub struct Conversation {
    taps: HashMap<u64, Tap>,
}

struct Tap {
    link: Link,
    reader: Half,
    device: Half,
    asked: Option<Question>,
}

/// What has come from one side and is not whole yet.
#[derive(Default)]
struct Half {
    segments: Option<Box<Reassembler>>,
    frames: Option<Box<FrameDecoder>>,
    /// The data of a chain, or of a response in parts.
    parts: Vec<u8>,
    carried: usize,
}

impl Conversation {
    /// Takes a record; gives the messages that are whole by it.
    pub fn take(&mut self, record: &Record) -> Vec<Said> {
        match record {
            Record::Tap(tap) => {
                let half = Half::default;
                let begun = Tap { link: tap.link, reader: half(), device: half(), asked: None };
                self.taps.insert(tap.tap, begun);
                Vec::new()
            }
            Record::Octets(octets) if !octets.lost => match self.taps.get_mut(&octets.tap) {
                Some(tap) => tap.take(octets),
                None => Vec::new(),
            },
            Record::End(end) => {
                self.taps.remove(&end.tap);
                Vec::new()
            }
            Record::Octets(_) | Record::Event(_) => Vec::new(),
        }
    }
}

impl Tap {
    fn take(&mut self, octets: &Octets) -> Vec<Said> {
        let half = match octets.from {
            Side::Reader => &mut self.reader,
            Side::Device => &mut self.device,
        };
        half.carried = half.carried.saturating_add(octets.octets.len());
        let messages = match self.link {
            Link::Nfc { .. } => half.apdu(octets),
            Link::BleGatt { .. } => half.segment(&octets.octets),
            Link::BleL2cap | Link::Tcp => half.piece(&octets.octets),
        };
        let carried = half.carried;
        if !messages.is_empty() {
            half.carried = 0;
        }
        messages.into_iter().map(|message| self.said(octets, message, carried)).collect()
    }

    fn said(&mut self, octets: &Octets, message: Vec<u8>, carried: usize) -> Said {
        let on_card = matches!(self.link, Link::Nfc { .. });
        let decoded = match octets.from {
            Side::Reader if on_card => apdu::command(&message),
            Side::Reader => apdu::message(&message),
            // The device opens a session on a link that has no SELECT.
            Side::Device => apdu::response(&message, self.asked.or(Some(Question::Select))),
        };
        if octets.from == Side::Reader {
            let code = message.get(usize::from(on_card));
            self.asked = code.and_then(|code| Question::of(*code));
        }
        let (name, fields) =
            decoded.unwrap_or_else(|wrong| (format!("not of this exchange: {wrong}"), Vec::new()));
        let Octets { tap, at_us, from, .. } = *octets;
        Said { tap, at_us, from, name, carried, octets: message, fields }
    }
}

impl Half {
    /// An APDU: a part of a chain is kept, and so is a response whose rest is fetched.
    fn apdu(&mut self, octets: &Octets) -> Vec<Vec<u8>> {
        let apdu = &octets.octets;
        match octets.from {
            Side::Reader => self.command(apdu),
            Side::Device => self.response(apdu),
        }
    }

    fn command(&mut self, apdu: &[u8]) -> Vec<Vec<u8>> {
        const CHAINED: u8 = 0x10;
        const GET_RESPONSE: u8 = 0xC0;
        let Ok(command) = CommandApdu::decode(apdu) else { return vec![apdu.to_vec()] };
        if command.header.ins == GET_RESPONSE {
            return Vec::new();
        }
        if command.header.cla & CHAINED != 0 {
            self.parts.extend_from_slice(command.data);
            return Vec::new();
        }
        if self.parts.is_empty() {
            return vec![apdu.to_vec()];
        }
        self.parts.extend_from_slice(command.data);
        let data = std::mem::take(&mut self.parts);
        // As it would be in one APDU of extended length.
        let head = apdu.get(..4).unwrap_or_default();
        let length = u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes();
        vec![[head, &[0], &length, &data, &[0, 0]].concat()]
    }

    fn response(&mut self, apdu: &[u8]) -> Vec<Vec<u8>> {
        const MORE: u8 = 0x61;
        let Some((data, [first, second])) = apdu.split_last_chunk::<2>() else { return vec![apdu.to_vec()] };
        self.parts.extend_from_slice(data);
        if *first == MORE {
            return Vec::new();
        }
        let mut whole = std::mem::take(&mut self.parts);
        whole.extend([*first, *second]);
        // What a part of a chain is answered with says nothing.
        if whole == [0x90, 0x00] { Vec::new() } else { vec![whole] }
    }

    fn segment(&mut self, segment: &[u8]) -> Vec<Vec<u8>> {
        let reassembler = self.segments.get_or_insert_with(|| Box::new(Reassembler::new()));
        match reassembler.push(segment) {
            Ok(Some(message)) => vec![message.to_vec()],
            Ok(None) => Vec::new(),
            Err(_) => vec![segment.to_vec()],
        }
    }

    fn piece(&mut self, mut octets: &[u8]) -> Vec<Vec<u8>> {
        let decoder = self.frames.get_or_insert_with(|| Box::new(FrameDecoder::new()));
        let mut messages = Vec::new();
        loop {
            match decoder.next_message(&mut octets) {
                Ok(Some(message)) => messages.push(message.to_vec()),
                Ok(None) => return messages,
                Err(_) => {
                    messages.push(octets.to_vec());
                    return messages;
                }
            }
        }
    }
}

fn as_hex<S: serde::Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&to_hex(octets))
}
