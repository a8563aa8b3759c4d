//! Work that comes due by itself: looking at it, and doing it without serving.

use anyhow::bail;
use clap::{Args, Subcommand};
use manager::{JobKind, JobOutcome, JobRow, Manager};
use serde_json::json;
use tokio::sync::watch;

use super::mail::MailArguments;
use super::serving::LogFormat;
use super::watching::WatchArguments;
use super::webhooks::ReachArguments;
use super::{KeyArguments, ProjectArguments, opening, output, serving};

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// Show each kind of work, when it ran last, and why it failed if it did.
    List(JobsArguments),
    /// Do the work of a manager that serves, for all projects, without serving.
    Run(RunArguments),
}

#[derive(Debug, Args)]
pub(crate) struct JobsArguments {
    #[command(flatten)]
    project: ProjectArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// Do what is due now and end, for cron.
    #[arg(long)]
    once: bool,
    /// Do only this kind of work.
    #[arg(long, requires = "once", value_name = "KIND", value_parser = parse_kind)]
    kind: Option<JobKind>,
    /// Form of the log on standard error.
    #[arg(long, env = "OSTIARY_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(flatten)]
    mail: Box<MailArguments>,
    #[command(flatten)]
    reach: ReachArguments,
    #[command(flatten)]
    watch: WatchArguments,
    #[command(flatten)]
    project: ProjectArguments,
}

pub(super) async fn run(command: &JobsCommand, key: &KeyArguments, json: bool) -> anyhow::Result<()> {
    match command {
        JobsCommand::List(arguments) => {
            let manager = opening::open(&arguments.project.dir, key).await?;
            list(&manager, json).await?;
            manager.close().await;
            Ok(())
        }
        JobsCommand::Run(arguments) => {
            let dir = &arguments.project.dir;
            if arguments.once {
                let manager = arguments.mail.apply(opening::open(dir, key).await?)?;
                let manager = arguments.watch.apply(arguments.reach.apply(manager)).await?;
                let done = once(&manager, arguments.kind, json).await;
                manager.close().await;
                return done;
            }
            serving::log(arguments.log_format);
            let manager = arguments.mail.apply(opening::open_first(dir, key).await?)?;
            let manager = arguments.watch.apply(arguments.reach.apply(manager)).await?;
            until_stopped(&manager).await;
            manager.close().await;
            Ok(())
        }
    }
}

async fn list(manager: &Manager, json: bool) -> anyhow::Result<()> {
    let jobs = manager.jobs().await?;
    if json {
        return output::object(&json!({ "jobs": jobs }));
    }
    let shown = |time: Option<manager::domain::UnixTime>| {
        let shown = time.and_then(|time| jiff::Timestamp::from_second(i64::from(time.0)).ok());
        shown.map_or_else(|| "-".to_owned(), |time| time.to_string())
    };
    output::line(format!("{:12}  {:20}  {:20}", "kind", "last run", "next run"));
    for JobRow { kind, last_run_at, next_run_at, running, failures, last_error } in jobs {
        let note = match (running, last_error) {
            (true, _) => "  runs now".to_owned(),
            (false, Some(error)) => format!("  failed {failures} times: {error}"),
            (false, None) => String::new(),
        };
        output::line(format!("{kind:12}  {:20}  {:20}{note}", shown(last_run_at), shown(next_run_at)));
    }
    Ok(())
}

async fn once(manager: &Manager, kind: Option<JobKind>, json: bool) -> anyhow::Result<()> {
    let reports = match kind {
        Some(kind) => manager.run_kind(kind).await?.into_iter().collect(),
        None => manager.run_due().await?,
    };
    let failed = reports.iter().filter(|report| report.outcome != JobOutcome::Done).count();
    if json {
        output::object(&json!({ "jobs": reports }))?;
    } else {
        for report in &reports {
            match &report.outcome {
                JobOutcome::Done => output::line(format!("{}: done", report.kind)),
                JobOutcome::Failed(error) => output::line(format!("{}: failed: {error}", report.kind)),
            }
        }
        if reports.is_empty() {
            output::line("Nothing is due.");
        }
    }
    if failed > 0 && !json {
        bail!("{failed} kinds of work failed; they come again by themselves");
    }
    Ok(())
}

async fn until_stopped(manager: &Manager) {
    let (stop, stopped) = watch::channel(false);
    let signal = async {
        manager::stop_signal().await;
        stop.send_replace(true);
    };
    tokio::join!(signal, manager.work_for_all_until(stopped));
}

fn parse_kind(text: &str) -> Result<JobKind, String> {
    JobKind::from_name(text).ok_or_else(|| {
        let names = JobKind::ALL.map(JobKind::name).join(", ");
        format!("the kinds are {names}")
    })
}
