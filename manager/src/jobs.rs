//! Work that comes due by itself: upkeep, mail, and whatever else nobody asks for with a request.
//!
//! Each project has one row a [`JobKind`] in the table `jobs`, which says when the kind runs next and who has it now.
//! Any process may take a row that is due: it writes a lease into it, does the work outside of that transaction, and
//! writes when the kind runs again.
//! A process that dies leaves its lease behind, and after [`JobKind::lease_s`] another one takes the row; a run is cut
//! off before its lease ends, so no piece of work is in two hands.
//! A kind that fails comes again after a pause that doubles, and the others do not notice.
//!
//! # Adding a kind
//!
//! 1. A file `jobs/KIND.rs` with `pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error>`: one
//!    portion of the work, in as many short transactions as it takes, with nothing remembered between two calls.
//!    [`Next::Again`] asks for the next portion at once, [`Next::Usual`] for the next one in the usual time.
//!    A run that may take more than a few seconds asks its [`Stop`] between two pieces.
//! 2. A variant of [`JobKind`], in [`JobKind::ALL`], with its name and its interval.
//! 3. If it empties a queue: an arm in `runner::has_work` which looks into the queue without writing, so that an idle
//!    manager writes nothing.
//! 4. Rows of a queue that must not be handled twice have a lease of their own, since a run may be cut off: see
//!    `store/outbox.rs`.

mod backoff;
mod bounces;
mod everywhere;
mod folder;
mod reminders;
mod runner;
mod upkeep;
mod webhooks;

pub(crate) use backoff::{Backoff, jittered};
pub(crate) use runner::Stop;
pub use runner::{JobOutcome, JobReport, JobRow};

use std::time::Duration;

use crate::domain::UnixTime;
use crate::error::Error;
use crate::manager::Manager;

/// Within this time a process that does what comes due has looked for it, many times over.
pub(crate) const ROUND: Duration = Duration::from_secs(60);

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// Tells administrators of alerts.
    Alerts,
    /// Reads reports on mail that did not arrive.
    Bounces,
    /// Applies lists that lie in a watched folder.
    Folder,
    /// Sends mail.
    Mail,
    /// Reminds holders of invitations, and notes which are over.
    Reminders,
    /// Forgets what has expired and ends deletions.
    Upkeep,
    /// Tells endpoints what happened.
    Webhooks,
}

/// When a kind of work is to run again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At once: there is more to do.
    Again,
    /// After the kind's usual time.
    Usual,
    /// Not before this time.
    At(UnixTime),
}

impl JobKind {
    /// Every kind, in the order in which they run when all are due.
    pub const ALL: [Self; 7] = [
        Self::Folder,
        Self::Reminders,
        Self::Alerts,
        Self::Bounces,
        Self::Mail,
        Self::Upkeep,
        Self::Webhooks,
    ];

    /// The name in the store, in the API and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alerts => "alerts",
            Self::Bounces => "bounces",
            Self::Folder => "folder",
            Self::Mail => "mail",
            Self::Reminders => "reminders",
            Self::Upkeep => "upkeep",
            Self::Webhooks => "webhooks",
        }
    }

    /// Undoes [`JobKind::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Seconds from the end of one run to the beginning of the next, when the run does not say otherwise.
    pub const fn every_s(self) -> u32 {
        match self {
            Self::Alerts | Self::Mail | Self::Webhooks => 2,
            Self::Folder => 5,
            Self::Bounces | Self::Reminders | Self::Upkeep => 60,
        }
    }

    /// Seconds after which a run is cut off.
    pub const fn limit_s(self) -> u32 {
        match self {
            Self::Alerts | Self::Bounces | Self::Reminders | Self::Upkeep | Self::Webhooks => 120,
            Self::Folder => 300,
            Self::Mail => 600,
        }
    }

    /// Seconds for which a process has the work: longer than a run can take, also by a clock that is a little fast.
    pub const fn lease_s(self) -> u32 {
        self.limit_s().saturating_add(30)
    }

    /// Does one portion of the work.
    pub(crate) async fn run(self, manager: &Manager, stop: &Stop) -> Result<Next, Error> {
        match self {
            Self::Alerts => manager.tell_alerts().await,
            Self::Bounces => bounces::run(manager, stop).await,
            Self::Folder => folder::run(manager, stop).await,
            Self::Mail => manager.send_mail(stop).await,
            Self::Reminders => reminders::run(manager, stop).await,
            Self::Upkeep => upkeep::run(manager, stop).await,
            Self::Webhooks => webhooks::run(manager, stop).await,
        }
    }
}
