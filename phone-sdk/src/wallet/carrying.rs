//! Carrying what readers report: kept sealed, taken to the manager, and its word brought back at the next tap.
//!
//! Source: `docs/ACTIVATION.md#reports`

use std::collections::HashSet;

use credential::id::ProjectId;
use credential::time::UnixTime;

use super::Wallet;
use crate::client::{CarriedReport, Client};
use crate::error::{Error, Retry};
use crate::state::{AcknowledgementRecord, Document, ReportRecord};

/// Reports in one request.
const REPORTS_AT_ONCE: usize = 8;

/// Seconds that a report waits for others before it is taken to the manager, and the first pause after a failure.
pub(crate) const DELIVERY_PAUSE_S: u32 = 300;

/// The longest pause after failures, in seconds: six hours.
const DELIVERY_PAUSE_MAX_S: u32 = 6 * 3600;

impl Wallet {
    /// Whether this phone carries reports of readers to their manager; it does, unless it was set otherwise.
    pub fn carries_reports(&self) -> bool {
        self.core.vault().document().settings.carries_reports
    }

    /// Sets whether this phone carries reports of readers to their manager.
    ///
    /// A report is sealed for the manager: the phone learns its length and which reader it is from.
    /// Those that are held are forgotten when it is set to `false`; the readers have them still.
    ///
    /// # Errors
    /// [`Error::Storage`] when the choice cannot be kept.
    pub fn set_carries_reports(&self, carries: bool) -> Result<(), Error> {
        self.core.vault().change(|document| {
            document.settings.carries_reports = carries;
            if !carries {
                document.reports.clear();
                document.acknowledgements.clear();
                document.deliver_at = 0;
            }
        })?;
        Ok(())
    }

    /// How many reports wait to be taken to a manager.
    pub fn reports_held(&self) -> usize {
        self.core.vault().document().reports.len()
    }

    /// Takes all reports to their managers now, and says how many have arrived; blocks until the managers have
    /// answered. [`Wallet::renew_due`] does so by itself.
    ///
    /// # Errors
    /// [`Error`], sorted by what to do; what has not arrived is kept.
    pub fn deliver_reports(&self) -> Result<usize, Error> {
        let _online = self.core.online();
        let projects: HashSet<ProjectId> =
            self.core.vault().document().reports.iter().map(|report| report.project).collect();
        let mut delivered = 0_usize;
        for project in projects {
            delivered = delivered.saturating_add(self.deliver_of(project)?);
        }
        if delivered > 0 {
            self.core.vault().change(|document| {
                document.delivery_failures = 0;
                if document.reports.is_empty() {
                    document.deliver_at = 0;
                }
            })?;
        }
        Ok(delivered)
    }

    fn deliver_of(&self, project: ProjectId) -> Result<usize, Error> {
        let mut delivered = 0_usize;
        loop {
            let (base, batch) = {
                let vault = self.core.vault();
                let document = vault.document();
                let Some(known) = document.project(project) else { return Ok(delivered) };
                let of = document.reports.iter().filter(|report| report.project == project);
                (known.base.clone(), of.take(REPORTS_AT_ONCE).cloned().collect::<Vec<ReportRecord>>())
            };
            if batch.is_empty() {
                return Ok(delivered);
            }
            let carried: Vec<CarriedReport> = batch.iter().map(CarriedReport::of).collect();
            let answers = Client::new(&*self.core.ports.http, &base).deliver(&carried)?;
            if answers.len() != batch.len() {
                return Err(Retry::NotAManager.into());
            }
            self.core.vault().change(|document| {
                document.reports.retain(|report| !batch.contains(report));
                for (report, answer) in batch.iter().zip(answers) {
                    // What the manager refuses it would refuse again.
                    if let Some(octets) = answer {
                        document.keep_acknowledgement(AcknowledgementRecord {
                            project,
                            reader: report.reader,
                            octets: octets.to_vec(),
                        });
                    }
                }
            })?;
            delivered = delivered.saturating_add(batch.len());
        }
    }

    /// Takes reports along if it is time, and notes it if that failed; how many have arrived.
    pub(super) fn deliver_due(&self, now: UnixTime) -> Result<usize, Error> {
        let due = deliver_at(self.core.vault().document()).is_some_and(|due| due <= now);
        if !due {
            return Ok(0);
        }
        match self.deliver_reports() {
            Ok(delivered) => Ok(delivered),
            Err(_) => {
                self.core.vault().change(|document| {
                    let pause = DELIVERY_PAUSE_S.checked_shl(document.delivery_failures.min(16));
                    let pause = pause.unwrap_or(DELIVERY_PAUSE_MAX_S).min(DELIVERY_PAUSE_MAX_S);
                    document.delivery_failures = document.delivery_failures.saturating_add(1);
                    document.deliver_at = now.0.saturating_add(pause);
                })?;
                Ok(0)
            }
        }
    }
}

/// When reports should be taken to their managers; `None` while there are none.
pub(super) fn deliver_at(document: &Document) -> Option<UnixTime> {
    (!document.reports.is_empty()).then_some(UnixTime(document.deliver_at))
}
