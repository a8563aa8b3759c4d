//! Posting what is due.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use uuid::Uuid;

use crate::domain::{Act, Actor, AlertKind, DeliveryState, OffBecause, UnixTime, after};
use crate::error::Error;
use crate::jobs::{Backoff, Next, Stop};
use crate::manager::Manager;
use crate::store::{DeliveryEnd, TakenDelivery, Transaction, WebhookRow};
use crate::webhook::{Letter, Posted, Poster, Secret};

/// Deliveries to one endpoint at the same time, so that a slow one does not keep the others waiting.
const AT_ONCE: u32 = 4;
/// After this time a run takes no more, so that it ends before it is cut off.
const BUDGET: Duration = Duration::from_secs(60);
/// For how long a run has the deliveries that it took, in seconds: longer than an attempt can last.
const LEASE_S: u32 = 120;
/// Between two tries of a delivery.
const AGAIN: Backoff = Backoff { first_s: 30, most_s: 8 * 3600 };
/// A delivery that was not taken for so long is given up: 3 days, in seconds.
const PATIENCE_S: u32 = 3 * 24 * 3600;
/// An endpoint that took nothing for so long is turned off: 5 days, in seconds.
const DEAD_S: u32 = 5 * 24 * 3600;
/// A failure that lies so far back says nothing of the next one: 3 days, in seconds.
const FORGOTTEN_S: u32 = 3 * 24 * 3600;
/// What an endpoint answers that wants to hear no more (RFC 9110 §15.5.11).
const GONE: u16 = 410;

/// A delivery and where to.
struct Job {
    webhook: Uuid,
    url: String,
    secret: Secret,
    delivery: TakenDelivery,
    lease: Uuid,
}

impl Manager {
    /// Posts what is due, as much as the time of a run allows.
    pub(crate) async fn deliver_events(&self, stop: &Stop) -> Result<Next, Error> {
        let poster =
            Poster::new(self.webhook_options()).map_err(|error| Error::WebhookClient(error.to_string()))?;
        let began = Instant::now();
        while !stop.is_requested() && began.elapsed() < BUDGET {
            let jobs = self.take_deliveries().await?;
            if jobs.is_empty() {
                return Ok(Next::Usual);
            }
            let mut posts = JoinSet::new();
            for job in jobs {
                let (manager, poster) = (self.clone(), poster.clone());
                posts.spawn(async move { manager.deliver(&poster, job).await });
            }
            while let Some(done) = posts.join_next().await {
                done.map_err(|_| Error::Stopping)??;
            }
        }
        Ok(Next::Again)
    }

    /// Takes a few deliveries to each endpoint.
    async fn take_deliveries(&self) -> Result<Vec<Job>, Error> {
        let (project, now) = (self.project_id(), self.now());
        let lease = self.ids().next(now);
        let mut tx = self.write_beside().await?;
        let mut jobs = Vec::new();
        for WebhookRow { shown, sealed_secret } in tx.webhooks(project).await? {
            let until = (lease, after(now, LEASE_S));
            let taken = tx.take_deliveries(project, shown.id, until, now, AT_ONCE).await?;
            if taken.is_empty() {
                continue;
            }
            let secret = Secret::new(self.vault().open(&self.webhook_label(shown.id), &sealed_secret)?);
            jobs.extend(taken.into_iter().map(|delivery| Job {
                webhook: shown.id,
                url: shown.url.clone(),
                secret: secret.clone(),
                delivery,
                lease,
            }));
        }
        tx.commit().await?;
        Ok(jobs)
    }

    async fn deliver(&self, poster: &Poster, job: Job) -> Result<(), Error> {
        let id = job.delivery.id.to_string();
        let letter =
            Letter { url: &job.url, secret: &job.secret, id: &id, body: &job.delivery.body, now: self.now() };
        let posted = poster.post(letter).await;
        self.end_delivery(&job, posted).await
    }

    /// Writes what became of an attempt; one that is given up is an alert, and an endpoint that is dead is turned off.
    async fn end_delivery(&self, job: &Job, posted: Posted) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let Job { webhook, delivery, lease, .. } = job;
        let is_over = now >= after(delivery.queued_at, PATIENCE_S);
        let failed = if is_over { DeliveryState::Failed } else { DeliveryState::Deferred };
        let (state, answer, error) = match posted {
            Posted::Taken(status) => (DeliveryState::Delivered, Some(status), None),
            Posted::Refused(GONE) => (DeliveryState::Failed, Some(GONE), Some("410".to_owned())),
            Posted::Refused(status) => (failed, Some(status), Some(status.to_string())),
            Posted::Unanswered(class) => (failed, None, Some(class.to_owned())),
        };
        let next_attempt_at = AGAIN.again_at(now, delivery.attempts);
        let end = DeliveryEnd { state, answer, error: error.as_deref(), next_attempt_at };
        let mut tx = self.write().await?;
        // Whoever has it by now says what becomes of it.
        if !tx.end_delivery(project, *webhook, delivery.id, *lease, end, now).await? {
            return Ok(());
        }
        if state == DeliveryState::Delivered {
            tx.webhook_listened(project, *webhook).await?;
        } else {
            self.note_failure(&mut tx, job, posted, is_over, error.as_deref().unwrap_or_default()).await?;
        }
        tx.commit().await?;
        let (event, state) = (&delivery.event, state.name());
        tracing::info!(%webhook, delivery = %delivery.id, event, state, error, "a webhook");
        Ok(())
    }

    async fn note_failure(
        &self,
        tx: &mut Transaction,
        job: &Job,
        posted: Posted,
        is_over: bool,
        error: &str,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let forgotten = UnixTime(now.0.saturating_sub(FORGOTTEN_S));
        let since = tx.webhook_failed(project, job.webhook, forgotten, now).await?;
        let is_dead = since.is_some_and(|since| now >= after(since, DEAD_S));
        let reason = match posted {
            Posted::Refused(GONE) => Some(OffBecause::Gone),
            _ if is_dead => Some(OffBecause::Failing),
            _ => None,
        };
        let subject = format!("webhook {}", job.webhook);
        if let Some(reason) = reason {
            if tx.turn_webhook_off(project, job.webhook, reason, now).await? {
                self.raise_alert(tx, AlertKind::WebhookDisabled, &subject, error).await?;
                let (subject, detail) = (job.webhook.to_string(), format!("enabled, {}", reason.name()));
                tx.record(project, now, Actor::Manager, Act::WebhookChanged, subject, detail).await?;
            }
        } else if is_over {
            let detail = format!("{} {}: {error}", job.delivery.event, job.delivery.id);
            self.raise_alert(tx, AlertKind::WebhookFailed, &subject, &detail).await?;
        }
        Ok(())
    }
}
