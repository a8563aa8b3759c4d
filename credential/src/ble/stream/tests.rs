use super::*;
use crate::iso7816::random::Random;
use std::{vec, vec::Vec};

fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 70_000];
    let len = encode_frame(message, &mut out).unwrap();
    out.truncate(len);
    out
}

/// Takes one piece, and collects the messages in it.
fn take<const N: usize>(decoder: &mut FrameDecoder<N>, mut piece: &[u8]) -> Result<Vec<Vec<u8>>, FrameError> {
    let mut messages = vec![];
    while let Some(message) = decoder.next_message(&mut piece)? {
        messages.push(message.to_vec());
    }
    assert!(piece.is_empty());
    Ok(messages)
}

#[test]
fn a_frame_is_a_length_and_a_message() {
    assert_eq!(frame(&[7, 8, 9]), [0, 3, 7, 8, 9]);
    assert_eq!(frame(&[0; 0x0102])[..2], [1, 2]);
}

#[test]
fn messages_of_every_length_arrive_in_one_piece() {
    let octets = [0xA7; MESSAGE_CAP];
    let mut decoder = FrameDecoder::<MESSAGE_CAP>::new();
    for len in 1..=MESSAGE_CAP {
        assert_eq!(take(&mut decoder, &frame(&octets[..len])), Ok(vec![octets[..len].to_vec()]));
    }
}

#[test]
fn messages_arrive_however_the_stream_is_cut() {
    let mut random = Random::new(1);
    for round in 0..500 {
        let mut sent = vec![];
        let mut stream = vec![];
        for _ in 0..random.below(8) {
            let mut message = vec![0; 1 + (random.below(MESSAGE_CAP) >> random.below(11))];
            random.fill(&mut message);
            stream.extend(frame(&message));
            sent.push(message);
        }
        let mut decoder = FrameDecoder::<MESSAGE_CAP>::new();
        let mut received = vec![];
        let mut rest = stream.as_slice();
        let largest = 1 + (random.below(3000) >> random.below(12));
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.below(largest + 1).min(rest.len()));
            received.extend(take(&mut decoder, piece).unwrap());
            rest = after;
        }
        assert_eq!(received, sent, "round {round}");
    }
}

#[test]
fn a_truncated_stream_gives_no_message() {
    let whole = frame(&[5; 300]);
    for end in 0..whole.len() {
        let mut decoder = FrameDecoder::<MESSAGE_CAP>::new();
        assert_eq!(take(&mut decoder, &whole[..end]), Ok(vec![]));
        assert_eq!(take(&mut decoder, &whole[end..]), Ok(vec![vec![5; 300]]));
    }
}

#[test]
fn a_message_over_the_cap_closes_the_session_before_it_comes() {
    let mut decoder = FrameDecoder::<4>::new();
    assert_eq!(take(&mut decoder, &frame(&[1; 4])), Ok(vec![vec![1; 4]]));
    assert_eq!(take(&mut decoder, &[0, 5]), Err(FrameError::MessageTooLong));
    assert_eq!(take(&mut decoder, &frame(&[1])), Err(FrameError::Closed));
    decoder.reset();
    assert_eq!(take(&mut decoder, &frame(&[1])), Ok(vec![vec![1]]));
}

#[test]
fn an_empty_message_closes_the_session() {
    let mut decoder = FrameDecoder::<4>::new();
    assert_eq!(take(&mut decoder, &[0, 0]), Err(FrameError::Empty));
    assert_eq!(take(&mut decoder, &[0]), Err(FrameError::Closed));
}

#[test]
fn a_message_that_cannot_be_framed_is_refused() {
    let mut out = vec![0; 70_000];
    assert_eq!(encode_frame(&[], &mut out), Err(FrameEncodeError::Empty));
    assert_eq!(encode_frame(&[0; 65_536], &mut out), Err(FrameEncodeError::TooLong));
    assert_eq!(encode_frame(&[0; 65_535], &mut out), Ok(65_537));
    for size in 0..5 {
        assert_eq!(encode_frame(&[1, 2, 3], &mut out[..size]), Err(FrameEncodeError::BufferTooSmall));
    }
}

#[test]
fn random_streams_never_panic_and_never_give_more_than_the_cap() {
    let mut random = Random::new(2);
    for _ in 0..20_000 {
        let mut decoder = FrameDecoder::<32>::new();
        let mut stream = [0; 64];
        random.fill(&mut stream);
        stream[0] = 0;
        stream[1] %= 40;
        if let Ok(messages) = take(&mut decoder, &stream) {
            assert!(messages.iter().all(|message| (1..=32).contains(&message.len())));
        }
    }
}
