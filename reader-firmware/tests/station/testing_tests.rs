//! What a station finds out about itself, and what becomes of one that hangs.

use reader_firmware::serial::{Check, Command, SelfTest};

use crate::host::{Host, Said, phone};
use crate::model::Torn;
use crate::world::World;

fn found(host: &mut Host) -> SelfTest {
    match host.tell(Command::SelfTest).as_slice() {
        [Said::SelfTest(found), Said::Done] => *found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_door_that_knows_the_time_is_sound_in_every_respect_and_stays_what_it_was() {
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    for _ in 0..40 {
        host.tap(&mut card);
    }
    let before = host.status();
    assert!(found(&mut host).checks().iter().all(|(_, check)| *check == Check::Passed));
    let after = host.status();
    assert_eq!((after.state, after.log, after.time), (before.state, before.log, before.time));
    assert!(host.tap(&mut card).contains(&Said::Granted("4711".into())));
}

#[test]
fn what_is_not_there_yet_is_not_broken() {
    let found = found(&mut Host::new());
    assert!(found.is_sound());
    assert_eq!((found.clock, found.log, found.configuration), (Check::Absent, Check::Absent, Check::Absent));
    assert_eq!((found.flash, found.random, found.curve), (Check::Passed, Check::Passed, Check::Passed));
}

#[test]
fn a_flash_that_does_not_take_what_is_written_is_found() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    host.flash.cut_power(3, Torn::Half);
    let found = found(&mut host);
    assert_eq!(found.flash, Check::Failed);
    assert!(!found.is_sound());
}

#[test]
fn an_entry_of_the_log_that_was_overwritten_is_found() {
    use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    for _ in 0..10 {
        host.tap(&mut card);
    }
    // Bits of an entry in the middle are gone.
    let mut page = [0; 2048];
    host.flash.read(crate::flash::SharedFlash::LOG.start, &mut page).unwrap();
    let written = page.iter().rposition(|octet| *octet != 0xFF).unwrap();
    let middle = crate::flash::SharedFlash::LOG.start + (written / 2) as u32 / 4 * 4;
    host.flash.write(middle, &[0; 4]).unwrap();
    assert_eq!(found(&mut host).log, Check::Failed);
}

#[test]
fn the_watchdog_is_fed_by_whoever_polls_and_by_no_command() {
    let mut world = World::new(1);
    for mut host in [Host::new(), Host::enrolled(&mut world)] {
        let fed = host.outside().fed;
        let before = fed.get();
        for _ in 0..5 {
            host.status();
        }
        assert_eq!(fed.get(), before, "a main loop that only answers is not all the way round");
        host.wait_ms(10_000);
        assert!(fed.get() >= before + 20, "twice a second at least: {}", fed.get());
    }
}
