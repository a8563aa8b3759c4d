//! The manager of one project among those of an installation: what is open while it works.

mod counts;
mod making;
mod opened;
mod opening;
mod reserves;

pub(crate) use counts::{Counts as UserCounts, RecentCounts};
pub(crate) use making::make_directory;
pub(crate) use reserves::DeviceKey;

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use credential::object::IssuerKeys;
use tokio::sync::Mutex;

use crate::acts::RenewalQueue;
use crate::challenge::ChallengeSecret;
use crate::clock::Clock;
use crate::domain::{Project, ProjectId, UnixTime};
use crate::error::Error;
use crate::folder::WatchedFolder;
use crate::http::HttpSettings;
use crate::issuing::Issuer;
use crate::mail::MailOptions;
use crate::once::Once;
use crate::pulse::Pulse;
use crate::random::IdSource;
use crate::store::{Store, Transaction};
use crate::vault::{Keeper, Unlock, Vault};
use crate::webhook::WebhookOptions;
use opened::Opened;

/// The issuing side of one project. Clones share everything.
///
/// An installation has one database and one or more projects; [`Manager::of_project`] leads from one to another.
#[derive(Clone)]
pub struct Manager {
    shared: Arc<Shared>,
    opened: Arc<Opened>,
    http_settings: Arc<HttpSettings>,
    /// The request that acts through this handle, if it acts once however often it is sent.
    once: Option<Arc<Once>>,
    mail_options: Arc<MailOptions>,
    webhook_options: Arc<WebhookOptions>,
    watched: Arc<[Arc<WatchedFolder>]>,
}

/// What the projects of an installation share.
struct Shared {
    store: Store,
    unlock: Unlock,
    clock: Box<dyn Clock>,
    ids: IdSource,
    pulse: Pulse,
    /// Projects that were opened, so that each passphrase is stretched once.
    projects: Mutex<HashMap<ProjectId, Arc<Opened>>>,
}

impl Manager {
    /// The directory of the installation, which is private to it.
    pub fn directory(&self) -> &Path {
        &self.mail_options.directory
    }

    /// The same manager with other ways for mail, where a project has none of its own.
    #[must_use]
    pub fn with_mail(self, options: MailOptions) -> Self {
        Self { mail_options: Arc::new(options), ..self }
    }

    /// The same manager, whose webhooks reach what these options allow.
    #[must_use]
    pub fn with_webhooks(self, options: WebhookOptions) -> Self {
        Self { webhook_options: Arc::new(options), ..self }
    }

    /// The same manager, which applies the lists that lie in these folders, at most one for each project.
    #[must_use]
    pub fn with_watched(self, folders: impl IntoIterator<Item = WatchedFolder>) -> Self {
        Self { watched: folders.into_iter().map(Arc::new).collect(), ..self }
    }

    /// The project, as the last transaction found it.
    pub fn project(&self) -> Arc<Project> {
        self.opened.current().project.clone()
    }

    /// The public keys that verify what the project signs, as the last transaction found them.
    pub fn issuer_keys(&self) -> IssuerKeys {
        self.issuer().keys().clone()
    }

    /// The same manager, whose API is served with these settings.
    #[must_use]
    pub fn with_http_settings(self, settings: HttpSettings) -> Self {
        Self { http_settings: Arc::new(settings), ..self }
    }

    /// Closes the database for all projects; whatever is asked of this manager or a clone of it afterwards fails.
    pub async fn close(&self) {
        self.shared.store.close().await;
    }

    /// The same manager, through which one request acts once.
    pub(crate) fn acting_once(self, once: Arc<Once>) -> Self {
        Self { once: Some(once), ..self }
    }

    pub(crate) fn once(&self) -> Option<&Once> {
        self.once.as_deref()
    }

    pub(crate) const fn http_settings(&self) -> &Arc<HttpSettings> {
        &self.http_settings
    }

    /// Begins to write while nobody else writes to the project.
    pub(crate) async fn write(&self) -> Result<Transaction, Error> {
        match self.write_once().await? {
            Some(part) => Ok(part),
            None => self.begin_write().await,
        }
    }

    pub(crate) async fn begin_write(&self) -> Result<Transaction, Error> {
        let (mut tx, version) = self.shared.store.write(self.project_id()).await?;
        self.opened.counts.note_write();
        self.opened.keep_current(&mut tx, version).await?;
        Ok(tx)
    }

    /// Begins to write beside others; see [`Store::write_beside`].
    pub(crate) async fn write_beside(&self) -> Result<Transaction, Error> {
        if let Some(part) = self.write_once().await? {
            return Ok(part);
        }
        let mut tx = self.shared.store.write_beside().await?;
        let version = tx.settings_version(self.project_id()).await?;
        self.opened.keep_current(&mut tx, version).await?;
        Ok(tx)
    }

    /// Measures the connections to the database.
    pub(crate) fn measure_store(&self) {
        self.shared.store.measure();
    }

    /// Begins to read one state.
    pub(crate) async fn read(&self) -> Result<Transaction, Error> {
        if let Some(part) = self.read_once().await {
            return Ok(part);
        }
        let mut tx = self.shared.store.read().await?;
        let version = tx.settings_version(self.project_id()).await?;
        self.opened.keep_current(&mut tx, version).await?;
        Ok(tx)
    }

    /// How many users there are of each status, as they were counted last.
    pub(crate) fn recent_counts(&self) -> &RecentCounts {
        &self.opened.counts
    }

    /// Signs for the project, as the last transaction found its keys.
    pub(crate) fn issuer(&self) -> Arc<Issuer> {
        self.opened.current().issuer.clone()
    }

    /// Who makes and opens the private keys of the project.
    pub(crate) fn keeper(&self) -> &Arc<Keeper> {
        self.opened.keeper()
    }

    /// By what the project knows the challenges again that it gave.
    pub(crate) fn challenge_secret(&self) -> ChallengeSecret {
        self.opened.current().challenge_secret.clone()
    }

    /// Renewals that wait for the next transaction of this process.
    pub(crate) fn renewals(&self) -> &RenewalQueue {
        &self.opened.renewals
    }

    /// How many batches are worth while at the same time.
    pub(crate) fn batches_at_once(&self) -> usize {
        self.shared.store.writers()
    }

    /// What seals the project's other secrets.
    pub(crate) fn vault(&self) -> &Vault {
        self.opened.vault()
    }

    pub(crate) fn mail_options(&self) -> &MailOptions {
        &self.mail_options
    }

    pub(crate) fn webhook_options(&self) -> &WebhookOptions {
        &self.webhook_options
    }

    pub(crate) fn watched(&self) -> &[Arc<WatchedFolder>] {
        &self.watched
    }

    pub(crate) fn ids(&self) -> &IdSource {
        &self.shared.ids
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        &self.shared.pulse
    }

    pub(crate) fn project_id(&self) -> ProjectId {
        self.opened.id()
    }

    /// The present second by the manager's clock.
    pub fn now(&self) -> UnixTime {
        self.shared.clock.now()
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("project", &self.project()).finish_non_exhaustive()
    }
}
