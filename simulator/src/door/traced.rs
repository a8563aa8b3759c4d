//! The trace of a door, if one is wanted.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use reader_firmware::door::Arrival;
use serde_json::Value;

use crate::trace::{End, Event, Link, Octets, Record, Side, TapBegins, TraceFile, Tracer};

/// Records the taps of a door, one after another.
pub(super) struct Traced {
    door: String,
    trace: Option<TraceFile>,
    tap: u64,
}

impl Traced {
    pub(super) fn new(door: &str, trace: Option<TraceFile>) -> Self {
        Self { door: door.to_owned(), trace, tap: 0 }
    }

    /// A phone is there; who it is, a door does not know.
    pub(super) fn begin(&mut self, arrival: &Arrival) {
        self.tap = self.tap.saturating_add(1);
        let (door, link) = (self.door.clone(), Link::from(arrival));
        self.put(|tap, at_us| Record::Tap(TapBegins { tap, at_us, link, door, phone: String::new() }));
    }

    pub(super) fn octets(&mut self, from: Side, octets: &[u8]) {
        let octets = octets.to_vec();
        self.put(|tap, at_us| Record::Octets(Octets { tap, at_us, from, octets, lost: false }));
    }

    pub(super) fn event(&mut self, event: Value) {
        self.put(|tap, at_us| Record::Event(Event { tap, at_us, at: Side::Reader, event }));
    }

    pub(super) fn end(&mut self) {
        self.put(|tap, at_us| Record::End(End { tap, at_us, why: None }));
    }

    pub(super) fn finish(self) -> Result<()> {
        self.trace.map_or(Ok(()), TraceFile::finish)
    }

    fn put(&mut self, record: impl FnOnce(u64, u64) -> Record) {
        let Some(trace) = &mut self.trace else { return };
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        trace.record(record(self.tap, u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX)));
    }
}

#[cfg(test)]
mod tests {
    use credential::iso7816::FrontEnd;
    use serde_json::json;

    use super::*;
    use crate::trace::read;

    #[test]
    fn a_door_writes_what_it_sees_and_nothing_without_a_trace() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taps.jsonl");
        for trace in [None, Some(TraceFile::create(&path).unwrap())] {
            let mut traced = Traced::new("front", trace);
            traced.begin(&Arrival::Tcp);
            traced.octets(Side::Device, &[1, 2]);
            traced.end();
            traced.begin(&Arrival::Nfc(FrontEnd::SHORT));
            traced.event(json!({ "event": "finished" }));
            traced.finish().unwrap();
        }
        let records = read(&path).unwrap();
        assert_eq!(records.iter().map(Record::tap).collect::<Vec<_>>(), [1, 1, 1, 2, 2]);
        assert!(records.is_sorted_by_key(Record::at_us) && records.iter().all(|record| record.at_us() > 0));
        let Some(Record::Octets(octets)) = records.get(1) else { panic!("{records:?}") };
        assert_eq!((octets.from, octets.octets.as_slice()), (Side::Device, &[1, 2][..]));
    }
}
