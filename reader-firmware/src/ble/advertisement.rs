//! What a reader says of itself before anybody connects.
//!
//! | where | what |
//! | --- | --- |
//! | advertisement | flags, the service, and [`COMPANY`] an [`Announcement`] |
//! | scan response | the name |

use credential::ble::{Announcement, COMPANY, SERVICE};
use trouble_host::prelude::{AdStructure, BR_EDR_NOT_SUPPORTED, LE_GENERAL_DISCOVERABLE};

use super::BleSettings;

/// Octets of a name that a scan response has room for.
pub const NAME_MAX: usize = 29;

/// Octets of an advertisement of the first kind.
const ADVERTISEMENT_MAX: usize = 31;

/// What is advertised, encoded.
pub(super) struct Advertised {
    data: [u8; ADVERTISEMENT_MAX],
    data_length: usize,
    scan: [u8; ADVERTISEMENT_MAX],
    scan_length: usize,
}

/// There is no room for it.
pub(super) struct NoRoom;

impl Advertised {
    pub(super) fn new(settings: &BleSettings<'_>) -> Result<Self, NoRoom> {
        let (mut data, mut scan) = ([0; ADVERTISEMENT_MAX], [0; ADVERTISEMENT_MAX]);
        let payload = Announcement { psm: settings.psm, hint: settings.hint }.encode();
        let structures = [
            AdStructure::Flags(LE_GENERAL_DISCOVERABLE | BR_EDR_NOT_SUPPORTED),
            AdStructure::CompleteServiceUuids128(&[SERVICE.to_le_bytes()]),
            AdStructure::ManufacturerSpecificData { company_identifier: COMPANY, payload: &payload },
        ];
        let data_length = AdStructure::encode_slice(&structures, &mut data).map_err(|_| NoRoom)?;
        let name = settings.name.as_bytes();
        let name = name.get(..shown(settings.name)).unwrap_or_default();
        let scan_length = AdStructure::encode_slice(&[AdStructure::CompleteLocalName(name)], &mut scan)
            .map_err(|_| NoRoom)?;
        Ok(Self { data, data_length, scan, scan_length })
    }

    pub(super) fn data(&self) -> &[u8] {
        self.data.get(..self.data_length).unwrap_or_default()
    }

    pub(super) fn scan_data(&self) -> &[u8] {
        self.scan.get(..self.scan_length).unwrap_or_default()
    }
}

/// Octets of as many characters of a name as there is room for.
fn shown(name: &str) -> usize {
    let ends = name.char_indices().map(|(at, character)| at.saturating_add(character.len_utf8()));
    ends.take_while(|end| *end <= NAME_MAX).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use credential::ble::{HINT_OCTETS, Hint};

    use super::*;

    #[test]
    fn everything_has_room_in_31_octets_and_a_long_name_ends_with_a_whole_character() {
        let hint = Some(Hint::seen([0xFF; HINT_OCTETS]));
        let name = "Haupteingang, Gebäude Ü, Erdgeschoß";
        let settings = BleSettings { address: [0; 6], name, close_dbm: None, psm: 0xFF, hint };
        let Ok(advertised) = Advertised::new(&settings) else { panic!("no room") };
        assert_eq!(advertised.data().len(), 31);
        assert_eq!(core::str::from_utf8(&advertised.scan_data()[2..]), Ok("Haupteingang, Gebäude Ü, Er"));
    }
}
