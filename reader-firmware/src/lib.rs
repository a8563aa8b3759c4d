//! A door reader, from the radio to the wire of the access control system.
#![no_std]
