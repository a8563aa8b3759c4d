//! A pattern: steps with their lengths, and how often they are gone through.

/// Steps of the longest pattern.
const STEPS_MAX: usize = 6;

/// A colour of the lamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Light {
    /// Dark.
    #[default]
    Off,
    /// Red.
    Red,
    /// Green.
    Green,
    /// Red and green.
    Amber,
    /// Blue.
    Blue,
    /// Red and blue.
    Magenta,
    /// Green and blue.
    Cyan,
    /// All three.
    White,
}

impl Light {
    /// Which of red, green and blue are lit.
    pub const fn rgb(self) -> (bool, bool, bool) {
        match self {
            Self::Off => (false, false, false),
            Self::Red => (true, false, false),
            Self::Green => (false, true, false),
            Self::Amber => (true, true, false),
            Self::Blue => (false, false, true),
            Self::Magenta => (true, false, true),
            Self::Cyan => (false, true, true),
            Self::White => (true, true, true),
        }
    }
}

/// One step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<T> {
    /// What is shown.
    pub shows: T,
    /// For how long, in milliseconds.
    pub ms: u16,
}

/// Steps that are gone through some rounds, or for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern<T> {
    steps: [Step<T>; STEPS_MAX],
    count: u8,
    rounds: Option<u8>,
}

/// A pattern of the lamp.
pub type LightPattern = Pattern<Light>;

/// A pattern of the buzzer.
pub type SoundPattern = Pattern<bool>;

impl<T: Copy> Pattern<T> {
    /// These steps, the first six of them, in so many rounds; `None` is for ever.
    pub const fn new(steps: &[Step<T>], nothing: T, rounds: Option<u8>) -> Self {
        let mut own = [Step { shows: nothing, ms: 0 }; STEPS_MAX];
        let mut count = 0_u8;
        let (mut rest, mut room) = (steps, own.as_mut_slice());
        while let ([step, more @ ..], [place, left @ ..]) = (rest, room) {
            *place = *step;
            (rest, room) = (more, left);
            count = count.saturating_add(1);
        }
        Self { steps: own, count, rounds }
    }

    /// One thing for ever.
    pub const fn steady(shows: T) -> Self {
        Self::new(&[Step { shows, ms: u16::MAX }], shows, None)
    }

    /// The steps of one round.
    pub fn steps(&self) -> &[Step<T>] {
        self.steps.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// How often they are gone through; `None` is for ever.
    pub const fn rounds(&self) -> Option<u8> {
        self.rounds
    }

    /// How long one round takes, in milliseconds.
    pub fn round_ms(&self) -> u64 {
        self.steps().iter().map(|step| u64::from(step.ms)).sum()
    }

    /// What is shown `ms` milliseconds after the beginning and for how long from then on; `None` when it is over.
    pub fn at(&self, ms: u64) -> Option<(T, u64)> {
        let round_ms = self.round_ms();
        let round = ms.checked_div(round_ms)?;
        if self.rounds.is_some_and(|rounds| round >= u64::from(rounds)) {
            return None;
        }
        let mut within = ms.checked_rem(round_ms)?;
        for step in self.steps() {
            match within.checked_sub(u64::from(step.ms)) {
                Some(beyond) => within = beyond,
                None => return Some((step.shows, u64::from(step.ms).saturating_sub(within))),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLINK: LightPattern = Pattern::new(
        &[Step { shows: Light::Red, ms: 100 }, Step { shows: Light::Off, ms: 50 }],
        Light::Off,
        Some(2),
    );

    #[test]
    fn a_pattern_goes_through_its_steps_and_ends_after_its_rounds() {
        assert_eq!(BLINK.at(0), Some((Light::Red, 100)));
        assert_eq!(BLINK.at(99), Some((Light::Red, 1)));
        assert_eq!(BLINK.at(100), Some((Light::Off, 50)));
        assert_eq!(BLINK.at(150), Some((Light::Red, 100)));
        assert_eq!(BLINK.at(299), Some((Light::Off, 1)));
        assert_eq!(BLINK.at(300), None);
    }

    #[test]
    fn a_pattern_without_length_shows_nothing() {
        assert_eq!(Pattern::new(&[], Light::Off, None).at(0), None);
        assert_eq!(Pattern::new(&[Step { shows: Light::Red, ms: 0 }], Light::Off, None).at(0), None);
    }

    #[test]
    fn a_steady_pattern_never_ends() {
        assert_eq!(Pattern::steady(true).at(86_400_000).map(|(shows, _)| shows), Some(true));
    }
}
