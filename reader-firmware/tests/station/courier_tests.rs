//! Phones that bring what the manager has for the door.

use reader_firmware::serial::Command;

use crate::host::{Host, Said, phone};
use crate::model::Torn;
use crate::phone::InField;
use crate::world::{START, World};

fn carrying(mut card: InField, list: Option<(u32, Vec<u8>)>, time_token: Option<Vec<u8>>) -> InField {
    if let InField::Phone(phone) = &mut card {
        (phone.wallet.list, phone.wallet.time_token) = (list, time_token);
    }
    card
}

/// A door that has lost its power, and with it the time.
fn without_time(world: &mut World) -> Host {
    Host::enrolled(world).restarted()
}

#[test]
fn a_phone_brings_the_time_to_a_door_that_has_none_and_is_let_in_at_the_next_tap() {
    let mut world = World::new(1);
    let mut host = without_time(&mut world);
    let mut later = START;
    later.0 += 60;
    let mut card = carrying(phone(&mut world, "4711"), None, Some(world.time_token(later)));
    let first = host.tap(&mut card);
    assert!(first.contains(&Said::TimeTaken(later.0)), "{first:?}");
    assert!(!first.iter().any(|said| matches!(said, Said::Granted(_))), "{first:?}");
    let second = host.tap(&mut card);
    assert!(second.contains(&Said::Granted("4711".into())), "{second:?}");
    // It is kept: after the next power cut the same time is an old one.
    let mut host = host.restarted();
    assert!(matches!(host.tell(Command::TimeToken(&world.time_token(later))).as_slice(), [Said::Refused(_)]));
}

#[test]
fn a_phone_brings_a_list_that_shuts_out_another_and_outlives_the_power() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    let (wallet, serial) = world.phone("lost");
    let mut lost = InField::Phone(Box::new(crate::phone::Phone::new("lost", wallet)));
    assert!(host.tap(&mut lost).contains(&Said::Granted("lost".into())));
    let list = world.revocation_list(5, &[serial], &[]);
    let mut courier = carrying(phone(&mut world, "4711"), Some((5, list)), None);
    let said = host.tap(&mut courier);
    assert!(said.contains(&Said::Granted("4711".into())) && said.contains(&Said::ListTaken(5)), "{said:?}");
    assert!(host.tap(&mut lost).contains(&Said::Denied("revoked".into())));
    let mut host = host.restarted();
    assert_eq!(host.status().list_version, 5);
}

#[test]
fn a_list_that_a_phone_forged_is_not_taken() {
    let (mut world, other) = (World::new(1), World::new(2));
    let mut host = Host::enrolled(&mut world);
    let mut forged = other.revocation_list(9, &[], &[]);
    forged[4] ^= 1;
    let mut card = carrying(phone(&mut world, "4711"), Some((9, forged)), None);
    let said = host.tap(&mut card);
    assert!(!said.iter().any(|said| matches!(said, Said::ListTaken(_))), "{said:?}");
    assert_eq!(host.status().list_version, 0);
}

#[test]
fn a_list_that_a_phone_brought_and_the_flash_lost_is_in_force_and_said_to_be_not_kept() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    let list = world.revocation_list(5, &[], &[]);
    let mut courier = carrying(phone(&mut world, "4711"), Some((5, list)), None);
    // The tap itself writes to the log first.
    host.tap(&mut phone(&mut world, "4712"));
    let before = host.flash.0.borrow().operations;
    let mut probe = host.restarted();
    probe.tell(Command::TimeToken(&world.time_token(credential::time::UnixTime(START.0 + 9))));
    assert!(before > 0);
    let mut kept_or_not = [0; 2];
    for after in 0..40 {
        let mut host = Host::with(probe.flash.back());
        host.tell(Command::TimeToken(&world.time_token(credential::time::UnixTime(START.0 + 99))));
        host.flash.cut_power(after, Torn::Half);
        let said = host.tap(&mut courier);
        if said.contains(&Said::NotKept) {
            kept_or_not[0] += 1;
            assert_eq!(host.status().list_version, 5, "in force");
            assert_eq!(host.restarted().status().list_version, 0, "and gone with the power");
        } else if !host.flash.is_dark() {
            kept_or_not[1] += 1;
            assert_eq!(host.restarted().status().list_version, 5);
            break;
        }
    }
    assert!(kept_or_not[0] > 0 && kept_or_not[1] == 1, "{kept_or_not:?}");
}
