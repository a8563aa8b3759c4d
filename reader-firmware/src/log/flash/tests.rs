#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::vec;
use std::vec::Vec;

use credential::id::Serial;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::storage::model::{ModelFlash, PAGE, Torn};

const PAGES: usize = 2;

fn open(flash: ModelFlash, seed: u64) -> FlashLog<ModelFlash> {
    let end = flash.erased.len() * PAGE;
    FlashLog::open(flash, 0..end as u32, &mut StdRng::seed_from_u64(seed)).unwrap()
}

fn again(log: &mut FlashLog<ModelFlash>) -> FlashLog<ModelFlash> {
    open(log.flash().clone().back(), 2)
}

/// An event that says which entry it is.
fn visit(number: u32) -> Event<'static> {
    Event::GrantedFast { serial: Serial(u64::from(number)) }
}

fn visits(log: &mut FlashLog<ModelFlash>, count: u32) {
    for _ in 0..count {
        let number = log.next();
        log.append(Some(UnixTime(number)), &visit(number));
    }
}

/// Numbers of all entries that are handed out, in as many reports as it takes.
fn numbers(log: &FlashLog<ModelFlash>) -> Vec<u32> {
    let (mut numbers, mut from) = (Vec::new(), log.oldest());
    loop {
        let mut out = vec![0; 300];
        let copied = log.read(from, &mut out);
        let mut rest = &out[..copied.octets];
        if rest.is_empty() {
            return numbers;
        }
        while !rest.is_empty() {
            let (entry, behind) = Entry::decode(rest).unwrap();
            assert_eq!(entry.event, visit(entry.sequence));
            numbers.push(entry.sequence);
            rest = behind;
        }
        assert_eq!(copied.next, numbers.last().unwrap() + 1);
        from = copied.next;
    }
}

#[test]
fn entries_and_numbers_outlive_the_power() {
    let mut log = open(ModelFlash::new(PAGES), 1);
    visits(&mut log, 20);
    log.acknowledge(7);
    let mut later = again(&mut log);
    assert_eq!((later.id(), later.oldest(), later.next()), (log.id(), 8, 21));
    assert_eq!(numbers(&later), (8..=20).collect::<Vec<_>>());
    later.acknowledge(u32::MAX);
    let mut empty = again(&mut later);
    assert!(empty.is_empty() && numbers(&empty).is_empty());
    visits(&mut empty, 1);
    assert_eq!(numbers(&empty), [21], "numbers go on where nothing is held");
}

#[test]
fn a_full_log_drops_its_oldest_and_never_a_number() {
    let mut log = open(ModelFlash::new(PAGES), 1);
    visits(&mut log, 3_000);
    let held = numbers(&log);
    assert_eq!(held, (log.oldest()..3_001).collect::<Vec<_>>());
    assert!(held.len() > 100, "{}", held.len());
    let later = again(&mut log);
    assert_eq!((later.oldest(), later.next(), numbers(&later)), (log.oldest(), 3_001, held));
}

#[test]
fn a_power_cut_at_every_write_and_erase_loses_no_entry_and_gives_no_number_twice() {
    let mut log = open(ModelFlash::new(PAGES), 1);
    // An id that no entry has been written under may be drawn again.
    visits(&mut log, 1);
    let mut cuts = 0;
    for round in 0..260 {
        let before = log.flash().clone();
        let held = numbers(&log);
        let acknowledges = round % 40 == 39;
        for torn in Torn::EVERY {
            for after in 0.. {
                let mut flash = before.clone();
                flash.cut_power(after, torn);
                let mut dying = open(flash, 3);
                let next = dying.next();
                if acknowledges {
                    dying.acknowledge(next - 5)
                } else {
                    visits(&mut dying, 1)
                }
                if !dying.flash().is_dark() {
                    break;
                }
                cuts += 1;
                let mut later = again(&mut dying);
                assert_eq!(later.id(), log.id(), "round {round}, operation {after}, {torn:?}");
                assert!(later.next() == next || later.next() == next + u32::from(!acknowledges));
                let kept = numbers(&later);
                assert!(kept.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{kept:?}");
                // A page may have been emptied for the new entry; nothing else may be gone.
                let lost = held.iter().filter(|number| !kept.contains(number)).count();
                let may_go = if acknowledges { held.len() } else { PAGE / 28 };
                assert!(lost <= may_go, "round {round}, operation {after}, {torn:?}: {lost} lost");
                visits(&mut later, 1);
                assert_eq!(numbers(&later).last(), Some(&(later.next() - 1)));
            }
        }
        if acknowledges { log.acknowledge(log.next() - 5) } else { visits(&mut log, 1) }
    }
    assert!(cuts > 1_000, "{cuts} power cuts");
}

#[test]
fn a_thousand_taps_erase_few_pages() {
    let mut log = open(ModelFlash::new(16), 1);
    // Warm: from here on every page that is written to was written to before.
    visits(&mut log, 5_000);
    let before = log.erases();
    visits(&mut log, 10_000);
    let fast = log.erases() - before;
    let before = log.erases();
    for _ in 0..1_000 {
        log.append(Some(UnixTime(1)), &Event::Unknown { kind: 99, body: &[7; Event::BODY_OCTETS_MAX] });
    }
    let full = log.erases() - before;
    std::println!("erases for 1,000 taps: {}.{} of fast ones, {full} of full ones", fast / 10, fast % 10);
    assert!(fast < 110 && full < 100);
}
