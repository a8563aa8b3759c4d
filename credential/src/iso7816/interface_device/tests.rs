use super::*;
use crate::iso7816::{Aid, random::Random};
use std::{vec, vec::Vec};

const HELLO: CommandHeader = CommandHeader::new(0x80, 0x10, 0, 0);
const LARGE: FrontEnd = FrontEnd { max_transmit: 4096, max_receive: 4096 };

fn hello(data: &[u8]) -> LogicalCommand<'_> {
    LogicalCommand { header: HELLO, data }
}

/// A device that has sent HELLO with a few octets, and its output buffer.
fn waiting() -> (InterfaceDevice, [u8; 300]) {
    let mut device = InterfaceDevice::new(FrontEnd::SHORT);
    let mut out = [0; 300];
    assert_eq!(device.send(hello(&[1, 2, 3]), &mut out), Ok(9));
    (device, out)
}

#[test]
fn select_is_sent_as_the_15_octets_of_the_specification() {
    let mut device = InterfaceDevice::<2048>::new(LARGE);
    device.set_extended(true);
    let mut out = [0; 300];
    let header = CommandHeader::new(0, 0xA4, 4, 0);
    let len = device.send(LogicalCommand { header, data: Aid::OSTIARY.as_bytes() }, &mut out).unwrap();
    assert_eq!(out[..len], *b"\x00\xA4\x04\x00\x09\xF0OSTIARY\x01\x00");
}

#[test]
fn long_data_goes_in_a_chain_of_short_commands() {
    let data = [9; 600];
    let mut device = InterfaceDevice::<2048>::new(FrontEnd::SHORT);
    let mut out = [0; 300];
    let len = device.send(hello(&data), &mut out).unwrap();
    assert_eq!((len, &out[..5]), (260, [0x90, 0x10, 0, 0, 255].as_slice()));
    assert_eq!(device.receive(&[0x90, 0], &mut out), Ok(InterfaceDeviceStep::Transmit(260)));
    assert_eq!(out[0], 0x90);
    assert_eq!(device.receive(&[0x90, 0], &mut out), Ok(InterfaceDeviceStep::Transmit(5 + 90 + 1)));
    assert_eq!((&out[..5], out[95]), ([0x80, 0x10, 0, 0, 90].as_slice(), 0));
    let whole = ResponseApdu { data: &[1, 2], status: StatusWord::NORMAL };
    assert_eq!(device.receive(&[1, 2, 0x90, 0], &mut out), Ok(InterfaceDeviceStep::Complete(whole)));
}

#[test]
fn long_data_goes_in_one_extended_command_where_that_is_allowed_and_fits() {
    let data = [9; 600];
    let mut out = [0; 700];
    let mut first = |max_transmit, allowed| {
        let mut device = InterfaceDevice::<2048>::new(FrontEnd { max_transmit, ..LARGE });
        device.set_extended(allowed);
        let len = device.send(hello(&data), &mut out).unwrap();
        let command = CommandApdu::decode(&out[..len]).unwrap();
        (command.form, command.header.is_chained(), command.ne)
    };
    assert_eq!(first(609, true), (LengthForm::Extended, false, 2048));
    assert_eq!(first(608, true), (LengthForm::Short, true, 0));
    assert_eq!(first(609, false), (LengthForm::Short, true, 0));
}

#[test]
fn a_chain_that_began_short_ends_short_also_when_the_buffer_grows() {
    let mut device = InterfaceDevice::<2048>::new(LARGE);
    device.set_extended(true);
    let mut out = [0; 1000];
    assert_eq!(device.send(hello(&[9; 600]), &mut out[..100]), Ok(99));
    assert_eq!(device.receive(&[0x90, 0], &mut out), Ok(InterfaceDeviceStep::Transmit(260)));
}

#[test]
fn a_response_in_parts_is_fetched_and_joined() {
    let (mut device, mut out) = waiting();
    assert_eq!(device.receive(&[1, 2, 0x61, 0], &mut out), Ok(InterfaceDeviceStep::Transmit(5)));
    assert_eq!(out[..5], [0, 0xC0, 0, 0, 0]);
    assert_eq!(device.receive(&[3, 0x61, 7], &mut out), Ok(InterfaceDeviceStep::Transmit(5)));
    assert_eq!(out[..5], [0, 0xC0, 0, 0, 7]);
    let whole = ResponseApdu { data: &[1, 2, 3, 4], status: StatusWord::NORMAL };
    assert_eq!(device.receive(&[4, 0x90, 0], &mut out), Ok(InterfaceDeviceStep::Complete(whole)));
}

#[test]
fn a_command_is_sent_again_with_the_le_that_the_card_asks_for() {
    let (mut device, mut out) = waiting();
    assert_eq!(device.receive(&[0x6C, 5], &mut out), Ok(InterfaceDeviceStep::Transmit(9)));
    assert_eq!(out[..9], [0x80, 0x10, 0, 0, 3, 1, 2, 3, 5]);
    // The repeated command gets a part, and the GET RESPONSE behind it may be corrected once too.
    assert_eq!(device.receive(&[1, 0x61, 4], &mut out), Ok(InterfaceDeviceStep::Transmit(5)));
    assert_eq!(device.receive(&[0x6C, 2], &mut out), Ok(InterfaceDeviceStep::Transmit(5)));
    assert_eq!(out[..5], [0, 0xC0, 0, 0, 2]);
    let error = PeerViolation::WrongLeAgain;
    assert_eq!(device.receive(&[0x6C, 2], &mut out), Err(error.into()));
}

#[test]
fn an_error_status_ends_a_chain_and_is_the_response() {
    let mut device = InterfaceDevice::<2048>::new(FrontEnd::SHORT);
    let mut out = [0; 300];
    device.send(hello(&[9; 600]), &mut out).unwrap();
    let refused = ResponseApdu::of_status(StatusWord::NOT_ENOUGH_MEMORY);
    assert_eq!(device.receive(&[0x6A, 0x84], &mut out), Ok(InterfaceDeviceStep::Complete(refused)));
    assert_eq!(device.receive(&[0x90, 0], &mut out), Err(InterfaceDeviceMisuse::NoCommand.into()));
}

#[test]
fn a_card_that_breaks_the_standard_ends_the_command_and_the_next_one_works() {
    let in_chain = hello(&[9; 600]);
    let whole = hello(&[1]);
    let cases: [(_, &[&[u8]], _); 8] = [
        (whole, &[&[]], PeerViolation::NoStatusWord),
        (whole, &[&[0x90]], PeerViolation::NoStatusWord),
        (whole, &[&[0; 259]], PeerViolation::MoreThanExpected),
        (in_chain, &[&[1, 0x90, 0]], PeerViolation::MoreThanExpected),
        (in_chain, &[&[0x61, 1]], PeerViolation::AnswerInChain),
        (in_chain, &[&[0x6C, 1]], PeerViolation::AnswerInChain),
        (whole, &[&[1, 0x6C, 1]], PeerViolation::WrongLeAgain),
        (whole, &[&[0x61, 1], &[0x61, 1]], PeerViolation::EmptyPart),
    ];
    let mut device = InterfaceDevice::<2048>::new(FrontEnd::SHORT);
    let mut out = [0; 300];
    for (command, responses, violation) in cases {
        device.send(command, &mut out).unwrap();
        let (last, before) = responses.split_last().unwrap();
        for response in before {
            assert!(matches!(device.receive(response, &mut out), Ok(InterfaceDeviceStep::Transmit(_))));
        }
        assert_eq!(device.receive(last, &mut out), Err(violation.into()));
        device.send(whole, &mut out).unwrap();
        let normal = ResponseApdu::of_status(StatusWord::NORMAL);
        assert_eq!(device.receive(&[0x90, 0], &mut out), Ok(InterfaceDeviceStep::Complete(normal)));
    }
}

#[test]
fn an_endless_response_ends_at_the_reassembly_cap() {
    let (mut device, mut out) = waiting();
    let part = [&[5; 100], [0x61, 0].as_slice()].concat();
    for _ in 0..20 {
        assert_eq!(device.receive(&part, &mut out), Ok(InterfaceDeviceStep::Transmit(5)));
    }
    assert_eq!(device.receive(&part, &mut out), Err(InterfaceDeviceError::ResponseTooLong));
}

#[test]
fn misuse_is_named_and_harmless() {
    let mut device = InterfaceDevice::<64>::new(FrontEnd::SHORT);
    let mut out = [0; 300];
    let misuse = |misuse: InterfaceDeviceMisuse| Err(InterfaceDeviceError::Misuse(misuse));
    assert_eq!(
        device.receive(&[0x90, 0], &mut out),
        misuse(InterfaceDeviceMisuse::NoCommand).map(|()| unsent())
    );
    assert_eq!(
        device.send(hello(&[0; 65]), &mut out),
        misuse(InterfaceDeviceMisuse::CommandTooLong).map(|()| 0)
    );
    for size in 0..7 {
        let sent = device.send(hello(&[0; 9]), &mut out[..size]);
        assert_eq!(sent, misuse(InterfaceDeviceMisuse::BufferTooSmall).map(|()| 0));
    }
    assert_eq!(device.send(hello(&[0; 9]), &mut out[..7]), Ok(6));
    let mut device = InterfaceDevice::<64>::new(FrontEnd { max_transmit: 6, max_receive: 258 });
    let sent = device.send(hello(&[]), &mut out);
    assert_eq!(sent, misuse(InterfaceDeviceMisuse::BufferTooSmall).map(|()| 0));
}

fn unsent() -> InterfaceDeviceStep<'static> {
    InterfaceDeviceStep::Transmit(0)
}

#[test]
fn no_response_makes_the_driver_panic_or_run_for_ever() {
    let mut random = Random::new(2);
    let mut device = InterfaceDevice::<2048>::new(FrontEnd::SHORT);
    let mut out = [0; 300];
    let statuses = [[0x90, 0], [0x61, 0], [0x61, 9], [0x6C, 0], [0x6C, 7], [0x6A, 0x84]];
    for _ in 0..2_000 {
        device.set_extended(random.below(2) == 0);
        let data = vec![1; random.below(2049)];
        device.send(hello(&data), &mut out).unwrap();
        let mut rounds = 0;
        loop {
            let mut response: Vec<u8> = vec![0; random.below(4)];
            random.fill(&mut response);
            response.extend(statuses[random.below(statuses.len())]);
            rounds += 1;
            assert!(rounds < 5_000);
            if !matches!(device.receive(&response, &mut out), Ok(InterfaceDeviceStep::Transmit(_))) {
                break;
            }
        }
    }
}
