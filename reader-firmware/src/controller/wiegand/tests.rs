use std::string::{String, ToString};
use std::vec::Vec;

use credential::id::UserId;
use credential::object::{IdBase, Parity, Wiegand};

use super::*;

fn frame(bits: u8, user_id: &str) -> WiegandFrame {
    let format =
        Wiegand { base: IdBase::Decimal, bits, facility_bits: 8, facility: 17, parity: Parity::EvenOdd };
    WiegandFrame::new(format, &UserId::new(user_id.as_bytes()).unwrap()).unwrap()
}

/// Polls whenever the transmitter wants it, `late_us` late; the edges with their times.
fn run(transmitter: &mut Transmitter, late_us: u64) -> Vec<(u64, Edge)> {
    let mut edges = Vec::new();
    while let Some(at) = transmitter.poll_at() {
        let now = at.after_us(late_us);
        while let Some(edge) = transmitter.poll(now) {
            edges.push((now.0, edge));
        }
    }
    edges
}

/// What a controller reads from edges.
fn read(edges: &[(u64, Edge)]) -> String {
    let bit = |edge: &Edge| match edge {
        Edge::Falls(Line::D0) => Some('0'),
        Edge::Falls(Line::D1) => Some('1'),
        Edge::Rises(_) => None,
    };
    edges.iter().filter_map(|(_, edge)| bit(edge)).collect()
}

#[test]
fn a_controller_reads_the_bits_of_every_common_length() {
    for bits in [26, 34, 37, 56, 128] {
        let mut transmitter = Transmitter::new(Timing::USUAL);
        transmitter.send(frame(bits, "4711"), Micros(1_000)).unwrap();
        let edges = run(&mut transmitter, 0);
        assert_eq!(read(&edges), frame(bits, "4711").to_string());
        assert_eq!(edges.len(), 2 * usize::from(bits));
    }
}

#[test]
fn pulses_and_intervals_are_those_of_the_timing() {
    for timing in [Timing::USUAL, Timing::new(100, 1_000, 25_000).unwrap()] {
        let mut transmitter = Transmitter::new(timing);
        transmitter.send(frame(26, "4711"), Micros(0)).unwrap();
        let edges = run(&mut transmitter, 0);
        for (bit, pair) in edges.chunks(2).enumerate() {
            let begins = u64::try_from(bit).unwrap() * u64::from(timing.interval_us);
            assert_eq!((pair[0].0, pair[1].0), (begins, begins + u64::from(timing.pulse_us)));
        }
        let silence_ends = edges.last().unwrap().0 + u64::from(timing.frame_gap_us);
        assert_eq!(transmitter.send(frame(26, "1"), Micros(silence_ends - 1)), Err(Busy));
        assert_eq!(transmitter.send(frame(26, "1"), Micros(silence_ends)), Ok(()));
    }
}

#[test]
fn a_late_poll_never_shortens_a_pulse_or_a_pause() {
    let mut transmitter = Transmitter::new(Timing::USUAL);
    transmitter.send(frame(26, "4711"), Micros(0)).unwrap();
    let edges = run(&mut transmitter, 333);
    assert_eq!(read(&edges), frame(26, "4711").to_string());
    for pair in edges.windows(2) {
        let apart = pair[1].0 - pair[0].0;
        assert!(apart >= if matches!(pair[0].1, Edge::Falls(_)) { 50 } else { 1_950 });
    }
}

#[test]
fn a_frame_under_way_is_not_disturbed_by_another() {
    let mut transmitter = Transmitter::new(Timing::USUAL);
    transmitter.send(frame(26, "4711"), Micros(0)).unwrap();
    assert_eq!(transmitter.send(frame(26, "1"), Micros(10)), Err(Busy));
    assert_eq!(read(&run(&mut transmitter, 0)), frame(26, "4711").to_string());
}

#[test]
fn a_timing_out_of_range_is_refused() {
    assert_eq!(Timing::new(19, 2_000, 50_000), Err(TimingError::Pulse));
    assert_eq!(Timing::new(1_001, 2_000, 50_000), Err(TimingError::Pulse));
    assert_eq!(Timing::new(50, 199, 50_000), Err(TimingError::Interval));
    assert_eq!(Timing::new(200, 399, 50_000), Err(TimingError::Interval));
    assert_eq!(Timing::new(50, 2_000, 5_999), Err(TimingError::FrameGap));
}
