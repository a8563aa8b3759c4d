//! Plays patterns on an indicator.

use super::{Light, LightPattern, Pattern, Signal, SoundPattern, Status};
use crate::micros::{Micros, earlier};
use crate::port::Indicator;

/// Plays what has just happened over what the access control system wants over what the door is in.
pub struct Player {
    status: Status,
    since: Micros,
    /// What the access control system wants for good.
    panel: Option<(LightPattern, Micros)>,
    light: Option<Track<Light>>,
    sound: Option<Track<bool>>,
    shown: (Light, bool),
    poll_at: Option<Micros>,
}

/// A pattern that ends.
#[derive(Clone, Copy)]
struct Track<T> {
    pattern: Pattern<T>,
    began: Micros,
    /// When it ends, whatever the pattern says.
    until: Option<Micros>,
}

impl Player {
    /// Shows the status from `now` on.
    pub const fn new(status: Status, now: Micros) -> Self {
        Self {
            status,
            since: now,
            panel: None,
            light: None,
            sound: None,
            shown: (Light::Off, false),
            poll_at: Some(now),
        }
    }

    /// Changes what the door is in.
    pub fn set_status(&mut self, status: Status, now: Micros) {
        if status != self.status {
            (self.status, self.since) = (status, now);
            self.poll_at = Some(now);
        }
    }

    /// What the door is in.
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Shows what has just happened; what was shown before is over.
    pub fn play(&mut self, signal: Signal, now: Micros) {
        self.light = Some(Track { pattern: signal.light(), began: now, until: None });
        self.sound = Some(Track { pattern: signal.sound(), began: now, until: None });
        self.poll_at = Some(now);
    }

    /// Ends [`Signal::Reading`] and its like before their time.
    pub fn stop(&mut self, now: Micros) {
        (self.light, self.sound) = (None, None);
        self.poll_at = Some(now);
    }

    /// Shows what the access control system wants: for so many milliseconds, or for good while the door is idle.
    pub fn panel_light(&mut self, pattern: LightPattern, ms: Option<u32>, now: Micros) {
        match ms {
            None => self.panel = Some((pattern, now)),
            Some(ms) => {
                let until = Some(now.after_ms(u64::from(ms)));
                self.light = Some(Track { pattern, began: now, until });
            }
        }
        self.poll_at = Some(now);
    }

    /// Sounds what the access control system wants.
    pub fn panel_sound(&mut self, pattern: SoundPattern, now: Micros) {
        self.sound = Some(Track { pattern, began: now, until: None });
        self.poll_at = Some(now);
    }

    /// Brings the indicator up to date.
    pub fn poll(&mut self, now: Micros, indicator: &mut impl Indicator) {
        if self.poll_at.is_none_or(|at| now < at) {
            return;
        }
        let (light, light_ends) = at(&mut self.light, now).unwrap_or_else(|| self.resting(now));
        let (sound, sound_ends) = at(&mut self.sound, now).unwrap_or((false, None));
        if light != self.shown.0 {
            indicator.light(light);
        }
        if sound != self.shown.1 {
            indicator.sound(sound);
        }
        self.shown = (light, sound);
        self.poll_at = earlier(light_ends, sound_ends);
    }

    /// When [`Player::poll`] has something to do.
    pub const fn poll_at(&self) -> Option<Micros> {
        self.poll_at
    }

    /// What is shown while nothing happens.
    fn resting(&self, now: Micros) -> (Light, Option<Micros>) {
        let wanted = self.panel.filter(|_| self.status == Status::Idle);
        let (pattern, began) = wanted.unwrap_or((self.status.light(), self.since));
        match pattern.at(now.ms_since(began)) {
            Some((light, ms)) => (light, Some(ends(began, now, ms))),
            None => (Light::Off, None),
        }
    }
}

/// What a track shows now and when that ends; a track that is over is taken away.
fn at<T: Copy>(track: &mut Option<Track<T>>, now: Micros) -> Option<(T, Option<Micros>)> {
    let playing = (*track)?;
    let over = playing.until.is_some_and(|until| now >= until);
    match playing.pattern.at(now.ms_since(playing.began)).filter(|_| !over) {
        Some((shows, ms)) => Some((shows, earlier(Some(ends(playing.began, now, ms)), playing.until))),
        None => {
            *track = None;
            None
        }
    }
}

/// When a step that has `ms` milliseconds left ends, on the pattern's own clock.
fn ends(began: Micros, now: Micros, ms: u64) -> Micros {
    began.after_ms(now.ms_since(began).saturating_add(ms))
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    #[derive(Default)]
    struct Lamp(Vec<(u64, Light)>, Vec<(u64, bool)>, u64);

    impl Indicator for Lamp {
        fn light(&mut self, light: Light) {
            self.0.push((self.2, light));
        }

        fn sound(&mut self, on: bool) {
            self.1.push((self.2, on));
        }
    }

    /// Polls whenever the player wants it, up to `end_ms`.
    fn run(player: &mut Player, lamp: &mut Lamp, end_ms: u64) {
        while let Some(at) = player.poll_at().filter(|at| *at <= Micros::from_ms(end_ms)) {
            lamp.2 = at.0 / 1_000;
            player.poll(at, lamp);
        }
    }

    #[test]
    fn a_signal_is_played_once_and_the_status_comes_back() {
        let (mut player, mut lamp) = (Player::new(Status::Idle, Micros::START), Lamp::default());
        run(&mut player, &mut lamp, 1_000);
        player.play(Signal::Granted, Micros::from_ms(1_000));
        run(&mut player, &mut lamp, 3_000);
        let lights = [(0, Light::Blue), (80, Light::Off), (1_000, Light::Green), (2_500, Light::Off)];
        assert_eq!(lamp.0, [lights.as_slice(), &[(3_000, Light::Blue)]].concat());
        assert_eq!(lamp.1, [(1_000, true), (1_120, false)]);
    }

    #[test]
    fn what_the_panel_wants_is_shown_while_the_door_is_idle() {
        let (mut player, mut lamp) = (Player::new(Status::Idle, Micros::START), Lamp::default());
        player.panel_light(Pattern::steady(Light::Red), None, Micros::START);
        run(&mut player, &mut lamp, 10);
        player.panel_light(Pattern::steady(Light::Green), Some(500), Micros::from_ms(100));
        run(&mut player, &mut lamp, 1_000);
        player.set_status(Status::Tamper, Micros::from_ms(1_000));
        run(&mut player, &mut lamp, 1_300);
        let panel = [(0, Light::Red), (100, Light::Green), (600, Light::Red)];
        assert_eq!(lamp.0, [panel.as_slice(), &[(1_250, Light::Blue)]].concat());
    }

    #[test]
    fn a_late_poll_does_not_shift_the_pattern() {
        let (mut player, mut lamp) = (Player::new(Status::Commissioning, Micros::START), Lamp::default());
        player.poll(Micros::from_ms(230), &mut lamp);
        assert_eq!(player.poll_at(), Some(Micros::from_ms(500)));
    }
}
