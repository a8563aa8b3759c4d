//! Mail: what is said in which language, how a message is put together, how it is sent, and what comes back.
//!
//! * [`MailKind`], [`Language`]: what there is to say.
//! * `texts`, `rendering`: the texts that a project may change, and how they are filled in.
//! * `message`: a message with both parts, the QR code and its headers.
//! * `transport`, `smtp`, `files`: how a message leaves.
//! * `bounce`: reports on messages that did not arrive.

mod address;
mod bounce;
mod dates;
mod fields;
mod files;
mod kind;
mod language;
mod message;
mod options;
mod picture;
mod rendering;
mod smtp;
mod texts;
mod transport;

pub use address::AddressError;
pub use bounce::{Bounce, BounceVerdict};
pub use kind::MailKind;
pub use language::Language;
pub use options::MailOptions;
pub use rendering::TextError;
pub use smtp::{SmtpServer, SmtpServerError};
pub use texts::MailText;
pub use transport::Transport;

pub(crate) use address::{domain, is_sendable};
pub(crate) use bounce::REPORT_MAX;
pub(crate) use dates::moment;
pub(crate) use fields::{InvitationFields, MailFields, StoredAlert, StoredCard, StoredFields};
pub(crate) use message::{Letter, MessageId, compose};
pub(crate) use picture::with_picture;
pub(crate) use rendering::{check, placeholders, render, sample};
pub(crate) use transport::{Channel, Delivery};
