use super::*;
use crate::ble::MESSAGE_CAP;
use crate::iso7816::random::Random;
use std::{vec, vec::Vec};

fn message(len: usize) -> Vec<u8> {
    let mut message = vec![0; len];
    Random::new(1).fill(&mut message);
    message
}

fn cut(segmenter: &mut Segmenter, message: &[u8]) -> Vec<Vec<u8>> {
    let mut out = [0; SEGMENT_MAX];
    let mut segments = segmenter.segments(message).unwrap();
    let mut all = vec![];
    while let Some(segment) = segments.next_segment(&mut out) {
        all.push(segment.to_vec());
    }
    all
}

/// Gives all segments, and returns the messages that came and the first error.
fn join(reassembler: &mut Reassembler, segments: &[Vec<u8>]) -> (Vec<Vec<u8>>, Option<SegmentError>) {
    let mut messages = vec![];
    for segment in segments {
        match reassembler.push(segment) {
            Ok(message) => messages.extend(message.map(<[u8]>::to_vec)),
            Err(error) => return (messages, Some(error)),
        }
    }
    (messages, None)
}

fn att_mtu(octets: u16) -> AttMtu {
    AttMtu::new(octets).unwrap()
}

#[test]
fn segments_have_the_form_of_the_specification() {
    let mut segmenter = Segmenter::new(AttMtu::DEFAULT);
    let message = message(40);
    let segments = cut(&mut segmenter, &message);
    assert_eq!(segments[0], [&[0x80, 0, 40], &message[..17]].concat());
    assert_eq!(segments[1], [&[0x01], &message[17..36]].concat());
    assert_eq!(segments[2], [&[0x42], &message[36..]].concat());
    assert_eq!(cut(&mut segmenter, &[7]), [[0xC3, 0, 1, 7]]);
}

#[test]
fn messages_arrive_with_every_att_mtu() {
    let whole = message(MESSAGE_CAP);
    for octets in 23..=517 {
        let mut segmenter = Segmenter::new(att_mtu(octets));
        let mut reassembler = Reassembler::<MESSAGE_CAP>::new();
        for len in (1..=MESSAGE_CAP).step_by(97).chain([MESSAGE_CAP]) {
            let segments = cut(&mut segmenter, &whole[..len]);
            assert!(segments.iter().all(|segment| segment.len() <= usize::from(octets) - 3));
            assert_eq!(join(&mut reassembler, &segments), (vec![whole[..len].to_vec()], None));
        }
    }
}

#[test]
fn messages_of_every_length_arrive_in_one_connection() {
    let whole = message(MESSAGE_CAP);
    for octets in [23, 185, 247, 517] {
        let mut segmenter = Segmenter::new(att_mtu(octets));
        let mut reassembler = Reassembler::<MESSAGE_CAP>::new();
        for len in 1..=MESSAGE_CAP {
            let segments = cut(&mut segmenter, &whole[..len]);
            assert_eq!(join(&mut reassembler, &segments), (vec![whole[..len].to_vec()], None));
        }
    }
}

#[test]
fn no_segment_is_longer_than_an_attribute_value() {
    let segments = cut(&mut Segmenter::new(AttMtu::MAX), &message(600));
    assert_eq!(segments[0].len(), 512);
    assert_eq!(att_mtu(515).segment_max(), 512);
    assert_eq!(att_mtu(514).segment_max(), 511);
}

#[test]
fn the_att_mtu_may_grow_between_messages() {
    let whole = message(100);
    let mut segmenter = Segmenter::new(AttMtu::DEFAULT);
    let mut segments = cut(&mut segmenter, &whole);
    segmenter.set_att_mtu(att_mtu(247));
    segments.extend(cut(&mut segmenter, &whole));
    assert_eq!(segments.len(), 7);
    assert_eq!(join(&mut Reassembler::new(), &segments).0, [whole.clone(), whole]);
}

/// A connection of several messages, more than 64 segments in all.
fn connection() -> Vec<Vec<u8>> {
    let mut segmenter = Segmenter::new(AttMtu::DEFAULT);
    [1, 17, 300, 5, 36, 1000].iter().flat_map(|&len| cut(&mut segmenter, &message(len))).collect()
}

#[test]
fn a_lost_segment_is_detected_at_the_next() {
    let segments = connection();
    for lost in 0..segments.len() - 1 {
        let mut received = segments.clone();
        received.remove(lost);
        let (_, error) = join(&mut Reassembler::new(), &received[..=lost]);
        assert_eq!(error, Some(SegmentError::Sequence));
    }
}

#[test]
fn a_repeated_segment_is_detected() {
    let segments = connection();
    for repeated in 0..segments.len() {
        let mut received = segments.clone();
        received.insert(repeated, segments[repeated].clone());
        assert_eq!(join(&mut Reassembler::new(), &received[..repeated + 2]).1, Some(SegmentError::Sequence));
    }
}

#[test]
fn segments_out_of_order_are_detected() {
    let segments = connection();
    for later in 1..segments.len() {
        let mut received = segments.clone();
        received.swap(later - 1, later);
        assert_eq!(join(&mut Reassembler::new(), &received[..later]).1, Some(SegmentError::Sequence));
    }
}

#[test]
fn a_first_segment_in_the_middle_and_another_outside_are_refused() {
    let refuse = |segments: &[&[u8]], error| {
        let segments: Vec<_> = segments.iter().map(|segment| segment.to_vec()).collect();
        assert_eq!(join(&mut Reassembler::new(), &segments).1, Some(error));
    };
    refuse(&[&[0x80, 0, 2, 7], &[0xC1, 0, 1, 7]], SegmentError::FirstWithin);
    refuse(&[&[0x00, 7]], SegmentError::NotFirstOutside);
    refuse(&[&[0x40, 7]], SegmentError::NotFirstOutside);
    refuse(&[&[0xC0, 0, 1, 7], &[0x41, 7]], SegmentError::NotFirstOutside);
}

#[test]
fn a_length_that_does_not_come_out_is_refused() {
    let refuse = |segments: &[&[u8]], error| {
        let segments: Vec<_> = segments.iter().map(|segment| segment.to_vec()).collect();
        assert_eq!(join(&mut Reassembler::new(), &segments).1, Some(error));
    };
    refuse(&[&[0xC0, 0, 2, 7]], SegmentError::Length);
    refuse(&[&[0xC0, 0, 1, 7, 7]], SegmentError::Length);
    refuse(&[&[0x80, 0, 1, 7]], SegmentError::Length);
    refuse(&[&[0x80, 0, 3, 7], &[0x41, 7]], SegmentError::Length);
    refuse(&[&[0x80, 0, 3, 7], &[0x01, 7, 7]], SegmentError::Length);
    refuse(&[&[0x80, 0, 2, 7], &[0x41, 7, 7]], SegmentError::Length);
    refuse(&[&[0x80, 0, 2, 7], &[0x01, 7, 7]], SegmentError::Length);
    refuse(&[&[0xC0, 0, 0]], SegmentError::Truncated);
    refuse(&[&[0xC0, 0, 0, 7]], SegmentError::Length);
    refuse(&[&[0x80, 0, 2, 7], &[0x01]], SegmentError::Truncated);
    refuse(&[&[0xC0, 0x08, 0x03, 7]], SegmentError::MessageTooLong);
    refuse(&[&[0xC0, 0xFF, 0xFF, 7]], SegmentError::MessageTooLong);
}

#[test]
fn after_an_error_nothing_is_taken_until_the_next_connection() {
    let mut reassembler = Reassembler::<16>::new();
    assert_eq!(reassembler.push(&[]), Err(SegmentError::Truncated));
    assert_eq!(reassembler.push(&[0xC0, 0, 1, 7]), Err(SegmentError::Closed));
    reassembler.reset();
    assert_eq!(reassembler.push(&[0xC0, 0, 1, 7]), Ok(Some([7].as_slice())));
}

#[test]
fn every_truncation_of_a_segment_is_refused() {
    for len in [1, 17, 40] {
        let segments = cut(&mut Segmenter::new(AttMtu::DEFAULT), &message(len));
        for position in 0..segments.len() {
            for end in 0..segments[position].len() {
                let mut received = segments.clone();
                received[position].truncate(end);
                let (messages, error) = join(&mut Reassembler::new(), &received);
                assert!(messages.is_empty() && error.is_some());
            }
        }
    }
}

#[test]
fn a_bit_flip_in_a_header_is_detected() {
    let segments = cut(&mut Segmenter::new(AttMtu::DEFAULT), &message(60));
    for position in 0..segments.len() {
        let header_bits = if position == 0 { 24 } else { 8 };
        for bit in 0..header_bits {
            let mut received = segments.clone();
            received[position][bit / 8] ^= 1 << (bit % 8);
            let (messages, error) = join(&mut Reassembler::new(), &received);
            assert!(messages.is_empty() && error.is_some(), "segment {position}, bit {bit}");
        }
    }
}

#[test]
fn random_segments_never_panic_and_never_give_more_than_the_cap() {
    let mut random = Random::new(2);
    let mut segment = [0; 24];
    let mut messages = 0;
    for _ in 0..50_000 {
        let mut reassembler = Reassembler::<32>::new();
        for sequence in 0..4 {
            let len = random.below(segment.len() + 1);
            random.fill(&mut segment);
            segment[0] = segment[0] & (FIRST | LAST) | sequence;
            segment[1] = 0;
            segment[2] %= 40;
            match reassembler.push(&segment[..len]) {
                Ok(None) => {}
                Ok(Some(message)) => {
                    assert!(message.len() <= 32);
                    messages += 1;
                }
                Err(_) => break,
            }
        }
    }
    assert!(messages > 100);
}

#[test]
fn a_message_that_cannot_be_framed_is_refused() {
    let mut segmenter = Segmenter::new(AttMtu::DEFAULT);
    assert_eq!(segmenter.segments(&[]).unwrap_err(), MessageError::Empty);
    assert_eq!(segmenter.segments(&[0; 65_536]).unwrap_err(), MessageError::TooLong);
    assert_eq!(AttMtu::new(22), Err(AttMtuError));
    assert_eq!(AttMtu::new(518), Err(AttMtuError));
}
