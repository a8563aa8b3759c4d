//! Passwords, which go with one-time codes. An unknown address takes as long as a wrong password and hears the same.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::ceremonies::Whom;
use super::enrolling::Newcomer;
use super::one_time::{self, SECRET_OCTETS};
use super::sessions::{NewSession, Visitor};
use crate::domain::{Account, after, check_password, email_key, from_base64url, lock_after_s, to_base64url};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::random;
use crate::store::AccountRow;
use crate::vault::VaultError;

/// What the secret for one-time codes is sealed as.
const TOTP: &[u8] = b"one-time codes";

/// What somebody signs in with.
pub(crate) struct Password {
    pub(crate) email: String,
    pub(crate) password: Zeroizing<String>,
    pub(crate) code: String,
}

/// A new password, and what the authenticator app is to be given.
pub(crate) struct NewPassword {
    /// Under which name the first code comes.
    pub(crate) ceremony: String,
    /// The secret, to be typed.
    pub(crate) secret: Zeroizing<String>,
    /// The secret as the text of a QR code.
    pub(crate) address: Zeroizing<String>,
}

/// What came of the first code.
pub(crate) enum Finished {
    /// It was right.
    In(NewSession),
    /// It was wrong; another one may be tried.
    Again(NewPassword),
}

/// A password that waits for the first code of the authenticator app.
#[derive(Serialize, Deserialize)]
struct Waiting {
    whom: Whom,
    hash: String,
    email: String,
    secret: String,
}

impl Manager {
    /// Begins to set the password of somebody who opened a link.
    ///
    /// # Errors
    /// [`Refusal::SignInLinkInvalid`], [`Refusal::AccountTaken`], [`Refusal::Administrator`], [`Refusal::SignIn`].
    pub(crate) async fn begin_password(
        &self,
        newcomer: &Newcomer,
        password: Zeroizing<String>,
    ) -> Result<NewPassword, Error> {
        let whom = self.welcome(newcomer).await?;
        let account = whom.with_link().ok_or(Refusal::CeremonyOver)?;
        self.new_password(whom, account, password).await
    }

    /// Begins to set the password of somebody who is signed in.
    ///
    /// # Errors
    /// [`Refusal::SignIn`].
    pub(crate) async fn begin_new_password(
        &self,
        (account, session): (Uuid, Uuid),
        password: Zeroizing<String>,
    ) -> Result<NewPassword, Error> {
        let row = self.read().await?.account(account).await?.ok_or(Refusal::CeremonyOver)?;
        self.new_password(Whom::Known { account, session }, row.account, password).await
    }

    async fn new_password(
        &self,
        whom: Whom,
        account: Account,
        password: Zeroizing<String>,
    ) -> Result<NewPassword, Error> {
        check_password(&password, &account).map_err(Refusal::SignIn)?;
        let salt: [u8; 16] = random::octets()?;
        let hash = off_the_loop(move || hashed(&password, &salt)).await?.ok_or(Refusal::CeremonyOver)?;
        let secret: Zeroizing<[u8; SECRET_OCTETS]> = Zeroizing::new(random::octets()?);
        let waiting = Waiting { whom, hash, email: account.email, secret: to_base64url(secret.as_slice()) };
        self.ask_for_code(&waiting, secret.as_slice()).await
    }

    /// Sets the password once the authenticator app has shown its first code.
    ///
    /// # Errors
    /// [`Refusal::CeremonyOver`], [`Refusal::AccountTaken`], [`Refusal::SignInLinkInvalid`].
    pub(crate) async fn finish_password(
        &self,
        ceremony: &str,
        code: &str,
        visitor: &Visitor,
    ) -> Result<Finished, Error> {
        let waiting: Waiting = self.take_ceremony(ceremony).await?;
        let octets: Option<[u8; SECRET_OCTETS]> = from_base64url(&waiting.secret);
        let secret = Zeroizing::new(octets.ok_or(Refusal::CeremonyOver)?);
        let Some(step) = one_time::step(secret.as_slice(), code, self.now()) else {
            return Ok(Finished::Again(self.ask_for_code(&waiting, secret.as_slice()).await?));
        };
        let Waiting { whom, hash, .. } = waiting;
        let mut tx = self.write().await?;
        let (account, session) = self.settle(&mut tx, whom).await?;
        let row = tx.account(account.id).await?.ok_or(Refusal::CeremonyOver)?;
        let home = self.of_project(row.project).await?;
        let sealed = home.vault().seal(TOTP, secret.as_slice())?;
        tx.set_password(account.id, Some((&hash, &sealed, step))).await?;
        let session = self.begin_session(&mut tx, account.id, session, visitor).await?;
        tx.commit().await?;
        Ok(Finished::In(session))
    }

    async fn ask_for_code(&self, waiting: &Waiting, secret: &[u8]) -> Result<NewPassword, Error> {
        let ceremony = self.begin_ceremony(waiting).await?;
        let (secret, address) = one_time::to_scan(secret, &waiting.email, &self.project().name);
        Ok(NewPassword { ceremony, secret, address })
    }

    /// Signs somebody in.
    ///
    /// # Errors
    /// [`Refusal::SignInRefused`] for whatever is wrong.
    pub(crate) async fn sign_in(&self, given: Password, visitor: &Visitor) -> Result<NewSession, Error> {
        let now = self.now();
        let address: [u8; 32] = Sha256::digest(email_key(given.email.trim())).into();
        // The try counts before it is looked at, so that many at once are not one. Known addresses and unknown ones are
        // counted alike.
        let mut tx = self.write().await?;
        let (wrong, locked_until) = tx.sign_in_tries(&address).await?;
        let is_locked = now < locked_until;
        if !is_locked {
            let wrong = wrong.saturating_add(1);
            let locked_until = after(now, lock_after_s(wrong));
            tx.keep_sign_in_tries(&address, (wrong, locked_until), now).await?;
        }
        let known = match tx.account_by_email(given.email.trim()).await? {
            Some(id) => tx.account(id).await?,
            None => None,
        };
        tx.commit().await?;
        let (account, secret) = self.what_is_known(known).await?;
        let hash = account.as_ref().and_then(|row| row.password_hash.clone());
        let password = given.password;
        let password_holds = off_the_loop(move || verified(&password, hash.as_deref())).await?;
        let step = one_time::step(&secret, &given.code, now);
        let (Some(row), Some(step), true, false) = (account, step, password_holds, is_locked) else {
            return Err(Refusal::SignInRefused.into());
        };
        let mut tx = self.write().await?;
        if !tx.use_totp_step(row.account.id, step).await? {
            return Err(Refusal::SignInRefused.into());
        }
        tx.forget_sign_in_tries(&address).await?;
        let session = self.begin_session(&mut tx, row.account.id, self.ids().next(now), visitor).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// The account, if it has a password, and its secret for one-time codes; a secret that opens nothing for others.
    async fn what_is_known(
        &self,
        row: Option<AccountRow>,
    ) -> Result<(Option<AccountRow>, Zeroizing<Vec<u8>>), Error> {
        let nothing = Zeroizing::new(vec![0; SECRET_OCTETS]);
        let Some(row) = row else { return Ok((None, nothing)) };
        let Some(sealed) = row.totp_sealed.as_deref() else { return Ok((None, nothing)) };
        let secret = self.of_project(row.project).await?.vault().open(TOTP, sealed)?;
        Ok((Some(row), secret))
    }

    /// Takes the password of an account away, which has another way to sign in.
    ///
    /// # Errors
    /// [`Refusal::LastSignIn`].
    pub(crate) async fn remove_password(&self, account: Uuid, session: Uuid) -> Result<(), Error> {
        let mut tx = self.write().await?;
        if tx.passkeys(account).await?.is_empty() {
            return Err(Refusal::LastSignIn.into());
        }
        tx.set_password(account, None).await?;
        self.note_change(&mut tx, account, session).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn hashed(password: &str, salt: &[u8; 16]) -> Option<String> {
    Argon2::default().hash_password_with_salt(password.as_bytes(), salt).ok().map(|hash| hash.to_string())
}

/// Whether the password has this hash; without one as much is computed, and the answer is no.
fn verified(password: &str, hash: Option<&str>) -> bool {
    match hash {
        Some(hash) => PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
        None => {
            let _as_much = hashed(password, &[0; 16]);
            false
        }
    }
}

async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    crate::keyring::blocking(move || Ok::<T, VaultError>(work())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_its_own_hash_only_and_none_has_no_password() {
        let hash = hashed("correct horse battery", &[7; 16]).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verified("correct horse battery", Some(&hash)));
        assert!(!verified("correct horse batterz", Some(&hash)));
        assert!(!verified("", Some("nonsense")) && !verified("correct horse battery", None));
    }
}
