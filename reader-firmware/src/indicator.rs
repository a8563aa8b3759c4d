//! What the lamp and the buzzer say: patterns as data, and a player that is polled.

mod pattern;
mod player;
mod signal;

pub use pattern::{Light, LightPattern, Pattern, SoundPattern, Step};
pub use player::Player;
pub use signal::{Signal, Status};
