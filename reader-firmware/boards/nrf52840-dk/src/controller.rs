//! What becomes of a user ID: it goes to the access control system, or opens the lock here.

use embassy_nrf::gpio::Output as Pin;
use reader_firmware::controller::StandAlone;
use reader_firmware::micros::Micros;
use reader_firmware::output::Output;
use reader_firmware::pins::RelayPin;
use reader_firmware::port::{ControllerEvent, ControllerLink, Taken};

use crate::wires::Wires;

/// One of the two, as the firmware was built.
pub(crate) enum Controller {
    /// The wires to an access control system.
    Wires(Wires),
    /// A relay, for whoever has a valid credential.
    Relay(StandAlone<RelayPin<Pin<'static>>, 0>),
}

impl ControllerLink for Controller {
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        match self {
            Self::Wires(wires) => wires.put_out(output, now),
            Self::Relay(relay) => relay.put_out(output, now),
        }
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        match self {
            Self::Wires(wires) => wires.poll(now),
            Self::Relay(relay) => relay.poll(now),
        }
    }

    fn poll_at(&self) -> Option<Micros> {
        match self {
            Self::Wires(wires) => wires.poll_at(),
            Self::Relay(relay) => relay.poll_at(),
        }
    }
}
