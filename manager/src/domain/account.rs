//! Who signs in to the administrators' page, and for how long.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ids::{UnixTime, after};

/// Characters that a password has at least.
pub const PASSWORD_MIN: usize = 12;
/// Characters that a password has at most.
pub(super) const PASSWORD_MAX: usize = 256;
/// For how long a session lives, in seconds, however much it is used.
pub const SESSION_LIFE_S: u32 = 12 * 3600;
/// For how long a session lives that is not used, in seconds.
pub const SESSION_IDLE_S: u32 = 2 * 3600;
/// For how long a sign-in link is good, in seconds.
pub const ENROLMENT_LIFE_S: u32 = 72 * 3600;
/// For how long a passkey may take to answer, in seconds.
pub const CEREMONY_LIFE_S: u32 = 600;
/// Wrong answers that cost nothing.
const FREE_TRIES: u32 = 4;
/// The longest that wrong answers keep everybody out, in seconds.
const LOCK_MAX_S: u32 = 900;

/// Somebody who signs in to the administrators' page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Identifies the account.
    pub id: Uuid,
    /// What people call its holder.
    pub name: String,
    /// The e-mail address with which its holder signs in.
    pub email: String,
    /// Whether there is a password, which goes with one-time codes.
    pub has_password: bool,
}

/// A session on the administrators' page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct PageSession {
    /// Names the session in the audit log.
    pub id: Uuid,
    /// Whose it is.
    pub account: Uuid,
    /// What the browser calls itself.
    pub browser: String,
    /// When it began, in Unix seconds.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it was last used, to about a minute.
    #[schema(value_type = u32)]
    pub last_used_at: UnixTime,
    /// The second at which it ends at the latest.
    #[schema(value_type = u32)]
    pub expires_at: UnixTime,
}

/// A passkey of an account, without its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeySummary {
    /// Identifies the passkey.
    pub id: Uuid,
    /// What its holder calls it.
    pub name: String,
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last used.
    pub last_used_at: Option<UnixTime>,
}

/// What is wrong with what somebody wants to sign in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The password is too short.
    #[error("A password needs at least {PASSWORD_MIN} characters.")]
    PasswordShort,
    /// The password is too long.
    #[error("A password has at most {PASSWORD_MAX} characters.")]
    PasswordLong,
    /// The password is the address or the name.
    #[error("A password that is your name or your e-mail address is guessed first.")]
    PasswordGuessed,
}

impl PageSession {
    /// Whether it is still good, unless it was revoked.
    pub fn is_good(&self, now: UnixTime) -> bool {
        now < self.expires_at && now < after(self.last_used_at, SESSION_IDLE_S)
    }
}

/// Checks a new password.
///
/// # Errors
/// What is wrong with it.
pub fn check_password(password: &str, account: &Account) -> Result<(), SignInError> {
    let length = password.chars().count();
    if length < PASSWORD_MIN {
        return Err(SignInError::PasswordShort);
    }
    if length > PASSWORD_MAX {
        return Err(SignInError::PasswordLong);
    }
    let folded = password.trim().to_lowercase();
    if folded == account.email.to_lowercase() || folded == account.name.to_lowercase() {
        return Err(SignInError::PasswordGuessed);
    }
    Ok(())
}

/// For how many seconds nobody gets in after so many wrong answers in a row: 1, 2, 4, … and no more than a quarter of an
/// hour, so that a stranger who guesses cannot keep the holder out for long.
pub fn lock_after_s(wrong_answers: u32) -> u32 {
    match wrong_answers.checked_sub(FREE_TRIES) {
        None | Some(0) => 0,
        Some(beyond) => 1_u32.checked_shl(beyond.saturating_sub(1)).unwrap_or(LOCK_MAX_S).min(LOCK_MAX_S),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_it_is_not_used_and_at_the_latest_after_its_life() {
        let begun = UnixTime(1_000_000);
        let used = |after_s: u32| PageSession {
            id: Uuid::nil(),
            account: Uuid::nil(),
            browser: String::new(),
            created_at: begun,
            last_used_at: after(begun, after_s),
            expires_at: after(begun, SESSION_LIFE_S),
        };
        assert!(used(0).is_good(after(begun, SESSION_IDLE_S - 1)));
        assert!(!used(0).is_good(after(begun, SESSION_IDLE_S)));
        assert!(used(SESSION_LIFE_S - 10).is_good(after(begun, SESSION_LIFE_S - 1)));
        assert!(!used(SESSION_LIFE_S - 10).is_good(after(begun, SESSION_LIFE_S)));
    }

    #[test]
    fn wrong_answers_lock_for_longer_and_longer() {
        let locks: Vec<u32> = (0..8).map(lock_after_s).collect();
        assert_eq!(locks, [0, 0, 0, 0, 0, 1, 2, 4]);
        assert_eq!(lock_after_s(14), 512);
        assert_eq!(lock_after_s(15), LOCK_MAX_S);
        assert_eq!(lock_after_s(u32::MAX), LOCK_MAX_S);
    }

    #[test]
    fn a_password_is_long_and_not_the_name_or_the_address() {
        let (name, email) = ("Anna von Berg".to_owned(), "anna@doors.example".to_owned());
        let account = Account { id: Uuid::nil(), name, email, has_password: false };
        assert_eq!(check_password("short", &account), Err(SignInError::PasswordShort));
        assert_eq!(check_password("ANNA@doors.example", &account), Err(SignInError::PasswordGuessed));
        assert_eq!(check_password("anna von berg ", &account), Err(SignInError::PasswordGuessed));
        assert_eq!(check_password(&"x".repeat(257), &account), Err(SignInError::PasswordLong));
        assert_eq!(check_password("correct horse", &account), Ok(()));
    }
}
