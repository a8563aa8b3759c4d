//! The readers in BLE range, to open one from afar.

use std::sync::{Mutex, PoisonError};

use phone_sdk::{NearbyReaders, Sighting};

use crate::card::project_text;

/// The readers that a scan reports.
///
/// Scan for `service()`, hand over what is reported, show `list()`; to open a door connect to its peripheral and go on
/// with a `BleTap`.
#[derive(uniffi::Object)]
pub struct ReaderScan(Mutex<NearbyReaders>);

/// A reader in range.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct NearbyReader {
    /// What the platform calls it: connect to this one.
    pub peripheral: String,
    /// What it calls itself; nobody vouches for it until the tap.
    pub name: Option<String>,
    /// How strong its signal is, averaged so that the list stands still.
    pub rssi_dbm: i16,
    /// The L2CAP channel that it announces, 0 = none; nothing as long as the platform has not said.
    pub psm: Option<u16>,
    /// The project of the door that it was at the last visit, or whose hint it announces.
    pub project: Option<String>,
    /// The number of that door.
    pub reader: Option<u32>,
}

#[uniffi::export]
impl ReaderScan {
    /// The UUID of the service to filter the scan by.
    pub fn service(&self) -> String {
        NearbyReaders::SERVICE.to_string()
    }

    /// Behind which company identifier a reader announces itself in its manufacturer data.
    pub fn company(&self) -> u16 {
        NearbyReaders::COMPANY
    }

    /// Takes an advertisement that passed the filter, or the scan response of a sender that did.
    ///
    /// `manufacturer_data` is what stands behind the identifier of `company()`, if the platform gives it: it names the
    /// channel of the reader, which then need not be asked for, and tells doors again that were visited.
    #[uniffi::method(default(manufacturer_data = None))]
    pub fn seen(
        &self,
        peripheral: String,
        name: Option<String>,
        rssi_dbm: i16,
        manufacturer_data: Option<Vec<u8>>,
    ) {
        let services = vec![NearbyReaders::SERVICE];
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.seen(Sighting { peripheral, services, name, rssi_dbm, manufacturer_data });
    }

    /// Those that are in range now, the nearest first; one that has been silent for ten seconds is not.
    pub fn list(&self) -> Vec<NearbyReader> {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.list().into_iter().map(NearbyReader::from).collect()
    }
}

impl ReaderScan {
    pub(crate) const fn new(readers: NearbyReaders) -> Self {
        Self(Mutex::new(readers))
    }
}

impl From<phone_sdk::NearbyReader> for NearbyReader {
    fn from(reader: phone_sdk::NearbyReader) -> Self {
        Self {
            peripheral: reader.peripheral,
            name: reader.name,
            rssi_dbm: reader.rssi_dbm,
            psm: reader.psm,
            project: reader.visited.map(|(project, _)| project_text(project)),
            reader: reader.visited.map(|(_, reader)| reader.0),
        }
    }
}
