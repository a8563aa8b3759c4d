//! Reading decisions from the fuzzer's octets.

/// The octets that are left; when there are none, every number is 0.
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// The next action of a script; `None` at its end.
    pub(super) fn action(&mut self) -> Option<u8> {
        let (octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*octet)
    }

    pub(super) fn octet(&mut self) -> u8 {
        self.action().unwrap_or(0)
    }

    pub(super) fn word(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    pub(super) fn flag(&mut self) -> bool {
        self.octet() & 1 != 0
    }

    /// A number below `count`.
    pub(super) fn below(&mut self, count: usize) -> usize {
        usize::from(self.octet()) % count
    }

    /// Up to `count` octets.
    pub(super) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// A length of one octet and as many octets.
    pub(super) fn string(&mut self) -> &'a [u8] {
        let count = usize::from(self.octet());
        self.take(count)
    }

    /// A length of two octets and as many octets.
    pub(super) fn long_string(&mut self) -> &'a [u8] {
        let count = usize::from(self.word());
        self.take(count)
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    /// Changes `octets` in one to four places.
    pub(super) fn mutate(&mut self, octets: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let kind = self.below(6);
            let position = usize::from(self.word()) % (octets.len() + 1);
            match kind {
                0 | 1 if position < octets.len() => octets[position] ^= self.octet().max(1),
                2 if position < octets.len() => octets[position] = self.octet(),
                3 => octets.truncate(position),
                4 => drop(octets.splice(position..position, self.string().iter().copied())),
                _ => {
                    let over = self.string();
                    let end = (position + over.len()).min(octets.len());
                    octets[position..end].copy_from_slice(&over[..end - position]);
                }
            }
        }
    }
}
