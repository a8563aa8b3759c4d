use super::*;
use crate::iso7816::random::Random;
use std::vec::Vec;

const HELLO: CommandHeader = CommandHeader::new(0x80, 0x10, 0, 0);
const SELECT: &[u8] = b"\x00\xA4\x04\x00\x09\xF0OSTIARY\x01\x00";
const FIRST_PART: &[u8] = &[0x90, 0x10, 0, 0, 2, 1, 2];
const LAST_PART: &[u8] = &[0x80, 0x10, 0, 0, 2, 3, 4, 0];
const GET_RESPONSE: &[u8] = &[0, 0xC0, 0, 0, 0];

/// What came of one command APDU: a response, or the header and data of a logical command.
#[derive(Debug, PartialEq)]
enum Came {
    Response(Vec<u8>),
    Command(CommandHeader, Vec<u8>),
}

fn give<const N: usize>(card: &mut Card<N>, octets: &[u8]) -> Came {
    let mut out = [0; 300];
    match card.receive(octets, &mut out).unwrap() {
        CardStep::Transmit(len) => Came::Response(out[..len].to_vec()),
        CardStep::Command(command) => Came::Command(command.header, command.data.to_vec()),
    }
}

fn status(status: StatusWord) -> Came {
    Came::Response(status.to_be_bytes().to_vec())
}

fn select_works<const N: usize>(card: &mut Card<N>) {
    let header = CommandHeader::new(0, 0xA4, 4, 0);
    assert_eq!(give(card, SELECT), Came::Command(header, SELECT[5..14].to_vec()));
}

/// A card of which a response of `len` octets waits to be fetched.
fn fetching(len: usize) -> Card {
    let mut card = Card::new();
    assert!(matches!(give(&mut card, &[0x80, 0x10, 0, 0]), Came::Command(..)));
    let data: Vec<u8> = (0..=255).cycle().take(len).collect();
    let mut out = [0; 300];
    let response = ResponseApdu { data: &data, status: StatusWord::NORMAL };
    assert_eq!(card.respond(response, &mut out), Ok(2));
    assert_eq!(out[..2], StatusWord::more(len).to_be_bytes());
    card
}

#[test]
fn the_parts_of_a_chain_are_joined() {
    let mut card = Card::<2048>::new();
    assert_eq!(give(&mut card, FIRST_PART), status(StatusWord::NORMAL));
    assert_eq!(give(&mut card, FIRST_PART), status(StatusWord::NORMAL));
    assert_eq!(give(&mut card, LAST_PART), Came::Command(HELLO, [1, 2, 1, 2, 3, 4].to_vec()));
    assert_eq!(give(&mut card, LAST_PART), Came::Command(HELLO, [3, 4].to_vec()));
}

#[test]
fn a_chain_that_is_broken_off_is_answered_with_6883_and_forgotten() {
    let others: [&[u8]; 6] = [
        &[0x80, 0x12, 0, 0, 0],
        &[0x90, 0x12, 0, 0, 1, 1],
        &[0x80, 0x10, 1, 0, 0],
        &[0x80, 0x10, 0, 1, 0],
        GET_RESPONSE,
        &[0x00, 0xB0, 0, 0, 0],
    ];
    for other in others {
        let mut card = Card::<2048>::new();
        give(&mut card, FIRST_PART);
        assert_eq!(give(&mut card, other), status(StatusWord::LAST_COMMAND_OF_CHAIN_EXPECTED), "{other:?}");
        assert_eq!(give(&mut card, LAST_PART), Came::Command(HELLO, [3, 4].to_vec()));
    }
}

#[test]
fn select_starts_anew_in_every_state() {
    let mut card = Card::<2048>::new();
    select_works(&mut card);
    select_works(&mut card);
    give(&mut card, FIRST_PART);
    select_works(&mut card);
    let mut card = fetching(600);
    select_works(&mut card);
    assert_eq!(give(&mut card, GET_RESPONSE), status(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED));
}

#[test]
fn get_response_with_nothing_waiting_is_refused() {
    let mut card = Card::<2048>::new();
    assert_eq!(give(&mut card, GET_RESPONSE), status(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED));
    let mut card = fetching(3);
    assert_eq!(give(&mut card, GET_RESPONSE), Came::Response([0, 1, 2, 0x90, 0].to_vec()));
    assert_eq!(give(&mut card, GET_RESPONSE), status(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED));
}

#[test]
fn get_response_gives_no_more_than_le_asks_for() {
    let mut card = fetching(300);
    assert_eq!(give(&mut card, &[0, 0xC0, 0, 0, 2]), Came::Response([0, 1, 0x61, 0].to_vec()));
    let Came::Response(part) = give(&mut card, GET_RESPONSE) else { panic!() };
    assert_eq!((part.len(), &part[256..]), (258, [0x61, 42].as_slice()));
    let Came::Response(part) = give(&mut card, &[0, 0xC0, 0, 0, 255]) else { panic!() };
    assert_eq!((part.len(), &part[42..]), (44, [0x90, 0].as_slice()));
}

#[test]
fn get_response_without_le_or_with_data_is_refused_and_the_response_dropped() {
    for wrong in [&[0, 0xC0, 0, 0][..], &[0, 0xC0, 0, 0, 1, 1], &[0, 0xC0, 0, 0, 1, 1, 0]] {
        let mut card = fetching(300);
        assert_eq!(give(&mut card, wrong), status(StatusWord::WRONG_LENGTH));
        assert_eq!(give(&mut card, GET_RESPONSE), status(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED));
    }
}

#[test]
fn a_chain_over_the_reassembly_cap_is_refused_and_the_next_command_works() {
    let mut card = Card::<5>::new();
    give(&mut card, FIRST_PART);
    give(&mut card, FIRST_PART);
    assert_eq!(give(&mut card, FIRST_PART), status(StatusWord::NOT_ENOUGH_MEMORY));
    assert_eq!(give(&mut card, LAST_PART), Came::Command(HELLO, [3, 4].to_vec()));
}

#[test]
fn data_of_2048_octets_is_taken_and_of_2049_refused() {
    for (len, taken) in [(2048_u16, true), (2049, false)] {
        let [hi, lo] = len.to_be_bytes();
        let octets = [&[0x80, 0x10, 0, 0, 0, hi, lo], [7; 2049].split_at(len.into()).0, &[0, 0]].concat();
        let came = give(&mut Card::<REASSEMBLY_CAP>::new(), &octets);
        assert_eq!(came != status(StatusWord::NOT_ENOUGH_MEMORY), taken);
    }
}

#[test]
fn only_class_00_80_and_90_are_supported() {
    for cla in 0..=u8::MAX {
        let mut card = Card::<2048>::new();
        let came = give(&mut card, &[cla, 0x10, 0, 0, 0]);
        match cla {
            0x00 => assert_eq!(came, status(StatusWord::INSTRUCTION_NOT_SUPPORTED)),
            0x80 => assert_eq!(came, Came::Command(HELLO, [].to_vec())),
            0x90 => assert_eq!(came, status(StatusWord::NORMAL)),
            _ => assert_eq!(came, status(StatusWord::CLASS_NOT_SUPPORTED)),
        }
        select_works(&mut card);
    }
}

#[test]
fn octets_that_are_no_command_are_answered_with_6700_and_end_a_chain() {
    for wrong in
        [&[][..], &[0x80], &[0x80, 0x10, 0], &[0x80, 0x10, 0, 0, 2, 1], &[0x80, 0x10, 0, 0, 0, 0, 0, 0]]
    {
        let mut card = Card::<2048>::new();
        give(&mut card, FIRST_PART);
        assert_eq!(give(&mut card, wrong), status(StatusWord::WRONG_LENGTH));
        assert_eq!(give(&mut card, LAST_PART), Came::Command(HELLO, [3, 4].to_vec()));
    }
}

#[test]
fn a_response_is_taken_once_and_only_for_a_command() {
    let mut card = Card::<8>::new();
    let mut out = [0; 300];
    let response = ResponseApdu { data: &[1; 9], status: StatusWord::NORMAL };
    assert_eq!(card.respond(response, &mut out), Err(CardError::NoCommand));
    give(&mut card, LAST_PART);
    assert_eq!(card.respond(response, &mut out), Err(CardError::ResponseTooLong));
    let response = ResponseApdu { data: &[1; 8], ..response };
    for size in 0..3 {
        assert_eq!(card.respond(response, &mut out[..size]), Err(CardError::BufferTooSmall));
    }
    assert_eq!(card.respond(response, &mut out), Ok(10));
    assert_eq!(card.respond(response, &mut out), Err(CardError::NoCommand));
}

#[test]
fn a_reset_card_has_nothing_to_fetch() {
    let mut card = fetching(300);
    card.reset();
    assert_eq!(give(&mut card, GET_RESPONSE), status(StatusWord::CONDITIONS_OF_USE_NOT_SATISFIED));
}

#[test]
fn garbage_gets_a_response_and_never_blocks_the_next_select() {
    let mut random = Random::new(3);
    let mut card = Card::<64>::new();
    let mut octets = [0; 40];
    let mut out = [0; 300];
    let starts = [FIRST_PART, LAST_PART, GET_RESPONSE, SELECT];
    for _ in 0..100_000 {
        let len = random.below(octets.len() + 1);
        random.fill(&mut octets[..len]);
        let start = starts[random.below(starts.len())];
        let kept = random.below(start.len() + 1).min(len);
        octets[..kept].copy_from_slice(&start[..kept]);
        match card.receive(&octets[..len], &mut out).unwrap() {
            CardStep::Transmit(len) => assert!(len >= 2),
            CardStep::Command(_) if random.below(2) == 0 => {
                let data = &[9; 64][..random.below(65)];
                card.respond(ResponseApdu { data, status: StatusWord::NORMAL }, &mut out[..20]).unwrap();
            }
            CardStep::Command(_) => {}
        }
        if random.below(16) == 0 {
            select_works(&mut card);
        }
    }
}

#[test]
fn every_truncation_and_bit_flip_gets_a_response() {
    for whole in [FIRST_PART, LAST_PART, GET_RESPONSE, SELECT] {
        for end in 0..=whole.len() {
            for bit in 0..end * 8 {
                let mut octets = whole[..end].to_vec();
                octets[bit / 8] ^= 1 << (bit % 8);
                let mut card = fetching(300);
                give(&mut card, FIRST_PART);
                give(&mut card, &octets);
                select_works(&mut card);
            }
        }
    }
}
