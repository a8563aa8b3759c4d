//! The command `decode`.

use std::fmt::Write;
use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::decode::{Conversation, Kind, as_json, as_text, decode, decode_as};
use crate::trace::{Record, Side, from_hex, read};

/// What is to be decoded.
#[derive(Args, Clone, Debug)]
pub struct DecodeArgs {
    /// Octets in hexadecimal, with or without white space, colons, commas or 0x; `-` reads them from standard input.
    #[arg(required_unless_present = "trace", conflicts_with = "trace")]
    octets: Vec<String>,

    /// A trace, whose messages are put together and decoded one after another.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,

    /// What the octets are, if it is known.
    #[arg(long = "as", value_enum, value_name = "KIND", conflicts_with = "trace")]
    kind: Option<Kind>,

    /// As JSON: one object, or one a line for a trace.
    #[arg(long)]
    json: bool,
}

/// What the octets, or the messages of a trace, say.
///
/// # Errors
/// When they are nothing that is known, or the trace cannot be read.
pub fn run(args: &DecodeArgs) -> Result<String> {
    match &args.trace {
        Some(path) => trace(&read(path)?, args.json),
        None => pasted(args),
    }
}

fn pasted(args: &DecodeArgs) -> Result<String> {
    let mut text = args.octets.join(" ");
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
    }
    let octets = from_hex(&text).context("give octets in hexadecimal, two digits each")?;
    let found = match args.kind {
        Some(kind) => vec![decode_as(&octets, kind)?],
        None => decode(&octets),
    };
    if args.json {
        return Ok(format!("{}\n", as_json(octets.len(), &found)));
    }
    let Some(likeliest) = found.first() else {
        bail!("{} octets that are nothing of this exchange; --as KIND says at which field", octets.len());
    };
    let mut text = as_text(&likeliest.name, &likeliest.fields);
    for other in found.iter().skip(1) {
        // Writing into a string does not fail.
        let _ = writeln!(text, "or else: {}", other.name);
    }
    Ok(text)
}

fn trace(records: &[Record], json: bool) -> Result<String> {
    let mut conversation = Conversation::default();
    let mut text = String::new();
    let began = records.first().map_or(0, Record::at_us);
    for record in records {
        let said = conversation.take(record);
        if json {
            for said in said {
                text.push_str(&serde_json::to_string(&said)?);
                text.push('\n');
            }
            continue;
        }
        let ms = record.at_us().saturating_sub(began).div_euclid(1_000);
        match record {
            Record::Tap(tap) => {
                let link = serde_json::to_value(tap.link)?;
                let over = link.get("transport").and_then(|name| name.as_str()).unwrap_or_default();
                writeln!(text, "{ms:>6} ms  tap {} at {} over {over}", tap.tap, tap.door)?;
            }
            Record::Event(event) => writeln!(text, "{ms:>6} ms  {}: {}", side(event.at), event.event)?,
            Record::End(end) => {
                let why = end.why.as_deref().map_or(String::new(), |why| format!(": {why}"));
                writeln!(text, "{ms:>6} ms  tap {} is over{why}", end.tap)?;
            }
            Record::Octets(_) => {}
        }
        for said in said {
            let name = format!(
                "{ms:>6} ms  {}: {}, {} octets, {} on the link",
                side(said.from),
                said.name,
                said.octets.len(),
                said.carried
            );
            text.push_str(&as_text(&name, &said.fields));
        }
    }
    Ok(text)
}

const fn side(side: Side) -> &'static str {
    match side {
        Side::Reader => "reader",
        Side::Device => "device",
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: DecodeArgs,
    }

    fn decoded(arguments: &[&str]) -> Result<String> {
        run(&Line::parse_from([&["decode"], arguments].concat()).args)
    }

    #[test]
    fn pasted_octets_are_told_field_by_field() {
        let text = decoded(&["00 A4 04 00 09", "F04F53544941525901", "00"]).unwrap();
        assert!(text.starts_with("command APDU SELECT\n"), "{text}");
        assert!(text.contains("    5    9     AID: f04f53544941525901 (Ostiary)\n"), "{text}");
        let json: serde_json::Value = serde_json::from_str(&decoded(&["--json", "6982"]).unwrap()).unwrap();
        assert_eq!(json["found"][0]["fields"][0]["value"], "6982, security status not satisfied");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let refused = |arguments: &[&str]| decoded(arguments).unwrap_err().to_string();
        assert_eq!(refused(&["--as", "time-token", "02"]), "the format is not 1");
        assert_eq!(refused(&["--as", "time-token", "01 00"]), "it ends in project id");
        assert!(refused(&["xyz"]).contains("hexadecimal"));
        assert!(refused(&["ffff"]).contains("--as KIND"));
    }
}
