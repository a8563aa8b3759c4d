//! The exchange between a phone and a door reader.
#![no_std]
