//! NFC: command APDUs in, response APDUs out.
//!
//! Fits Android's `HostApduService` (`processCommandApdu`, `onDeactivated`) and the card session of iOS.

use credential::application::DeviceIncoming;
use credential::iso7816::{
    CLA_INTERINDUSTRY, Card, CardStep, CommandHeader, INS_SELECT, ResponseApdu, StatusWord,
};
use credential::limits::MESSAGE_MAX;
use zeroize::Zeroizing;

use super::event::{TapEvent, TapFailure};
use super::{Presenter, Reply};

/// SELECT by name, first or only occurrence.
///
/// Spec: ISO/IEC 7816-4 §11.2.2, tables 62 and 63
const SELECT_BY_NAME: u8 = 0x04;

/// The longest response APDU.
const RESPONSE_MAX: usize = MESSAGE_MAX + 2;

/// A phone as a card.
pub struct NfcPresenter {
    presenter: Presenter,
    card: Card,
    response: Zeroizing<Vec<u8>>,
}

/// Why the phone is no longer a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deactivation {
    /// The field is gone.
    LinkLoss,
    /// The reader has selected an application that another app serves.
    Deselected,
}

impl NfcPresenter {
    pub(crate) fn new(presenter: Presenter) -> Self {
        Self { presenter, card: Card::new(), response: Zeroizing::new(vec![0; RESPONSE_MAX]) }
    }

    /// Answers a command APDU; whatever comes in, there is a response.
    ///
    /// Blocks while the key store signs, which is once in a full tap.
    pub fn process_command(&mut self, apdu: &[u8]) -> Vec<u8> {
        let step = self.card.receive(apdu, &mut self.response);
        let length = match step {
            Ok(CardStep::Transmit(length)) => length,
            Ok(CardStep::Command(command)) => {
                let mut data = Zeroizing::new(command.data.to_vec());
                let reply = answer(&mut self.presenter, command.header, &mut data);
                let response = ResponseApdu { data: self.presenter.octets(reply), status: reply.status };
                // Fails only for a buffer that is too small, and this one takes every response.
                self.card.respond(response, &mut self.response).unwrap_or(0)
            }
            Err(_) => 0,
        };
        self.response.get(..length).unwrap_or_default().to_vec()
    }

    /// The phone is no longer a card: a tap under way is forgotten.
    pub fn deactivated(&mut self, reason: Deactivation) {
        match reason {
            Deactivation::LinkLoss => self.presenter.lost(TapFailure::LinkLost),
            Deactivation::Deselected => self.presenter.lost(TapFailure::Deselected),
        }
        self.card.reset();
    }

    /// What has happened since it was last asked, oldest first.
    pub fn poll_event(&mut self) -> Option<TapEvent> {
        self.presenter.poll_event()
    }
}

fn answer(presenter: &mut Presenter, header: CommandHeader, data: &mut [u8]) -> Reply {
    if (header.cla, header.ins) != (CLA_INTERINDUSTRY, INS_SELECT) {
        return presenter.receive(DeviceIncoming::Apdu { header, data });
    }
    if (header.p1, header.p2) == (SELECT_BY_NAME, 0) {
        presenter.select(data)
    } else {
        presenter.forget();
        Reply { length: 0, status: StatusWord::INCORRECT_PARAMETERS }
    }
}
