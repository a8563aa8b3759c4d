//! The life of the board on the emulated microcontroller: what it finds out about itself, a main loop that hangs, a
//! housing that is opened, what phones bring.
//!
//! A stage of `tests/run` of its own, because it needs QEMU and the firmware.

use reader_firmware::serial::{Check, Command, DoorState, Rehearsal};
use simulator::unit::{DoorUnit, Happened, firmware};
use tests::board::BoardRig;
use tests::service::process::Installation;
use tests::world::START;

#[test]
fn a_board_that_is_a_door_is_sound_and_one_that_is_none_is_not_broken() {
    let mut rig = BoardRig::new();
    let found = rig.unit.self_test().unwrap();
    assert!(found.is_sound() && found.configuration == Check::Absent, "{found:?}");
    rig.enrol();
    assert!(rig.tap().granted().is_some());
    let found = rig.unit.self_test().unwrap();
    assert!(found.checks().iter().all(|(_, check)| *check == Check::Passed), "{found:?}");
    assert!(rig.tap().granted().is_some());
}

#[test]
fn a_main_loop_that_hangs_is_started_anew_by_the_watchdog_and_is_a_door_again() {
    let mut rig = BoardRig::enrolled();
    assert!(rig.tap().granted().is_some());
    let (_, before) = rig.unit.board_status().unwrap().log;
    let hung = rig.unit.tell(Command::Rehearse(Rehearsal::Hang)).unwrap_err();
    assert!(hung.to_string().contains("begun anew"), "{hung:#}");
    rig.unit.take_up().unwrap();
    let status = rig.unit.board_status().unwrap();
    assert!(matches!(status.state, DoorState::Enrolled { reader: 7, .. }), "{status:?}");
    assert_eq!(status.log.1, before + 1, "the start is in the log, and nothing is lost");
    let mut later = START;
    later.0 += 1;
    rig.unit.take_time_token(&rig.world.time_token(later)).unwrap();
    assert!(rig.tap().granted().is_some());
}

#[test]
fn a_main_loop_that_is_well_is_left_alone_for_longer_than_the_watchdog_waits() {
    let mut rig = BoardRig::enrolled();
    let before = rig.unit.board_status().unwrap();
    // Taps of the emulated processor take half a second each and more.
    for _ in 0..30 {
        assert!(rig.tap().finished());
        rig.unit.self_test().unwrap();
    }
    let after = rig.unit.board_status().unwrap();
    assert!(after.time >= before.time + 15, "{} to {}", before.time, after.time);
    assert_eq!(after.damaged, before.damaged);
}

#[test]
fn a_housing_that_is_opened_is_in_the_log() {
    let mut rig = BoardRig::enrolled();
    let (_, before) = rig.unit.board_status().unwrap().log;
    for open in [true, false] {
        rig.unit.tell(Command::Rehearse(Rehearsal::Tamper { open })).unwrap();
        // The contact is looked at ten times a second of the board's own clock; taps take longer than that.
        let tap = rig.tap();
        assert!(tap.finished(), "{tap:?}");
    }
    let (_, after) = rig.unit.board_status().unwrap().log;
    assert_eq!(after, before + 4, "opened, a tap, closed, a tap");
}

#[test]
fn a_phone_brings_list_and_time_to_a_board_that_has_lost_its_power() {
    let mut rig = BoardRig::enrolled();
    rig.cut_power();
    let mut later = START;
    later.0 += 60;
    rig.carry(4, later);
    let first = rig.tap();
    assert_eq!(first.granted(), None, "{first:?}");
    assert!(first.events.contains(&Happened::TimeTaken(later.0)), "{first:?}");
    assert!(first.events.contains(&Happened::ListTaken(4)), "{first:?}");
    assert!(rig.tap().granted().is_some());
    rig.cut_power();
    assert_eq!(rig.unit.board_status().unwrap().list_version, 4, "what a phone brought is kept");
    assert!(rig.unit.take_time_token(&rig.world.time_token(later)).is_err(), "and so is the time");
}

#[test]
fn a_board_is_enrolled_with_the_files_of_the_managers_command() {
    let manager = Installation::new();
    let mut rig = BoardRig::new();
    let key = firmware::hexadecimal(&rig.unit.public_key().unwrap().0);
    let file = manager.path().join("front.configuration");
    let mut enrol = manager.command();
    enrol.env("OSTIARY_DIR", manager.path()).args(["reader", "enrol", &key, "--name", "Front", "--out"]);
    assert!(enrol.arg(&file).output().unwrap().status.success());
    rig.unit.configure(&std::fs::read(&file).unwrap()).unwrap();
    let identity = rig.unit.identity().unwrap().unwrap();
    assert_eq!(identity.reader.0, 1);
    assert_eq!(format!("{:016x}", u64::from_be_bytes(identity.project.0)), manager.project);
    rig.cut_power();
    assert_eq!(rig.unit.identity().unwrap(), Some(identity), "it stays enrolled");
}
