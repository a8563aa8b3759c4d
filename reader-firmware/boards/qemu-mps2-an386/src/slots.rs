//! The two slots of the firmware, and which version is in the one that runs.

use cortex_m::peripheral::SCB;
use credential::crypto::Point;
use reader_firmware::update::{BoardName, BootSlot, Firmware, SlotError, VERSION_AT};

use crate::flash::FileFlash;

/// Whose images this firmware takes, in hexadecimal.
const KEY: &str = env!("OSTIARY_FIRMWARE_KEY");
const KEY_OCTETS: [u8; 33] = octets(KEY);

const NAME: BoardName = match BoardName::new("qemu-mps2-an386") {
    Some(name) => name,
    None => unreachable!(),
};

/// The firmware that runs, and the slot for another one.
pub(crate) struct Slots(BootSlot<FileFlash, FileFlash>);

impl Slots {
    pub(crate) const fn new() -> Self {
        Self(BootSlot::new(FileFlash::part(FileFlash::SLOT), FileFlash::part(FileFlash::STATE)))
    }
}

impl Firmware for Slots {
    fn board(&self) -> BoardName {
        NAME
    }

    fn version(&self) -> u32 {
        // SAFETY: a word of this firmware's own vector table.
        unsafe { core::ptr::read_volatile((FileFlash::FIRMWARE as usize + VERSION_AT) as *const u32) }
    }

    fn key(&self) -> Point {
        Point(KEY_OCTETS)
    }

    fn capacity(&self) -> u32 {
        self.0.capacity()
    }

    fn write(&mut self, at: u32, octets: &[u8]) -> Result<(), SlotError> {
        self.0.write(at, octets)
    }

    fn read(&mut self, at: u32, octets: &mut [u8]) -> Result<(), SlotError> {
        self.0.read(at, octets)
    }

    fn mark(&mut self) -> Result<(), SlotError> {
        self.0.mark()
    }

    fn is_on_trial(&mut self) -> Result<bool, SlotError> {
        self.0.is_on_trial()
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.0.confirm()
    }

    fn restart(&mut self) {
        SCB::sys_reset()
    }
}

/// A key that is none stops the build.
const fn octets(hex: &str) -> [u8; 33] {
    let (mut octets, mut digits, mut at) = ([0; 33], hex.as_bytes(), 0);
    assert!(digits.len() == 66, "OSTIARY_FIRMWARE_KEY is 33 octets in hexadecimal");
    while let [high, low, rest @ ..] = digits {
        let (places, digit) = (octets.as_mut_slice(), value(*high) << 4 | value(*low));
        if let Some((_, from)) = places.split_at_mut_checked(at)
            && let Some((place, _)) = from.split_first_mut()
        {
            *place = digit;
        }
        (digits, at) = (rest, at + 1);
    }
    octets
}

const fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => unreachable!(),
    }
}
