//! The transports of version 1.

/// What carries the messages; its name is part of the transcript, so that a tap cannot be moved to another transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// APDUs over ISO-DEP.
    Nfc,
    /// Segments over GATT.
    BleGatt,
    /// Frames over an L2CAP channel.
    BleL2cap,
    /// Frames over a TCP stream.
    Tcp,
}

impl Transport {
    /// The name in the transcript.
    ///
    /// Source: `docs/PROTOCOL.md#transcript-and-keys`
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nfc => "nfc",
            Self::BleGatt => "ble-gatt",
            Self::BleL2cap => "ble-l2cap",
            Self::Tcp => "tcp",
        }
    }

    /// Whether the device opens the session by itself instead of being selected.
    pub const fn device_opens(self) -> bool {
        !matches!(self, Self::Nfc)
    }
}
