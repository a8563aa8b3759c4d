//! GATT segments, against a second reading of the specification.

use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};

use super::input::Input;

/// Never panics; joins as the specification says, and what was cut is joined again.
pub fn segments(octets: &[u8]) {
    let mut input = Input::new(octets);
    match input.below(4) {
        0 => join::<64>(&mut input),
        1 => join::<2050>(&mut input),
        _ => cut(&mut input),
    }
}

/// The specification, read a second time.
struct Model {
    room: usize,
    next: u8,
    /// The length of a message that has begun, and its beginning.
    begun: Option<(usize, Vec<u8>)>,
    closed: bool,
}

impl Model {
    fn push(&mut self, segment: &[u8]) -> Result<Option<Vec<u8>>, ()> {
        let taken = if self.closed { Err(()) } else { self.take(segment) };
        self.closed = taken.is_err();
        taken
    }

    fn take(&mut self, segment: &[u8]) -> Result<Option<Vec<u8>>, ()> {
        let (flags, mut part) = segment.split_first().ok_or(())?;
        let (first, last) = (flags & 0x80 != 0, flags & 0x40 != 0);
        if flags & 0x3F != self.next || first == self.begun.is_some() {
            return Err(());
        }
        if first {
            let (length, rest) = part.split_first_chunk().ok_or(())?;
            let length = usize::from(u16::from_be_bytes(*length));
            self.begun = (length <= self.room).then(|| (length, Vec::new()));
            part = rest;
        }
        let (length, mut message) = self.begun.take().ok_or(())?;
        message.extend_from_slice(part);
        if part.is_empty() || message.len() > length || last != (message.len() == length) {
            return Err(());
        }
        self.next = (self.next + 1) % 64;
        if last {
            return Ok(Some(message));
        }
        self.begun = Some((length, message));
        Ok(None)
    }
}

fn join<const N: usize>(input: &mut Input<'_>) {
    let mut reassembler = Reassembler::<N>::new();
    let mut model = Model { room: N, next: 0, begun: None, closed: false };
    while let Some(action) = input.action() {
        let segment = match action % 4 {
            0 => input.string().to_vec(),
            1 => {
                reassembler.reset();
                model = Model { room: N, next: 0, begun: None, closed: false };
                continue;
            }
            _ => follow_on(&model, action, input),
        };
        let joined = reassembler.push(&segment).map(|message| message.map(<[u8]>::to_vec));
        assert_eq!(joined.map_err(drop), model.push(&segment));
    }
}

/// A segment with the next sequence number, and mostly with the right flags.
fn follow_on(model: &Model, action: u8, input: &mut Input<'_>) -> Vec<u8> {
    let part = input.string();
    let mut segment = vec![model.next | (action & 0x40)];
    match &model.begun {
        None => {
            segment[0] |= 0x80;
            let length =
                if action & 0x40 != 0 { part.len() } else { usize::from(input.word()) % (model.room + 2) };
            segment.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            segment.extend_from_slice(part);
        }
        Some((length, message)) => {
            segment.extend_from_slice(part);
            if action & 0x40 != 0 {
                segment.resize((length - message.len() + 1).min(SEGMENT_MAX), 0xA5);
            }
        }
    }
    segment
}

fn cut(input: &mut Input<'_>) {
    let mut segmenter = Segmenter::new(AttMtu::DEFAULT);
    let mut reassembler = Reassembler::<2050>::new();
    while let Some(action) = input.action() {
        let att_mtu = AttMtu::new(23 + u16::from(action) * 2).unwrap_or(AttMtu::MAX);
        segmenter.set_att_mtu(att_mtu);
        let message: Vec<u8> = (0..input.word() % 2052).map(|count| count.to_le_bytes()[0]).collect();
        let Ok(mut segments) = segmenter.segments(&message) else {
            assert!(message.is_empty());
            continue;
        };
        let mut out = [0; SEGMENT_MAX];
        let mut joined = None;
        while let Some(segment) = segments.next_segment(&mut out) {
            assert!(joined.is_none() && segment.len() <= att_mtu.segment_max());
            match reassembler.push(segment) {
                Ok(message) => joined = message.map(<[u8]>::to_vec),
                Err(_) => return assert!(message.len() > 2050),
            }
        }
        assert_eq!(joined, Some(message));
    }
}
