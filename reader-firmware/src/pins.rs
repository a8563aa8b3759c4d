//! Ports on pins, over embedded-hal.
//!
//! A pin that reports an error is left as it is: there is nothing that a door could do about it.

use embedded_hal::digital::{InputPin, OutputPin, PinState};

use crate::indicator::Light;
use crate::port::{Indicator, Relay, TamperInput};

/// A lamp of three colours and a buzzer, each on a pin of its own.
pub struct IndicatorPins<R, G, B, Z> {
    /// The red diode.
    pub red: R,
    /// The green diode.
    pub green: G,
    /// The blue diode.
    pub blue: B,
    /// The buzzer, one that sounds by itself.
    pub buzzer: Z,
    /// What lights a diode: `High` unless it is wired to the supply.
    pub lit: PinState,
}

impl<R: OutputPin, G: OutputPin, B: OutputPin, Z: OutputPin> Indicator for IndicatorPins<R, G, B, Z> {
    fn light(&mut self, light: Light) {
        let (red, green, blue) = light.rgb();
        let state = |lit: bool| if lit { self.lit } else { !self.lit };
        let (red, green, blue) = (state(red), state(green), state(blue));
        let _ = self.red.set_state(red);
        let _ = self.green.set_state(green);
        let _ = self.blue.set_state(blue);
    }

    fn sound(&mut self, on: bool) {
        let _ = self.buzzer.set_state(PinState::from(on));
    }
}

/// A relay on a pin.
pub struct RelayPin<P> {
    /// The pin.
    pub pin: P,
    /// What pulls the relay.
    pub pulled: PinState,
}

impl<P: OutputPin> Relay for RelayPin<P> {
    fn set(&mut self, pulled: bool) {
        let _ = self.pin.set_state(if pulled { self.pulled } else { !self.pulled });
    }
}

/// A tamper contact on a pin.
pub struct TamperPin<P> {
    /// The pin.
    pub pin: P,
    /// How an open contact reads: `High` with a pull-up and the contact to ground.
    pub open: PinState,
}

impl<P: InputPin> TamperInput for TamperPin<P> {
    /// A pin that cannot be read counts as open: whoever cuts it should not stay unnoticed.
    fn is_open(&mut self) -> bool {
        self.pin.is_high().map_or(true, |high| PinState::from(high) == self.open)
    }
}
