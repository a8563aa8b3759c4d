//! The rules of the issuing side, without SQL, HTTP or files.

mod access;
mod account;
mod administrator;
mod audit;
mod card;
mod card_plan;
mod code;
mod edit;
mod event;
mod fields;
mod ids;
mod invitation;
mod keys;
mod life;
mod listing;
mod mail;
mod person;
mod plan;
mod project;
mod reader;
mod reader_event;
mod reminder;
mod search;
mod text;
mod undo;
mod user;
mod version;
mod webhook;

pub use access::{AccessNameError, Role, Scope, Scopes};
pub use account::{
    Account, CEREMONY_LIFE_S, ENROLMENT_LIFE_S, PASSWORD_MIN, PageSession, PasskeySummary, SESSION_IDLE_S,
    SESSION_LIFE_S, SignInError, check_password, lock_after_s,
};
pub use administrator::{
    Administrator, AdministratorError, NewAdministrator, TokenSummary, check_name, is_good, leaves_an_owner,
};
pub use audit::{Act, Actor, AuditBreak, AuditEntry, chain_start, verify_chain};
pub use card::{
    BarcodeDesign, BarcodeError, BarcodeSource, Card, CardContent, CardDesign, CardEdit, CardForbidden,
    CardPhoto, CardStanding, CardStatus, CardTemplate, CardTurn, Expiry, ExpiryDesign, ExpiryError,
    ExpiryRule, FieldDesign, FieldKind, HolderGives, HolderPhoto, IdentityCheck, Issuance, LOCK_S, NewCard,
    PhotoDesign, PhotoRule, PhotoWanted, Requirements, SecurityAnswer, SecurityQuestion, Side, Symbology,
    TRIES_MAX, TemplateState, Terms, ValidationCode, ValidationDesign, answers_hold, check_content,
    complained_of, end_as_read, fold_answer, next_card_status,
};
pub use card_plan::{CardCounts, CardPlanHeader, CardStep, CardValues};
pub use code::{CodeError, InvitationCode};
pub use edit::PersonEdit;
pub use event::{Event, EventFilter, EventNameError, TEST_EVENT, event_id, event_kinds};
pub use fields::{EMAIL_MAX, FieldError, NAME_MAX, SYNC_ID_MAX, USER_ID_MAX};
pub use fields::{email, email_key, name, shortened, sync_id, text as line, user_id};
pub use ids::{ProjectId, ReaderId, Serial, UnixTime, after, parse_project_id, project_id_text};
pub use invitation::{Invitation, InvitationState, Redemption, WRONG_ANSWERS_MAX, redemption};
pub use keys::{ISSUER_KEYS_MAX, KeyStanding, KeyState, next_index};
pub use life::{Forbidden, Turn, next_status};
pub use listing::{SortedBy, UserFilter, UserList, UserListError, UserOrder, UserPlace};
pub use mail::{AlertKind, MailStanding, MailState};
pub use person::{Field, Person};
pub use plan::{
    Confirmation, Conflict, Counts, Keeps, Mode, Plan, Roster, RosterEntry, SheetRow, Step, confirmation,
    plan,
};
pub use project::{LIFE_S, NewProject, Project, ProjectChange, ProjectError};
pub use reader::{
    OutputFormat, OutputFormatError, Parity, Presence, WiegandFormat, WiegandNumber, reader_key,
};
pub use reader_event::{ReaderEvent, ReaderLog, ReceiptState};
pub(crate) use reader_event::{event_hash, events_start, in_words as event_in_words};
pub use reminder::{
    EXPIRY_IS_NEWS_S, PendingInvitation, REMIND_AFTER_DAYS, REMIND_BEFORE_EXPIRY_HOURS, Reminder,
    ReminderChange, ReminderSettings,
};
pub use search::{Search, SearchKeys, folded, prefix_end, suffixes};
pub use text::{from_base64url, hex, to_base64url};
pub use undo::{
    Before, CurrentUser, DoneStep, UndoConflict, UndoConflictReason, UndoConflicts, UndoStep, undo,
};
pub use user::{User, UserStatus};
pub use version::{Expected, Version};
pub use webhook::{DeliveryState, OffBecause, WEBHOOKS_MAX, Webhook};
