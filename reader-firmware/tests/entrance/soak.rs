//! Many taps with faults at random: no hang, no wrong grant.
//!
//! `OSTIARY_SOAK` is how many visits; the stage `soak` of `tests/run` has more of them.

use std::collections::HashMap;

use credential::object::OutputFormat;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reader_firmware::port::Taken;

use crate::board::{Board, Panel, Seen, phone};
use crate::field::{Faults, Field, PlainFrontEnd};
use crate::phone::{InField, Phone};
use crate::world::World;

const PEOPLE: usize = 12;

/// Visitors whose credential is another project's, or on the list: never to be granted.
const STRANGERS: [&str; 2] = ["foreign", "revoked"];

fn visits() -> usize {
    std::env::var("OSTIARY_SOAK").ok().map_or(600, |visits| visits.parse().unwrap())
}

/// Everybody who comes to the door.
fn people(world: &mut World) -> (Vec<InField>, Vec<u8>) {
    let mut people: Vec<InField> =
        (0..PEOPLE).map(|person| phone(world, &format!("user {person}"))).collect();
    people.push(phone(&mut World::new(2), "foreign"));
    let (wallet, serial) = world.phone("revoked");
    people.push(InField::Phone(Box::new(Phone::new("revoked", wallet))));
    people.push(InField::Stranger);
    (people, world.revocation_list(1, &[serial], &[]))
}

fn name(card: &InField) -> String {
    match card {
        InField::Phone(phone) => phone.user_id.clone(),
        InField::Stranger => "stranger".to_owned(),
    }
}

#[test]
fn no_fault_makes_a_door_hang_or_let_in_somebody_who_is_not_there() {
    let seed = std::env::var("OSTIARY_SEED").ok().map_or(7, |seed| seed.parse().unwrap());
    println!("OSTIARY_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut world = World::new(1);
    let (field, panel) = (Field::default(), Panel::default());
    let front_end = PlainFrontEnd::new(&field);
    let mut board = Board::new(&mut world, OutputFormat::Text, front_end, panel.clone());
    let (mut people, list) = people(&mut world);
    board.entrance.door_mut().take_revocation_list(&list, credential::time::Instant(0)).unwrap();
    let mut told: HashMap<&str, usize> = HashMap::new();
    for _ in 0..visits() {
        // The power of a fault changes from visit to visit; a third have none.
        let per_mille = [0, 30, 150][rng.random_range(0..3)];
        field.0.borrow_mut().faults = (per_mille > 0).then(|| Faults::new(rng.random(), per_mille));
        if rng.random_range(0..10) == 0 {
            let taken = [Taken::Refused, Taken::NotTaken, Taken::Opened][rng.random_range(0..3)];
            panel.0.borrow_mut().answers.push_back(taken);
        }
        let mut present = Vec::new();
        for _ in 0..=usize::from(rng.random_range(0..4) == 0) {
            let card = people.swap_remove(rng.random_range(0..people.len()));
            present.push(name(&card));
            field.put(card);
        }
        // Some leave in the middle.
        board.run_ms(rng.random_range(1..1_200));
        people.extend(field.take());
        board.run_ms(600 + rng.random_range(0..600));
        for granted in board.granted() {
            assert!(present.iter().any(|name| name == granted), "{granted} is not at the door");
            assert!(!STRANGERS.contains(&granted));
        }
        let (read, granted) = (panel.0.borrow().read.len(), board.granted().len());
        assert_eq!(read, granted, "what the panel got is what the door decided");
        // Somebody who was not told is tapped again.
        let cut_off = board.seen.iter().any(|seen| matches!(seen, Seen::Failed | Seen::FrontEnd(false)));
        assert!(present.len() >= granted || cut_off || per_mille > 0);
        for (what, count) in [("grants", granted), ("visits", 1)] {
            *told.entry(what).or_default() += count;
        }
        for seen in board.seen.drain(..) {
            let what = match seen {
                Seen::Failed => "failed taps",
                Seen::FrontEnd(false) => "chip failures",
                Seen::Denied => "denials",
                _ => continue,
            };
            *told.entry(what).or_default() += 1;
        }
        panel.0.borrow_mut().read.clear();
        panel.0.borrow_mut().answers.clear();
    }
    println!("{told:?}");
    assert!(told["grants"] > visits() / 2);
    // It still opens for somebody, and at once.
    field.0.borrow_mut().faults = None;
    board.run_ms(11_000);
    field.put(people.into_iter().find(|card| name(card).starts_with("user")).unwrap());
    assert!(board.run_until(1_000, |seen| seen.contains(&Seen::Finished)));
    assert_eq!(board.granted().len(), 1);
}
