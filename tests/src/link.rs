//! A link in memory that loses, repeats, reorders, changes and delays what goes over it, on virtual time.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// One end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The door.
    Reader,
    /// The phone.
    Device,
}

/// How bad the link is; each chance in a thousandth for each piece that is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// It never arrives.
    pub loss: u32,
    /// It arrives twice.
    pub duplication: u32,
    /// It is overtaken by what is sent after it.
    pub reordering: u32,
    /// It arrives changed: a bit flipped, cut short or made longer.
    pub corruption: u32,
    /// Something that was sent earlier, perhaps in another tap, arrives with it.
    pub replay: u32,
    /// It takes up to so many milliseconds.
    pub delay_max_ms: u64,
}

/// Octet strings on their way, each with its time of arrival.
pub struct Link {
    faults: Faults,
    rng: StdRng,
    in_flight: BTreeMap<(u64, u64), (End, Vec<u8>)>,
    history: Vec<(End, Vec<u8>)>,
    sent: u64,
    /// When the last piece to the reader and to the device arrives.
    last_arrival: [u64; 2],
    cut: bool,
}

impl Faults {
    /// Faults of a random kind and strength; one link in eight has none but delay.
    pub fn drawn(rng: &mut StdRng) -> Self {
        let mut chance = |most: u32| if rng.random_ratio(1, 2) { rng.random_range(0..most) } else { 0 };
        let faults = Self {
            loss: chance(150),
            duplication: chance(150),
            reordering: chance(150),
            corruption: chance(150),
            replay: chance(100),
            delay_max_ms: 0,
        };
        // Most answers come within the reader's 2 s, and some do not.
        let delay_max_ms = if rng.random_ratio(1, 4) { 2_500 } else { 150 };
        if rng.random_ratio(1, 8) {
            Self { delay_max_ms, ..Self::default() }
        } else {
            Self { delay_max_ms, ..faults }
        }
    }
}

impl Link {
    /// A link with these faults, drawn from a seed.
    pub fn new(faults: Faults, seed: u64) -> Self {
        Self {
            faults,
            rng: StdRng::seed_from_u64(seed),
            in_flight: BTreeMap::new(),
            history: Vec::new(),
            sent: 0,
            last_arrival: [0; 2],
            cut: false,
        }
    }

    /// Sends a piece to one end.
    pub fn send(&mut self, now_ms: u64, to: End, piece: Vec<u8>) {
        if self.cut {
            return;
        }
        if self.happens(self.faults.replay) && !self.history.is_empty() {
            let earlier = self.rng.random_range(0..self.history.len());
            let (to, piece) = self.history[earlier].clone();
            self.post(now_ms, to, piece);
        }
        self.history.push((to, piece.clone()));
        if self.happens(self.faults.duplication) {
            self.post(now_ms, to, piece.clone());
        }
        if !self.happens(self.faults.loss) {
            self.post(now_ms, to, piece);
        }
    }

    /// When the next piece arrives, in milliseconds.
    pub fn poll_at(&self) -> Option<u64> {
        self.in_flight.keys().next().map(|(arrival, _)| *arrival)
    }

    /// The next piece that has arrived.
    pub fn receive(&mut self, now_ms: u64) -> Option<(End, Vec<u8>)> {
        let first = self.in_flight.first_entry()?;
        (first.key().0 <= now_ms).then(|| first.remove())
    }

    /// Loses everything under way and everything that is sent from now on.
    pub fn cut(&mut self) {
        self.clear();
        self.cut = true;
    }

    /// Carries again, with these faults.
    pub fn mend(&mut self, faults: Faults) {
        self.cut = false;
        self.faults = faults;
    }

    /// Loses everything under way, as a new connection does.
    pub fn clear(&mut self) {
        self.in_flight.clear();
        self.last_arrival = [0; 2];
    }

    fn post(&mut self, now_ms: u64, to: End, mut piece: Vec<u8>) {
        let mut arrival = now_ms + self.rng.random_range(0..=self.faults.delay_max_ms);
        if self.happens(self.faults.corruption) {
            self.corrupt(&mut piece);
        }
        let last = &mut self.last_arrival[usize::from(to == End::Device)];
        if !self.rng.random_ratio(self.faults.reordering, 1_000) {
            arrival = arrival.max(*last);
            *last = arrival;
        }
        self.sent += 1;
        self.in_flight.insert((arrival, self.sent), (to, piece));
    }

    fn corrupt(&mut self, piece: &mut Vec<u8>) {
        match self.rng.random_range(0..4) {
            0 => piece.truncate(self.rng.random_range(0..=piece.len())),
            1 => piece.push(self.rng.random()),
            _ if piece.is_empty() => {}
            _ => {
                let octet = self.rng.random_range(0..piece.len());
                piece[octet] ^= 1 << self.rng.random_range(0..8);
            }
        }
    }

    fn happens(&mut self, thousandths: u32) -> bool {
        self.rng.random_ratio(thousandths, 1_000)
    }
}
