//! A small seeded generator for tests (SplitMix64), so that a failure can be run again from its seed.

pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next().checked_rem(u64::try_from(bound).unwrap()).unwrap()).unwrap()
    }

    pub(crate) fn fill(&mut self, out: &mut [u8]) {
        out.fill_with(|| self.next().to_be_bytes()[0]);
    }
}
