//! Taps at a station: what is said, in which order, and to whom.

use credential::iso7816::FrontEnd;
use reader_firmware::door::Arrival;
use reader_firmware::indicator::Light;
use reader_firmware::port::Taken;
use reader_firmware::serial::{Arrived, Command};

use crate::host::{Host, Said, phone};
use crate::world::World;

const NFC: Command<'static> = Command::Arrived(Arrived::Nfc { max_transmit: 261, max_receive: 258 });

fn place(all: &[Said], wanted: &Said) -> Option<usize> {
    all.iter().position(|said| said == wanted)
}

#[test]
fn the_decision_is_said_before_the_phone_is_told() {
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    for round in ["full", "fast"] {
        let all = host.tap(&mut card);
        let granted = place(&all, &Said::Granted("4711".into())).unwrap();
        let told = all[granted..].iter().position(|said| matches!(said, Said::Transmit(_)));
        assert!(told.is_some() && all.contains(&Said::Finished), "{round}: {all:?}");
        let command_of = |index: usize| all[..index].iter().filter(|said| **said == Said::Done).count();
        assert_eq!(command_of(granted), command_of(granted + told.unwrap()), "{round}: in one command");
    }
}

#[test]
fn a_phone_whose_id_the_wire_did_not_take_is_told_no_and_the_line_says_so() {
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    host.outside().panel.borrow_mut().push_back(Taken::NotTaken);
    let all = host.tap(&mut card);
    assert!(all.contains(&Said::NotPutOut), "{all:?}");
    assert!(place(&all, &Said::NotPutOut) < place(&all, &Said::Granted("4711".into())));
    let all = host.tap(&mut card);
    assert!(!all.contains(&Said::NotPutOut) && all.contains(&Said::Granted("4711".into())), "{all:?}");
}

#[test]
fn a_phone_that_falls_silent_is_given_up_and_the_door_is_free_again() {
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    let all = host.tell(NFC);
    let Some(Said::Transmit(apdu)) = all.first() else { panic!("{all:?}") };
    let answer = card.command(apdu, 1);
    host.tell(Command::Sent(&answer));
    let said = host.wait_ms(20_000);
    assert!(said.iter().any(|said| matches!(said, Said::Failed(_))), "{said:?}");
    card.field_off();
    assert!(host.tap(&mut card).contains(&Said::Granted("4711".into())));
}

#[test]
fn a_device_that_arrives_takes_the_place_of_the_hosts_one_before() {
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    for answers in 0..4 {
        let nfc = host.tell(NFC);
        assert!(nfc.iter().any(|said| matches!(said, Said::Transmit(_))), "{nfc:?}");
        let _whatever = host.tap_until(&mut card, answers);
        let _no_answer = host.tell(NFC);
        assert!(host.tap(&mut card).contains(&Said::Granted("4711".into())), "after {answers} answers");
    }
}

#[test]
fn the_host_waits_while_somebody_is_at_the_boards_own_radio() {
    let mut world = World::new(1);
    let (mut host, mut card) = (Host::enrolled(&mut world), phone(&mut world, "4711"));
    let mut line = Vec::new();
    let mut say = |octet| line.push(octet);
    let now = host.now;
    let turn = host.station.radio_begin(Arrival::Nfc(FrontEnd::SHORT), now, &mut say).unwrap();
    let mut apdu = [0; 512];
    let length = host.station.radio_transmit(turn, &mut apdu).unwrap();
    assert_eq!(host.tell(NFC), [Said::Refused("Busy".into())]);
    // The tap on the radio goes on to its end.
    let mut waiting = Some(length);
    while let Some(length) = waiting {
        let answer = card.command(&apdu[..length], 1);
        host.station.radio_received(turn, &answer, now, &mut |_| {});
        waiting = host.station.radio_transmit(turn, &mut apdu);
    }
    assert!(host.station.radio_is_over(turn));
    host.station.radio_left(turn, now, &mut |_| {});
    card.field_off();
    assert!(host.tap(&mut card).contains(&Said::Granted("4711".into())));
}

#[test]
fn a_housing_that_is_opened_is_said_shown_and_written_down() {
    let mut world = World::new(1);
    let mut host = Host::enrolled(&mut world);
    host.wait_ms(500);
    let (_, before) = host.status().log;
    let outside = host.outside();
    outside.housing_open.set(true);
    assert_eq!(host.wait_ms(500), [Said::Tamper(true)]);
    let shown = outside.light.get();
    outside.housing_open.set(false);
    assert_eq!(host.wait_ms(500), [Said::Tamper(false)]);
    assert_eq!(host.status().log.1, before + 2);
    assert!(shown.is_some_and(|light| light != Light::Green), "{shown:?}");
}
