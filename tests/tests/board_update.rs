//! Firmware updates of the board on the emulated microcontroller, through its own boot loader.
//!
//! A stage of `tests/run` of its own, because it needs QEMU and the firmware.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::path::Path;
use std::time::Duration;

use credential::crypto::SoftwareSigner;
use reader_firmware::serial::{Command, DoorState, Numbered, Rehearsal, Update};
use reader_firmware::update::BoardName;
use simulator::unit::{DoorUnit, FIRMWARE, firmware};
use tests::board::BoardRig;
use tests::world::START;

const KEY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../reader-firmware/boards/qemu-mps2-an386/firmware-key");

/// Longer than the board computes for a command of an update.
const SILENCE: Duration = Duration::from_secs(6);

fn signer() -> SoftwareSigner {
    firmware::key(Path::new(KEY)).unwrap()
}

fn plain() -> Vec<u8> {
    firmware::flat(Path::new(FIRMWARE)).unwrap()
}

fn signed(image: Vec<u8>, version: u32) -> Vec<u8> {
    firmware::signed(image, BoardName::new("qemu-mps2-an386").unwrap(), version, &signer()).unwrap()
}

/// What runs, and the newest that was ever confirmed.
fn versions(rig: &mut BoardRig) -> (u32, u32) {
    rig.unit.board_status().unwrap().firmware
}

fn is_still_a_door(rig: &mut BoardRig, seconds: u32) {
    assert!(matches!(rig.unit.board_status().unwrap().state, DoorState::Enrolled { reader: 7, .. }));
    let mut later = START;
    later.0 += seconds;
    rig.unit.take_time_token(&rig.world.time_token(later)).unwrap();
    assert!(rig.tap().granted().is_some());
}

#[test]
fn a_newer_firmware_runs_is_confirmed_and_is_the_door_that_it_was() {
    let mut rig = BoardRig::enrolled();
    assert_eq!(versions(&mut rig), (0, 0));
    let mut sent = 0;
    rig.unit.update(&signed(plain(), 3), &mut |octets| sent = octets).unwrap();
    assert_eq!(sent, plain().len());
    assert_eq!(versions(&mut rig), (3, 3));
    is_still_a_door(&mut rig, 10);
    rig.cut_power();
    assert_eq!(versions(&mut rig), (3, 3), "it stays without power");
    for version in [1, 2, 3] {
        let refused = rig.unit.send_update(&signed(plain(), version), &mut |_| ()).unwrap_err();
        assert!(refused.to_string().contains("not newer"), "{refused:#}");
    }
    rig.unit.update(&signed(plain(), 4), &mut |_| ()).unwrap();
    assert_eq!(versions(&mut rig), (4, 4));
    is_still_a_door(&mut rig, 20);
}

#[test]
fn a_firmware_that_hangs_is_taken_back() {
    let mut rig = BoardRig::enrolled();
    let mut image = plain();
    // Behind the vector table nothing but jumps to where they stand.
    image
        .get_mut(0x100..)
        .unwrap()
        .chunks_mut(2)
        .for_each(|jump| jump.copy_from_slice(&[0xFE, 0xE7][..jump.len()]));
    rig.unit.update(&signed(image, 7), &mut |_| ()).unwrap();
    assert_eq!(versions(&mut rig), (0, 0), "the one before runs, and the other was never confirmed");
    is_still_a_door(&mut rig, 10);
    rig.unit.update(&signed(plain(), 7), &mut |_| ()).unwrap();
    assert_eq!(versions(&mut rig), (7, 7), "mended, under the same number");
}

#[test]
fn a_firmware_that_fails_its_self_test_is_taken_back() {
    let mut rig = BoardRig::enrolled();
    let mut image = plain();
    // A known answer of P-256, altered: the first octets of the agreement.
    let known = [0x23, 0x88, 0xEE, 0x99, 0x0C, 0x93, 0xC4, 0xBB];
    let at = image.windows(known.len()).position(|octets| octets == known).unwrap();
    *image.get_mut(at).unwrap() ^= 1;
    // It comes up, is given its seed, tests itself, and starts anew.
    let told = rig.unit.update(&signed(image, 5), &mut |_| ()).unwrap_err();
    assert!(told.to_string().contains("begun anew"), "{told:#}");
    rig.unit.take_up().unwrap();
    assert_eq!(versions(&mut rig), (0, 0));
    is_still_a_door(&mut rig, 10);
}

#[test]
fn an_image_that_was_altered_or_signed_by_somebody_else_is_refused() {
    let mut rig = BoardRig::enrolled();
    let (other, _) = SoftwareSigner::generate(&mut rig.world.rng).unwrap();
    let board = BoardName::new("qemu-mps2-an386").unwrap();
    let foreign = firmware::signed(plain(), board, 9, &other).unwrap();
    let refused = rig.unit.send_update(&foreign, &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("not signed"), "{refused:#}");
    // Who may issue credentials may not change firmware.
    let issued = firmware::signed(plain(), board, 9, &rig.world.issuer).unwrap();
    assert!(rig.unit.send_update(&issued, &mut |_| ()).is_err());
    let mut altered = signed(plain(), 9);
    *altered.last_mut().unwrap() ^= 1;
    let refused = rig.unit.send_update(&altered, &mut |_| ()).unwrap_err();
    assert!(refused.to_string().contains("not the one that was signed"), "{refused:#}");
    rig.unit.restart().unwrap();
    assert_eq!(versions(&mut rig), (0, 0));
    is_still_a_door(&mut rig, 10);
}

#[test]
fn a_power_cut_while_an_image_is_sent_marked_exchanged_or_confirmed_leaves_a_door() {
    let mut rig = BoardRig::enrolled();
    let (mut version, mut seconds) = (1, 10);
    let mut seen = [0; 2];
    // In the slot at its beginning and its end, around the mark, and while the boot loader exchanges the slots.
    let pieces = u32::try_from(plain().len() / 256 + plain().len() / 4_096).unwrap();
    for after in [0, 1, 40, pieces, pieces + 1, pieces + 2, pieces + 3, pieces + 4, pieces + 5] {
        let (before, _) = versions(&mut rig);
        let image = signed(plain(), version);
        rig.unit.tell(Command::Rehearse(Rehearsal::CutPower { after })).unwrap();
        rig.unit.line().set_patience(SILENCE);
        if rig.unit.send_update(&image, &mut |_| ()).is_ok() {
            let mut frame = Vec::new();
            let restart = Command::Update(Update::Restart);
            Numbered { number: 200, content: restart }.send(&mut |octet| frame.push(octet)).unwrap();
            rig.unit.line().disturb(&frame).unwrap();
        }
        rig.cut_power();
        let (running, newest) = versions(&mut rig);
        assert!(running == before || running == version, "{running} after {before}, cut after {after}");
        assert_eq!(newest, running, "what has come up here has tested itself");
        seen[usize::from(running == version)] += 1;
        seconds += 10;
        is_still_a_door(&mut rig, seconds);
        version = running + 1;
    }
    println!("power cuts in an update: {} left the old firmware, {} the new one", seen[0], seen[1]);
    assert!(seen[0] > 0);
    rig.unit.update(&signed(plain(), version), &mut |_| ()).unwrap();
    assert_eq!(versions(&mut rig), (version, version));
    rig.cut_power();
    assert_eq!(versions(&mut rig), (version, version));
}
