//! What tells two runs apart: a hash over everything that went over the air and everything that happened.

use sha2::{Digest as _, Sha256};

use super::link::End;
use crate::unit::Happened;

/// Everything that was seen, as one number.
#[derive(Clone, Default)]
pub(super) struct Digest(Sha256);

impl Digest {
    /// Octets on the air.
    pub(super) fn add(&mut self, sent_us: u64, arrived_us: Option<u64>, to: End, octets: &[u8]) {
        self.0.update(sent_us.to_be_bytes());
        self.0.update(arrived_us.unwrap_or(u64::MAX).to_be_bytes());
        self.0.update([u8::from(to == End::Door)]);
        self.text(octets);
    }

    /// Something that happened.
    pub(super) fn event(&mut self, at_us: u64, happened: &Happened) {
        self.0.update(at_us.to_be_bytes());
        self.text(happened.to_json().to_string().as_bytes());
    }

    /// A line of the timeline.
    pub(super) fn line(&mut self, at_us: u64, who: &str, text: &str) {
        self.0.update(at_us.to_be_bytes());
        self.text(who.as_bytes());
        self.text(text.as_bytes());
    }

    /// The hash until now, in hexadecimal digits.
    pub(super) fn digits(&self) -> String {
        self.0.clone().finalize().iter().map(|octet| format!("{octet:02x}")).collect()
    }

    fn text(&mut self, octets: &[u8]) {
        self.0.update(u64::try_from(octets.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(octets);
    }
}
