//! A tap on a link that carries everything at once, between any door and any phone.

use std::collections::VecDeque;
use std::time::{Duration, Instant as Stopwatch};

use anyhow::Result;
use reader_firmware::door::{Arrival, Device};

use crate::handset::Handset;
use crate::unit::{DoorUnit, Handled};

/// An ATT_MTU that many phones negotiate, octets.
pub(crate) const ATT_MTU: u16 = 247;

/// Whoever wants to know how a tap goes on.
pub(crate) trait Watch {
    /// The phone has handled these octets, and took so long.
    fn phone_handled(&mut self, _octets: &[u8], _took: Duration) {}

    /// The phone has sent these octets, which may be the end of a message.
    fn phone_sent(&mut self, _octets: &[u8], _ends_message: bool) {}

    /// The door has handled what its radio said.
    fn door_handled(&mut self, handled: Handled);
}

/// Carries octets back and forth until neither side has any, and takes the phone out of the door's reach.
///
/// # Errors
/// When the door does not answer.
pub(crate) fn tap(
    unit: &mut dyn DoorUnit,
    arrival: Arrival,
    peripheral: &str,
    phone: &mut Handset,
    watch: &mut impl Watch,
) -> Result<()> {
    // Between taps the door has time for what it would otherwise do during one.
    unit.prepare();
    let mut link = Link { unit, watch, to_phone: VecDeque::new() };
    let mut to_door = VecDeque::new();
    link.at_door(Device::Arrived(arrival))?;
    let wishes = phone.arrive(peripheral, ATT_MTU);
    to_door.extend(phone.at_once(wishes));
    loop {
        if let Some(octets) = link.to_phone.pop_front() {
            let began = Stopwatch::now();
            let wishes = phone.receive(&octets);
            to_door.extend(phone.at_once(wishes));
            link.watch.phone_handled(&octets, began.elapsed());
        } else if let Some(octets) = to_door.pop_front() {
            link.watch.phone_sent(&octets, phone.ends_message(&octets));
            link.at_door(Device::Sent(&octets))?;
        } else {
            return link.at_door(Device::Left);
        }
    }
}

/// The door's end.
struct Link<'t, W> {
    unit: &'t mut dyn DoorUnit,
    watch: &'t mut W,
    to_phone: VecDeque<Vec<u8>>,
}

impl<W: Watch> Link<'_, W> {
    fn at_door(&mut self, device: Device<'_>) -> Result<()> {
        let mut transmitted = Vec::new();
        let handled = self.unit.handle(device, &mut transmitted)?;
        self.to_phone.extend(transmitted);
        self.watch.door_handled(handled);
        Ok(())
    }
}
