use std::vec::Vec;

use super::*;

fn frame(number: u8, content: Command<'_>) -> Vec<u8> {
    let mut octets = Vec::new();
    Numbered { number, content }.send(&mut |octet| octets.push(octet)).unwrap();
    octets
}

/// Numbers of the commands that come out of a line's octets.
fn numbers(reader: &mut FrameReader, octets: &[u8]) -> Vec<u8> {
    let mut numbers = Vec::new();
    for octet in octets {
        if let Some(content) = reader.push(*octet) {
            numbers.extend(Numbered::<Command<'_>>::decode(content).map(|numbered| numbered.number));
        }
    }
    numbers
}

#[test]
fn every_octet_comes_through() {
    let all: Vec<u8> = (0..=u8::MAX).cycle().take(2_050).collect();
    let octets = frame(7, Command::Sent(&all));
    let mut reader: FrameReader = FrameReader::new();
    let mut got = Vec::new();
    for octet in octets {
        if let Some(content) = reader.push(octet) {
            let Numbered { number: 7, content: Command::Sent(sent) } = Numbered::decode(content).unwrap()
            else {
                panic!("another command");
            };
            got = sent.to_vec();
        }
    }
    assert_eq!(got, all);
}

#[test]
fn a_damaged_frame_is_dropped_and_the_next_one_is_read() {
    let good = frame(1, Command::Sent(&[0x7E, 0x7D, 3, 4, 5]));
    for place in 1..good.len() - 1 {
        for flip in [0x01, 0x20, 0xFF] {
            let mut damaged = good.clone();
            damaged[place] ^= flip;
            damaged.extend(frame(2, Command::Left));
            damaged.extend(frame(3, Command::Left));
            let read = numbers(&mut FrameReader::new(), &damaged);
            assert!(read == [2, 3] || read == [3], "octet {place}, flip {flip:02x}: {read:?}");
        }
    }
}

#[test]
fn every_truncation_is_dropped_and_the_next_frame_is_read() {
    let good = frame(1, Command::Sent(&[9; 40]));
    for length in 0..good.len() - 1 {
        let mut line = good[..length].to_vec();
        line.extend(frame(2, Command::Status));
        assert_eq!(numbers(&mut FrameReader::new(), &line), [2], "{length} octets");
    }
}

#[test]
fn noise_before_a_frame_does_no_harm() {
    let mut line: Vec<u8> = (0..5_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    line.extend(frame(4, Command::Status));
    line.extend(frame(5, Command::Status));
    let mut reader = FrameReader::new();
    let read = numbers(&mut reader, &line);
    assert!(read.ends_with(&[5]), "{read:?}");
    assert!(reader.damaged() > 0);
}

#[test]
fn a_command_with_something_behind_it_is_unreadable() {
    let mut content = [0_u8; 8];
    let length =
        postcard::to_slice(&Numbered { number: 1, content: Command::Left }, &mut content).unwrap().len();
    assert!(Numbered::<Command<'_>>::decode(&content[..length]).is_ok());
    assert_eq!(Numbered::<Command<'_>>::decode(&content[..=length]), Err(Unreadable));
    assert_eq!(Numbered::<Command<'_>>::decode(&content[..length - 1]), Err(Unreadable));
    assert_eq!(Numbered::<Command<'_>>::decode(&[1, 200]), Err(Unreadable));
}

#[test]
fn neither_seed_nor_output_is_printed() {
    let seed = std::format!("{:?}", Command::Seed([0xA5; 32]));
    let granted = Event::Granted { output: "4711", way: Way::Full, serial: None };
    assert_eq!(seed, "Seed(..)");
    assert!(!std::format!("{granted:?}").contains("4711"));
}
