//! Who taps where, who leaves, and who loses network or power: decided by the seed before anything happens.

use rand::RngExt;
use rand::seq::SliceRandom;

use crate::world::Seeds;

/// One in so many people leaves each night.
const LEAVES: usize = 1_000;

/// One in so many phones has no network after its first day.
const LOSES_NETWORK: usize = 100;

/// One in so many doors has its power cut each night.
const LOSES_POWER: usize = 10;

/// Everything that is decided beforehand. People, phones and doors go by their numbers.
pub(super) struct Plan {
    doors: usize,
    /// The door that each phone goes to in the evening.
    evening: Vec<usize>,
    /// Who leaves, by night.
    leaving: Vec<Vec<usize>>,
    /// Whose phone has no network any more.
    offline: Vec<usize>,
    /// Which doors have their power cut, by night.
    cut: Vec<Vec<usize>>,
}

/// When in a day phones go where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// To the own door.
    Morning,
    /// To the own door again.
    Noon,
    /// To another door.
    Evening,
}

impl Time {
    /// All of a day, in their order.
    pub(super) const ALL: [Self; 3] = [Self::Morning, Self::Noon, Self::Evening];

    /// For people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Morning => "morning",
            Self::Noon => "noon",
            Self::Evening => "evening",
        }
    }

    /// Seconds after the beginning of the day, which is in the night.
    pub(super) const fn after_s(self) -> u64 {
        match self {
            Self::Morning => 6 * 3_600,
            Self::Noon => 10 * 3_600,
            Self::Evening => 15 * 3_600,
        }
    }
}

impl Plan {
    /// Makes the plan of so many days.
    pub(super) fn new(seeds: &Seeds, phones: usize, doors: usize, days: usize) -> Self {
        let mut rng = seeds.rng("load");
        let evening = (0..phones).map(|_| rng.random_range(0..doors.max(1))).collect();
        let mut people: Vec<usize> = (0..phones).collect();
        people.shuffle(&mut rng);
        let mut people = people.into_iter();
        let mut some = |one_in: usize| people.by_ref().take(phones.div_ceil(one_in)).collect::<Vec<usize>>();
        let offline = some(LOSES_NETWORK);
        let leaving = (1..days).map(|_| some(LEAVES)).collect();
        let mut all: Vec<usize> = (0..doors).collect();
        let cut = (1..days).map(|_| {
            all.shuffle(&mut rng);
            all.iter().copied().take(doors.div_ceil(LOSES_POWER)).collect()
        });
        let cut = cut.collect();
        Self { doors, evening, leaving, offline, cut }
    }

    /// Which phones come to each door at this time of a day, in their order.
    pub(super) fn visits(&self, time: Time) -> Vec<Vec<usize>> {
        let mut visits = vec![Vec::new(); self.doors];
        for (phone, evening) in self.evening.iter().enumerate() {
            let own = phone.checked_rem(self.doors).unwrap_or(0);
            let door = if time == Time::Evening { *evening } else { own };
            if let Some(door) = visits.get_mut(door) {
                door.push(phone);
            }
        }
        visits
    }

    /// Who leaves in each night, the first one after the first day.
    pub(super) fn leaving(&self) -> &[Vec<usize>] {
        &self.leaving
    }

    /// Which doors have their power cut in each night.
    pub(super) fn cut(&self) -> &[Vec<usize>] {
        &self.cut
    }

    /// Whose phone has no network after the first day.
    pub(super) fn offline(&self) -> &[usize] {
        &self.offline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phone_is_at_one_door_at_a_time() {
        let plan = Plan::new(&Seeds::new(1), 200, 20, 7);
        for time in Time::ALL {
            let mut phones = plan.visits(time).concat();
            phones.sort_unstable();
            assert_eq!(phones, (0..200).collect::<Vec<_>>(), "{time:?}");
        }
        assert_eq!(plan.visits(Time::Morning), plan.visits(Time::Noon));
        assert_ne!(plan.visits(Time::Morning), plan.visits(Time::Evening));
    }

    #[test]
    fn nobody_leaves_twice_or_leaves_and_loses_the_network() {
        let plan = Plan::new(&Seeds::new(1), 5_000, 20, 7);
        let mut all = [plan.offline().to_vec(), plan.leaving().concat()].concat();
        assert_eq!((plan.offline().len(), plan.leaving().len(), all.len()), (50, 6, 80));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 80);
    }

    #[test]
    fn a_plan_hangs_on_its_seed() {
        let evening = |seed| Plan::new(&Seeds::new(seed), 200, 20, 7).visits(Time::Evening);
        assert_eq!(evening(1), evening(1));
        assert_ne!(evening(1), evening(2));
    }
}
