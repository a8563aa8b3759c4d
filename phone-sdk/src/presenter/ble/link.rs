//! How messages are framed on a connection: segments over GATT, or frames on a channel.

use std::collections::VecDeque;

use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::stream::{FRAME_HEADER, FrameDecoder, encode_frame};
use credential::ble::{MESSAGE_CAP, RESPONSE_CHARACTERISTIC};
use zeroize::Zeroizing;

use super::event::BleAction;

/// A link over which messages go.
pub(super) enum Link {
    Gatt { segmenter: Segmenter, reassembler: Box<Reassembler>, response: u32 },
    Channel { decoder: Box<FrameDecoder> },
}

/// The framing does not come out; only a new connection helps.
#[derive(Debug)]
pub(super) struct Unframed;

impl Link {
    pub(super) fn gatt(att_mtu: u16, response: u32) -> Self {
        let att_mtu = att_mtu.clamp(AttMtu::DEFAULT.octets(), AttMtu::MAX.octets());
        let att_mtu = AttMtu::new(att_mtu).unwrap_or(AttMtu::DEFAULT);
        Self::Gatt { segmenter: Segmenter::new(att_mtu), reassembler: Box::new(Reassembler::new()), response }
    }

    pub(super) fn channel() -> Self {
        Self::Channel { decoder: Box::new(FrameDecoder::new()) }
    }

    /// Takes octets from the front of `octets`; the next whole message, if there is one.
    pub(super) fn next_message(
        &mut self,
        octets: &mut &[u8],
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Unframed> {
        let message = match self {
            Self::Gatt { .. } if octets.is_empty() => return Ok(None),
            Self::Gatt { reassembler, .. } => {
                reassembler.push(core::mem::take(octets)).map_err(|_| Unframed)?
            }
            Self::Channel { decoder } => decoder.next_message(octets).map_err(|_| Unframed)?,
        };
        Ok(message.map(|message| Zeroizing::new(message.to_vec())))
    }

    /// Frames a message.
    pub(super) fn send(&mut self, message: &[u8], actions: &mut VecDeque<BleAction>) -> Result<(), Unframed> {
        match self {
            Self::Gatt { segmenter, response, .. } => {
                let mut segments = segmenter.segments(message).map_err(|_| Unframed)?;
                let mut out = [0; SEGMENT_MAX];
                while let Some(segment) = segments.next_segment(&mut out) {
                    actions.push_back(BleAction::Write {
                        characteristic: RESPONSE_CHARACTERISTIC,
                        handle: *response,
                        value: segment.to_vec(),
                    });
                }
            }
            Self::Channel { .. } => {
                let mut frame = vec![0; MESSAGE_CAP.saturating_add(FRAME_HEADER)];
                let length = encode_frame(message, &mut frame).map_err(|_| Unframed)?;
                frame.truncate(length);
                actions.push_back(BleAction::Send(frame));
            }
        }
        Ok(())
    }
}
