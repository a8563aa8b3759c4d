//! The firmware on the emulated microcontroller: taps, power cuts, noise on the line, and what it all takes.
//!
//! A stage of `tests/run` of its own, because it needs QEMU and the firmware.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path as FilePath;
use std::time::Duration;

use cortex_m4_crypto::cases;
use credential::crypto::RustCrypto;
use credential::reader::Path;
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use reader_firmware::serial::{Command, DoorState, Rehearsal, Report};
use simulator::unit::firmware::flat;
use simulator::unit::{BOOT_LOADER, DoorUnit, FIRMWARE, FIRMWARE_ASSEMBLER, FIRMWARE_CROSS_CHECK, Qemu};
use tests::board::BoardRig;
use tests::board::budget::{EmulatedBudget, measured, stack_bound};
use tests::world::START;

/// Longer than the board computes for anything.
const SILENCE: Duration = Duration::from_secs(4);

#[test]
fn a_phone_taps_in_full_then_fast_and_is_refused_once_it_is_revoked() {
    let mut rig = BoardRig::enrolled();
    let first = rig.tap();
    assert_eq!(first.granted().map(|(_, path)| path), Some(Path::Full), "{first:?}");
    let second = rig.tap();
    assert_eq!(second.granted().map(|(_, path)| path), Some(Path::Fast), "{second:?}");
    assert_eq!(first.granted().map(|(id, _)| id), second.granted().map(|(id, _)| id));
    assert_eq!(rig.unit.take_revocation_list(&rig.list(1, 0)).unwrap(), 1);
    let third = rig.tap();
    assert_eq!((third.granted(), third.denied()), (None, Some("revoked")), "{third:?}");
    assert!(first.finished() && second.finished() && third.finished());
}

#[test]
fn a_board_without_power_keeps_key_configuration_and_list() {
    let mut rig = BoardRig::enrolled();
    let key = rig.unit.public_key().unwrap();
    rig.unit.take_revocation_list(&rig.list(3, 800)).unwrap();
    assert_eq!(rig.tap().denied(), Some("revoked"));
    rig.cut_power();
    let status = rig.unit.board_status().unwrap();
    let DoorState::Enrolled { configuration_version: 1, reader: 7, .. } = status.state else {
        panic!("{status:?}");
    };
    assert_eq!((rig.unit.public_key().unwrap(), status.list_version, status.time), (key, 3, 0));
    let blind = rig.tap();
    assert_eq!(blind.granted(), None, "without a clock no credential is valid: {blind:?}");
    assert!(rig.unit.take_time_token(&rig.world.time_token(START)).is_err(), "a time that was known before");
    let mut later = START;
    later.0 += 1;
    rig.unit.take_time_token(&rig.world.time_token(later)).unwrap();
    assert_eq!(rig.tap().denied(), Some("revoked"));
}

/// Cuts the power in each operation of the flash that a command leads to; `check` looks at the board that comes back.
fn cut_in_each_operation(
    mut rig: BoardRig,
    mut command: impl FnMut(&mut BoardRig, u32) -> Vec<u8>,
    wrap: for<'o> fn(&'o [u8]) -> Command<'o>,
    mut check: impl FnMut(&mut BoardRig, bool),
) {
    for after in 0..64 {
        let octets = command(&mut rig, after);
        rig.unit.tell(Command::Rehearse(Rehearsal::CutPower { after })).unwrap();
        rig.unit.line().set_patience(SILENCE);
        let told = rig.unit.tell(wrap(&octets));
        rig.cut_power();
        check(&mut rig, told.is_ok());
        if told.is_ok() {
            assert!(after > 0, "the flash was written to");
            return;
        }
    }
    panic!("the command never ends");
}

#[test]
fn a_power_cut_in_any_write_of_an_enrolment_leaves_a_board_to_enrol_or_a_door() {
    let rig = BoardRig::new();
    let mut seen = [false; 2];
    cut_in_each_operation(
        rig,
        |rig, after| rig.configuration(after + 1),
        |octets| Command::Configure(octets),
        |rig, told| match rig.unit.board_status().unwrap().state {
            DoorState::Keyed { .. } => {
                assert!(!told, "what was confirmed is kept");
                seen[0] = true;
            }
            DoorState::Enrolled { .. } => seen[1] = true,
            DoorState::Unseeded => panic!("the board has its seed"),
        },
    );
    assert_eq!(seen, [true; 2]);
}

#[test]
fn a_power_cut_in_any_write_of_a_list_leaves_the_old_one_or_the_new_one() {
    let mut rig = BoardRig::enrolled();
    rig.unit.take_revocation_list(&rig.list(1, 0)).unwrap();
    let mut held = 1;
    cut_in_each_operation(
        rig,
        |rig, after| rig.list(after + 2, 800),
        |octets| Command::RevocationList(octets),
        |rig, told| {
            let version = rig.unit.board_status().unwrap().list_version;
            assert!(version >= held, "list {version} after list {held}");
            assert!(!told || version > held, "what was confirmed is kept");
            held = version;
        },
    );
}

#[test]
fn noise_on_the_line_costs_a_command_and_not_the_board() {
    let mut rig = BoardRig::enrolled();
    let mut rng = StdRng::seed_from_u64(7);
    for round in 0..20 {
        let mut noise = vec![0; rng.random_range(1..3_000)];
        rng.fill_bytes(&mut noise);
        rig.unit.line().disturb(&noise).unwrap();
        // A flag ends whatever the noise has begun.
        rig.unit.line().disturb(&[0x7E]).unwrap();
        assert!(rig.unit.board_status().is_ok(), "round {round}");
    }
    assert!(rig.unit.board_status().unwrap().damaged > 0);
    assert!(rig.tap().granted().is_some());
}

/// Holds a firmware against all of the budget but a full tap, whose cost it gives.
fn kept(firmware: &str, name: &str) -> u64 {
    let budget = EmulatedBudget::read();
    let elf = FilePath::new(firmware);
    let boot_loader = u32::try_from(flat(&elf.with_file_name(BOOT_LOADER)).unwrap().len()).unwrap();
    let measured = measured(BoardRig::with(firmware), name);
    let bound = stack_bound(elf);
    println!("{name}: {boot_loader} octets of boot loader, {bound} octets of stack at the most by its calls");
    let footprint = measured.footprint;
    assert!(measured.fast.decision <= budget.fast_instructions);
    assert!(footprint.flash_octets.saturating_add(boot_loader) <= budget.flash_octets);
    assert!(footprint.static_octets <= budget.static_octets);
    assert!(footprint.stack_octets <= budget.stack_octets);
    assert!(footprint.stack_octets <= bound, "what was seen is not above what can be");
    measured.full.decision
}

#[test]
fn the_door_keeps_to_its_budget() {
    assert!(kept(FIRMWARE, "portable") <= EmulatedBudget::read().full_instructions);
}

#[test]
fn the_door_with_the_curve_in_assembler_keeps_to_its_budget() {
    assert!(kept(FIRMWARE_ASSEMBLER, "assembler") <= EmulatedBudget::read().full_instructions_assembler);
}

/// `OSTIARY_CROSS_CHECKS=100000` for more of it.
#[test]
fn the_assembler_does_what_the_portable_backend_does() {
    const BATCH: u32 = 250;
    let cases: u32 = std::env::var("OSTIARY_CROSS_CHECKS").map_or(4_000, |cases| cases.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let (_machine, mut line) = Qemu::start(FIRMWARE_CROSS_CHECK.as_ref(), &dir.path().join("flash")).unwrap();
    let mut accepted = 0;
    for first in (0..cases).step_by(BATCH as usize) {
        let mut there = None;
        let asked = Command::Rehearse(Rehearsal::CrossCheck { first, count: BATCH });
        line.call(asked, &mut |report| {
            if let Report::Digest(digest) = report {
                there = Some(digest);
            }
        })
        .unwrap();
        assert_eq!(
            there,
            Some(cases::digest(&RustCrypto, first, BATCH)),
            "cases {first} to {}",
            first + BATCH
        );
        accepted +=
            (first..first + BATCH).filter(|number| cases::outcome(&RustCrypto, *number).0 == 1).count();
    }
    println!("{cases} inputs, {accepted} of them accepted: the same on both");
    assert!(accepted > cases as usize / 3 && accepted < cases as usize, "there are good and bad ones");
}
