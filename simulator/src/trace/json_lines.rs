//! A record a line.

use std::io::{BufRead, Write};

use anyhow::{Context, Result};

use super::Record;

pub(super) fn write(record: &Record, out: &mut dyn Write) -> Result<()> {
    Ok(out.write_all(line(record)?.as_bytes())?)
}

/// A record as it stands in a file.
pub(crate) fn line(record: &Record) -> Result<String> {
    let mut line = serde_json::to_string(record)?;
    line.push('\n');
    Ok(line)
}

pub(super) fn read(input: impl BufRead) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for (number, line) in (1_usize..).zip(input.lines()) {
        let line = line?;
        if !line.trim().is_empty() {
            let record = serde_json::from_str(&line);
            records.push(record.with_context(|| format!("line {number} is not a record of a trace"))?);
        }
    }
    Ok(records)
}
