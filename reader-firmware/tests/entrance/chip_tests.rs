//! The driver of the PN532 against the chip's model.

use credential::object::OutputFormat;
use pn532::Interface;
use pn532::i2c::I2CInterface;
use pn532::spi::SPIInterface;
use reader_firmware::indicator::Status;
use reader_firmware::micros::Micros;
use reader_firmware::nfc::Pn532FrontEnd;
use reader_firmware::port::{NfcEvent, NfcFrontEnd};

use crate::board::{Board, Panel, Seen, phone};
use crate::chip::Chip;
use crate::field::{Faults, Field};
use crate::phone::InField;
use crate::world::World;

/// The board's clock is the chip's, too.
struct Clocked<I: Interface> {
    front_end: Pn532FrontEnd<I>,
    chip: Chip,
}

impl<I: Interface> NfcFrontEnd for Clocked<I> {
    fn limits(&self) -> credential::iso7816::FrontEnd {
        self.front_end.limits()
    }

    fn look(&mut self, now: Micros) {
        self.front_end.look(now);
    }

    fn transmit(&mut self, card: u8, apdu: &[u8], now: Micros) {
        self.front_end.transmit(card, apdu, now);
    }

    fn release(&mut self, now: Micros) {
        self.front_end.release(now);
    }

    fn restart(&mut self, now: Micros) {
        self.front_end.restart(now);
    }

    fn poll(&mut self, now: Micros, response: &mut [u8]) -> Option<NfcEvent> {
        self.chip.set_now(now);
        self.front_end.poll(now, response)
    }

    fn poll_at(&self) -> Option<Micros> {
        self.front_end.poll_at()
    }
}

type Tried<I> = (Board<Clocked<I>, Panel>, Field, Panel, Chip);

fn board<I: Interface>(world: &mut World, link: impl Fn(Chip) -> I) -> Tried<I> {
    let (field, panel) = (Field::default(), Panel::default());
    let chip = Chip::new(&field);
    let front_end = Clocked { front_end: Pn532FrontEnd::new(link(chip.clone())), chip: chip.clone() };
    (Board::new(world, OutputFormat::Text, front_end, panel.clone()), field, panel, chip)
}

fn over_i2c(world: &mut World) -> Tried<I2CInterface<Chip>> {
    board(world, |i2c| I2CInterface { i2c })
}

#[test]
fn a_phone_is_tapped_through_the_chip_over_i2c() {
    let mut world = World::new(1);
    let (mut board, field, panel, chip) = over_i2c(&mut world);
    field.put(phone(&mut world, "4711"));
    board.run_ms(3_000);
    assert_eq!(panel.0.borrow().read, ["4711"]);
    assert!(board.seen.ends_with(&[Seen::Finished]));
    assert!(chip.0.borrow().longest_apdu <= 252);
}

#[test]
fn a_phone_is_tapped_through_the_chip_over_spi() {
    let mut world = World::new(1);
    let (mut board, field, panel, _) = board(&mut world, |spi| SPIInterface { spi });
    field.put(phone(&mut world, "4711"));
    board.run_ms(3_000);
    assert_eq!(panel.0.borrow().read, ["4711"]);
}

#[test]
fn a_list_of_two_kilobytes_comes_through_frames_of_252_octets() {
    let mut world = World::new(1);
    let (mut board, field, _, chip) = over_i2c(&mut world);
    let serials: Vec<_> = (1..=900).map(|serial| credential::id::Serial(serial * 300)).collect();
    let list = world.revocation_list(3, &serials, &[]);
    assert!(list.len() > 1_000);
    let InField::Phone(mut phone) = phone(&mut world, "4711") else { unreachable!() };
    phone.wallet.list = Some((3, list));
    field.put(InField::Phone(phone));
    assert!(board.run_until(3_000, |seen| seen.contains(&Seen::Finished)));
    assert_eq!(board.entrance.door_mut().list_version(), 3);
    assert!(chip.0.borrow().longest_apdu <= 252);
}

#[test]
fn two_phones_are_served_through_the_chip() {
    let mut world = World::new(1);
    let (mut board, field, panel, _) = over_i2c(&mut world);
    field.put(phone(&mut world, "1"));
    field.put(phone(&mut world, "2"));
    board.run_ms(3_000);
    assert_eq!(panel.0.borrow().read, ["1", "2"]);
}

#[test]
fn a_chip_that_dies_is_shown_and_one_that_comes_back_is_set_up_anew() {
    let mut world = World::new(1);
    let (mut board, field, panel, chip) = over_i2c(&mut world);
    board.run_ms(1_000);
    chip.0.borrow_mut().dead = true;
    board.run_ms(2_000);
    assert_eq!(board.status(), Status::Error);
    chip.0.borrow_mut().dead = false;
    board.run_ms(2_000);
    assert_eq!(board.status(), Status::Idle);
    assert_eq!(board.seen, [Seen::FrontEnd(false), Seen::FrontEnd(true)]);
    field.put(phone(&mut world, "4711"));
    board.run_ms(1_000);
    assert_eq!(panel.0.borrow().read, ["4711"]);
}

#[test]
fn a_phone_is_served_in_the_end_however_bad_the_chip() {
    let mut world = World::new(1);
    let (mut board, field, panel, _) = over_i2c(&mut world);
    field.0.borrow_mut().faults = Some(Faults::new(5, 100));
    for visit in 1..=20 {
        field.put(phone(&mut world, "4711"));
        assert!(board.run_until(60_000, |seen| seen.contains(&Seen::Finished)), "visit {visit}");
        assert!(panel.0.borrow().read.len() >= visit);
        field.take();
        board.run_ms(5_000);
        board.seen.clear();
    }
}

/// What goes over I2C from the start to SELECT, to the octet.
#[test]
fn the_first_frames_are_those_of_the_manual() {
    let field = Field::default();
    let chip = Chip::new(&field);
    chip.0.borrow_mut().asleep = 0;
    field.put(InField::Stranger);
    let mut front_end = Pn532FrontEnd::new(I2CInterface { i2c: chip.clone() });
    let mut response = [0; 258];
    let mut wait = |front_end: &mut Pn532FrontEnd<_>| loop {
        let at = front_end.poll_at().unwrap();
        if let Some(event) = front_end.poll(at, &mut response) {
            return event;
        }
    };
    front_end.look(Micros::START);
    assert_eq!(wait(&mut front_end), NfcEvent::Cards(1));
    let select = b"\x00\xA4\x04\x00\x09\xF0OSTIARY\x01\x00";
    front_end.transmit(0, select, Micros::from_ms(10));
    assert_eq!(wait(&mut front_end), NfcEvent::Response(2));
    let ack = "< 00 00 FF 00 FF 00";
    let exact = [
        "> 00 00 FF 05 FB D4 14 01 00 01 16 00",
        ack,
        "< 00 00 FF 02 FE D5 15 16 00",
        "> 00 00 FF 06 FA D4 32 05 00 00 01 F4 00",
        ack,
        "< 00 00 FF 02 FE D5 33 F8 00",
        "> 00 00 FF 04 FC D4 4A 02 00 E0 00",
        ack,
        "< 00 00 FF 11 EF D5 4B 01 01 00 04 20 04 08 01 02 01 05 78 80 70 02 3B 00",
        "> 00 00 FF 12 EE D4 40 01 00 A4 04 00 09 F0 4F 53 54 49 41 52 59 01 00 1E 00",
        ack,
        "< 00 00 FF 05 FB D5 41 00 6A 82 FE 00",
    ];
    assert_eq!(chip.0.borrow().transcript, exact);
}
