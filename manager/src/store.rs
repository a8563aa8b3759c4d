//! The room of SQL: nothing outside speaks it, and nothing inside decides.
//!
//! A [`Store`] opens transactions; a [`Transaction`] has one method for each thing that a rule wants to know or keep.
//! One text of each statement serves SQLite and PostgreSQL: it keeps to what they have in common, with numbered
//! parameters. A row that two transactions could fight for is locked before it is looked at, or changed by one
//! statement with its condition in it.

mod accounts;
mod administrators;
mod alerts;
mod answers;
mod audit;
mod audit_search;
mod backup;
mod card_ends;
mod card_phones;
mod card_plans;
mod card_templates;
mod cards;
mod challenges;
mod data_keys;
mod deliveries;
mod devices;
mod error;
mod finding;
mod imported;
mod invitation_secrets;
mod invitations;
mod jobs;
mod keys;
mod knowledge;
mod listing;
mod location;
mod mail_settings;
mod mailings;
mod outbox;
mod page_sessions;
mod passkeys;
mod plans;
mod postgres;
mod projects;
mod query;
mod reader_events;
mod readers;
mod reminders;
mod renewals;
mod report_keys;
mod revocations;
mod rows;
mod schema;
mod scim;
mod sqlite;
mod statement;
mod transaction;
mod users;
mod watching;
mod webhooks;

pub(crate) use accounts::AccountRow;
pub use alerts::{AlertRecipient, AlertRow};
pub(crate) use backup::{Jump, ProjectCounters, is_sound};
pub(crate) use card_phones::PhotoPlace;
pub(crate) use card_plans::StoredCardPlan;
pub use cards::CardFilter;
pub(crate) use cards::CardRow;
pub(crate) use challenges::{Challenge, Purpose};
pub use deliveries::Delivery;
pub(crate) use deliveries::{DeliveryEnd, TakenDelivery};
pub(crate) use devices::{CredentialRow, Device};
pub use error::StoreError;
pub(crate) use imported::Touch;
pub(crate) use invitations::Holders;
pub(crate) use jobs::{JobEnd, JobState};
pub(crate) use keys::IssuerKeyRow;
pub(crate) use knowledge::{DeviceState, ReaderKnowledge};
pub use location::{DatabaseUrl, DatabaseUrlError, Home};
pub(crate) use mail_settings::MailSettingsRow;
pub use mailings::{MailFilter, Mailing};
pub(crate) use outbox::{MailEnd, NewMail, TakenMail};
pub(crate) use plans::{PlanFile, PlanHeader, StoredPlan};
pub(crate) use projects::VaultRow;
pub(crate) use reader_events::{EventRow, LogRow};
pub(crate) use readers::ReaderRow;
pub(crate) use reminders::WaitingInvitation;
pub(crate) use renewals::Answered;
pub(crate) use report_keys::ReportKeyRow;
pub(crate) use transaction::{Transaction, Whole};
pub(crate) use webhooks::WebhookRow;

use crate::domain::ProjectId;
use postgres::Server;
use sqlite::Embedded;

/// Statements that a connection keeps prepared: more than there are in this room.
const PREPARED_STATEMENTS: usize = 400;

/// The database. Clones share its connections.
#[derive(Clone, Debug)]
pub(crate) struct Store(Backend);

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(Embedded),
    Postgres(Server),
}

impl Store {
    /// Opens a database, which may be empty, and brings its tables up to date.
    pub(crate) async fn open(home: &Home) -> Result<Self, StoreError> {
        Self::open_if(home, false).await
    }

    async fn open_if(home: &Home, may_be_unfinished: bool) -> Result<Self, StoreError> {
        Ok(Self(match (home.database(), home.file()) {
            (Some(url), _) => Backend::Postgres(Server::open(url, may_be_unfinished).await?),
            (None, Some(file)) => Backend::Sqlite(Embedded::open(&file).await?),
            (None, None) => return Err(StoreError::Corrupt("place")),
        }))
    }

    /// Begins to write while nobody else writes to this project with its row locked; with the version of its settings.
    ///
    /// What is looked up afterwards stays as it is until the commit, apart from what [`Store::write_beside`] writes.
    pub(crate) async fn write(&self, project: ProjectId) -> Result<(Transaction, i64), StoreError> {
        let mut tx = self.write_beside().await?;
        match tx.lock_project(project).await {
            Ok(version) => Ok((tx, version)),
            // Nothing was done yet, and there may be another server that takes it.
            Err(StoreError::Unavailable(_)) => {
                drop(tx);
                let mut tx = self.write_beside().await?;
                let version = tx.lock_project(project).await?;
                Ok((tx, version))
            }
            Err(error) => Err(error),
        }
    }

    /// Begins to write beside others, which SQLite does not let be: every row has to be locked before it is trusted,
    /// and neither the audit log nor a version of the project may be written.
    pub(crate) async fn write_beside(&self) -> Result<Transaction, StoreError> {
        match &self.0 {
            Backend::Sqlite(database) => database.write().await,
            Backend::Postgres(server) => server.write().await,
        }
    }

    /// Begins to read one state of the database.
    pub(crate) async fn read(&self) -> Result<Transaction, StoreError> {
        match &self.0 {
            Backend::Sqlite(database) => database.read().await,
            Backend::Postgres(server) => server.read().await,
        }
    }

    /// How many transactions that write are worth while at the same time.
    pub(crate) const fn writers(&self) -> usize {
        match &self.0 {
            Backend::Sqlite(_) => 1,
            Backend::Postgres(_) => postgres::WRITERS,
        }
    }

    /// Closes all connections.
    pub(crate) async fn close(&self) {
        match &self.0 {
            Backend::Sqlite(database) => database.close().await,
            Backend::Postgres(server) => server.close().await,
        }
    }
}
