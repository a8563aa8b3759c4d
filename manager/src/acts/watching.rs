//! What an operator's tools ask: is the manager able to work, and how is its database.

use std::time::Duration;

use crate::error::Error;
use crate::issuing::IssuingError;
use crate::jobs::ROUND;
use crate::manager::Manager;

/// For how long a good answer is given again without looking, since anybody may ask.
const REMEMBERED: Duration = Duration::from_secs(1);
/// Rounds of upkeep that may be missed.
const MISSED_ROUNDS: u32 = 5;

/// Why the manager cannot do its work.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// It was told to stop.
    #[error("the manager is stopping")]
    Stopping,
    /// What has to be done again and again is not done.
    #[error("upkeep does not run")]
    Upkeep,
    /// The database does not take what is written.
    #[error("the database cannot be written")]
    Database,
    /// The issuer key does not sign.
    #[error("the issuer key does not sign")]
    IssuerKey(#[from] IssuingError),
}

impl Manager {
    /// Whether this process can do its work: the database can be written, the issuer key signs, upkeep runs, and nobody
    /// has told it to stop.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub async fn readiness(&self) -> Result<(), Unready> {
        if self.pulse().is_stopping() {
            return Err(Unready::Stopping);
        }
        if !self.pulse().has_beaten_within(ROUND.saturating_mul(MISSED_ROUNDS)) {
            return Err(Unready::Upkeep);
        }
        if self.pulse().was_well_within(REMEMBERED) {
            return Ok(());
        }
        if let Err(error) = self.probe_database().await {
            tracing::error!(%error, "the database cannot be written");
            return Err(Unready::Database);
        }
        self.issuer().probe().await?;
        self.pulse().is_well();
        Ok(())
    }

    /// Writes something and takes it back.
    async fn probe_database(&self) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.probe(self.project_id()).await?;
        Ok(())
    }

    /// Measures what only the database knows.
    pub(crate) async fn measure(&self) -> Result<(), Error> {
        let project = crate::domain::project_id_text(self.project_id());
        let list = self.read().await?.revocation_list_issue(self.project_id()).await?;
        if let Some((version, issued_at)) = list {
            let age_s = self.now().0.saturating_sub(issued_at.0);
            metrics::gauge!("ostiary_revocation_list_version", "project" => project.clone())
                .set(f64::from(version));
            metrics::gauge!("ostiary_revocation_list_age_seconds", "project" => project)
                .set(f64::from(age_s));
        }
        self.measure_store();
        Ok(())
    }
}
