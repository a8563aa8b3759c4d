//! L2CAP channels and TCP: messages behind their length.

use credential::ble::stream::{FRAME_HEADER, FrameDecoder, encode_frame};

use super::{LinkError, MESSAGE_SPACE, Sink};

/// One connection.
#[derive(Default)]
pub struct StreamLink {
    decoder: FrameDecoder,
}

impl StreamLink {
    /// A new connection.
    pub const fn new() -> Self {
        Self { decoder: FrameDecoder::new() }
    }

    /// Sends a message as one frame.
    ///
    /// # Errors
    /// [`LinkError::Misuse`] for a message that is empty or too long.
    pub fn send(&mut self, message: &[u8], sink: Sink<'_>) -> Result<(), LinkError> {
        let mut frame = [0; FRAME_HEADER + MESSAGE_SPACE];
        let length = encode_frame(message, &mut frame).map_err(|_| LinkError::Misuse)?;
        sink(frame.get(..length).ok_or(LinkError::Misuse)?);
        Ok(())
    }

    /// Takes octets from the front of `input`, up to the end of a message; a whole one is copied to the front of
    /// `space` and its length returned.
    ///
    /// # Errors
    /// [`LinkError::Peer`]; the connection is to be dropped.
    pub fn receive(&mut self, input: &mut &[u8], space: &mut [u8]) -> Result<Option<usize>, LinkError> {
        let Some(message) = self.decoder.next_message(input).map_err(|_| LinkError::Peer)? else {
            return Ok(None);
        };
        space.get_mut(..message.len()).ok_or(LinkError::Misuse)?.copy_from_slice(message);
        Ok(Some(message.len()))
    }
}
