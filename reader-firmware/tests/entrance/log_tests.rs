//! What the main loop leaves in the log.

use credential::object::OutputFormat;
use credential::report::{Entry, Event};
use rand::SeedableRng;
use rand::rngs::StdRng;
use reader_firmware::log::{EventLog, RingLog};

use crate::board::{Board, Panel, door_logging, phone};
use crate::field::{Field, PlainFrontEnd};
use crate::world::World;

/// Entries of the log, as words.
fn entries(log: &impl EventLog) -> Vec<&'static str> {
    let mut octets = vec![0; 4_096];
    let copied = log.read(log.oldest(), &mut octets);
    let mut rest = &octets[..copied.octets];
    let mut words = Vec::new();
    while !rest.is_empty() {
        let (entry, behind) = Entry::decode(rest).unwrap();
        words.push(match entry.event {
            Event::Started { .. } => "started",
            Event::TimeTaken { .. } => "time",
            Event::Tamper { open: true } => "opened",
            Event::Tamper { open: false } => "closed",
            Event::GrantedFull(_) => "granted, full",
            Event::GrantedFast { .. } => "granted, fast",
            _ => "other",
        });
        rest = behind;
    }
    words
}

#[test]
fn taps_and_a_housing_that_was_opened_are_in_the_log() {
    let mut world = World::new(1);
    let log = RingLog::<4_096>::new(&mut StdRng::seed_from_u64(9));
    let (field, door) = (Field::default(), door_logging(&mut world, OutputFormat::Text, log));
    let mut board = Board::of(door, PlainFrontEnd::new(&field), Panel::default());
    field.put(phone(&mut world, "4711"));
    board.run_ms(1_000);
    let cards = field.take();
    *board.lid.0.borrow_mut() = true;
    board.run_ms(1_000);
    *board.lid.0.borrow_mut() = false;
    cards.into_iter().for_each(|card| field.put(card));
    board.run_ms(1_000);
    let words = entries(board.entrance.door_mut().log());
    assert_eq!(words, ["started", "time", "granted, full", "opened", "closed", "granted, fast"]);
}
