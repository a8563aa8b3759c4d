//! The user ID as key strokes of a USB keyboard.
//!
//! Spec: USB HID 1.11 appendix B.1 (boot keyboard report), HID Usage Tables §10

use heapless::Vec;

use credential::limits::USER_ID_MAX;

use crate::micros::Micros;
use crate::output::Output;
use crate::port::{ControllerEvent, ControllerLink, Taken};

/// Key strokes of the longest line: an ID and Enter.
const STROKES_MAX: usize = USER_ID_MAX + 1;

/// From one report to the next, as often as a host asks for them.
const REPORT_MS: u64 = 10;

const SHIFT: u8 = 0x02;
const ENTER: u8 = 0x28;

/// Takes the reports of a boot keyboard: the board's USB stack.
pub trait KeyboardReports {
    /// Gives a report to the host; `false` if it has not fetched the one before.
    fn send(&mut self, report: &[u8; 8]) -> bool;
}

impl<F: FnMut(&[u8; 8]) -> bool> KeyboardReports for F {
    fn send(&mut self, report: &[u8; 8]) -> bool {
        self(report)
    }
}

/// How the host reads keys: key codes are places on a keyboard, not characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// United States, with every printable character.
    #[default]
    Us,
    /// German, with letters, digits, space and `-`, `_`, `.`, `,`, `:`, `;`, `+`, `*`, `/`, `#`.
    German,
}

impl Layout {
    /// Modifier and usage of a character; `None` if this layout does not have it.
    pub const fn stroke(self, character: u8) -> Option<(u8, u8)> {
        let usage = match character {
            b'0' => 0x27,
            b'1'..=b'9' => character.wrapping_sub(b'1').wrapping_add(0x1E),
            b' ' => 0x2C,
            b'a'..=b'z' => return Some((0, self.letter(character))),
            b'A'..=b'Z' => return Some((SHIFT, self.letter(character.to_ascii_lowercase()))),
            _ => {
                return match self {
                    Self::Us => us_sign(character),
                    Self::German => german_sign(character),
                };
            }
        };
        Some((0, usage))
    }

    const fn letter(self, letter: u8) -> u8 {
        let letter = match (self, letter) {
            (Self::German, b'y') => b'z',
            (Self::German, b'z') => b'y',
            (_, letter) => letter,
        };
        letter.wrapping_sub(b'a').wrapping_add(0x04)
    }
}

const fn us_sign(character: u8) -> Option<(u8, u8)> {
    Some(match character {
        b'-' => (0, 0x2D),
        b'=' => (0, 0x2E),
        b'[' => (0, 0x2F),
        b']' => (0, 0x30),
        b'\\' => (0, 0x31),
        b';' => (0, 0x33),
        b'\'' => (0, 0x34),
        b'`' => (0, 0x35),
        b',' => (0, 0x36),
        b'.' => (0, 0x37),
        b'/' => (0, 0x38),
        b'!' => (SHIFT, 0x1E),
        b'@' => (SHIFT, 0x1F),
        b'#' => (SHIFT, 0x20),
        b'$' => (SHIFT, 0x21),
        b'%' => (SHIFT, 0x22),
        b'^' => (SHIFT, 0x23),
        b'&' => (SHIFT, 0x24),
        b'*' => (SHIFT, 0x25),
        b'(' => (SHIFT, 0x26),
        b')' => (SHIFT, 0x27),
        b'_' => (SHIFT, 0x2D),
        b'+' => (SHIFT, 0x2E),
        b'{' => (SHIFT, 0x2F),
        b'}' => (SHIFT, 0x30),
        b'|' => (SHIFT, 0x31),
        b':' => (SHIFT, 0x33),
        b'"' => (SHIFT, 0x34),
        b'~' => (SHIFT, 0x35),
        b'<' => (SHIFT, 0x36),
        b'>' => (SHIFT, 0x37),
        b'?' => (SHIFT, 0x38),
        _ => return None,
    })
}

const fn german_sign(character: u8) -> Option<(u8, u8)> {
    Some(match character {
        b'-' => (0, 0x38),
        b'_' => (SHIFT, 0x38),
        b'.' => (0, 0x37),
        b':' => (SHIFT, 0x37),
        b',' => (0, 0x36),
        b';' => (SHIFT, 0x36),
        b'+' => (0, 0x30),
        b'*' => (SHIFT, 0x30),
        b'#' => (0, 0x32),
        b'/' => (SHIFT, 0x24),
        _ => return None,
    })
}

/// Types the user ID and Enter.
pub struct KeyboardLink<K> {
    reports: K,
    layout: Layout,
    strokes: Vec<(u8, u8), STROKES_MAX>,
    next: usize,
    down: bool,
    poll_at: Option<Micros>,
}

impl<K: KeyboardReports> KeyboardLink<K> {
    /// Types on a host of this layout.
    pub const fn new(reports: K, layout: Layout) -> Self {
        Self { reports, layout, strokes: Vec::new(), next: 0, down: false, poll_at: None }
    }
}

impl<K: KeyboardReports> ControllerLink for KeyboardLink<K> {
    /// An ID with a character that the layout does not have is not typed at all.
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        let Output::Text(user_id) = output else { return Taken::WrongFormat };
        if self.poll_at.is_some() {
            return Taken::NotTaken;
        }
        let typed = user_id.as_bytes().iter().map(|character| self.layout.stroke(*character));
        let strokes: Option<Vec<_, STROKES_MAX>> = typed.chain([Some((0, ENTER))]).collect();
        let Some(strokes) = strokes else { return Taken::WrongFormat };
        (self.strokes, self.next, self.down, self.poll_at) = (strokes, 0, false, Some(now));
        Taken::HandedOver
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        if self.poll_at.is_none_or(|at| now < at) {
            return None;
        }
        let Some((modifier, usage)) = self.strokes.get(self.next).copied() else {
            self.poll_at = None;
            return None;
        };
        // Every key is let go before the next: two of the same are two.
        let report = if self.down { [0; 8] } else { [modifier, 0, usage, 0, 0, 0, 0, 0] };
        if self.reports.send(&report) {
            if self.down {
                self.next = self.next.saturating_add(1);
            }
            self.down = !self.down;
        }
        self.poll_at = Some(now.after_ms(REPORT_MS));
        None
    }

    fn poll_at(&self) -> Option<Micros> {
        self.poll_at
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use credential::id::UserId;

    use super::*;

    fn typed(user_id: &str, layout: Layout) -> (Taken, Vec<[u8; 8]>) {
        let mut reports = Vec::new();
        let mut refuse = true;
        let taken;
        {
            let mut link = KeyboardLink::new(
                |report: &[u8; 8]| {
                    refuse = !refuse;
                    if !refuse {
                        reports.push(*report);
                    }
                    !refuse
                },
                layout,
            );
            taken = link.put_out(&Output::Text(UserId::new(user_id.as_bytes()).unwrap()), Micros(0));
            while let Some(at) = link.poll_at() {
                link.poll(at);
            }
        }
        (taken, reports)
    }

    #[test]
    fn an_id_is_typed_key_by_key_and_ends_with_enter() {
        let (taken, reports) = typed("4Zz", Layout::Us);
        assert_eq!(taken, Taken::HandedOver);
        let keys: Vec<_> = reports.iter().map(|report| (report[0], report[2])).collect();
        assert_eq!(keys, [(0, 0x21), (0, 0), (2, 0x1D), (0, 0), (0, 0x1D), (0, 0), (0, 0x28), (0, 0)]);
    }

    #[test]
    fn a_german_keyboard_has_y_and_z_changed_and_its_own_signs() {
        let (_, reports) = typed("zY-", Layout::German);
        let keys: Vec<_> = reports.iter().step_by(2).map(|report| (report[0], report[2])).collect();
        assert_eq!(keys, [(0, 0x1C), (2, 0x1D), (0, 0x38), (0, 0x28)]);
    }

    #[test]
    fn an_id_that_the_layout_cannot_type_is_not_typed_in_part() {
        assert_eq!(typed("47@11", Layout::German), (Taken::WrongFormat, Vec::new()));
    }

    #[test]
    fn every_printable_character_has_a_key_of_its_own_on_a_us_keyboard() {
        let mut strokes: Vec<_> = (0x20..=0x7E).map(|octet| Layout::Us.stroke(octet).unwrap()).collect();
        strokes.sort_unstable();
        strokes.dedup();
        assert_eq!(strokes.len(), 95);
    }
}
