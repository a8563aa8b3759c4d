//! NFC: logical commands over ISO-DEP.

use credential::iso7816::{
    Aid, CommandHeader, FrontEnd, InterfaceDevice, InterfaceDeviceError, InterfaceDeviceStep, LogicalCommand,
    StatusWord,
};

use super::{LinkError, Sink};

/// Octets of the longest APDU that this side transmits: one of extended length with all that may be reassembled.
const APDU_MAX: usize = 2_060;

/// SELECT by AID, first or only occurrence, with FCI.
///
/// Spec: ISO/IEC 7816-4 §11.2.2
const SELECT: CommandHeader = CommandHeader { cla: 0x00, ins: 0xA4, p1: 0x04, p2: 0x00 };

/// The way to the card in the field.
pub struct NfcLink {
    device: InterfaceDevice,
}

/// What a response APDU led to.
pub enum NfcReceived {
    /// Another APDU was transmitted: a part of a chain, or GET RESPONSE.
    Pending,
    /// The response is whole: octets of data in the working space, and the status word.
    Response(usize, StatusWord),
}

impl NfcLink {
    /// A link over a front end with these limits.
    pub const fn new(front_end: FrontEnd) -> Self {
        Self { device: InterfaceDevice::new(front_end) }
    }

    /// Selects an application.
    ///
    /// # Errors
    /// [`LinkError::Misuse`] when the front end is too small for it.
    pub fn select(&mut self, aid: &Aid, sink: Sink<'_>) -> Result<(), LinkError> {
        self.device.reset();
        self.send(SELECT, aid.as_bytes(), sink)
    }

    /// Sends a logical command.
    ///
    /// # Errors
    /// [`LinkError::Misuse`] when it is too long.
    pub fn send(&mut self, header: CommandHeader, data: &[u8], sink: Sink<'_>) -> Result<(), LinkError> {
        let mut apdu = [0; APDU_MAX];
        let length = self.device.send(LogicalCommand { header, data }, &mut apdu).map_err(blame)?;
        transmit(&apdu, length, sink)
    }

    /// Takes a response APDU; a whole response is copied to the front of `space`.
    ///
    /// # Errors
    /// [`LinkError`]; the tap is over.
    // Not inlined, so that the space for the next APDU is free again when the message goes to its application.
    #[inline(never)]
    pub fn receive(
        &mut self,
        apdu: &[u8],
        space: &mut [u8],
        sink: Sink<'_>,
    ) -> Result<NfcReceived, LinkError> {
        let mut next = [0; APDU_MAX];
        match self.device.receive(apdu, &mut next).map_err(blame)? {
            InterfaceDeviceStep::Transmit(length) => {
                transmit(&next, length, sink)?;
                Ok(NfcReceived::Pending)
            }
            InterfaceDeviceStep::Complete(response) => {
                let length = response.data.len();
                space.get_mut(..length).ok_or(LinkError::Misuse)?.copy_from_slice(response.data);
                Ok(NfcReceived::Response(length, response.status))
            }
        }
    }

    /// Allows APDUs of extended length, as the device's answer to SELECT says.
    pub fn set_extended(&mut self, allowed: bool) {
        self.device.set_extended(allowed);
    }
}

fn transmit(apdu: &[u8], length: usize, sink: Sink<'_>) -> Result<(), LinkError> {
    sink(apdu.get(..length).ok_or(LinkError::Misuse)?);
    Ok(())
}

fn blame(error: InterfaceDeviceError) -> LinkError {
    match error {
        InterfaceDeviceError::Misuse(_) => LinkError::Misuse,
        _ => LinkError::Peer,
    }
}
