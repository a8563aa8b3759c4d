#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::cell::RefCell;
use std::rc::Rc;
use std::vec;
use std::vec::Vec;

use credential::crypto::{RustCrypto, Signer, SoftwareSigner};
use embassy_boot::{BootLoader, BootLoaderConfig};
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

use super::*;
use crate::storage::model::{ModelFlash, PAGE, PowerLost, Torn};

const ACTIVE: usize = 4;
const PAGES: usize = 2 * ACTIVE + 2;

/// Pages of a flash that others have parts of, too.
#[derive(Clone)]
struct Part {
    flash: Rc<RefCell<ModelFlash>>,
    first: usize,
    pages: usize,
}

impl ErrorType for Part {
    type Error = PowerLost;
}

impl ReadNorFlash for Part {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), PowerLost> {
        self.flash.borrow_mut().read(self.place(offset), octets)
    }

    fn capacity(&self) -> usize {
        self.pages * PAGE
    }
}

impl NorFlash for Part {
    const WRITE_SIZE: usize = ModelFlash::WRITE_SIZE;
    const ERASE_SIZE: usize = PAGE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), PowerLost> {
        self.flash.borrow_mut().erase(self.place(from), self.place(to))
    }

    fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), PowerLost> {
        self.flash.borrow_mut().write(self.place(offset), octets)
    }
}

impl Part {
    fn place(&self, offset: u32) -> u32 {
        (self.first * PAGE) as u32 + offset
    }
}

/// A board with a boot loader; what runs is what is in the first pages.
struct Machine {
    flash: Rc<RefCell<ModelFlash>>,
    slot: BootSlot<Part, Part>,
    key: Point,
    version: u32,
}

impl Firmware for Machine {
    fn board(&self) -> BoardName {
        BoardName::new("model").unwrap()
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn key(&self) -> Point {
        self.key
    }

    fn capacity(&self) -> u32 {
        self.slot.capacity()
    }

    fn write(&mut self, at: u32, octets: &[u8]) -> Result<(), SlotError> {
        self.slot.write(at, octets)
    }

    fn read(&mut self, at: u32, octets: &mut [u8]) -> Result<(), SlotError> {
        self.slot.read(at, octets)
    }

    fn mark(&mut self) -> Result<(), SlotError> {
        self.slot.mark()
    }

    fn is_on_trial(&mut self) -> Result<bool, SlotError> {
        self.slot.is_on_trial()
    }

    fn confirm(&mut self) -> Result<(), SlotError> {
        self.slot.confirm()
    }

    fn restart(&mut self) {}
}

impl Machine {
    fn of(flash: ModelFlash, key: Point) -> Self {
        let flash = Rc::new(RefCell::new(flash));
        let part = |first, pages| Part { flash: Rc::clone(&flash), first, pages };
        let slot = BootSlot::new(part(ACTIVE, ACTIVE + 1), part(PAGES - 1, 1));
        Self { flash: Rc::clone(&flash), slot, key, version: 1 }
    }

    /// Runs `old`, which was put there at the factory.
    fn new(old: &[u8], key: Point) -> Self {
        let machine = Self::of(ModelFlash::new(PAGES), key);
        machine.part(0, ACTIVE).write(0, old).unwrap();
        machine
    }

    fn part(&self, first: usize, pages: usize) -> Part {
        Part { flash: Rc::clone(&self.flash), first, pages }
    }

    /// The boot loader.
    fn boot(&self) -> Result<(), ()> {
        let (active, dfu) = (self.part(0, ACTIVE), self.part(ACTIVE, ACTIVE + 1));
        let config = BootLoaderConfig { active, dfu, state: self.part(PAGES - 1, 1) };
        BootLoader::new(config).prepare_boot(&mut [0; PAGE]).map(|_| ()).map_err(|_| ())
    }

    fn runs(&self, image: &[u8]) -> bool {
        let mut there = vec![0; image.len()];
        self.part(0, ACTIVE).read(0, &mut there).unwrap();
        there == image
    }

    /// Takes an image from the line, up to where the next start tries it.
    fn take(&mut self, image: &Image) -> Result<(), UpdateError> {
        let mut receiving = Receiving::begin(&RustCrypto, self, 1, &image.header)?;
        for (at, piece) in (0..).step_by(1_000).zip(image.octets.chunks(1_000)) {
            receiving.piece(self, at, piece)?;
        }
        receiving.finish(self)
    }

    /// The same machine with its power back.
    fn back(&self) -> Self {
        Self::of(self.flash.borrow().clone().back(), self.key)
    }
}

struct Image {
    header: [u8; FirmwareHeader::OCTETS],
    octets: Vec<u8>,
}

fn signer() -> SoftwareSigner {
    SoftwareSigner::generate(&mut StdRng::seed_from_u64(5)).unwrap().0
}

fn pattern(seed: u8, octets: usize) -> Vec<u8> {
    (0..octets).map(|at| (at / 7 + at / 512) as u8 ^ seed).collect()
}

fn image(signer: &SoftwareSigner, change: impl FnOnce(&mut FirmwareHeader)) -> Image {
    let octets = pattern(0x33, 2 * PAGE + 102);
    let mut header = FirmwareHeader {
        board: BoardName::new("model").unwrap(),
        version: 2,
        octets: octets.len() as u32,
        digest: Sha256::digest(&octets).into(),
    };
    change(&mut header);
    Image { header: header.issue(signer).unwrap(), octets }
}

fn machine(signer: &SoftwareSigner) -> (Machine, Vec<u8>) {
    let old = pattern(0xC5, ACTIVE * PAGE);
    (Machine::new(&old, signer.public_key()), old)
}

#[test]
fn a_header_is_read_as_it_was_written_and_no_shorter_one_is() {
    let signer = signer();
    let Image { header, .. } = image(&signer, |_| ());
    let read = FirmwareHeader::verify(&RustCrypto, &header, &signer.public_key()).unwrap();
    assert_eq!((read.version, read.board.as_str()), (2, "model"));
    for end in 0..header.len() {
        assert_eq!(FirmwareHeader::decode(&header[..end]), None, "{end} octets");
    }
    for octet in 0..header.len() {
        let mut altered = header;
        altered[octet] ^= 1;
        assert!(
            FirmwareHeader::verify(&RustCrypto, &altered, &signer.public_key()).is_err(),
            "octet {octet}"
        );
    }
}

#[test]
fn a_newer_image_is_tried_and_stays_once_it_is_confirmed() {
    let signer = signer();
    let ((mut machine, old), new) = (machine(&signer), image(&signer, |_| ()));
    machine.take(&new).unwrap();
    assert!(machine.runs(&old), "not before the next start");
    machine.boot().unwrap();
    assert!(machine.runs(&new.octets) && machine.is_on_trial().unwrap());
    assert_eq!(machine.take(&image(&signer, |header| header.version = 3)), Err(SlotError::OnTrial.into()));
    machine.confirm().unwrap();
    for _ in 0..3 {
        machine.boot().unwrap();
        assert!(machine.runs(&new.octets) && !machine.is_on_trial().unwrap());
    }
}

#[test]
fn an_image_that_is_not_confirmed_is_taken_back_at_the_next_start() {
    let signer = signer();
    let ((mut machine, old), new) = (machine(&signer), image(&signer, |_| ()));
    machine.take(&new).unwrap();
    machine.boot().unwrap();
    assert!(machine.runs(&new.octets));
    for _ in 0..3 {
        machine.boot().unwrap();
        assert!(machine.runs(&old) && !machine.is_on_trial().unwrap());
    }
    machine.take(&new).unwrap();
    machine.boot().unwrap();
    assert!(machine.runs(&new.octets), "it may be tried again");
}

#[test]
fn what_is_not_for_this_board_or_not_newer_is_refused_before_anything_is_written() {
    let (signer, other) = (signer(), SoftwareSigner::generate(&mut StdRng::seed_from_u64(6)).unwrap().0);
    let (mut machine, _) = machine(&signer);
    let mut refuse = |image: Image, why| {
        assert_eq!(machine.take(&image), Err(why));
        assert_eq!(machine.flash.borrow().operations, 1, "what the factory wrote");
    };
    refuse(image(&other, |_| ()), UpdateError::Signature);
    refuse(image(&signer, |header| header.board = BoardName::new("modem").unwrap()), UpdateError::OtherBoard);
    refuse(image(&signer, |header| header.version = 1), UpdateError::NotNewer);
    refuse(image(&signer, |header| header.octets = 0), UpdateError::TooLong);
    refuse(image(&signer, |header| header.octets = (ACTIVE * PAGE) as u32 + 1), UpdateError::TooLong);
    let newest = Receiving::begin(&RustCrypto, &mut machine, 2, &image(&signer, |_| ()).header);
    assert_eq!(newest.err(), Some(UpdateError::NotNewer), "a newer one was confirmed once");
}

#[test]
fn pieces_out_of_order_and_an_image_that_was_not_signed_are_never_tried() {
    let signer = signer();
    let ((mut machine, old), new) = (machine(&signer), image(&signer, |_| ()));
    let mut receiving = Receiving::begin(&RustCrypto, &mut machine, 1, &new.header).unwrap();
    receiving.piece(&mut machine, 0, &new.octets[..1_000]).unwrap();
    for (at, piece) in [(0, &new.octets[..4]), (2_000, &new.octets[..4]), (1_000, &[0; 12_000]), (1_000, &[])]
    {
        assert_eq!(receiving.piece(&mut machine, at, piece), Err(UpdateError::OutOfPlace));
    }
    assert_eq!(receiving.finish(&mut machine), Err(UpdateError::OutOfPlace), "a part of it");
    let mut altered = image(&signer, |_| ());
    altered.octets[5_000] ^= 1;
    assert_eq!(machine.take(&altered), Err(UpdateError::Different));
    machine.boot().unwrap();
    assert!(machine.runs(&old));
}

/// A whole update, as far as the power lasts: taken, tried, confirmed.
fn update(machine: &mut Machine, new: &Image) -> bool {
    machine.take(new).is_ok()
        && machine.boot().is_ok()
        && machine.runs_quietly(&new.octets)
        && machine.confirm().is_ok()
}

impl Machine {
    /// As [`Machine::runs`], on a machine whose power may be gone.
    fn runs_quietly(&self, image: &[u8]) -> bool {
        !self.flash.borrow().is_dark() && self.runs(image)
    }
}

#[test]
fn a_power_cut_in_any_write_of_an_update_leaves_a_firmware_that_starts() {
    let signer = signer();
    let ((mut machine, old), new) = (machine(&signer), image(&signer, |_| ()));
    let before = machine.flash.borrow().clone();
    assert!(update(&mut machine, &new));
    let operations = machine.flash.borrow().operations - before.operations;
    let (mut olds, mut news, mut again) = (0, 0, 0);
    for torn in Torn::EVERY {
        for after in 0..operations {
            let mut flash = before.clone();
            flash.cut_power(after, torn);
            let mut dying = Machine::of(flash, signer.public_key());
            assert!(!update(&mut dying, &new), "operation {after}, {torn:?}");
            // The power is lost once more while the boot loader mends that, and then it stays.
            for second in [None, Some(0), Some(1), Some(4), Some(9)] {
                let mut machine = dying.back();
                if let Some(second) = second {
                    machine.flash.borrow_mut().cut_power(second, Torn::HalfAndBits);
                    if machine.boot().is_err() {
                        again += 1;
                    }
                    machine = machine.back();
                }
                machine.boot().unwrap();
                let place = || std::format!("operation {after}, {torn:?}, then {second:?}");
                let (is_old, is_new) = (machine.runs(&old), machine.runs(&new.octets));
                assert!(is_old || is_new, "nothing that starts: {}", place());
                (olds, news) = (olds + u32::from(is_old), news + u32::from(is_new));
                // What is on trial and is not confirmed goes; what is confirmed or was there before stays.
                let trial = machine.is_on_trial().unwrap();
                machine.boot().unwrap();
                assert!(if trial { machine.runs(&old) } else { machine.runs(&old) == is_old }, "{}", place());
                if machine.runs(&old) {
                    assert!(update(&mut machine, &new), "it can be tried again: {}", place());
                    assert!(machine.runs(&new.octets));
                }
            }
        }
    }
    std::println!("{operations} operations cut, {again} cut twice: {olds} old, {news} new");
    assert!(operations > 60 && olds > 100 && news > 100 && again > 100);
}
