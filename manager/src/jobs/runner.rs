//! Taking work that is due, doing it, and writing when it is due again.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Backoff, JobKind, Next, jittered};
use crate::domain::{UnixTime, after};
use crate::error::Error;
use crate::manager::Manager;
use crate::store::{JobEnd, JobState, Transaction};

/// How often a manager that serves looks for work that is due.
const LOOK: Duration = Duration::from_secs(2);
/// Kinds of work that one process does at the same time.
const AT_ONCE: usize = 8;
/// For how long work that is under way may go on after the manager was told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// Portions of one kind that [`Manager::run_due`] does before it goes on to the next.
const PORTIONS_MAX: u32 = 10_000;
/// Between two tries of a kind that fails.
const AFTER_FAILURE: Backoff = Backoff { first_s: 10, most_s: 900 };

/// Told to a run whether the manager is stopping, so that it can end early.
#[derive(Clone, Debug)]
pub(crate) struct Stop(watch::Receiver<bool>);

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobReport {
    /// The kind of work.
    pub kind: &'static str,
    /// What became of it.
    pub outcome: JobOutcome,
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JobOutcome {
    /// It did what there was to do.
    Done,
    /// It failed, for this reason, and comes again.
    Failed(String),
}

/// A kind of work as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct JobRow {
    /// The kind of work.
    pub kind: &'static str,
    /// When it began last, if ever.
    #[schema(value_type = Option<u32>)]
    pub last_run_at: Option<UnixTime>,
    /// When it is due; `None` before its first run.
    #[schema(value_type = Option<u32>)]
    pub next_run_at: Option<UnixTime>,
    /// Whether a process has it now.
    pub running: bool,
    /// Runs that failed since the last one that did not.
    pub failures: u32,
    /// Why the last run failed, if it did.
    pub last_error: Option<String>,
}

/// Work that this process has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Claim {
    kind: JobKind,
    lease: Uuid,
    failures: u32,
}

impl Stop {
    /// One that never comes.
    fn never() -> Self {
        Self(watch::channel(false).1)
    }

    /// Whether it has come.
    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

impl Manager {
    /// Does everything that is due now, kind after kind, until nothing is left to do; what each run did.
    ///
    /// Work that another process has is left to it.
    ///
    /// # Errors
    /// [`Error::Store`] when the work that is due cannot be found out; a kind that fails is in the report.
    pub async fn run_due(&self) -> Result<Vec<JobReport>, Error> {
        let mut reports = Vec::new();
        for kind in JobKind::ALL {
            reports.extend(self.run_kind(kind).await?);
        }
        Ok(reports)
    }

    /// Like [`Manager::run_due`], for one kind of work.
    ///
    /// # Errors
    /// As for [`Manager::run_due`].
    pub async fn run_kind(&self, kind: JobKind) -> Result<Option<JobReport>, Error> {
        let mut last = None;
        for _ in 0..PORTIONS_MAX {
            if !self.due_jobs().await?.contains(&kind) {
                break;
            }
            let Some(claim) = self.claim(kind).await? else { break };
            let report = self.run_claimed(claim, &Stop::never()).await;
            let failed = report.outcome != JobOutcome::Done;
            last = Some(report);
            if failed {
                break;
            }
        }
        Ok(last)
    }

    /// Every kind of work and where it stands.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn jobs(&self) -> Result<Vec<JobRow>, Error> {
        let now = self.now();
        let states = self.read().await?.jobs(self.project_id()).await?;
        let row = |kind: JobKind| {
            let state = states.iter().find(|state| state.kind == kind.name());
            JobRow {
                kind: kind.name(),
                last_run_at: state.and_then(|state| state.last_run_at),
                next_run_at: state.map(|state| state.next_run_at),
                running: state.is_some_and(|state| state.leased_until > now),
                failures: state.map_or(0, |state| state.failures),
                last_error: state.and_then(|state| state.last_error.clone()),
            }
        };
        Ok(JobKind::ALL.into_iter().map(row).collect())
    }

    /// Does what comes due until `stopped` says so; then lets what is under way finish for 10 s.
    pub async fn work_until(&self, stopped: watch::Receiver<bool>) {
        let mut crew = Crew {
            manager: self,
            stop: Stop(stopped.clone()),
            tasks: JoinSet::new(),
            claims: HashMap::new(),
        };
        let mut stopped = stopped;
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                // An error means that the other half is gone, which is a reason to stop as well.
                _ = stopped.wait_for(|stop| *stop) => break,
                _ = look.tick() => {}
                () = crew.one_ended(), if !crew.is_idle() => {}
            }
            match crew.take_due().await {
                Ok(()) => self.pulse().beat(),
                Err(error) => tracing::error!(%error, "no work can be taken"),
            }
        }
        crew.finish().await;
    }

    /// What is due and nobody has.
    async fn due_jobs(&self) -> Result<Vec<JobKind>, Error> {
        let now = self.now();
        let mut tx = self.read().await?;
        let states = tx.jobs(self.project_id()).await?;
        let mut due = Vec::new();
        for kind in JobKind::ALL {
            let state = states.iter().find(|state| state.kind == kind.name());
            if state.is_none_or(|state| is_free(state, now)) && has_work(self, &mut tx, kind).await? {
                due.push(kind);
            }
        }
        Ok(due)
    }

    async fn claim(&self, kind: JobKind) -> Result<Option<Claim>, Error> {
        let now = self.now();
        let lease = self.ids().next(now);
        let mut tx = self.write_beside().await?;
        let leased_until = after(now, kind.lease_s());
        let failures = tx.claim_job(self.project_id(), kind.name(), lease, leased_until, now).await?;
        tx.commit().await?;
        Ok(failures.map(|failures| Claim { kind, lease, failures }))
    }

    /// Does claimed work and writes what became of it.
    async fn run_claimed(&self, claim: Claim, stop: &Stop) -> JobReport {
        let Claim { kind, lease, failures } = claim;
        let limit = Duration::from_secs(u64::from(kind.limit_s()));
        let result = match timeout(limit, kind.run(self, stop)).await {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(_) => Err(format!("it was cut off after {} s", kind.limit_s())),
        };
        let now = self.now();
        let (next_run_at, failures, error) = match &result {
            Ok(Next::Again) => (now, 0, None),
            Ok(Next::At(time)) => (*time, 0, None),
            Ok(Next::Usual) => (after(now, jittered(kind.every_s())), 0, None),
            Err(error) => {
                let failures = failures.saturating_add(1);
                tracing::warn!(job = kind.name(), failures, %error, "a job failed");
                (AFTER_FAILURE.again_at(now, failures), failures, Some(error.as_str()))
            }
        };
        let end = JobEnd { next_run_at, failures, error };
        // Unwritten, the lease runs out and the work is done again, which each kind can bear.
        if let Err(error) = self.write_end(kind, lease, end).await {
            tracing::error!(job = kind.name(), %error, "the end of a job could not be written");
        }
        let outcome = result.map_or_else(JobOutcome::Failed, |_| JobOutcome::Done);
        JobReport { kind: kind.name(), outcome }
    }

    async fn write_end(&self, kind: JobKind, lease: Uuid, end: JobEnd<'_>) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.end_job(self.project_id(), kind.name(), lease, end).await?;
        Ok(tx.commit().await?)
    }

    async fn release(&self, claim: Claim) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.release_job(self.project_id(), claim.kind.name(), claim.lease).await?;
        Ok(tx.commit().await?)
    }
}

fn is_free(state: &JobState, now: UnixTime) -> bool {
    state.next_run_at <= now && state.leased_until <= now
}

/// Whether there is something to do for a kind that is due; looks only.
async fn has_work(manager: &Manager, tx: &mut Transaction, kind: JobKind) -> Result<bool, Error> {
    let (project, now) = (manager.project_id(), manager.now());
    Ok(match kind {
        JobKind::Alerts => tx.has_untold_alerts(project).await?,
        JobKind::Bounces => manager.mail_options().bounces.is_some(),
        JobKind::Folder => manager.has_lists().await?,
        JobKind::Mail => tx.has_due_mail(project, now).await?,
        JobKind::Reminders => manager.has_to_remind(tx).await?,
        JobKind::Upkeep => true,
        JobKind::Webhooks => tx.has_due_deliveries(project, now).await?,
    })
}

/// The runs that are under way in this process.
struct Crew<'a> {
    manager: &'a Manager,
    stop: Stop,
    tasks: JoinSet<()>,
    claims: HashMap<Id, Claim>,
}

impl Crew<'_> {
    fn is_idle(&self) -> bool {
        self.tasks.is_empty()
    }

    async fn take_due(&mut self) -> Result<(), Error> {
        for kind in self.manager.due_jobs().await? {
            if self.tasks.len() >= AT_ONCE {
                break;
            }
            let Some(claim) = self.manager.claim(kind).await? else { continue };
            let (manager, stop) = (self.manager.clone(), self.stop.clone());
            let task = self.tasks.spawn(async move {
                manager.run_claimed(claim, &stop).await;
            });
            self.claims.insert(task.id(), claim);
        }
        Ok(())
    }

    async fn one_ended(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return,
        };
        self.claims.remove(&id);
    }

    /// Waits for what is under way, cuts off what takes too long, and lets go of that.
    async fn finish(mut self) {
        let all = async {
            while !self.is_idle() {
                self.one_ended().await;
            }
        };
        if timeout(GRACE, all).await.is_ok() {
            return;
        }
        self.tasks.shutdown().await;
        for claim in self.claims.values() {
            if let Err(error) = self.manager.release(*claim).await {
                tracing::error!(job = claim.kind.name(), %error, "a job could not be let go");
            }
        }
    }
}

#[cfg(test)]
mod tests;
