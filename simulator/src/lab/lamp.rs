//! What the lamp of a door shows, in the patterns of the firmware.

use credential::reader::DenyReason;
use reader_firmware::indicator::{Light, LightPattern, Signal, Status};
use serde_json::{Value, json};

use crate::unit::Happened;

/// Reasons that have a pattern of their own.
const REASONS: [DenyReason; 6] = [
    DenyReason::NotAccepted,
    DenyReason::Expired,
    DenyReason::NotYetValid,
    DenyReason::Revoked,
    DenyReason::NoClock,
    DenyReason::Refused,
];

/// What is shown while nothing happens.
pub(super) fn resting() -> Value {
    pattern("idle", &Status::Idle.light())
}

/// What is shown while a phone is there.
pub(super) fn reading() -> Value {
    pattern("reading", &Signal::Reading.light())
}

/// What is shown when this has happened, if it is anything.
///
/// The access control system of the lab opens for every user ID that it is handed.
pub(super) fn shown(happened: &Happened) -> Option<Value> {
    let (name, signal) = match happened {
        Happened::Granted { .. } => ("granted", Signal::Granted),
        Happened::Denied { reason, .. } => {
            let denied = REASONS.into_iter().find(|known| known.to_string() == *reason);
            ("denied", Signal::Denied(denied.unwrap_or(DenyReason::NotAccepted)))
        }
        Happened::DoesNotFit(_) => ("denied", Signal::Denied(DenyReason::Refused)),
        Happened::Failed(_) | Happened::LinkFailed(_) | Happened::NoApplication => ("failed", Signal::Failed),
        _ => return None,
    };
    Some(pattern(name, &signal.light()))
}

fn pattern(name: &str, pattern: &LightPattern) -> Value {
    let steps: Vec<Value> =
        pattern.steps().iter().map(|step| json!({ "shows": colour(step.shows), "ms": step.ms })).collect();
    json!({ "name": name, "steps": steps, "rounds": pattern.rounds() })
}

const fn colour(light: Light) -> &'static str {
    match light {
        Light::Off => "off",
        Light::Red => "red",
        Light::Green => "green",
        Light::Amber => "amber",
        Light::Blue => "blue",
        Light::Magenta => "magenta",
        Light::Cyan => "cyan",
        Light::White => "white",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_without_a_clock_shows_another_pattern_than_one_that_refuses() {
        let denied = |reason: DenyReason| {
            let happened = Happened::Denied {
                reason: reason.to_string(),
                path: credential::reader::Path::Full,
                serial: None,
            };
            shown(&happened).unwrap()
        };
        assert_ne!(denied(DenyReason::NoClock), denied(DenyReason::Revoked));
        assert_eq!(denied(DenyReason::NoClock)["steps"][0]["shows"], "amber");
        assert_eq!(denied(DenyReason::Revoked)["steps"][0]["shows"], "red");
    }
}
