//! The patterns of a door: what it is in, and what has just happened.

use credential::reader::DenyReason;

use super::{Light, LightPattern, Pattern, SoundPattern, Step};

/// What a door is in, shown until it changes; the later, the more it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Ready for a tap.
    Idle,
    /// The access control system cannot be reached.
    Offline,
    /// The NFC front end does not work.
    Error,
    /// Not enrolled yet.
    Commissioning,
    /// Somebody took it off the wall.
    Tamper,
}

/// What has just happened, shown once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A device is at the door.
    Reading,
    /// The user ID went to the access control system, which decides.
    HandedOver,
    /// The door is open.
    Granted,
    /// The door stays shut.
    Denied(DenyReason),
    /// The tap did not come to a decision: hold the phone there again.
    Failed,
}

impl Status {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Idle, Self::Offline, Self::Error, Self::Commissioning, Self::Tamper];

    /// The lamp, for ever.
    pub const fn light(self) -> LightPattern {
        match self {
            Self::Idle => lamp(&[on(Light::Blue, 80), off(2_920)], None),
            Self::Offline => lamp(&[on(Light::Amber, 80), off(1_420)], None),
            Self::Error => lamp(&[on(Light::Red, 80), off(120), on(Light::Red, 80), off(1_720)], None),
            Self::Commissioning => lamp(&[on(Light::Cyan, 500), off(500)], None),
            Self::Tamper => lamp(&[on(Light::Red, 250), on(Light::Blue, 250)], None),
        }
    }
}

impl Signal {
    /// Every one that has a pattern of its own.
    pub const ALL: [Self; 8] = [
        Self::Reading,
        Self::HandedOver,
        Self::Granted,
        Self::Denied(DenyReason::NotAccepted),
        Self::Denied(DenyReason::Expired),
        Self::Denied(DenyReason::NoClock),
        Self::Denied(DenyReason::Refused),
        Self::Failed,
    ];

    /// The lamp.
    pub const fn light(self) -> LightPattern {
        match self {
            // As long as a tap may take at most; whatever comes of it ends this.
            Self::Reading => lamp(&[on(Light::White, 100), off(60)], Some(63)),
            Self::HandedOver => lamp(&[on(Light::White, 200)], Some(1)),
            Self::Granted => lamp(&[on(Light::Green, 1_500)], Some(1)),
            Self::Denied(DenyReason::Expired | DenyReason::NotYetValid) => {
                lamp(&[on(Light::Red, 250), on(Light::Amber, 250)], Some(3))
            }
            Self::Denied(DenyReason::NoClock) => lamp(&[on(Light::Amber, 250), off(250)], Some(3)),
            Self::Denied(DenyReason::Refused) => lamp(&[on(Light::Red, 250), off(250)], Some(3)),
            Self::Denied(_) => lamp(&[on(Light::Red, 1_500)], Some(1)),
            Self::Failed => lamp(&[on(Light::Amber, 100), off(100)], Some(3)),
        }
    }

    /// The buzzer.
    pub const fn sound(self) -> SoundPattern {
        match self {
            Self::Reading => buzzer(&[], None),
            Self::HandedOver => buzzer(&[beep(40)], Some(1)),
            Self::Granted => buzzer(&[beep(120)], Some(1)),
            Self::Denied(DenyReason::Expired | DenyReason::NotYetValid) => {
                buzzer(&[beep(80), quiet(80)], Some(4))
            }
            Self::Denied(_) => buzzer(&[beep(250), quiet(150)], Some(2)),
            Self::Failed => buzzer(&[beep(40), quiet(60)], Some(3)),
        }
    }
}

const fn lamp(steps: &[Step<Light>], rounds: Option<u8>) -> LightPattern {
    Pattern::new(steps, Light::Off, rounds)
}

const fn buzzer(steps: &[Step<bool>], rounds: Option<u8>) -> SoundPattern {
    Pattern::new(steps, false, rounds)
}

const fn on(shows: Light, ms: u16) -> Step<Light> {
    Step { shows, ms }
}

const fn off(ms: u16) -> Step<Light> {
    Step { shows: Light::Off, ms }
}

const fn beep(ms: u16) -> Step<bool> {
    Step { shows: true, ms }
}

const fn quiet(ms: u16) -> Step<bool> {
    Step { shows: false, ms }
}
