//! Front ends: real chips behind [`NfcFrontEnd`](crate::port::NfcFrontEnd).

mod none;
mod pn532;

pub use ::pn532::{i2c, spi};

pub use none::NoFrontEnd;
pub use pn532::Pn532FrontEnd;
