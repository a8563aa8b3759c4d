//! The audit log: reading, verifying, exporting.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use manager::domain::{AuditEntry, hex};
use manager::{AuditFilter, Manager};
use serde_json::json;

use super::{KeyArguments, ProjectArguments, opening, output};

/// Entries that are read at a time.
const PAGE: u32 = 1000;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List entries, oldest first.
    List(ListArguments),
    /// Verify the whole chain of hashes, and those of what readers reported; names the first entry that does not hold.
    Verify(VerifyArguments),
    /// Write all entries with their hashes to a file, one JSON object a line.
    Export(ExportArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only entries of this act, such as user_invited.
    #[arg(long)]
    act: Option<String>,
    /// Only entries of this actor, such as operator or "token ID".
    #[arg(long)]
    actor: Option<String>,
    /// Only entries about this user, device, reader or the like.
    #[arg(long)]
    subject: Option<String>,
    /// Only entries of this time on, in Unix seconds.
    #[arg(long, value_name = "SECONDS")]
    since: Option<u32>,
    /// Only entries before this time, in Unix seconds.
    #[arg(long, value_name = "SECONDS")]
    until: Option<u32>,
    /// Only entries after this one.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// As many as this at most.
    #[arg(long, value_name = "NUMBER")]
    limit: Option<usize>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The entry and hash that an earlier run printed, as NUMBER:HASH; it has to stand in the log unchanged.
    #[arg(long, value_name = "HEAD")]
    expect_head: Option<String>,
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run(command: &AuditCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        AuditCommand::List(arguments) => list(arguments, key, json).await,
        AuditCommand::Verify(arguments) => verify(arguments, key, json).await,
        AuditCommand::Export(arguments) => export(arguments, key, json).await,
    }
}

async fn list(arguments: &ListArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let filter = AuditFilter {
        act: arguments.act.clone(),
        actor: arguments.actor.clone(),
        subject: arguments.subject.clone(),
        since: arguments.since.map(manager::domain::UnixTime),
        until: arguments.until.map(manager::domain::UnixTime),
    };
    let most = arguments.limit.unwrap_or(usize::MAX);
    let mut entries: Vec<AuditEntry> = Vec::new();
    loop {
        let after = entries.last().map_or(arguments.after, |entry| entry.sequence);
        let page = manager.audit_entries(&filter, after, PAGE).await?;
        let is_last = page.is_empty();
        entries.extend(page.into_iter().take(most.saturating_sub(entries.len())));
        if is_last || entries.len() >= most {
            break;
        }
    }
    if json {
        output::object(&json!({ "entries": entries }))?;
    } else {
        for AuditEntry { sequence, time, actor, act, subject, detail, .. } in &entries {
            output::line(
                format!("{sequence:>6}  {}  {actor}  {act}  {subject}  {detail}", time.0).trim_end(),
            );
        }
    }
    manager.close().await;
    Ok(())
}

async fn verify(arguments: &VerifyArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let expected = arguments.expect_head.as_deref().map(head).transpose()?;
    let manager = opening::open(&arguments.project.dir, key).await?;
    let verified = manager.verify_audit_from(expected).await?;
    let events = manager.verify_events().await?;
    manager.close().await;
    let events = match events {
        Ok(events) => events,
        Err((reader, place)) => bail!("the events of reader {} do not hold from place {place} on", reader.0),
    };
    match verified {
        Ok((length, hash)) => {
            let head = format!("{length}:{}", hex(&hash));
            if json {
                output::object(
                    &json!({ "holds": true, "entries": length, "head": head, "reader_events": events }),
                )
            } else {
                output::line(format!("The audit log holds: {length} entries."));
                output::line(format!("What readers reported holds: {events} events."));
                output::line(format!("Head, to be kept elsewhere and given to --expect-head: {head}"));
                Ok(())
            }
        }
        Err(broken) => bail!("{broken}"),
    }
}

async fn export(arguments: &ExportArguments, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    let manager = opening::open(&arguments.project.dir, key).await?;
    let out = || arguments.out.display().to_string();
    let mut file = BufWriter::new(File::create(&arguments.out).with_context(out)?);
    let count = write_all(&manager, &mut file).await.with_context(out)?;
    file.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|file| file.sync_all())?;
    if json {
        output::object(&json!({ "entries": count, "out": out() }))?;
    } else {
        output::line(format!("{count} entries are in {}.", out()));
    }
    manager.close().await;
    Ok(())
}

async fn write_all(manager: &Manager, file: &mut impl Write) -> anyhow::Result<u64> {
    let (filter, mut after, mut count) = (AuditFilter::default(), 0, 0_u64);
    loop {
        let page = manager.audit_entries(&filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = last.sequence;
        for entry in &page {
            let AuditEntry { sequence, time, actor, act, subject, detail, previous, hash } = entry;
            let line = json!({
                "sequence": sequence, "time": time.0, "actor": actor, "act": act, "subject": subject,
                "detail": detail, "previous": hex(previous), "hash": hex(hash),
            });
            writeln!(file, "{line}")?;
            count = count.saturating_add(1);
        }
    }
}

fn head(text: &str) -> anyhow::Result<(u64, [u8; 32])> {
    let parsed = text.split_once(':').and_then(|(number, digits)| {
        let mut hash = [0; 32];
        if digits.len() != 64 {
            return None;
        }
        for (octet, pair) in hash.iter_mut().zip(digits.as_bytes().chunks(2)) {
            *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some((number.parse().ok()?, hash))
    });
    parsed.with_context(|| format!("{text:?} is not a head as `manager audit verify` prints it"))
}
