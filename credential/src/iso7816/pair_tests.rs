//! Both drivers against each other.

use super::*;
use random::Random;
use std::{vec, vec::Vec};

const HEADER: CommandHeader = CommandHeader::new(CLA_EXCHANGE, 0x14, 0, 0);

/// An interface device and a card whose response buffer takes `card_transmit` octets.
struct Pair {
    interface_device: InterfaceDevice,
    card: Card,
    card_transmit: usize,
    front_end: FrontEnd,
    /// Command APDUs that went over the link.
    apdus: usize,
}

impl Pair {
    fn new(front_end: FrontEnd, extended: bool, card_transmit: usize) -> Self {
        let mut interface_device = InterfaceDevice::new(front_end);
        interface_device.set_extended(extended);
        Self { interface_device, card: Card::new(), card_transmit, front_end, apdus: 0 }
    }

    /// Carries one command and its response, and checks that both arrive as they were sent.
    fn run(&mut self, data: &[u8], answer: ResponseApdu<'_>) {
        let mut out = vec![0; 4096];
        let mut back = vec![0; self.card_transmit];
        let command = LogicalCommand { header: HEADER, data };
        let mut len = self.interface_device.send(command, &mut out).unwrap();
        let mut handed_out = false;
        loop {
            assert!(len <= self.front_end.max_transmit);
            self.apdus = self.apdus.saturating_add(1);
            let response_len = match self.card.receive(&out[..len], &mut back).unwrap() {
                CardStep::Transmit(len) => len,
                CardStep::Command(arrived) => {
                    assert_eq!(arrived, command);
                    assert!(!handed_out, "one command is handed out once");
                    handed_out = true;
                    self.card.respond(answer, &mut back).unwrap()
                }
            };
            assert!(response_len <= self.front_end.max_receive);
            match self.interface_device.receive(&back[..response_len], &mut out).unwrap() {
                InterfaceDeviceStep::Transmit(next) => len = next,
                InterfaceDeviceStep::Complete(response) => {
                    assert_eq!(response, answer);
                    assert!(handed_out);
                    return;
                }
            }
        }
    }
}

fn octets(len: usize, seed: u64) -> Vec<u8> {
    let mut octets = vec![0; len];
    Random::new(seed).fill(&mut octets);
    octets
}

#[test]
fn commands_and_responses_of_every_length_arrive() {
    let data = octets(REASSEMBLY_CAP, 1);
    let answer = octets(REASSEMBLY_CAP, 2);
    let large = FrontEnd { max_transmit: 4096, max_receive: 4096 };
    for (front_end, extended) in
        [(FrontEnd::SHORT, false), (large, false), (FrontEnd::SHORT, true), (large, true)]
    {
        let mut pair = Pair::new(front_end, extended, 4096);
        for len in 0..=REASSEMBLY_CAP {
            let back = ResponseApdu { data: &answer[len..], status: StatusWord::NORMAL };
            pair.run(&data[..len], back);
        }
    }
}

#[test]
fn commands_and_responses_arrive_over_links_of_every_size() {
    let mut random = Random::new(4);
    let data = octets(REASSEMBLY_CAP, 1);
    let answer = octets(REASSEMBLY_CAP, 2);
    let statuses = [StatusWord::NORMAL, StatusWord::SECURITY_STATUS_NOT_SATISFIED, StatusWord(0x6300)];
    for round in 0..3_000 {
        // Small sizes more often, for they make the most parts.
        let size = |random: &mut Random, least| least + (random.below(2100) >> random.below(11));
        let front_end = FrontEnd { max_transmit: size(&mut random, 7), max_receive: size(&mut random, 3) };
        let card_transmit = size(&mut random, 3);
        let extended = random.below(2) == 0;
        let mut pair = Pair::new(front_end, extended, card_transmit);
        for _ in 0..3 {
            let status = statuses[random.below(statuses.len())];
            let back = ResponseApdu { data: &answer[..random.below(REASSEMBLY_CAP + 1)], status };
            pair.run(&data[..random.below(REASSEMBLY_CAP + 1)], back);
        }
        assert!(pair.apdus >= 3, "round {round}");
    }
}

#[test]
fn the_messages_of_a_tap_take_one_command_each_in_short_apdus() {
    for (command_len, response_len) in [(9, 6), (159, 121), (16, 237), (241, 16)] {
        let mut pair = Pair::new(FrontEnd::SHORT, false, 258);
        let answer = octets(response_len, 5);
        pair.run(&octets(command_len, 6), ResponseApdu { data: &answer, status: StatusWord::NORMAL });
        assert_eq!(pair.apdus, 1);
    }
}

#[test]
fn a_tap_that_is_cut_off_anywhere_does_not_harm_the_next() {
    let mut random = Random::new(7);
    let mut pair = Pair::new(FrontEnd::SHORT, false, 258);
    let data = octets(600, 8);
    for _ in 0..500 {
        // The link drops a random number of octets of some APDU of a chain, and the reader gives up.
        let mut out = vec![0; 300];
        let len =
            pair.interface_device.send(LogicalCommand { header: HEADER, data: &data }, &mut out).unwrap();
        let _ = pair.card.receive(&out[..random.below(len + 1)], &mut [0; 258]);
        pair.interface_device.reset();
        let select = LogicalCommand {
            header: CommandHeader::new(CLA_INTERINDUSTRY, INS_SELECT, 4, 0),
            data: Aid::OSTIARY.as_bytes(),
        };
        let len = pair.interface_device.send(select, &mut out).unwrap();
        assert_eq!(pair.card.receive(&out[..len], &mut [0; 258]), Ok(CardStep::Command(select)));
        pair.card.respond(ResponseApdu::of_status(StatusWord::NORMAL), &mut out).unwrap();
        pair.run(&data, ResponseApdu { data: &data, status: StatusWord::NORMAL });
    }
}
