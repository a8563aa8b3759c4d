//! Sign-in links: how an administrator comes to the page for the first time.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::ceremonies::Whom;
use crate::domain::{
    Account, Act, Actor, Administrator, ENROLMENT_LIFE_S, InvitationCode, UnixTime, after, check_name, email,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::random;
use crate::store::Transaction;

/// A sign-in link, which is shown only now.
#[derive(Clone)]
pub struct SignInLink {
    /// For whom it is.
    pub administrator: Uuid,
    /// The link; the secret stands in its fragment, where no server sees it.
    pub link: String,
    /// The secret, to be typed.
    pub code: String,
    /// The first second at which it is no longer good.
    pub expires_at: UnixTime,
}

/// Somebody who opened a sign-in link, with the name and the address to sign in with.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) email: String,
}

impl fmt::Debug for SignInLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignInLink").field("administrator", &self.administrator).finish_non_exhaustive()
    }
}

impl Manager {
    /// Makes a link with which an administrator comes to the page for the first time, or with another account; earlier
    /// links of the administrator are no longer good.
    ///
    /// # Errors
    /// [`Refusal::AdministratorUnknown`].
    pub async fn make_sign_in_link(&self, actor: Actor, administrator: Uuid) -> Result<SignInLink, Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.write().await?;
        if tx.administrator(project, administrator).await?.is_none() {
            return Err(Refusal::AdministratorUnknown.into());
        }
        let code = InvitationCode::new(random::octets()?);
        let expires_at = after(now, ENROLMENT_LIFE_S);
        tx.insert_enrolment(project, administrator, &code_hash(&code), (now, expires_at)).await?;
        let subject = administrator.to_string();
        tx.record(project, now, actor, Act::SignInLinkMade, subject, String::new()).await?;
        tx.commit().await?;
        let link = format!("{}/admin/enrol#{}", self.page_url(), code.canonical());
        Ok(SignInLink { administrator, link, code: code.grouped(), expires_at })
    }

    /// The address of the administrators' page without `/admin`; browsers make passkeys for names only, so that
    /// loopback is named there.
    pub fn page_url(&self) -> String {
        let url = self.project().public_url.clone();
        match url.strip_prefix("http://127.0.0.1").or_else(|| url.strip_prefix("http://[::1]")) {
            Some(rest) if rest.is_empty() || rest.starts_with([':', '/']) => {
                format!("http://localhost{rest}")
            }
            _ => url,
        }
    }

    /// For whom a sign-in link is.
    ///
    /// # Errors
    /// [`Refusal::SignInLinkInvalid`].
    pub(crate) async fn look_at_link(&self, code: &str) -> Result<Administrator, Error> {
        let mut tx = self.read().await?;
        self.administrator_of_link(&mut tx, &parsed(code)?).await
    }

    /// Lets an account act as the administrator whose link it opened.
    ///
    /// # Errors
    /// [`Refusal::SignInLinkInvalid`].
    pub(crate) async fn join(&self, code: &str, account: Uuid, session: Uuid) -> Result<(), Error> {
        let mut tx = self.write().await?;
        self.use_link(&mut tx, &parsed(code)?, account, session).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Checks name, address and link of somebody who wants to have an account.
    pub(super) async fn welcome(&self, newcomer: &Newcomer) -> Result<Whom, Error> {
        let code = parsed(&newcomer.code)?;
        let Newcomer { name, email: address, .. } = newcomer;
        let (name, address) = (name.trim().to_owned(), address.trim().to_owned());
        check_name(&name).map_err(Refusal::Administrator)?;
        let wrong = |error| Refusal::Administrator(crate::domain::AdministratorError::Email(error));
        email(&address).map_err(wrong)?;
        let mut tx = self.read().await?;
        self.administrator_of_link(&mut tx, &code).await?;
        if tx.account_by_email(&address).await?.is_some() {
            return Err(Refusal::AccountTaken.into());
        }
        Ok(Whom::Newcomer { account: self.ids().next(self.now()), name, email: address, code })
    }

    /// The account for which something new to sign in with was made, and the session that begins with it; a newcomer's
    /// account is made now, and the link used.
    pub(super) async fn settle(&self, tx: &mut Transaction, whom: Whom) -> Result<(Account, Uuid), Error> {
        let (project, now) = (self.project_id(), self.now());
        match whom {
            Whom::Newcomer { account, name, email, code } => {
                if tx.account_by_email(&email).await?.is_some() {
                    return Err(Refusal::AccountTaken.into());
                }
                let account = Account { id: account, name, email, has_password: false };
                tx.insert_account(project, &account, now).await?;
                let session = self.ids().next(now);
                self.use_link(tx, &code, account.id, session).await?;
                Ok((account, session))
            }
            Whom::Known { account, session } => {
                let row = tx.account(account).await?.ok_or(Refusal::CeremonyOver)?;
                self.note_change(tx, account, session).await?;
                // The session goes on under a new secret.
                tx.revoke_page_session(account, session, now).await?;
                Ok((row.account, self.ids().next(now)))
            }
        }
    }

    /// Writes down that what an account signs in with has changed.
    pub(super) async fn note_change(
        &self,
        tx: &mut Transaction,
        account: Uuid,
        session: Uuid,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        if let Some((administrator, _)) = tx.acting_as(account, project).await? {
            let (actor, subject) = (Actor::SignedIn { administrator, session }, administrator.to_string());
            tx.record(project, now, actor, Act::SignInChanged, subject, String::new()).await?;
        }
        Ok(())
    }

    async fn use_link(
        &self,
        tx: &mut Transaction,
        code: &[u8; 32],
        account: Uuid,
        session: Uuid,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let administrator = self.administrator_of_link(tx, code).await?.id;
        tx.use_enrolment(project, code, now).await?;
        tx.link_account(project, administrator, account).await?;
        let (subject, detail) = (administrator.to_string(), format!("account {account}"));
        let actor = Actor::SignedIn { administrator, session };
        tx.record(project, now, actor, Act::AccountLinked, subject, detail).await?;
        Ok(())
    }

    async fn administrator_of_link(
        &self,
        tx: &mut Transaction,
        code: &[u8; 32],
    ) -> Result<Administrator, Error> {
        let project = self.project_id();
        let row = tx.enrolment(project, code).await?.ok_or(Refusal::SignInLinkInvalid)?;
        if row.is_used || row.expires_at <= self.now() {
            return Err(Refusal::SignInLinkInvalid.into());
        }
        let administrator = tx.administrator(project, row.administrator).await?;
        Ok(administrator.ok_or(Refusal::SignInLinkInvalid)?)
    }
}

/// The hash of a code, which is not that of an invitation with the same secret.
fn code_hash(code: &InvitationCode) -> [u8; 32] {
    Sha256::new().chain_update(b"ostiary sign-in link\0").chain_update(code.hash()).finalize().into()
}

fn parsed(code: &str) -> Result<[u8; 32], Refusal> {
    code.parse().map(|code| code_hash(&code)).map_err(|_| Refusal::SignInLinkInvalid)
}
