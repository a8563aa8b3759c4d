use super::*;
use crate::iso7816::random::Random;
use std::{vec, vec::Vec};

const HEADER: CommandHeader = CommandHeader::new(0x80, 0x10, 0, 0);

fn command(data: &[u8], ne: usize, form: LengthForm) -> CommandApdu<'_> {
    CommandApdu { header: HEADER, data, ne, form }
}

fn encoded(command: &CommandApdu<'_>) -> Vec<u8> {
    let mut out = vec![0; 70_000];
    let len = command.encode(&mut out).unwrap();
    out.truncate(len);
    out
}

#[test]
fn the_seven_cases_are_written_as_the_standard_has_them() {
    use LengthForm::{Extended, Short};
    let cases: [(&[u8], usize, LengthForm, &[u8]); 9] = [
        (&[], 0, Short, &[]),
        (&[], 5, Short, &[5]),
        (&[], 256, Short, &[0]),
        (&[7, 8], 0, Short, &[2, 7, 8]),
        (&[7, 8], 256, Short, &[2, 7, 8, 0]),
        (&[], 65_536, Extended, &[0, 0, 0]),
        (&[], 0x0102, Extended, &[0, 1, 2]),
        (&[7, 8], 0, Extended, &[0, 0, 2, 7, 8]),
        (&[7, 8], 0x0800, Extended, &[0, 0, 2, 7, 8, 8, 0]),
    ];
    for (data, ne, form, body) in cases {
        let command = command(data, ne, form);
        let octets = encoded(&command);
        assert_eq!(octets[..4], HEADER.to_bytes());
        assert_eq!(&octets[4..], body);
        assert_eq!(CommandApdu::decode(&octets), Ok(command));
    }
}

#[test]
fn a_command_of_any_length_comes_back_as_it_was_sent() {
    let data = [0x5A; 2048];
    for len in 0..=data.len() {
        let forms: &[_] =
            if len <= 255 { &[LengthForm::Short, LengthForm::Extended] } else { &[LengthForm::Extended] };
        for &form in forms {
            for ne in [0, 1, 255, 256] {
                let command = command(&data[..len], ne, form);
                let octets = encoded(&command);
                let decoded = CommandApdu::decode(&octets).unwrap();
                assert_eq!((decoded.header, decoded.data, decoded.ne), (HEADER, command.data, ne));
                assert_eq!(decoded.form, if octets.len() == 4 { LengthForm::Short } else { form });
            }
        }
    }
}

#[test]
fn a_truncated_command_is_refused_or_another_command_that_comes_out() {
    let data = [0x5A; 300];
    for (len, form) in [(9, LengthForm::Short), (255, LengthForm::Short), (300, LengthForm::Extended)] {
        let octets = encoded(&command(&data[..len], 256, form));
        let le_octets = if form == LengthForm::Short { 1 } else { 2 };
        for end in 0..octets.len() {
            let decoded = CommandApdu::decode(&octets[..end]);
            match decoded {
                // What is left is the header alone, the header and an Le, or a command without its Le.
                Ok(decoded) if end == 4 => assert_eq!((decoded.data.len(), decoded.ne), (0, 0)),
                Ok(decoded) if end == 5 || end == 7 => assert!(decoded.data.is_empty() && decoded.ne != 0),
                Ok(decoded) => {
                    assert_eq!(end, octets.len() - le_octets);
                    assert_eq!((decoded.data.len(), decoded.ne), (len, 0));
                }
                Err(CommandError::NoHeader) => assert!(end < 4),
                Err(error) => assert_eq!(error, CommandError::Truncated),
            }
        }
    }
}

#[test]
fn lengths_that_do_not_come_out_are_refused_with_6700() {
    let bodies: [(&[u8], CommandError); 7] = [
        (&[0, 1], CommandError::Truncated),
        (&[3, 1, 2], CommandError::Truncated),
        (&[1, 1, 0, 0], CommandError::TrailingOctets),
        (&[0, 0, 0, 0], CommandError::ZeroLc),
        (&[0, 0, 2, 1], CommandError::Truncated),
        (&[0, 0, 1, 1, 0], CommandError::Truncated),
        (&[0, 0, 1, 1, 0, 0, 0], CommandError::TrailingOctets),
    ];
    for (body, error) in bodies {
        let octets = [&HEADER.to_bytes(), body].concat();
        assert_eq!(CommandApdu::decode(&octets), Err(error), "{body:?}");
        assert_eq!(error.status_word(), StatusWord::WRONG_LENGTH);
    }
}

#[test]
fn whatever_decodes_encodes_to_the_same_octets() {
    let mut random = Random::new(1);
    let mut octets = [0; 40];
    let mut decoded = 0;
    for _ in 0..200_000 {
        let len = random.below(octets.len() + 1);
        random.fill(&mut octets[..len]);
        // Small numbers where the lengths stand, or nearly nothing would decode.
        for octet in octets.iter_mut().take(len).skip(4).take(3) {
            *octet %= 24;
        }
        if let Ok(command) = CommandApdu::decode(&octets[..len]) {
            assert_eq!(encoded(&command), &octets[..len]);
            decoded += 1;
        }
    }
    assert!(decoded > 1000);
}

#[test]
fn what_the_form_cannot_say_is_not_encoded() {
    let data = [0; 65_536];
    let mut out = vec![0; 70_000];
    let mut refuse = |len: usize, ne, form, error| {
        assert_eq!(command(&data[..len], ne, form).encode(&mut out), Err(error));
    };
    refuse(256, 0, LengthForm::Short, EncodeError::DataTooLong);
    refuse(0, 257, LengthForm::Short, EncodeError::NeTooLarge);
    refuse(65_536, 0, LengthForm::Extended, EncodeError::DataTooLong);
    refuse(0, 65_537, LengthForm::Extended, EncodeError::NeTooLarge);
}

#[test]
fn a_buffer_that_is_too_small_is_an_error() {
    for form in [LengthForm::Short, LengthForm::Extended] {
        let command = command(&[1, 2, 3], 256, form);
        let len = encoded(&command).len();
        for size in 0..len {
            assert_eq!(command.encode(&mut vec![0; size]), Err(EncodeError::BufferTooSmall));
        }
    }
}

#[test]
fn the_chaining_bit_is_set_and_cleared() {
    assert!(HEADER.with_chaining(true).is_chained());
    assert_eq!(HEADER.with_chaining(true).cla, 0x90);
    assert_eq!(HEADER.with_chaining(true).with_chaining(false), HEADER);
}
