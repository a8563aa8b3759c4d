//! One tap between the door and a phone, octet by octet as the radio would carry it, and what it took.

use std::time::Duration;

use anyhow::Result;
use credential::ble::segment::AttMtu;
use credential::iso7816::FrontEnd;
use reader_firmware::door::Arrival;

use super::building::Building;
use super::phone::DemoPhone;
use super::report::TapRow;
use crate::at_once::{self, ATT_MTU, Watch};
use crate::handset::in_words;
use crate::output::{DoorOutput, path_name};
use crate::unit::{Cost, Handled, Happened};

/// The link of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Nfc,
    Ble,
}

/// What was counted on the link to the reader's decision.
#[derive(Default)]
struct Meter {
    pairs: usize,
    octets_to_phone: usize,
    octets_to_reader: usize,
    reader: Duration,
    phone: Duration,
}

/// Plays a tap to its end.
pub(super) fn play(
    building: &mut Building,
    phone: &DemoPhone,
    over: Over,
    occasion: &'static str,
) -> Result<TapRow> {
    let mut end = match over {
        Over::Nfc => phone.nfc(),
        Over::Ble => phone.ble(),
    };
    let mut seen = Seen::default();
    at_once::tap(&mut *building.door, over.arrival()?, "door", &mut end, &mut seen)?;
    let told = std::iter::from_fn(|| end.poll_event()).last().map(|event| in_words(&event));
    end.leave();
    Ok(seen.row(phone, over, occasion, (building.output, told)))
}

/// What was seen of a tap.
#[derive(Default)]
struct Seen {
    meter: Meter,
    /// The decision, once there is one; from then on nothing is counted.
    decided: Option<Happened>,
    /// What the tap cost on a microcontroller.
    cost: Option<Cost>,
}

impl Watch for Seen {
    fn phone_handled(&mut self, octets: &[u8], took: Duration) {
        self.count(|meter| {
            meter.octets_to_phone = meter.octets_to_phone.saturating_add(octets.len());
            meter.phone = meter.phone.saturating_add(took);
        });
    }

    fn phone_sent(&mut self, octets: &[u8], ends_message: bool) {
        self.count(|meter| {
            meter.octets_to_reader = meter.octets_to_reader.saturating_add(octets.len());
            meter.pairs = meter.pairs.saturating_add(usize::from(ends_message));
        });
    }

    fn door_handled(&mut self, handled: Handled) {
        if handled.cost.is_some() {
            // A board says at the end what it took to the decision.
            self.cost = handled.cost;
            self.meter.reader = handled.took;
        } else {
            self.count(|meter| meter.reader = meter.reader.saturating_add(handled.took));
        }
        if let Some(decision) = handled.events.into_iter().find(Happened::decides) {
            self.decided = Some(decision);
        }
    }
}

impl Seen {
    fn count(&mut self, add: impl FnOnce(&mut Meter)) {
        if self.decided.is_none() {
            add(&mut self.meter);
        }
    }

    fn row(
        self,
        phone: &DemoPhone,
        over: Over,
        occasion: &'static str,
        (format, told): (DoorOutput, Option<String>),
    ) -> TapRow {
        let user_id = &phone.user.person.user_id;
        let (decision, path, reason, output) = match &self.decided {
            Some(Happened::Granted { output, path, .. }) => {
                ("grant", Some(*path), None, Some(output.clone()))
            }
            Some(Happened::Denied { reason, path, .. }) => ("deny", Some(*path), Some(reason.clone()), None),
            Some(Happened::DoesNotFit(why)) => ("deny", None, Some(why.clone()), None),
            _ => ("none", None, None, None),
        };
        let carries = |output: &String| format.carries(output, user_id);
        TapRow {
            user: user_id.clone(),
            name: phone.name(),
            occasion,
            transport: over.name(),
            path: path.map(path_name),
            pairs: self.meter.pairs,
            octets: self.meter.octets_to_phone.saturating_add(self.meter.octets_to_reader),
            octets_to_phone: self.meter.octets_to_phone,
            octets_to_reader: self.meter.octets_to_reader,
            reader_us: microseconds(self.meter.reader),
            reader_instructions: self.cost.map(|cost| cost.decision),
            reader_instructions_whole: self.cost.map(|cost| cost.whole),
            phone_us: microseconds(self.meter.phone),
            decision,
            reason,
            carries_user: output.as_ref().is_none_or(carries),
            output,
            phone_told: told,
        }
    }
}

impl Over {
    const fn name(self) -> &'static str {
        match self {
            Self::Nfc => "nfc",
            Self::Ble => "ble",
        }
    }

    fn arrival(self) -> Result<Arrival> {
        Ok(match self {
            Self::Nfc => Arrival::Nfc(FrontEnd::SHORT),
            Self::Ble => Arrival::Gatt(AttMtu::new(ATT_MTU)?),
        })
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
