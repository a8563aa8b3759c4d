//! The host at the serial line as the access control system: what a station reports is what it reads.

use crate::micros::Micros;
use crate::output::Output;
use crate::port::{ControllerEvent, ControllerLink, Taken};

/// No wire but the serial line, on which the grant is reported with its output before the phone is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostLink;

impl ControllerLink for HostLink {
    fn put_out(&mut self, _: &Output, _: Micros) -> Taken {
        Taken::HandedOver
    }

    fn poll(&mut self, _: Micros) -> Option<ControllerEvent> {
        None
    }

    fn poll_at(&self) -> Option<Micros> {
        None
    }
}
