//! The wallet on a phone: activation, storage and presenting.
