//! BLE: messages in GATT segments; the device writes, the reader notifies.

use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};

use super::{LinkError, Sink};

/// One connection.
pub struct GattLink {
    segmenter: Segmenter,
    reassembler: Reassembler,
}

impl GattLink {
    /// A new connection.
    pub const fn new(att_mtu: AttMtu) -> Self {
        Self { segmenter: Segmenter::new(att_mtu), reassembler: Reassembler::new() }
    }

    /// Sends a message, one notification a segment.
    ///
    /// # Errors
    /// [`LinkError::Misuse`] for an empty message.
    pub fn send(&mut self, message: &[u8], sink: Sink<'_>) -> Result<(), LinkError> {
        let mut segments = self.segmenter.segments(message).map_err(|_| LinkError::Misuse)?;
        let mut out = [0; SEGMENT_MAX];
        while let Some(segment) = segments.next_segment(&mut out) {
            sink(segment);
        }
        Ok(())
    }

    /// Takes what the device wrote; a whole message is copied to the front of `space` and its length returned.
    ///
    /// # Errors
    /// [`LinkError::Peer`]; the connection is to be dropped.
    pub fn receive(&mut self, segment: &[u8], space: &mut [u8]) -> Result<Option<usize>, LinkError> {
        let Some(message) = self.reassembler.push(segment).map_err(|_| LinkError::Peer)? else {
            return Ok(None);
        };
        space.get_mut(..message.len()).ok_or(LinkError::Misuse)?.copy_from_slice(message);
        Ok(Some(message.len()))
    }
}
