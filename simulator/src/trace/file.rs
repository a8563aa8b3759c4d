//! A trace in a file, in the form that its name asks for.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::{Record, Tracer, json_lines, pcapng};

/// A trace that is being written; a record is in the file as soon as it is recorded.
pub struct TraceFile {
    out: BufWriter<File>,
    form: Form,
    /// The first thing that went wrong; nothing is written after it.
    failed: Option<anyhow::Error>,
}

enum Form {
    JsonLines,
    Pcapng(pcapng::Writer),
}

impl TraceFile {
    /// Makes the file: `.jsonl` for a JSON object a line, `.pcapng` for Wireshark.
    ///
    /// # Errors
    /// When the name has another ending, or the file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let is_pcapng = match path.extension().and_then(|ending| ending.to_str()) {
            Some("jsonl") => false,
            Some("pcapng") => true,
            _ => bail!("{}: the name of a trace ends with .jsonl or .pcapng", path.display()),
        };
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut out = BufWriter::new(file);
        let form = if is_pcapng { Form::Pcapng(pcapng::Writer::begin(&mut out)?) } else { Form::JsonLines };
        out.flush()?;
        Ok(Self { out, form, failed: None })
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What went wrong when a record was written.
    pub fn finish(mut self) -> Result<()> {
        match self.failed.take() {
            Some(error) => Err(error.context("the trace is not whole")),
            None => Ok(self.out.flush()?),
        }
    }

    fn write(&mut self, record: &Record) -> Result<()> {
        match &mut self.form {
            Form::JsonLines => json_lines::write(record, &mut self.out)?,
            Form::Pcapng(writer) => writer.write(record, &mut self.out)?,
        }
        Ok(self.out.flush()?)
    }
}

impl Tracer for TraceFile {
    /// A tap does not wait for its trace: what cannot be written is told by [`TraceFile::finish`].
    fn record(&mut self, record: Record) {
        if self.failed.is_none() {
            self.failed = self.write(&record).err();
        }
    }
}

/// The records of a trace, in either form.
///
/// # Errors
/// When the file cannot be read, or is no trace.
pub fn read(path: &Path) -> Result<Vec<Record>> {
    const PCAPNG: [u8; 4] = [0x0A, 0x0D, 0x0D, 0x0A];
    let octets = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let records =
        if octets.starts_with(&PCAPNG) { pcapng::read(&octets) } else { json_lines::read(octets.as_slice()) };
    records.with_context(|| format!("{} is not a trace", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::trace::{End, Event, Link, Octets, Side, TapBegins};

    fn records() -> Vec<Record> {
        let links = [
            Link::Nfc { max_transmit: 261, max_receive: 258 },
            Link::BleGatt { att_mtu: 247 },
            Link::BleL2cap,
            Link::Tcp,
        ];
        let mut records = Vec::new();
        for (tap, link) in (1..).zip(links) {
            let at_us = 1_792_000_000_123_456_u64.saturating_add(tap);
            let octets = vec![0x5A; usize::try_from(tap).unwrap()];
            let (door, phone) = ("front".to_owned(), if tap == 1 { "" } else { "Anna's" }.to_owned());
            records.extend([
                Record::Tap(TapBegins { tap, at_us, link, door, phone }),
                Record::Octets(Octets { tap, at_us, from: Side::Reader, octets: Vec::new(), lost: true }),
                Record::Octets(Octets { tap, at_us, from: Side::Device, octets, lost: false }),
                Record::Event(Event { tap, at_us, at: Side::Device, event: json!({ "event": "finished" }) }),
                Record::End(End { tap, at_us, why: (tap == 2).then(|| "link lost".to_owned()) }),
            ]);
        }
        records
    }

    #[test]
    fn a_trace_comes_back_in_both_forms() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["taps.jsonl", "taps.pcapng"] {
            let path = dir.path().join(name);
            let mut file = TraceFile::create(&path).unwrap();
            records().into_iter().for_each(|record| file.record(record));
            file.finish().unwrap();
            assert_eq!(read(&path).unwrap(), records(), "{name}");
        }
    }

    #[test]
    fn a_capture_with_the_high_octets_first_and_in_nanoseconds_is_read() {
        let record = Record::Octets(Octets {
            tap: 7,
            at_us: 5,
            from: Side::Device,
            octets: vec![1, 2, 3],
            lost: false,
        });
        let data = crate::trace::packet::encode(&record, 0).unwrap();
        let block = |kind: u32, body: &[u8]| {
            let padded = [body, &vec![0; body.len().next_multiple_of(4) - body.len()]].concat();
            let length = u32::try_from(padded.len() + 12).unwrap().to_be_bytes();
            [&kind.to_be_bytes()[..], &length, &padded, &length].concat()
        };
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        let file = [
            block(0x0A0D_0D0A, &[0x1A, 0x2B, 0x3C, 0x4D, 0, 1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
            block(1, &[0, 147, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 9, 0, 0, 0, 0, 0, 0, 0]),
            block(6, &[&[0; 8][..], &5_000_u32.to_be_bytes(), &length, &length, &data].concat()),
        ];
        assert_eq!(pcapng::read(&file.concat()).unwrap(), [record]);
    }

    #[test]
    fn what_is_cut_is_refused_and_never_half_read() {
        let mut whole = Vec::new();
        let mut writer = pcapng::Writer::begin(&mut whole).unwrap();
        let front = whole.len();
        writer.write(&records()[0], &mut whole).unwrap();
        for length in front + 1..whole.len() {
            assert!(pcapng::read(&whole[..length]).is_err(), "{length}");
        }
        assert!(json_lines::read(&b"{\"record\":\"octets\"}\n"[..]).is_err());
    }
}
