//! A random source that gives exactly the octets of a vector.

use std::collections::VecDeque;
use std::convert::Infallible;

use rand::{TryCryptoRng, TryRng};

/// Octets in the order in which they are to be drawn.
#[derive(Debug, Default)]
pub struct Script {
    octets: VecDeque<u8>,
    overdrawn: bool,
}

impl Script {
    /// Adds octets behind those that are there.
    pub fn add(&mut self, octets: &[u8]) {
        self.octets.extend(octets);
    }

    /// Nothing was drawn that was not in the script.
    ///
    /// # Errors
    /// A sentence for a failed case.
    pub fn kept(&self) -> Result<(), String> {
        if self.overdrawn {
            Err("more random octets were drawn than the vector has".to_owned())
        } else {
            Ok(())
        }
    }

    /// Octets that were not drawn.
    pub fn left(&self) -> usize {
        self.octets.len()
    }
}

impl TryRng for Script {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets).map(|()| u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets).map(|()| u64::from_le_bytes(octets))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for place in to {
            // Beyond its end a script gives ones: as a scalar they are out of range, as a nonce they show.
            *place = self.octets.pop_front().unwrap_or_else(|| {
                self.overdrawn = true;
                0xFF
            });
        }
        Ok(())
    }
}

impl TryCryptoRng for Script {}
