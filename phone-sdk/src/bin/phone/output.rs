//! What the commands print, and with which status they end.

use std::io::{self, Write};
use std::process::ExitCode;

use phone_sdk::Error;
use serde::Serialize;
use serde_json::json;

/// How a command ended without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As it was meant to.
    Done,
    /// The door said no, or nothing.
    NotOpened,
}

impl Ended {
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Done => ExitCode::SUCCESS,
            Self::NotOpened => ExitCode::FAILURE,
        }
    }
}

/// Prints a line of text; a reader that went away (`| head`) is not an error.
pub(crate) fn line(text: impl AsRef<str>) {
    let _gone = writeln!(io::stdout(), "{}", text.as_ref());
}

/// Prints one JSON object.
pub(crate) fn object(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints why a command failed: text on standard error, or an object with `error` on standard output.
pub(crate) fn error(as_json: bool, error: &anyhow::Error) -> ExitCode {
    let known = error.downcast_ref::<Error>();
    if as_json {
        let kind = known.map_or("failed", kind);
        let (code, todo) = (known.map(Error::code), known.map(what_to_do));
        line(
            json!({ "error": { "kind": kind, "code": code, "message": message(error), "todo": todo } })
                .to_string(),
        );
    } else {
        let _gone = writeln!(io::stderr(), "phone: {}", message(error));
        if let Some(known) = known {
            let _gone = writeln!(io::stderr(), "{}", what_to_do(known));
        }
    }
    ExitCode::from(known.map_or(1, status))
}

/// What was being done and why it failed; the SDK's errors say all in themselves, those below them repeat it.
fn message(error: &anyhow::Error) -> String {
    let mut parts = Vec::new();
    for part in error.chain() {
        parts.push(part.to_string());
        if part.is::<Error>() {
            break;
        }
    }
    parts.join(": ")
}

/// The sort of an error, for machines.
pub(crate) const fn kind(error: &Error) -> &'static str {
    match error {
        Error::Retry(_) => "retry",
        Error::Restart(_) => "restart",
        Error::Denied(_) => "denied",
        Error::Storage(_) => "storage",
        Error::Misuse(_) => "misuse",
    }
}

const fn status(error: &Error) -> u8 {
    match error {
        Error::Misuse(_) => 2,
        Error::Retry(_) => 3,
        Error::Restart(_) => 4,
        Error::Denied(_) => 5,
        Error::Storage(_) => 6,
    }
}

/// What the person at the keyboard can do about it.
fn what_to_do(error: &Error) -> &'static str {
    use phone_sdk::{Denied, Misuse, Restart, Retry, StorageError};
    match error {
        Error::Retry(Retry::NoClock) => "Set the clock of this computer and do it again.",
        Error::Retry(Retry::NotAManager) => {
            "Check the address, and whether the network wants a sign-in first."
        }
        Error::Retry(_) => "Nothing was lost; do the same again in a while.",
        Error::Restart(Restart::NotAnInvitation) => {
            "Give the whole link, or the code of 27 symbols and --manager ADDRESS."
        }
        Error::Restart(Restart::Code(_) | Restart::InvitationUnknown) => {
            "Compare the code with the invitation and type it again."
        }
        Error::Restart(Restart::HolderAsked | Restart::AnswersWrong { .. }) => {
            "Give what the card asks for, and do it again."
        }
        Error::Restart(Restart::TermsNotAccepted) => "Read the terms, and do it again.",
        Error::Restart(Restart::PhotoRefused) => "Choose another photo of at most 512 KiB, and do it again.",
        Error::Restart(Restart::UpdateNeeded(_)) => "Install a newer version of this program.",
        Error::Restart(_) => "Ask the administrator for a new invitation.",
        Error::Denied(Denied::UserSuspended) => {
            "The card is kept; renew it once the administrator resumes it."
        }
        Error::Denied(Denied::CardLocked { .. }) => "Wait, or ask the administrator to unlock the card.",
        Error::Denied(Denied::NotGenuine(_) | Denied::OtherManager) => {
            "Do not trust this manager; tell the administrator."
        }
        Error::Denied(_) => "Ask the administrator.",
        Error::Storage(StorageError::InUse) => "End the other program that uses this wallet.",
        Error::Storage(StorageError::Newer) => "Install the version that wrote this wallet, or a newer one.",
        Error::Storage(StorageError::Corrupt) => {
            "Restore the directory from a copy, or remove it and ask the administrator for new invitations."
        }
        Error::Storage(_) => {
            "Make room and see to the permissions of the wallet's directory, then do it again."
        }
        Error::Misuse(Misuse::Address) => "Give an address that begins with https://.",
        Error::Misuse(_) => "Look at `phone cards`.",
    }
}
