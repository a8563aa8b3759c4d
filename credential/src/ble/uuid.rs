//! The UUIDs of the GATT service and its characteristics.

use core::fmt;

/// A 128-bit UUID.
///
/// Spec: Bluetooth Core, volume 3, part B, §2.5.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uuid(pub u128);

/// The service that a reader offers.
pub const SERVICE: Uuid = Uuid(0xF04F_5354_4941_5259_0100_0000_0000_0000);

/// The characteristic that the device writes with response: segments from device to reader.
pub const RESPONSE_CHARACTERISTIC: Uuid = Uuid(0xF04F_5354_4941_5259_0100_0000_0000_0001);

/// The characteristic that the reader notifies on: segments from reader to device.
pub const COMMAND_CHARACTERISTIC: Uuid = Uuid(0xF04F_5354_4941_5259_0100_0000_0000_0002);

/// The characteristic that reads as the L2CAP PSM (`u16`, 0 = none).
pub const PSM_CHARACTERISTIC: Uuid = Uuid(0xF04F_5354_4941_5259_0100_0000_0000_0003);

impl Uuid {
    /// The octets in the order of the text form.
    pub const fn to_be_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The octets in the order of the air, as in advertisements and attributes.
    pub const fn to_le_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, octet) in self.to_be_bytes().iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{octet:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn the_uuids_are_those_of_the_specification() {
        assert_eq!(SERVICE.to_string(), "f04f5354-4941-5259-0100-000000000000");
        assert_eq!(RESPONSE_CHARACTERISTIC.to_string(), "f04f5354-4941-5259-0100-000000000001");
        assert_eq!(COMMAND_CHARACTERISTIC.to_string(), "f04f5354-4941-5259-0100-000000000002");
        assert_eq!(PSM_CHARACTERISTIC.to_string(), "f04f5354-4941-5259-0100-000000000003");
    }

    #[test]
    fn the_uuid_goes_over_the_air_backwards() {
        assert_eq!(SERVICE.to_be_bytes(), *b"\xF0OSTIARY\x01\0\0\0\0\0\0\0");
        assert_eq!(SERVICE.to_le_bytes(), *b"\0\0\0\0\0\0\0\x01YRAITSO\xF0");
    }
}
