//! Readers: enrolling, listing, editing, configuring, revoking.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use manager::domain::{
    Actor, OutputFormat, Parity, Presence, ReaderId, WiegandFormat, WiegandNumber, reader_key,
};
use manager::{EnrolledReader, NewReader, ReaderEdit, ReaderSummary};
use serde_json::json;

use super::events::ReaderEventsArguments;
use super::{KeyArguments, ProjectArguments, events, opening, output};

/// Readers that are read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum ReaderCommand {
    /// Enrol a reader by the public key that it made; its configuration goes to a file.
    Enrol(EnrolArguments),
    /// List readers.
    List(ListArguments),
    /// Show a reader.
    Show(OneArguments),
    /// Change what is set about a reader.
    Edit(EditArguments),
    /// Write the newest configuration of a reader, sealed to its key, to a file.
    Config(ConfigArguments),
    /// List what a reader has reported through phones, and what of it is missing.
    Events(ReaderEventsArguments),
    /// Revoke a reader: phones that hold the new revocation list answer it no more.
    Revoke(OneArguments),
}

#[derive(Debug, Args)]
pub(crate) struct EnrolArguments {
    /// The reader's public key: 33 octets in base64url or hexadecimal digits, or the name of a file with them.
    public_key: String,
    /// What people call it.
    #[arg(long)]
    name: String,
    /// Where it is.
    #[arg(long, default_value = "")]
    place: String,
    /// The user presence that the door demands: none, unlocked or verified.
    #[arg(long, value_parser = presence, default_value = "none")]
    presence: Presence,
    /// How it writes the user ID: `text` or `wiegand:BITS:FACILITY_BITS:FACILITY_CODE`, then optionally `hex` for
    /// hexadecimal IDs and `no-parity`, such as `wiegand:26:8:17` or `wiegand:32:0:0:hex:no-parity`.
    #[arg(long, value_name = "FORMAT", value_parser = output_format, default_value = "text")]
    output: OutputFormat,
    /// File for the sealed configuration.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// The reader's number.
    reader: u32,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct EditArguments {
    /// The reader's number.
    reader: u32,
    /// What people call it.
    #[arg(long)]
    name: Option<String>,
    /// Where it is.
    #[arg(long)]
    place: Option<String>,
    /// The user presence that the door demands: none, unlocked or verified.
    #[arg(long, value_parser = presence)]
    presence: Option<Presence>,
    /// How it writes the user ID, as in `manager reader enrol`.
    #[arg(long, value_name = "FORMAT", value_parser = output_format)]
    output: Option<OutputFormat>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The reader's number.
    reader: u32,
    /// File for the sealed configuration.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run(command: &ReaderCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        ReaderCommand::Enrol(arguments) => enrol(arguments, key, json).await,
        ReaderCommand::List(arguments) => list(arguments, key, json).await,
        ReaderCommand::Show(arguments) => show(arguments, key, json).await,
        ReaderCommand::Edit(arguments) => edit(arguments, key, json).await,
        ReaderCommand::Config(arguments) => config(arguments, key, json).await,
        ReaderCommand::Events(arguments) => events::of_reader(arguments, key, json).await,
        ReaderCommand::Revoke(arguments) => revoke(arguments, key, json).await,
    }
}

async fn enrol(arguments: &EnrolArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let new = NewReader {
        name: arguments.name.clone(),
        place: arguments.place.clone(),
        public_key: public_key(&arguments.public_key)?,
        presence: arguments.presence,
        output: arguments.output,
    };
    let manager = opening::open(&arguments.project.dir, key).await?;
    let enrolled = manager.enrol_reader(Actor::Operator, new).await?;
    if let Some(out) = &arguments.out {
        write(out, &enrolled)?;
    }
    if json {
        output::object(&manager.reader(enrolled.id).await?)?;
    } else {
        let (id, name) = (enrolled.id.0, &enrolled.name);
        output::line(format!("{name:?} is enrolled as reader {id}."));
        if arguments.out.is_none() {
            output::line(format!("Get its configuration with `manager reader config {id} --out FILE`."));
        }
    }
    manager.close().await;
    Ok(())
}

async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let mut readers: Vec<ReaderSummary> = Vec::new();
    loop {
        let after = ReaderId(readers.last().map_or(0, |reader| reader.reader_id));
        let page = manager.readers(after, PAGE).await?;
        if page.is_empty() {
            break;
        }
        readers.extend(page);
    }
    if json {
        output::object(&json!({ "readers": readers }))?;
    } else {
        readers.iter().for_each(|reader| output::line(in_words(reader)));
        output::line(format!("{} readers.", readers.len()));
    }
    manager.close().await;
    Ok(())
}

async fn show(arguments: &OneArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let reader = manager.reader(ReaderId(arguments.reader)).await?;
    if json {
        output::object(&reader)?;
    } else {
        output::line(in_words(&reader));
        let fetched = reader.fetched_at.map_or_else(|| "never".to_owned(), |at| at.0.to_string());
        output::line(format!("  public key: {}", reader.public_key));
        output::line(format!("  presence: {}", reader.presence.name()));
        output::line(format!("  output: {}", serde_json::to_string(&reader.output)?));
        output::line(format!("  certificate until: {}", reader.certificate_not_after.0));
        output::line(format!("  configuration {} fetched: {fetched}", reader.fetched_version));
    }
    manager.close().await;
    Ok(())
}

async fn edit(arguments: &EditArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let edit = ReaderEdit {
        name: arguments.name.clone(),
        place: arguments.place.clone(),
        presence: arguments.presence,
        output: arguments.output,
    };
    if edit == ReaderEdit::default() {
        bail!("say what to change: --name, --place, --presence or --output");
    }
    let manager = opening::open(&arguments.project.dir, key).await?;
    let reader = manager.edit_reader(Actor::Operator, ReaderId(arguments.reader), edit).await?;
    if json {
        output::object(&reader)?;
    } else {
        output::line(in_words(&reader));
    }
    manager.close().await;
    Ok(())
}

async fn config(arguments: &ConfigArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let reader = manager.reader_configuration(ReaderId(arguments.reader)).await?;
    write(&arguments.out, &reader)?;
    let (version, out) = (reader.configuration_version, arguments.out.display());
    if json {
        output::object(&json!({
            "reader_id": reader.id.0, "configuration_version": version, "out": out.to_string(),
        }))?;
    } else {
        output::line(format!("Configuration {version} of {:?} is in {out}.", reader.name));
    }
    manager.close().await;
    Ok(())
}

async fn revoke(arguments: &OneArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let version = manager.revoke_reader(Actor::Operator, ReaderId(arguments.reader)).await?;
    if json {
        output::object(&json!({ "list_version": version }))?;
    } else {
        output::line(format!("Reader {} is revoked, by revocation list {version}.", arguments.reader));
    }
    manager.close().await;
    Ok(())
}

fn write(out: &Path, reader: &EnrolledReader) -> anyhow::Result<()> {
    std::fs::write(out, &reader.configuration).with_context(|| out.display().to_string())
}

fn in_words(reader: &ReaderSummary) -> String {
    let place = if reader.place.is_empty() { String::new() } else { format!(", {}", reader.place) };
    let state = match (reader.revoked_at, reader.configuration_due) {
        (Some(_), _) => "revoked",
        (None, true) => "a newer configuration waits",
        (None, false) => "up to date",
    };
    format!("Reader {}: {}{place}: {state}", reader.reader_id, reader.name)
}

/// A public key as digits, or in a file.
fn public_key(text: &str) -> anyhow::Result<[u8; 33]> {
    if let Some(key) = reader_key(text.as_bytes()) {
        return Ok(key);
    }
    let octets = std::fs::read(text).with_context(|| {
        format!("{text:?} is neither a public key (33 octets in base64url or hexadecimal digits) nor a file")
    })?;
    reader_key(&octets).with_context(|| format!("{text} does not hold a public key of 33 octets"))
}

fn presence(text: &str) -> Result<Presence, String> {
    Presence::from_name(text).ok_or_else(|| "give none, unlocked or verified".to_owned())
}

fn output_format(text: &str) -> Result<OutputFormat, String> {
    let wrong = || "give `text`, or `wiegand:26:8:17` (bits, facility bits, facility code)".to_owned();
    let mut parts = text.split(':');
    match parts.next() {
        Some("text") if parts.next().is_none() => return Ok(OutputFormat::Text),
        Some("wiegand") => {}
        _ => return Err(wrong()),
    }
    let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok()).ok_or_else(wrong);
    let (bits, facility_bits, facility_code) = (number()?, number()?, number()?);
    let mut format = WiegandFormat {
        number: WiegandNumber::Decimal,
        bits: u8::try_from(bits).map_err(|_| wrong())?,
        facility_bits: u8::try_from(facility_bits).map_err(|_| wrong())?,
        facility_code,
        parity: Parity::EvenOdd,
    };
    for part in parts {
        match part {
            "hex" => format.number = WiegandNumber::Hexadecimal,
            "no-parity" => format.parity = Parity::None,
            _ => return Err(wrong()),
        }
    }
    let format = OutputFormat::Wiegand(format);
    format.check().map_err(|error| error.to_string())?;
    Ok(format)
}
