//! From a board that was never started to a door, and what is left of it without power.

use reader_firmware::serial::{Command, DoorState, Numbered, Report};

use crate::flash::SharedFlash;
use crate::host::{Host, Said, phone, station};
use crate::model::Torn;
use crate::world::{START, World};

fn refused(said: &[Said]) -> bool {
    matches!(said, [Said::Refused(_)])
}

#[test]
fn a_board_without_noise_of_its_own_does_nothing_before_its_seed() {
    let mut host = Host::new();
    host.station = station(&host.flash);
    assert_eq!(host.status().state, DoorState::Unseeded);
    assert_eq!(host.tell(Command::Configure(&[1])), [Said::Refused("Unseeded".into())]);
    assert_eq!(host.tell(Command::Left), [Said::Refused("Unseeded".into())]);
    assert_eq!(host.tell(Command::Seed([1; 32])), [Said::Done]);
    assert!(matches!(host.status().state, DoorState::Keyed { .. }));
}

#[test]
fn a_key_is_made_once_and_stays() {
    let mut host = Host::new();
    let key = host.public_key();
    let mut host = host.restarted();
    assert_eq!(host.public_key(), key);
}

#[test]
fn the_first_configuration_is_believed_and_later_ones_are_newer_and_signed() {
    let (mut world, mut other) = (World::new(1), World::new(2));
    let mut host = Host::enrolled(&mut world);
    let old = host.configuration(&mut world, 1);
    assert!(refused(&host.tell(Command::Configure(&old))), "not newer");
    let strange = host.configuration(&mut other, 9);
    assert!(refused(&host.tell(Command::Configure(&strange))), "another project");
    let new = host.configuration(&mut world, 2);
    assert_eq!(host.tell(Command::Configure(&new)), [Said::Done]);
    let mut host = host.restarted();
    let DoorState::Enrolled { project, reader, configuration_version: 2, .. } = host.status().state else {
        panic!("{:?}", host.status());
    };
    let enrolled = host.station.enrolled().map(|(project, reader)| (project.0, reader.0));
    assert_eq!(enrolled, Some((project, reader)));
}

#[test]
fn a_configuration_that_was_altered_enrols_nobody() {
    let mut world = World::new(1);
    let mut host = Host::new();
    assert_eq!(host.station.enrolled(), None);
    let mut sealed = host.configuration(&mut world, 1);
    let middle = sealed.len() / 2;
    sealed[middle] ^= 1;
    assert!(refused(&host.tell(Command::Configure(&sealed))));
    assert_eq!(host.station.enrolled(), None);
    assert!(matches!(host.status().state, DoorState::Keyed { .. }));
    assert!(matches!(host.restarted().status().state, DoorState::Keyed { .. }));
}

#[test]
fn a_door_without_power_keeps_key_configuration_and_list_and_forgets_the_time() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    let list = world.revocation_list(3, &[], &[]);
    assert_eq!(host.tell(Command::RevocationList(&list)), [Said::Done]);
    let mut host = host.restarted();
    let status = host.status();
    assert_eq!((status.list_version, status.time), (3, 0));
    assert!(
        refused(&host.tell(Command::TimeToken(&world.time_token(START)))),
        "a time that was known before"
    );
    let mut later = START;
    later.0 += 1;
    assert_eq!(host.tell(Command::TimeToken(&world.time_token(later))), [Said::Done]);
    assert_eq!(host.status().time, later.0);
}

#[test]
fn a_power_cut_in_any_operation_of_an_enrolment_leaves_a_board_to_enrol_or_a_door() {
    let mut seen = [0; 2];
    for torn in Torn::EVERY {
        for after in 0.. {
            let mut world = World::new(1);
            let mut host = Host::new();
            let sealed = host.configuration(&mut world, 1);
            host.flash.cut_power(after, torn);
            let said = host.tell(Command::Configure(&sealed));
            let was_cut = host.flash.is_dark();
            match host.restarted().status().state {
                DoorState::Keyed { .. } => {
                    assert!(said != [Said::Done], "what was confirmed is kept");
                    seen[0] += 1;
                }
                DoorState::Enrolled { .. } => seen[1] += 1,
                DoorState::Unseeded => panic!("the board has its seed"),
            }
            if !was_cut {
                break;
            }
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[test]
fn a_list_that_cannot_be_kept_is_refused_aloud() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    host.flash.cut_power(1, Torn::Half);
    let list = world.revocation_list(1, &[], &[]);
    assert!(refused(&host.tell(Command::RevocationList(&list))));
    assert_eq!(host.restarted().status().list_version, 0);
}

#[test]
fn what_is_no_command_is_refused_without_a_number() {
    let mut host = Host::new();
    let mut frame = Vec::new();
    Numbered { number: 7, content: Report::Digest([1; 32]) }.send(&mut |octet| frame.push(octet)).unwrap();
    assert_eq!(host.feed(&frame), [(0, Said::Refused("Unreadable".into()))]);
}

#[test]
fn the_log_outlives_the_power_and_loses_no_number() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    let mut card = phone(&mut world, "4711");
    host.tap(&mut card);
    let (oldest, next) = host.status().log;
    assert!(oldest == 1 && next >= 4, "a start, a time, a tap: {oldest} to {next}");
    let mut host = host.restarted();
    assert_eq!(host.status().log, (1, next + 1), "the second start is one more");
}

#[test]
fn storage_and_log_are_apart() {
    assert_eq!(SharedFlash::DOOR.end, SharedFlash::LOG.start);
}
