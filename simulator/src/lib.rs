//! Phones, doors and radios without hardware.
