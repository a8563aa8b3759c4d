//! Why whoever asked does not get it, each reason with a code that stays.

use crate::domain::{
    AdministratorError, CardForbidden, Field, FieldError, Forbidden, OutputFormatError, Role, Scope, Scopes,
    SignInError, UnixTime,
};
use crate::mail::TextError;

/// Why whoever asked does not get it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request is not of the form that it should have; says where.
    #[error("The request is not well formed: {0}")]
    RequestInvalid(String),
    /// No bearer token, or not a valid one.
    #[error("A valid API token is needed.")]
    Unauthorized,
    /// The administrator's role does not allow it, whatever the token says.
    #[error(
        "This needs an administrator with the role {needed}; the token belongs to one with the role {is}."
    )]
    RoleMissing {
        /// The least role that may.
        needed: Role,
        /// The role of the administrator whose token it is.
        is: Role,
    },
    /// The administrator's role does not allow it.
    #[error("This needs an administrator with the role {0}.")]
    RoleNeeded(Role),
    /// The token was not made for it.
    #[error("This needs a token with the scope {0}.")]
    ScopeMissing(Scope),
    /// An edit that does not say which version it is meant for.
    #[error(
        "This needs an If-Match with the ETag of what is to be changed, or with * for whatever it is now."
    )]
    PreconditionRequired,
    /// What is to be changed is not as it was looked at.
    #[error("This was changed since it was looked at; look at it again and repeat the edit.")]
    PreconditionFailed,
    /// The key was used for another request.
    #[error("This Idempotency-Key was used for another request within the last 24 hours.")]
    IdempotencyKeyReused,
    /// The same request was answered while this one waited.
    #[error("The same request was answered meanwhile.")]
    AnsweredMeanwhile,
    /// No such administrator.
    #[error("There is no such administrator.")]
    AdministratorUnknown,
    /// Another administrator has the e-mail address.
    #[error("Another administrator has this e-mail address.")]
    AdministratorKnown,
    /// The administrator or the token to be made is not allowed.
    #[error("{0}")]
    Administrator(AdministratorError),
    /// Nobody else would be an owner.
    #[error("A project is never without an owner; make somebody else an owner first.")]
    LastOwner,
    /// Something that was given to sign in is wrong; nobody is told what.
    #[error(
        "The e-mail address, the password or the one-time code is wrong. After several wrong tries there is a \
         pause of up to 15 minutes."
    )]
    SignInRefused,
    /// A sign-in link that is not one, was used, has expired or was replaced.
    #[error("This sign-in link is not valid: it was used, has expired or was replaced. Ask for a new one.")]
    SignInLinkInvalid,
    /// Somebody has an account with this e-mail address.
    #[error("Somebody signs in with this e-mail address already. Sign in first, then open the link again.")]
    AccountTaken,
    /// The account looks after projects whose owners did not make the link.
    #[error(
        "This account looks after other projects, too. Only a link of the operator leads back into it: manager admin \
         sign-in-link."
    )]
    AccountElsewhere,
    /// What somebody wants to sign in with is not allowed.
    #[error("{0}")]
    SignIn(SignInError),
    /// The passkey was not accepted.
    #[error("The passkey was not accepted.")]
    PasskeyRefused,
    /// Nothing waits for this answer, or it waited too long.
    #[error("This took too long; begin again.")]
    CeremonyOver,
    /// The account could not sign in any more.
    #[error("This is the only way in which you sign in; add another one first.")]
    LastSignIn,
    /// No such token.
    #[error("There is no such token.")]
    TokenUnknown,
    /// Scopes that cannot be given.
    #[error("These scopes are beyond the administrator's role, or beyond what may be given away: {0}.")]
    ScopesBeyond(Scopes),
    /// No such invitation, or a code that is not well formed.
    #[error("There is no such invitation.")]
    InvitationUnknown,
    /// The invitation's time is over.
    #[error("This invitation has expired.")]
    InvitationExpired,
    /// The invitation was replaced, withdrawn, or voided by wrong answers.
    #[error("This invitation is no longer valid.")]
    InvitationVoid,
    /// Another device key has redeemed the invitation, or it was too long ago.
    #[error("This invitation was redeemed by another device.")]
    InvitationUsed,
    /// The challenge was not given for this, was used, or has expired.
    #[error("This challenge was not given for this, was used, or has expired.")]
    ChallengeUnknown,
    /// The signature does not hold, or the public key is not a point.
    #[error("The proof of the device's key does not hold.")]
    ProofInvalid,
    /// No such device.
    #[error("There is no such device.")]
    DeviceUnknown,
    /// The device was revoked for good.
    #[error("This device was revoked.")]
    DeviceRevoked,
    /// The user may not use the phone until the suspension ends.
    #[error("This user is suspended.")]
    UserSuspended,
    /// No such user.
    #[error("There is no such user.")]
    UserUnknown,
    /// The user is deleted or about to be.
    #[error("This user is deleted.")]
    UserDeleted,
    /// What was asked needs a user of another status.
    #[error("This needs a user who is {0}.")]
    UserStatus(&'static str),
    /// Fields of a person break their rules.
    #[error("{}", listed(.0))]
    PersonInvalid(Vec<(Field, FieldError)>),
    /// Another user has what only one can have.
    #[error("The {} belongs to another user, {holder}.", named(*.field))]
    Taken {
        /// What is taken.
        field: Field,
        /// The name of the user who has it.
        holder: String,
    },
    /// The invitation would live too short or too long.
    #[error("An invitation lives 1 hour to 1 year; {0} s is not between.")]
    InvitationLife(u32),
    /// No such plan.
    #[error("There is no such import plan.")]
    PlanUnknown,
    /// The plan was applied before.
    #[error("This import plan was applied before.")]
    PlanApplied,
    /// The users have changed since the plan was made.
    #[error("The users have changed since this plan was made; plan the import again.")]
    PlanOutdated,
    /// The plan was not applied, so that there is nothing to undo.
    #[error("There is no import to undo.")]
    PlanNotApplied,
    /// The import was undone before.
    #[error("This import was undone before.")]
    PlanUndone,
    /// The time to undo the import is over.
    #[error("The time to undo this import is over.")]
    UndoOver,
    /// The time in which imports can be undone is not allowed.
    #[error("Imports can be undone for 0 to 720 hours.")]
    UndoWindow,
    /// The plan deletes many users, or its list names nobody: it has to be confirmed.
    #[error("{0}")]
    ConfirmationNeeded(String),
    /// A list that a program brought has to be confirmed.
    #[error("{question} Apply plan {plan} to do so.")]
    SyncWaits {
        /// The plan that waits.
        plan: uuid::Uuid,
        /// What has to be confirmed.
        question: String,
    },
    /// No such reader.
    #[error("There is no such reader.")]
    ReaderUnknown,
    /// Octets that are not a report of this reader, or of none of this project.
    #[error("This is not a report of a reader of this project.")]
    ReportInvalid,
    /// A reader with this key was enrolled before.
    #[error("A reader with this public key was enrolled before, as reader {0}.")]
    ReaderKnown(u32),
    /// The reader was revoked.
    #[error("This reader was revoked.")]
    ReaderRevoked,
    /// The reader's public key is not a point of P-256.
    #[error("The reader's public key is not a point of P-256.")]
    ReaderKeyInvalid,
    /// The reader's name is not allowed.
    #[error("The reader's name {0}.")]
    ReaderName(FieldError),
    /// The reader's place is not allowed.
    #[error("The reader's place has more than {0} characters or a control character.")]
    ReaderPlace(usize),
    /// The reader's output format does not come out.
    #[error("The output format does not work: {0}.")]
    OutputFormat(OutputFormatError),
    /// No such issuer key.
    #[error("There is no such issuer key.")]
    KeyUnknown,
    /// What was asked needs an issuer key in another state.
    #[error("This needs an issuer key that is {0}.")]
    KeyState(&'static str),
    /// Readers or phones are not ready for what was asked.
    #[error("The issuer key is held up: {0}. Wait, or force it.")]
    KeyHeldUp(String),
    /// As many issuer keys are accepted as readers and phones have room for.
    #[error("The project has as many issuer keys as readers and phones have room for; retire one first.")]
    KeysFull,
    /// No such project.
    #[error("There is no such project.")]
    ProjectUnknown,
    /// Another project of the installation has this name.
    #[error("Another project has this name.")]
    ProjectNameTaken,
    /// There is more than one project, and none was named.
    #[error("There is more than one project: {0}. Say which one with --project.")]
    ProjectNeeded(String),
    /// No revocation list of this version was published.
    #[error("There is no revocation list {0}.")]
    ListUnknown(u32),
    /// An address that no mail can be sent to.
    #[error("{0:?} is not an address that mail can be sent to.")]
    MailAddress(String),
    /// A setting about mail is not allowed.
    #[error("The settings of mail: {0}.")]
    MailSetting(String),
    /// A text of mail is not allowed.
    #[error("The text of the mail: {0}.")]
    MailText(TextError),
    /// No such mail, kind of mail or language.
    #[error("There is no such mail.")]
    MailUnknown,
    /// There is no open invitation whose code is still known.
    #[error("This user has no open invitation that can be mailed; invite the user again.")]
    MailNotRepeatable,
    /// Nobody of this address is told of alerts.
    #[error("Nobody of this address is told of alerts.")]
    RecipientUnknown,
    /// No such endpoint for webhooks.
    #[error("There is no such webhook.")]
    WebhookUnknown,
    /// What is set about an endpoint for webhooks is not allowed.
    #[error("The webhook: {0}.")]
    WebhookInvalid(String),
    /// The project has as many endpoints for webhooks as it may.
    #[error("The project has as many webhooks as it may; remove one first.")]
    WebhooksFull,
    /// The endpoint is told nothing.
    #[error("This webhook is turned off; turn it on first.")]
    WebhookOff,
    /// No such delivery to an endpoint.
    #[error("There is no such delivery.")]
    DeliveryUnknown,
    /// The project has not revoked anything yet.
    #[error("This project has no revocation list yet.")]
    RevocationListNone,
    /// No such card template.
    #[error("There is no such card template.")]
    TemplateUnknown,
    /// The design of a card template is not allowed.
    #[error("The card template: {0}.")]
    TemplateInvalid(String),
    /// Another card template has this name.
    #[error("Another card template has this name.")]
    TemplateNameTaken,
    /// What was asked needs a card template of another state.
    #[error("This needs a card template that is {0}.")]
    TemplateState(&'static str),
    /// No such card.
    #[error("There is no such card.")]
    CardUnknown,
    /// More than one card is meant.
    #[error("Cards of several templates have this card ID; say which one by its id.")]
    CardAmbiguous,
    /// The card is not one of its template.
    #[error("The card: {0}.")]
    CardInvalid(String),
    /// Another card has what only one can have.
    #[error("Another card has this {0}.")]
    CardTaken(&'static str),
    /// What was asked needs a card of another status.
    #[error("This needs a card that is {0}.")]
    CardStatus(&'static str),
    /// The card was put away.
    #[error("This card is archived.")]
    CardArchived,
    /// The photo is not taken.
    #[error("The photo is not taken: {0}.")]
    PhotoRefused(String),
    /// There is no such photo.
    #[error("There is no such photo.")]
    PhotoUnknown,
    /// The holder sent no photo, and the card needs one.
    #[error("This card needs a photo of its holder.")]
    PhotoMissing,
    /// Cards are not as the import that is to be undone has left them.
    #[error("These cards were changed since the import, and nothing was undone: {0}.")]
    CardsChanged(String),
    /// Nobody's code, or no more.
    #[error(
        "This is not the code of a card, or it is too old: have it shown on the phone itself, and scan it again."
    )]
    CardCodeWrong,
    /// Identifier or answers are wrong; nobody is told which.
    #[error("The identifier or an answer is wrong; tries left: {0}.")]
    AnswersWrong(u32),
    /// Too many wrong answers came.
    #[error("Too many wrong answers came; try again later, or ask an administrator to unlock the card.")]
    CardLocked(UnixTime),
    /// The holder did not accept the terms.
    #[error("The terms were not accepted, or another version of them.")]
    TermsNotAccepted,
}

impl Refusal {
    /// The stable name of the problem, the same in API and command line.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RequestInvalid(_) => "request-invalid",
            Self::Unauthorized => "unauthorized",
            Self::RoleMissing { .. } => "role-missing",
            Self::RoleNeeded(_) => "role-needed",
            Self::ScopeMissing(_) => "scope-missing",
            Self::PreconditionRequired => "precondition-required",
            Self::PreconditionFailed => "precondition-failed",
            Self::IdempotencyKeyReused => "idempotency-key-reused",
            Self::AnsweredMeanwhile => "answered-meanwhile",
            Self::AdministratorUnknown => "administrator-unknown",
            Self::AdministratorKnown => "administrator-known",
            Self::Administrator(_) => "administrator-invalid",
            Self::LastOwner => "last-owner",
            Self::SignInRefused => "sign-in-refused",
            Self::SignInLinkInvalid => "sign-in-link-invalid",
            Self::AccountTaken => "account-taken",
            Self::AccountElsewhere => "account-elsewhere",
            Self::SignIn(_) => "sign-in-invalid",
            Self::PasskeyRefused => "passkey-refused",
            Self::CeremonyOver => "ceremony-over",
            Self::LastSignIn => "last-sign-in",
            Self::TokenUnknown => "token-unknown",
            Self::ScopesBeyond(_) => "scopes-beyond",
            Self::InvitationUnknown => "invitation-unknown",
            Self::InvitationExpired => "invitation-expired",
            Self::InvitationVoid => "invitation-void",
            Self::InvitationUsed => "invitation-used",
            Self::ChallengeUnknown => "challenge-unknown",
            Self::ProofInvalid => "proof-invalid",
            Self::DeviceUnknown => "device-unknown",
            Self::DeviceRevoked => "device-revoked",
            Self::UserSuspended => "user-suspended",
            Self::UserUnknown => "user-unknown",
            Self::UserDeleted => "user-deleted",
            Self::UserStatus(_) => "user-status",
            Self::PersonInvalid(_) => "person-invalid",
            Self::Taken { .. } => "taken",
            Self::InvitationLife(_) => "invitation-life-invalid",
            Self::PlanUnknown => "plan-unknown",
            Self::PlanApplied => "plan-applied",
            Self::PlanOutdated => "plan-outdated",
            Self::PlanNotApplied => "plan-not-applied",
            Self::PlanUndone => "plan-undone",
            Self::UndoOver => "undo-over",
            Self::UndoWindow => "undo-window-invalid",
            Self::ConfirmationNeeded(_) => "confirmation-needed",
            Self::SyncWaits { .. } => "sync-waits",
            Self::ReaderUnknown => "reader-unknown",
            Self::ReportInvalid => "report-invalid",
            Self::ReaderKnown(_) => "reader-known",
            Self::ReaderRevoked => "reader-revoked",
            Self::ReaderKeyInvalid => "reader-key-invalid",
            Self::ReaderName(_) => "reader-name-invalid",
            Self::ReaderPlace(_) => "reader-place-invalid",
            Self::OutputFormat(_) => "output-format-invalid",
            Self::KeyUnknown => "issuer-key-unknown",
            Self::KeyState(_) => "issuer-key-state",
            Self::KeyHeldUp(_) => "issuer-key-held-up",
            Self::KeysFull => "issuer-keys-full",
            Self::ProjectUnknown => "project-unknown",
            Self::ProjectNameTaken => "project-name-taken",
            Self::ProjectNeeded(_) => "project-needed",
            Self::ListUnknown(_) => "list-unknown",
            Self::MailAddress(_) => "mail-address-invalid",
            Self::MailSetting(_) => "mail-setting-invalid",
            Self::MailText(_) => "mail-text-invalid",
            Self::MailUnknown => "mail-unknown",
            Self::MailNotRepeatable => "mail-not-repeatable",
            Self::RecipientUnknown => "recipient-unknown",
            Self::WebhookUnknown => "webhook-unknown",
            Self::WebhookInvalid(_) => "webhook-invalid",
            Self::WebhooksFull => "webhooks-full",
            Self::WebhookOff => "webhook-off",
            Self::DeliveryUnknown => "delivery-unknown",
            Self::RevocationListNone => "revocation-list-none",
            Self::TemplateUnknown => "card-template-unknown",
            Self::TemplateInvalid(_) => "card-template-invalid",
            Self::TemplateNameTaken => "card-template-name-taken",
            Self::TemplateState(_) => "card-template-state",
            Self::CardUnknown => "card-unknown",
            Self::CardAmbiguous => "card-ambiguous",
            Self::CardInvalid(_) => "card-invalid",
            Self::CardTaken(_) => "card-taken",
            Self::CardStatus(_) => "card-status",
            Self::CardArchived => "card-archived",
            Self::PhotoRefused(_) => "photo-refused",
            Self::PhotoUnknown => "photo-unknown",
            Self::PhotoMissing => "photo-missing",
            Self::CardsChanged(_) => "undo-conflict",
            Self::CardCodeWrong => "card-code-wrong",
            Self::AnswersWrong(_) => "answers-wrong",
            Self::CardLocked(_) => "card-locked",
            Self::TermsNotAccepted => "terms-not-accepted",
        }
    }
}

impl From<Forbidden> for Refusal {
    fn from(forbidden: Forbidden) -> Self {
        match forbidden {
            Forbidden::Deleted => Self::UserDeleted,
            Forbidden::Suspended => Self::UserSuspended,
            Forbidden::Needs(what) => Self::UserStatus(what),
        }
    }
}

impl From<CardForbidden> for Refusal {
    fn from(forbidden: CardForbidden) -> Self {
        match forbidden {
            CardForbidden::Archived => Self::CardArchived,
            CardForbidden::Needs(what) => Self::CardStatus(what),
        }
    }
}

/// Every field with what is wrong with it, in one line.
fn listed(errors: &[(Field, FieldError)]) -> String {
    let errors: Vec<String> =
        errors.iter().map(|(field, error)| format!("{}: {error}", field.name())).collect();
    format!("{}.", errors.join("; "))
}

/// A field in the middle of a sentence.
const fn named(field: Field) -> &'static str {
    match field {
        Field::FirstName => "first name",
        Field::LastName => "last name",
        Field::Email => "e-mail address",
        Field::UserId => "user ID",
        Field::SyncId => "Sync ID",
    }
}
