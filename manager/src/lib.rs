//! The issuing service: users, invitations, devices, readers and revocation.
//!
//! [`Manager`] is the whole of it, to be embedded: everything it can do is one of its methods, each one transaction.
//! [`Manager::router`] puts them on HTTP, [`Manager::serve`] on a socket.
//!
//! * [`domain`]: the rules, without SQL or HTTP.
//! * [`import`]: lists of people from CSV files.
//! * `acts`: what the manager does, rule by rule.
//! * `store`: the room of SQL.
//! * `issuing`, `vault`: the issuer key, in use and at rest.
//! * `jobs`: what comes due by itself.
//! * `folder`: lists of people that a program puts into a folder.
//! * [`mail`]: what is written to users and administrators, and how it leaves.
//! * `webhook`: what other systems are told, and how it is signed.
//! * `page`: the administrators' page.
//! * `http`: the API. Spec: `docs/ACTIVATION.md` for phones.

mod acts;
mod backend;
pub mod backup;
pub mod card_list;
mod challenge;
pub mod clock;
pub mod domain;
mod error;
mod folder;
mod http;
pub mod import;
mod issuing;
mod jobs;
mod keyring;
pub mod mail;
mod manager;
pub mod network;
mod once;
mod page;
mod photo;
mod proof;
mod pulse;
mod random;
mod scim;
mod store;
mod token;
mod vault;
mod webhook;

pub use acts::{
    Activation, AdministratorChange, AuditFilter, BounceTaken, Caller, CardImportOptions, CardImportPlan,
    CardInvitation, CardValidation, CardsUndone, ChallengeGiven, DeviceAnswer, DeviceSummary, EditedUser,
    EnrolledReader, ImportOptions, ImportPlan, InstalledCard, IssuedInvitation, MailPreview, MailSettings,
    MailSettingsEdit, MailTextState, MailTextView, NewReader, NewToken, NewWebhook, Origin, PlanSummary,
    Progress, PublishedList, ReaderAwareness, ReaderEdit, ReaderSummary, ReportTaken, Revocation,
    RevocationState, SignInLink, Undone, Unready, UserPage, UserQuery, ValidatedCard, WebhookEdit,
};
pub use error::{DirectoryError, Error, Refusal};
pub use folder::WatchedFolder;
pub use http::{
    FloodLimits, HttpSettings, Limits, MetricsEndpoint, ServeOptions, Tls, TlsError, openapi_document,
    stop_signal,
};
pub use issuing::IssuingError;
pub use jobs::{JobKind, JobOutcome, JobReport, JobRow};
pub use manager::Manager;
pub use random::{RandomFailed, Repeatable};
pub use store::{
    AlertRecipient, AlertRow, CardFilter, DatabaseUrl, DatabaseUrlError, Delivery, Home, MailFilter, Mailing,
    StoreError,
};
pub use token::ApiToken;
pub use vault::{TokenAccess, TokenError, Unlock, VaultError};
pub use webhook::{WebhookOptions, WebhookUrlError};
