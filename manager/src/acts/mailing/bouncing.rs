//! Taking reports on mail that did not arrive.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::AlertKind;
use crate::error::Error;
use crate::mail::{Bounce, BounceVerdict};
use crate::manager::Manager;

/// What a report changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BounceTaken {
    /// A mail is known as lost now.
    Bounced,
    /// A mail is known as late now.
    Delayed,
    /// Nothing: the mail arrived, or was known as lost.
    Nothing,
    /// It is not a report, or not about a mail of this project.
    Unknown,
}

impl Manager {
    /// Takes a report (RFC 3464) on a mail; a mail to a user that is lost is an alert.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn take_bounce(&self, octets: &[u8]) -> Result<BounceTaken, Error> {
        let (project, now) = (self.project_id(), self.now());
        let Some(bounce) = Bounce::read(octets) else { return Ok(BounceTaken::Unknown) };
        let mail = bounce.mail();
        let mut tx = self.write_beside().await?;
        if tx.mailing(project, mail).await?.is_none() {
            return Ok(BounceTaken::Unknown);
        }
        let status = bounce.status.as_deref().unwrap_or("unknown");
        let taken = match bounce.verdict {
            BounceVerdict::Arrived => BounceTaken::Nothing,
            BounceVerdict::Delayed => {
                tx.delay_mail(project, mail, &format!("delayed {status}")).await?;
                BounceTaken::Delayed
            }
            BounceVerdict::Failed => match tx.bounce_mail(project, mail, status, now).await? {
                None => BounceTaken::Nothing,
                Some(lost) => {
                    if lost.is_to_holder {
                        let detail = format!("{}: {status}", lost.kind);
                        self.raise_alert(&mut tx, AlertKind::MailBounced, &lost.address, &detail).await?;
                    }
                    BounceTaken::Bounced
                }
            },
        };
        tx.commit().await?;
        tracing::info!(%mail, ?taken, status, "a report on a mail");
        Ok(taken)
    }
}
