//! What can go wrong, sorted by what the app has to do.

use std::io;

use credential::error::ObjectError;
use credential::time::UnixTime;

use crate::code::CodeError;
use crate::port::{HttpFailure, RandomFailure};

/// Why the wallet did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Do the same again later, with growing pauses.
    #[error("try again later: {0}")]
    Retry(#[from] Retry),
    /// Begin again with something that only the holder or the administrator can give.
    #[error("begin again: {0}")]
    Restart(#[from] Restart),
    /// Tell the holder; to repeat it helps nothing.
    #[error("denied: {0}")]
    Denied(#[from] Denied),
    /// Nothing was changed, or what was changed is found at the next opening; free space and do it again.
    #[error("storage: {0}")]
    Storage(#[from] StorageError),
    /// Mend the app.
    #[error("misuse: {0}")]
    Misuse(#[from] Misuse),
}

/// Troubles that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Retry {
    /// No answer.
    #[error(transparent)]
    Network(HttpFailure),
    /// Something answered that is not a manager: the login page of a Wi-Fi, for example.
    #[error("the answer is not one of a manager")]
    NotAManager,
    /// The manager has a fault of its own, or too much to do.
    #[error("the manager has a fault")]
    Manager,
    /// The challenge was used up or too old, twice.
    #[error("the manager does not know its own challenge any more")]
    Challenge,
    /// The phone has to be unlocked before its keys can be used.
    #[error("the key store is locked")]
    KeyStoreLocked,
    /// The key store failed.
    #[error("the key store failed")]
    KeyStore,
    /// The phone's clock has not been set.
    #[error("the clock is not set")]
    NoClock,
    /// The random source failed.
    #[error(transparent)]
    Random(#[from] RandomFailure),
}

/// What needs a new beginning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Restart {
    /// The text is neither link nor QR text of an invitation.
    #[error("this is not an invitation")]
    NotAnInvitation,
    /// The code was mistyped.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The manager has never seen the code: mistyped, or typed with another manager's address.
    #[error("the manager does not know this invitation")]
    InvitationUnknown,
    /// Its time is over.
    #[error("the invitation has expired")]
    InvitationExpired,
    /// Replaced by a newer one, withdrawn, or voided by wrong answers.
    #[error("the invitation is void")]
    InvitationVoid,
    /// Redeemed by another device, or too long ago.
    #[error("the invitation was used")]
    InvitationUsed,
    /// The holder key is gone from the key store: the card needs a new invitation.
    #[error("the card's key is gone")]
    KeyGone,
    /// The manager does not know this device any more: the card needs a new invitation.
    #[error("the manager does not know this device")]
    DeviceUnknown,
    /// The invitation asks the holder for something: ask for [`crate::Wallet::requirements`], then activate with it.
    #[error("the invitation asks the holder for something")]
    HolderAsked,
    /// Identifier or answers are wrong, and nobody says which; let the holder correct them.
    #[error("the identifier or an answer is wrong; tries left: {tries_left}")]
    AnswersWrong {
        /// How often the holder may try before the card is locked.
        tries_left: u32,
    },
    /// The terms were not accepted, or are others by now: show them again.
    #[error("the terms were not accepted")]
    TermsNotAccepted,
    /// The photo was not taken: let the holder choose another.
    #[error("the photo was not taken: it is no JPEG, PNG or WebP, or too large or too small")]
    PhotoRefused,
    /// The manager asks for something that this version of the app does not know.
    #[error("the app has to be updated to give: {0}")]
    UpdateNeeded(String),
}

/// Final answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Denied {
    /// The manager did not take the proof of the key; for an invitation it counts as a wrong answer, and the fifth
    /// makes it void. The key store or the way to the manager is at fault, not the holder.
    #[error("the manager did not accept the proof")]
    ProofRefused,
    /// The device is revoked for good; its key and credential are deleted.
    #[error("the device is revoked")]
    DeviceRevoked,
    /// The user is suspended; the card is kept and not presented until a renewal succeeds.
    #[error("the user is suspended")]
    UserSuspended,
    /// Too many wrong answers came; answers are taken again later, or when the administrator unlocks the card.
    #[error("too many wrong answers came")]
    CardLocked {
        /// When they are taken again.
        until: UnixTime,
    },
    /// The manager's answer does not hold: nothing of it was kept.
    #[error("the manager's answer does not hold: {0}")]
    NotGenuine(NotGenuine),
    /// A project that is known from one manager cannot be taken over by another.
    #[error("the project belongs to another manager")]
    OtherManager,
}

/// What does not hold in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotGenuine {
    /// The issuer keys are none, too many, or no points.
    #[error("the issuer keys are not valid")]
    IssuerKeys,
    /// The credential is refused.
    #[error("credential: {0}")]
    Credential(ObjectError),
    /// The revocation list is refused.
    #[error("revocation list: {0}")]
    RevocationList(ObjectError),
    /// The time token is refused.
    #[error("time token: {0}")]
    TimeToken(ObjectError),
    /// The credential is for another key, project or user ID than it should be.
    #[error("the credential is for something else")]
    Mismatch,
}

/// Why octets are not stored or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The platform refused.
    #[error("{0}")]
    Io(io::ErrorKind),
    /// Another wallet has the storage open.
    #[error("another wallet has the storage open")]
    InUse,
    /// What is stored does not decode: restore it from a copy, or erase the wallet and ask for new invitations.
    #[error("what is stored is damaged")]
    Corrupt,
    /// Parts of the wallet are there and the part that names its cards is not: as for [`StorageError::Corrupt`].
    #[error("a part of what was stored is missing")]
    Missing,
    /// The key store has not got the key that the wallet was sealed under: restore it, or erase the wallet.
    #[error("the key that seals the wallet is another one, or gone")]
    WrongKey,
    /// There was no randomness to seal with.
    #[error(transparent)]
    Random(#[from] RandomFailure),
    /// What is stored was written by a newer version.
    #[error("what is stored was written by a newer version")]
    Newer,
    /// A name that storage does not take.
    #[error("the name is not allowed")]
    Name,
}

/// Mistakes of the calling code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The manager's address is not HTTPS (or HTTP on this computer itself) or not an address at all.
    #[error("the manager's address is not a secure one")]
    Address,
    /// There is no such card.
    #[error("there is no such card")]
    NoSuchCard,
    /// No card is of this project.
    #[error("there is no such project")]
    NoSuchProject,
    /// The manager says that a request was malformed.
    #[error("the manager says that the request was malformed")]
    Request,
    /// The library was built without an HTTP client of its own, and the app has given it none.
    #[error("the app has to give an HTTP transport")]
    HttpMissing,
}

impl From<HttpFailure> for Error {
    fn from(failure: HttpFailure) -> Self {
        match failure {
            HttpFailure::Address => Self::Misuse(Misuse::Address),
            other => Self::Retry(Retry::Network(other)),
        }
    }
}

impl From<RandomFailure> for Error {
    fn from(failure: RandomFailure) -> Self {
        Self::Retry(Retry::Random(failure))
    }
}

impl From<NotGenuine> for Error {
    fn from(what: NotGenuine) -> Self {
        Self::Denied(Denied::NotGenuine(what))
    }
}

impl From<CodeError> for Error {
    fn from(error: CodeError) -> Self {
        Self::Restart(Restart::Code(error))
    }
}

impl From<io::Error> for StorageError {
    fn from(error: io::Error) -> Self {
        Self::Io(error.kind())
    }
}

impl Error {
    /// One word that names what happened, the same in every version and language.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Retry(retry) => retry.code(),
            Self::Restart(restart) => restart.code(),
            Self::Denied(denied) => denied.code(),
            Self::Storage(storage) => storage.code(),
            Self::Misuse(misuse) => misuse.code(),
        }
    }
}

impl Retry {
    const fn code(self) -> &'static str {
        match self {
            Self::Network(HttpFailure::NotTrusted) => "network-not-trusted",
            Self::Network(HttpFailure::TimedOut) => "network-timed-out",
            Self::Network(_) => "network-unreachable",
            Self::NotAManager => "not-a-manager",
            Self::Manager => "manager-fault",
            Self::Challenge => "challenge-lost",
            Self::KeyStoreLocked => "key-store-locked",
            Self::KeyStore => "key-store-failed",
            Self::NoClock => "clock-not-set",
            Self::Random(_) => "random-source-failed",
        }
    }
}

impl Restart {
    const fn code(&self) -> &'static str {
        match self {
            Self::NotAnInvitation => "not-an-invitation",
            Self::Code(_) => "code-mistyped",
            Self::InvitationUnknown => "invitation-unknown",
            Self::InvitationExpired => "invitation-expired",
            Self::InvitationVoid => "invitation-void",
            Self::InvitationUsed => "invitation-used",
            Self::KeyGone => "key-gone",
            Self::DeviceUnknown => "device-unknown",
            Self::HolderAsked => "holder-asked",
            Self::AnswersWrong { .. } => "answers-wrong",
            Self::TermsNotAccepted => "terms-not-accepted",
            Self::PhotoRefused => "photo-refused",
            Self::UpdateNeeded(_) => "update-needed",
        }
    }
}

impl Denied {
    const fn code(self) -> &'static str {
        match self {
            Self::ProofRefused => "proof-refused",
            Self::DeviceRevoked => "device-revoked",
            Self::UserSuspended => "user-suspended",
            Self::CardLocked { .. } => "card-locked",
            Self::NotGenuine(_) => "not-genuine",
            Self::OtherManager => "other-manager",
        }
    }
}

impl StorageError {
    const fn code(self) -> &'static str {
        match self {
            Self::Io(_) => "storage-failed",
            Self::InUse => "storage-in-use",
            Self::Corrupt => "storage-damaged",
            Self::Missing => "storage-incomplete",
            Self::WrongKey => "storage-key-gone",
            Self::Random(_) => "random-source-failed",
            Self::Newer => "storage-newer",
            Self::Name => "storage-name",
        }
    }
}

impl Misuse {
    const fn code(self) -> &'static str {
        match self {
            Self::Address => "address-not-secure",
            Self::NoSuchCard => "no-such-card",
            Self::NoSuchProject => "no-such-project",
            Self::Request => "request-malformed",
            Self::HttpMissing => "http-transport-missing",
        }
    }
}
