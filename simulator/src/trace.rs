//! Traces: what went over a link at a tap and what came of it, in a file.
//!
//! Whatever taps emits a [`Record`] for each thing that happens into a [`Tracer`]; a list of records is one, and so is
//! a [`TraceFile`]. There are two forms of the same records: a JSON object a line, and pcapng for Wireshark.
//!
//! Spec: `docs/TRACES.md`

pub mod command;
mod file;
mod hex;
pub(crate) mod json_lines;
mod packet;
mod pcapng;
mod record;
mod world;

pub use file::{TraceFile, read};
pub use hex::{from_hex, to_hex};
pub use record::{End, Event, Link, Octets, Record, Side, TapBegins};
pub use world::of_tap;

/// Takes what happens at taps, as it happens.
pub trait Tracer: Send {
    /// Takes one record; records of one tap come in their order, those of several may be mixed.
    fn record(&mut self, record: Record);
}

impl Tracer for Vec<Record> {
    fn record(&mut self, record: Record) {
        self.push(record);
    }
}
