//! What a reader says of itself before anybody connects.
//!
//! | where | what |
//! | --- | --- |
//! | advertisement | flags, the service, and [`COMPANY`] with PSM (2) and hint (4) |
//! | scan response | the name |

use credential::ble::SERVICE;
use credential::crypto::{Crypto, Digest};
use credential::id::{ProjectId, ReaderId};
use trouble_host::prelude::{AdStructure, BR_EDR_NOT_SUPPORTED, LE_GENERAL_DISCOVERABLE};

use super::BleSettings;

/// Octets of a hint.
pub const HINT_OCTETS: usize = 4;

/// Octets of a name that a scan response has room for.
pub const NAME_MAX: usize = 29;

/// The company identifier that the Bluetooth SIG keeps for those that have none.
pub const COMPANY: u16 = 0xFFFF;

/// Octets of an advertisement of the first kind.
const ADVERTISEMENT_MAX: usize = 31;

const LABEL: &[u8] = b"ostiary hint";

/// Tells a phone that has been here which reader this is, and others nothing: two octets at random, and the first two
/// of a hash over them, the project and the reader.
///
/// A phone that does not know project and reader sees other octets after every start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint([u8; HINT_OCTETS]);

impl Hint {
    /// The hint of a reader, from two octets that are new at every start.
    pub fn new<C: Crypto>(crypto: &C, project: ProjectId, reader: ReaderId, salt: [u8; 2]) -> Self {
        let digest: Digest = crypto.sha256(&[LABEL, &salt, &project.0, &reader.0.to_be_bytes()]);
        let [first, second, ..] = digest;
        let [one, other] = salt;
        Self([one, other, first, second])
    }

    /// Whether this is a hint of that reader; one in 65,536 others looks the same.
    pub fn is_of<C: Crypto>(self, crypto: &C, project: ProjectId, reader: ReaderId) -> bool {
        let [one, other, ..] = self.0;
        Self::new(crypto, project, reader, [one, other]) == self
    }

    /// The octets, as advertised.
    pub const fn octets(self) -> [u8; HINT_OCTETS] {
        self.0
    }

    /// A hint that was seen.
    pub const fn seen(octets: [u8; HINT_OCTETS]) -> Self {
        Self(octets)
    }
}

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
        let [high, low] = settings.psm.to_be_bytes();
        let [a, b, c, d] = settings.hint.map_or([0; HINT_OCTETS], Hint::octets);
        let payload = [high, low, a, b, c, d];
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
    use credential::crypto::RustCrypto;

    use super::*;

    const PROJECT: ProjectId = ProjectId([7; 8]);

    #[test]
    fn a_hint_is_recognised_by_who_knows_the_reader_and_changes_with_every_start() {
        let hint = Hint::new(&RustCrypto, PROJECT, ReaderId(3), [1, 2]);
        assert!(Hint::seen(hint.octets()).is_of(&RustCrypto, PROJECT, ReaderId(3)));
        assert!(!hint.is_of(&RustCrypto, PROJECT, ReaderId(4)));
        assert!(!hint.is_of(&RustCrypto, ProjectId([8; 8]), ReaderId(3)));
        assert_ne!(Hint::new(&RustCrypto, PROJECT, ReaderId(3), [1, 3]).octets()[2..], hint.octets()[2..]);
    }

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
