//! Frames on a stream, in pieces of any size.

use credential::ble::stream::{FrameDecoder, encode_frame};

use super::input::Input;

/// Never panics; the pieces do not matter, and what was framed comes out again.
pub fn stream(octets: &[u8]) {
    let mut input = Input::new(octets);
    match input.below(4) {
        0 => decode::<16>(&mut input),
        1 => decode::<2050>(&mut input),
        _ => encode(&mut input),
    }
}

fn decode<const N: usize>(input: &mut Input<'_>) {
    let sizes = input.string();
    let octets = input.rest();
    let (messages, broken) = expected(octets, N);
    let mut decoder = FrameDecoder::<N>::new();
    let mut decoded = Vec::new();
    let mut failed = false;
    let mut rest = octets;
    let mut sizes = sizes.iter().map(|size| usize::from(*size)).chain(std::iter::repeat(usize::MAX));
    while !rest.is_empty() {
        let (mut piece, left) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
        rest = left;
        loop {
            match decoder.next_message(&mut piece) {
                Ok(Some(message)) => decoded.push(message.to_vec()),
                Ok(None) => break assert!(piece.is_empty() && !failed),
                // An empty piece says nothing of a decoder that has closed.
                Err(_) => break failed = true,
            }
        }
    }
    assert_eq!((decoded, failed), (messages, broken));
    decoder.reset();
    let mut clean = [0, 1, 9].as_slice();
    assert_eq!(decoder.next_message(&mut clean), Ok(Some([9].as_slice())));
}

/// What the specification makes of a whole stream: its messages, and whether it breaks the rules after them.
fn expected(mut octets: &[u8], room: usize) -> (Vec<Vec<u8>>, bool) {
    let mut messages = Vec::new();
    while let Some((length, rest)) = octets.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > room {
            return (messages, true);
        }
        let Some((message, rest)) = rest.split_at_checked(length) else { break };
        messages.push(message.to_vec());
        octets = rest;
    }
    (messages, false)
}

fn encode(input: &mut Input<'_>) {
    let message = input.long_string();
    let room = usize::from(input.word());
    let mut out = vec![0; room];
    match encode_frame(message, &mut out) {
        Ok(length) => {
            assert_eq!(length, message.len() + 2);
            assert_eq!(expected(&out[..length], 65_535), (vec![message.to_vec()], false));
        }
        Err(_) => assert!(message.is_empty() || message.len() + 2 > room),
    }
}
