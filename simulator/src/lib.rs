//! Phones, doors and radios without hardware.
//!
//! [`demo`] is the whole story in one run: from a file of people to an open door, and to two that stay shut.

pub mod demo;
