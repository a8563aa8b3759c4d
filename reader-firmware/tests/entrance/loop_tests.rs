//! What the main loop does with cards, panels and lids.

use std::cell::RefCell;
use std::rc::Rc;

use credential::object::{IdBase, OutputFormat, Parity, Wiegand};
use reader_firmware::controller::{Admission, AllowList, StandAlone, Timing, WiegandLink};
use reader_firmware::indicator::{Light, LightPattern, Status};
use reader_firmware::micros::Micros;
use reader_firmware::port::{ControllerEvent, Relay, Taken};

use crate::board::{Board, Panel, Seen, phone};
use crate::field::{Field, PlainFrontEnd};
use crate::phone::InField;
use crate::world::World;

const W26: OutputFormat = OutputFormat::Wiegand(Wiegand {
    base: IdBase::Decimal,
    bits: 26,
    facility_bits: 8,
    facility: 17,
    parity: Parity::EvenOdd,
});

fn text_board(world: &mut World) -> (Board<PlainFrontEnd, Panel>, Field, Panel) {
    let (field, panel) = (Field::default(), Panel::default());
    let board = Board::new(world, OutputFormat::Text, PlainFrontEnd::new(&field), panel.clone());
    (board, field, panel)
}

fn finished(seen: &[Seen]) -> bool {
    seen.contains(&Seen::Finished)
}

#[test]
fn a_tap_is_granted_once_however_long_the_phone_stays() {
    let mut world = World::new(1);
    let (mut board, field, panel) = text_board(&mut world);
    board.run_ms(1_000);
    field.put(phone(&mut world, "4711"));
    board.run_ms(5_000);
    assert_eq!(panel.0.borrow().read, ["4711"]);
    assert_eq!(board.seen, [Seen::PutOut(Taken::HandedOver), Seen::Granted("4711".into()), Seen::Finished]);
    let cards = field.take();
    board.run_ms(1_000);
    cards.into_iter().for_each(|card| field.put(card));
    board.run_ms(1_000);
    assert_eq!(panel.0.borrow().read, ["4711", "4711"]);
}

#[test]
fn the_field_is_looked_into_more_often_after_a_card_was_seen() {
    let mut world = World::new(1);
    let (mut board, field, _) = text_board(&mut world);
    let looks = |board: &mut Board<PlainFrontEnd, Panel>, ms| {
        field.0.borrow_mut().looks.clear();
        board.run_ms(ms);
        field.0.borrow().looks.len()
    };
    let idle = looks(&mut board, 2_000);
    field.put(phone(&mut world, "4711"));
    board.run_ms(500);
    field.take();
    let busy = looks(&mut board, 2_000);
    board.run_ms(10_000);
    assert_eq!((idle, looks(&mut board, 2_000)), (10, 10));
    assert!(busy > 40, "{busy} looks in two seconds");
}

#[test]
fn a_phone_that_is_torn_away_at_any_exchange_is_tapped_again_when_it_comes_back() {
    // SELECT, HELLO, CONFIRM and OUTCOME.
    for torn_in in 0..4 {
        let mut world = World::new(1);
        let (mut board, field, panel) = text_board(&mut world);
        field.put(phone(&mut world, "4711"));
        field.0.borrow_mut().torn_in = Some(torn_in);
        board.run_ms(700);
        field.0.borrow_mut().torn_in = None;
        field.take();
        board.run_ms(700);
        let before = panel.0.borrow().read.len();
        // Nobody is told twice, and before OUTCOME somebody has been told.
        assert_eq!((before, board.seen.contains(&Seen::Finished)), (usize::from(torn_in == 3), false));
        field.put(phone(&mut world, "4711"));
        assert!(board.run_until(1_000, |seen| seen.last() == Some(&Seen::Finished)), "torn in {torn_in}");
        assert_eq!(panel.0.borrow().read.len(), before + 1);
    }
}

#[test]
fn two_phones_in_the_field_are_served_one_after_the_other() {
    let mut world = World::new(1);
    let (mut board, field, panel) = text_board(&mut world);
    field.put(phone(&mut world, "1"));
    field.put(phone(&mut world, "2"));
    board.run_ms(3_000);
    assert_eq!(panel.0.borrow().read, ["1", "2"]);
}

#[test]
fn a_card_without_our_application_does_not_keep_a_phone_from_being_served() {
    let mut world = World::new(1);
    let (mut board, field, panel) = text_board(&mut world);
    field.put(InField::Stranger);
    field.put(phone(&mut world, "2"));
    board.run_ms(3_000);
    assert_eq!(panel.0.borrow().read, ["2"]);
    assert_eq!(board.seen.iter().filter(|seen| **seen == Seen::NoApplication).count(), 1);
}

#[test]
fn the_phone_is_told_no_when_the_panel_cannot_be_reached() {
    let mut world = World::new(1);
    let (mut board, field, panel) = text_board(&mut world);
    panel.0.borrow_mut().events.push_back(ControllerEvent::Offline);
    board.run_ms(300);
    assert_eq!(board.status(), Status::Offline);
    field.put(phone(&mut world, "4711"));
    board.run_ms(1_000);
    assert!(board.seen.contains(&Seen::PutOut(Taken::NotTaken)) && finished(&board.seen));
    assert!(panel.0.borrow().read.is_empty());
    let cards = field.take();
    // A refused tap leaves no tickets.
    assert!(
        cards.iter().all(|card| matches!(card, InField::Phone(phone) if phone.wallet.tickets_held() == 0))
    );
    panel.0.borrow_mut().events.push_back(ControllerEvent::Online);
    board.run_ms(300);
    assert_eq!(board.status(), Status::Idle);
}

#[test]
fn a_reader_that_is_taken_off_the_wall_says_so_until_it_is_back() {
    let mut world = World::new(1);
    let (mut board, ..) = text_board(&mut world);
    *board.lid.0.borrow_mut() = true;
    board.run_ms(300);
    assert_eq!((board.status(), board.seen.clone()), (Status::Tamper, vec![Seen::Tamper(true)]));
    *board.lid.0.borrow_mut() = false;
    board.run_ms(300);
    assert_eq!((board.status(), board.seen.last()), (Status::Idle, Some(&Seen::Tamper(false))));
}

#[test]
fn the_panel_sets_the_lamp() {
    let mut world = World::new(1);
    let (mut board, _, panel) = text_board(&mut world);
    let red = ControllerEvent::Light(LightPattern::steady(Light::Red), None);
    panel.0.borrow_mut().events.push_back(red);
    board.run_ms(300);
    assert_eq!(board.lamp.0.borrow().last(), Some(&Light::Red));
}

#[derive(Clone, Default)]
struct Lock(Rc<RefCell<Vec<bool>>>);

impl Relay for Lock {
    fn set(&mut self, pulled: bool) {
        self.0.borrow_mut().push(pulled);
    }
}

#[test]
fn a_stand_alone_door_opens_for_those_on_its_list_and_tells_the_others() {
    let mut world = World::new(1);
    let (field, lock) = (Field::default(), Lock::default());
    let mut list = AllowList::<4>::new();
    assert!(list.allow(credential::id::UserId::new(b"1").unwrap()));
    let controller = StandAlone::new(lock.clone(), 2_000, Admission::Listed(list));
    let mut board = Board::new(&mut world, OutputFormat::Text, PlainFrontEnd::new(&field), controller);
    field.put(phone(&mut world, "2"));
    board.run_ms(1_000);
    assert!(board.seen.contains(&Seen::PutOut(Taken::Refused)));
    field.take();
    board.run_ms(1_000);
    field.put(phone(&mut world, "1"));
    board.run_ms(1_000);
    assert_eq!(*lock.0.borrow(), [false, true]);
    board.run_ms(2_000);
    assert_eq!(*lock.0.borrow(), [false, true, false]);
    assert!(board.lamp.0.borrow().contains(&Light::Green));
}

/// A wire that writes down its edges with the time of the board.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Vec<bool>>>);

impl embedded_hal::digital::ErrorType for Wire {
    type Error = core::convert::Infallible;
}

impl embedded_hal::digital::OutputPin for Wire {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.0.borrow_mut().push(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.0.borrow_mut().push(true);
        Ok(())
    }
}

#[test]
fn a_wiegand_frame_is_on_the_wire_before_the_phone_is_told() {
    let mut world = World::new(1);
    let (field, d0, d1) = (Field::default(), Wire::default(), Wire::default());
    let controller = WiegandLink::new(Timing::USUAL, d0.clone(), d1.clone());
    let mut board = Board::new(&mut world, W26, PlainFrontEnd::new(&field), controller);
    field.put(phone(&mut world, "4711"));
    assert!(board.run_until(1_000, |seen| !seen.is_empty()));
    let decided = (board.now, field.0.borrow().exchanges);
    assert!(board.run_until(1_000, finished));
    // 25 intervals of 2 ms and a pulse, during which nothing else was done.
    assert!(board.now.0 - decided.0.0 > 50_050);
    let falls = |wire: &Wire| wire.0.borrow().iter().filter(|high| !**high).count();
    let bits = board.granted()[0].to_owned();
    assert_eq!((falls(&d0), falls(&d1)), (bits.matches('0').count(), bits.matches('1').count()));
    // Only OUTCOME came after the decision.
    assert_eq!(field.0.borrow().exchanges, decided.1 + 1);
}

#[test]
fn a_board_that_polls_when_it_is_told_to_seldom_polls() {
    let mut world = World::new(1);
    let (mut board, ..) = text_board(&mut world);
    board.run_ms(60_000);
    assert!(board.now >= Micros::from_ms(60_000));
    // 5 looks of two polls each and 10 glances at the lid a second, and the lamp.
    assert!(board.polls < 60 * 25, "{} polls in a minute", board.polls);
}

#[test]
fn a_refusal_that_a_phone_did_not_hear_of_is_not_told_to_the_next() {
    let mut world = World::new(1);
    let (mut board, field, panel) = text_board(&mut world);
    panel.0.borrow_mut().answers.push_back(Taken::Refused);
    field.put(phone(&mut world, "1"));
    field.0.borrow_mut().torn_in = Some(3);
    board.run_ms(1_000);
    assert!(board.seen.contains(&Seen::PutOut(Taken::Refused)) && !finished(&board.seen));
    field.put(phone(&mut world, "2"));
    board.run_ms(1_000);
    assert!(finished(&board.seen));
    let cards = field.take();
    assert!(
        cards.iter().all(|card| matches!(card, InField::Phone(phone) if phone.wallet.tickets_held() > 0))
    );
}
