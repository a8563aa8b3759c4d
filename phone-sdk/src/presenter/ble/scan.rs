//! The readers in range, to open one from afar.

use std::cmp::Reverse;
use std::sync::Arc;

use credential::ble::{Announcement, Hint, SERVICE, Uuid};
use credential::id::{ProjectId, ReaderId};
use credential::time::Instant;

use crate::wallet::Core;

/// How long a reader stays in the list after its last advertisement, in milliseconds.
const GONE_AFTER_MS: u64 = 10_000;

/// Readers in the list; more are not taken up.
const READERS_MAX: usize = 64;

/// Characters of a display name.
const NAME_CHARACTERS_MAX: usize = 40;

/// An advertisement or a scan response, as the central API reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What the platform calls the sender.
    pub peripheral: String,
    /// The services that it names; those of a scan response may be none.
    pub services: Vec<Uuid>,
    /// The local name, if it has one.
    pub name: Option<String>,
    /// How strong the signal was.
    pub rssi_dbm: i16,
    /// The manufacturer data behind [`NearbyReaders::COMPANY`], if the platform gives it and there is any.
    pub manufacturer_data: Option<Vec<u8>>,
}

/// A reader in range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearbyReader {
    /// What the platform calls it: connect to this one.
    pub peripheral: String,
    /// What it calls itself; nobody vouches for it until the tap.
    pub name: Option<String>,
    /// How strong its signal is, averaged so that the list stands still.
    pub rssi_dbm: i16,
    /// The L2CAP channel that it announces, 0 = none; `None` as long as the platform has not said. A
    /// [`BlePresenter`](super::BlePresenter) whose central opens channels asks for it at once, without discovery.
    pub psm: Option<u16>,
    /// The door that it was at the last visit, or whose hint it announces; nobody vouches for it until the tap.
    pub visited: Option<(ProjectId, ReaderId)>,
}

/// The readers that a scan reports, the nearest first.
///
/// An app asks the central API to scan for [`NearbyReaders::SERVICE`], hands over what it reports, and shows the list;
/// to open a door it connects to one and goes on with a [`BlePresenter`](super::BlePresenter).
pub struct NearbyReaders {
    core: Arc<Core>,
    seen: Vec<Seen>,
}

struct Seen {
    peripheral: String,
    name: Option<String>,
    rssi_dbm: i16,
    hint: Option<Hint>,
    last: Instant,
}

impl NearbyReaders {
    /// What to filter the scan by.
    pub const SERVICE: Uuid = SERVICE;

    /// Behind which company identifier a reader announces itself.
    pub const COMPANY: u16 = credential::ble::COMPANY;

    pub(crate) const fn new(core: Arc<Core>) -> Self {
        Self { core, seen: Vec::new() }
    }

    /// Takes what the scan reports; senders that are not readers are passed over.
    pub fn seen(&mut self, sighting: Sighting) {
        let last = self.core.ports.clock.now().instant;
        self.drop_gone(last);
        let name = sighting.name.as_deref().and_then(display);
        let announced = sighting.manufacturer_data.as_deref().and_then(Announcement::decode);
        let hint = announced.and_then(|announced| announced.hint);
        let known = self.seen.iter_mut().find(|seen| seen.peripheral == sighting.peripheral);
        if let Some(seen) = known {
            seen.last = last;
            seen.rssi_dbm = averaged(seen.rssi_dbm, sighting.rssi_dbm);
            // A scan response may bring the name that the advertisement had no room for, and the other way round.
            seen.name = name.or(seen.name.take());
            seen.hint = hint.or(seen.hint);
        } else if sighting.services.contains(&SERVICE) && self.seen.len() < READERS_MAX {
            let (peripheral, rssi_dbm) = (sighting.peripheral.clone(), sighting.rssi_dbm);
            self.seen.push(Seen { peripheral, name, rssi_dbm, hint, last });
        } else {
            return;
        }
        if let Some(announced) = announced {
            self.core.note_announced(&sighting.peripheral, announced.psm);
        }
    }

    /// Those that are in range now, the nearest first.
    pub fn list(&mut self) -> Vec<NearbyReader> {
        self.drop_gone(self.core.ports.clock.now().instant);
        let reader = |seen: &Seen| NearbyReader {
            peripheral: seen.peripheral.clone(),
            name: seen.name.clone(),
            rssi_dbm: seen.rssi_dbm,
            psm: self.core.announced_psm(&seen.peripheral),
            visited: self.door(seen),
        };
        let mut readers: Vec<NearbyReader> = self.seen.iter().map(reader).collect();
        readers
            .sort_by(|a, b| (Reverse(a.rssi_dbm), &a.peripheral).cmp(&(Reverse(b.rssi_dbm), &b.peripheral)));
        readers
    }

    fn door(&self, seen: &Seen) -> Option<(ProjectId, ReaderId)> {
        let visited = self.core.visited(&seen.peripheral).map(|visited| (visited.project, visited.reader));
        visited.or_else(|| self.core.hinted(seen.hint?))
    }

    fn drop_gone(&mut self, now: Instant) {
        self.seen.retain(|seen| seen.last.after_ms(GONE_AFTER_MS) > now);
    }
}

/// Three parts of what was, and one of what is.
fn averaged(before: i16, now: i16) -> i16 {
    let sum = i32::from(before).saturating_mul(3).saturating_add(i32::from(now));
    i16::try_from(sum.div_euclid(4)).unwrap_or(now)
}

/// A name as it may be shown: one short line that cannot turn the text around it.
fn display(name: &str) -> Option<String> {
    let turns = |symbol: char| matches!(symbol, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let plain: String = name.chars().filter(|symbol| !symbol.is_control() && !turns(*symbol)).collect();
    let short: String = plain.trim().chars().take(NAME_CHARACTERS_MAX).collect();
    (!short.is_empty()).then_some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_display_name_is_one_short_line() {
        assert_eq!(display(" Main\n door\u{202E} ").as_deref(), Some("Main door"));
        assert_eq!(display(&"x".repeat(50)).map(|name| name.len()), Some(NAME_CHARACTERS_MAX));
        assert_eq!(display("\u{0}\n "), None);
    }

    #[test]
    fn one_weak_advertisement_moves_a_reader_little() {
        assert_eq!(averaged(-40, -80), -50);
        assert_eq!(averaged(i16::MIN, i16::MIN), i16::MIN);
    }
}
