#![expect(clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

use super::model::{ModelFlash, PAGE, Torn};
use super::*;

const PAGES: usize = 4;
const ITEMS: [Item; 4] = [Item::Key, Item::Configuration, Item::RevocationList, Item::LastTime];

fn storage(flash: ModelFlash) -> Storage<ModelFlash> {
    let end = flash.erased.len() * PAGE;
    Storage::new(flash, 0..end as u32).unwrap()
}

fn contents(storage: &mut Storage<ModelFlash>) -> BTreeMap<u8, Vec<u8>> {
    let mut held = BTreeMap::new();
    for item in ITEMS {
        if let Some(octets) = storage.load(item).unwrap() {
            held.insert(item.name(), octets.to_vec());
        }
    }
    held
}

/// What a door stores in its life, in short: more than the flash has room for, so that pages are used again.
fn life() -> Vec<(Item, Vec<u8>)> {
    let mut life = vec![(Item::Key, vec![7; 32]), (Item::Configuration, vec![1; 470])];
    for day in 0..40_u8 {
        life.push((Item::LastTime, vec![day; 4]));
        if day % 2 == 0 {
            life.push((Item::RevocationList, vec![day; 300 + 40 * usize::from(day)]));
        }
        if day == 21 {
            life.push((Item::Configuration, vec![2; 510]));
        }
    }
    life.push((Item::RevocationList, vec![0xA5; MESSAGE_MAX]));
    life
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let mut kept = storage(ModelFlash::new(PAGES));
    let mut expected = BTreeMap::new();
    for (item, octets) in life() {
        kept.store(item, &octets).unwrap();
        expected.insert(item.name(), octets);
    }
    assert_eq!(contents(&mut kept), expected);
    assert_eq!(contents(&mut storage(kept.flash().clone())), expected);
    assert!(kept.erases() > 0, "the life is long enough for pages to be used again");
}

/// Cuts the power in this operation of a store: what is there with the power back, and the flash.
fn torn_store(
    before: &ModelFlash,
    (item, octets): (Item, &[u8]),
    after: u32,
    torn: Torn,
) -> Option<(BTreeMap<u8, Vec<u8>>, ModelFlash)> {
    let mut flash = before.clone();
    flash.cut_power(after, torn);
    let mut dying = storage(flash);
    let stored = dying.store(item, octets);
    if !dying.flash().is_dark() {
        stored.unwrap();
        return None;
    }
    assert_eq!(stored, Err(StorageError::Flash));
    let flash = dying.flash().clone().back();
    let mut again = storage(flash);
    let held = contents(&mut again);
    let flash = again.flash().clone();
    Some((held, flash))
}

#[test]
fn a_power_cut_at_every_write_and_erase_leaves_the_old_or_the_new() {
    let mut kept = storage(ModelFlash::new(PAGES));
    let mut cuts = 0;
    for (item, octets) in life() {
        let old = contents(&mut kept);
        let mut new = old.clone();
        new.insert(item.name(), octets.clone());
        let before = kept.flash().clone();
        for torn in Torn::EVERY {
            for after in 0.. {
                let Some((held, flash)) = torn_store(&before, (item, &octets), after, torn) else { break };
                cuts += 1;
                assert!(held == old || held == new, "{item:?}, operation {after}, {torn:?}");
                // The power is lost a second time, in whatever the flash does first.
                for again in 0..3 {
                    let Some((held, _)) = torn_store(&flash, (item, &octets), again, Torn::HalfAndBits)
                    else {
                        break;
                    };
                    cuts += 1;
                    assert!(
                        held == old || held == new,
                        "{item:?}, operation {after}, {torn:?}, then {again}"
                    );
                }
                let mut healed = storage(flash);
                healed.store(item, &octets).unwrap();
                assert_eq!(contents(&mut healed), new, "{item:?}, operation {after}, {torn:?}");
            }
        }
        kept.store(item, &octets).unwrap();
    }
    assert!(cuts > 1_000, "{cuts} power cuts");
}

#[test]
fn an_item_that_is_too_long_is_refused_and_the_old_one_kept() {
    let mut kept = storage(ModelFlash::new(PAGES));
    kept.store(Item::RevocationList, &[1; MESSAGE_MAX]).unwrap();
    assert_eq!(kept.store(Item::RevocationList, &[2; MESSAGE_MAX + 64]), Err(StorageError::TooLarge));
    assert_eq!(kept.load(Item::RevocationList), Ok(Some(&[1; MESSAGE_MAX][..])));
}

#[test]
fn less_than_two_pages_are_refused() {
    let refused = Storage::new(ModelFlash::new(PAGES), 0..PAGE as u32);
    assert_eq!(refused.err(), Some(StorageError::Range));
}

#[test]
fn a_year_of_times_and_lists_wears_a_page_by_less_than_a_hundred_erases() {
    // The time is kept every hour; a list of 900 serials comes every day. Flash endures 10,000 erases and more.
    let mut kept = storage(ModelFlash::new(16));
    kept.store(Item::Key, &[7; 32]).unwrap();
    kept.store(Item::Configuration, &[1; 470]).unwrap();
    for hour in 0..365 * 24_u32 {
        kept.store(Item::LastTime, &hour.to_be_bytes()).unwrap();
        if hour % 24 == 0 {
            kept.store(Item::RevocationList, &[(hour / 24) as u8; MESSAGE_MAX]).unwrap();
        }
    }
    let erased = kept.flash().erased.clone();
    let most = erased.iter().max().copied().unwrap();
    std::println!("a year: {} erases, {most} of the page that is erased most", erased.iter().sum::<u32>());
    assert!(most < 100, "{erased:?}");
}
