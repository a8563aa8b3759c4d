//! What a panel commands: lamp, buzzer, key.

use credential::secret::Secret;
use heapless::Deque;
use libosdp::{OsdpCommand, OsdpCommandBuzzer, OsdpCommandLed, OsdpLedColor, OsdpLedParams};

use super::DEFAULT_KEY;
use super::files::contents;
use crate::indicator::{Light, LightPattern, Pattern, SoundPattern, Step};
use crate::port::ControllerEvent;

/// Commands that may wait for the main loop.
const EVENTS_MAX: usize = 8;

const ACCEPTED: i32 = 0;
const REFUSED: i32 = -1;

/// What came and waits for the main loop.
pub(super) struct Inbox {
    pub(super) events: Deque<ControllerEvent, EVENTS_MAX>,
    pub(super) new_key: Option<Secret<16>>,
    pub(super) commissioned: bool,
}

impl Inbox {
    pub(super) const fn new(commissioned: bool) -> Self {
        Self { events: Deque::new(), new_key: None, commissioned }
    }

    /// Takes a command; what is not for this reader is refused, and the panel gets a NAK.
    pub(super) fn take(&mut self, command: &mut OsdpCommand) -> i32 {
        match command {
            OsdpCommand::Led(led) if (led.reader, led.led_number) == (0, 0) => self.light(led),
            OsdpCommand::Buzzer(buzzer) if buzzer.reader == 0 => self.sound(buzzer),
            OsdpCommand::KeySet(keyset) => self.key(&keyset.data),
            // Before it has a key of its own a reader takes nothing but that.
            OsdpCommand::FileTx(file) if self.commissioned && contents(file.id).is_some() => ACCEPTED,
            _ => REFUSED,
        }
    }

    /// Spec: SIA OSDP 2.2, osdp_LED
    fn light(&mut self, led: &OsdpCommandLed) -> i32 {
        if led.permanent.control_code == 1 {
            self.note(ControllerEvent::Light(pattern(&led.permanent), None));
        }
        match led.temporary.control_code {
            1 => self.note(ControllerEvent::Light(Pattern::steady(Light::Off), Some(0))),
            2 => {
                let ms = u32::from(led.temporary.timer_count).saturating_mul(100);
                self.note(ControllerEvent::Light(pattern(&led.temporary), Some(ms)));
            }
            _ => {}
        }
        ACCEPTED
    }

    /// Spec: SIA OSDP 2.2, osdp_BUZ
    fn sound(&mut self, buzzer: &OsdpCommandBuzzer) -> i32 {
        let rounds = Some(buzzer.rep_count).filter(|rounds| *rounds > 0);
        let steps = [step(true, buzzer.on_count), step(false, buzzer.off_count)];
        let sound = match buzzer.control_code {
            1 => SoundPattern::new(&[], false, None),
            2 => SoundPattern::new(&steps, false, rounds),
            _ => return ACCEPTED,
        };
        self.note(ControllerEvent::Sound(sound));
        ACCEPTED
    }

    /// The library lets this come only through a secure channel.
    fn key(&mut self, octets: &[u8]) -> i32 {
        let Ok(key) = <[u8; 16]>::try_from(octets) else { return REFUSED };
        if key == DEFAULT_KEY {
            return REFUSED;
        }
        self.new_key = Some(Secret::new(key));
        self.commissioned = true;
        ACCEPTED
    }

    /// The newest command counts.
    fn note(&mut self, event: ControllerEvent) {
        if self.events.is_full() {
            let _oldest = self.events.pop_front();
        }
        let _ = self.events.push_back(event);
    }
}

fn pattern(led: &OsdpLedParams) -> LightPattern {
    let (on, off) = (colour(led.on_color), colour(led.off_color));
    match (led.on_count, led.off_count) {
        (0, 0) | (_, 0) => Pattern::steady(on),
        (0, _) => Pattern::steady(off),
        (on_count, off_count) => Pattern::new(&[step(on, on_count), step(off, off_count)], Light::Off, None),
    }
}

/// A step of so many tenths of a second.
fn step<T>(shows: T, tenths: u8) -> Step<T> {
    Step { shows, ms: u16::from(tenths).saturating_mul(100) }
}

const fn colour(colour: OsdpLedColor) -> Light {
    match colour {
        OsdpLedColor::None => Light::Off,
        OsdpLedColor::Red => Light::Red,
        OsdpLedColor::Green => Light::Green,
        OsdpLedColor::Amber => Light::Amber,
        OsdpLedColor::Blue => Light::Blue,
        OsdpLedColor::Magenta => Light::Magenta,
        OsdpLedColor::Cyan => Light::Cyan,
        OsdpLedColor::Unknown(_) => Light::White,
    }
}
