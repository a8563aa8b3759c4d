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
        let by_operator = actor == Actor::Operator;
        tx.insert_enrolment(project, administrator, &code_hash(&code), (now, expires_at), by_operator)
            .await?;
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

    /// For whom a sign-in link is, and the account that acts as that administrator, if one does: whoever has lost what it
    /// takes to sign in comes back into it.
    ///
    /// # Errors
    /// [`Refusal::SignInLinkInvalid`].
    pub(crate) async fn look_at_link(&self, code: &str) -> Result<(Administrator, Option<Account>), Error> {
        let mut tx = self.read().await?;
        let (administrator, _) = self.administrator_of_link(&mut tx, &parsed(code)?).await?;
        let account = match tx.account_of(self.project_id(), administrator.id).await? {
            Some(account) => tx.account(account).await?.map(|row| row.account),
            None => None,
        };
        Ok((administrator, account))
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
        if let Some(account) = tx.account_by_email(&address).await? {
            let row = self.check_way_back(&mut tx, &code, account).await?;
            let Account { name, email, .. } = row;
            return Ok(Whom::Returning { account, name, email, code });
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
            Whom::Returning { account, code, .. } => {
                let account = self.check_way_back(tx, &code, account).await?;
                // Whoever has found what was lost does not get in with it.
                tx.delete_passkeys(account.id).await?;
                tx.set_password(account.id, None).await?;
                tx.revoke_other_page_sessions(account.id, Uuid::nil(), now).await?;
                let session = self.ids().next(now);
                self.use_link(tx, &code, account.id, session).await?;
                self.note_change(tx, account.id, session).await?;
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

    /// The account into which a link leads back: that of the link's administrator.
    ///
    /// An owner who makes a link could open it as well, and gets nothing by it that an owner does not have; but the account
    /// may look after other projects, which the owners of this one have no say in.
    async fn check_way_back(
        &self,
        tx: &mut Transaction,
        code: &[u8; 32],
        account: Uuid,
    ) -> Result<Account, Error> {
        let (administrator, by_operator) = self.administrator_of_link(tx, code).await?;
        if tx.account_of(self.project_id(), administrator.id).await? != Some(account) {
            return Err(Refusal::AccountTaken.into());
        }
        if !by_operator && tx.projects_of(account).await?.len() > 1 {
            return Err(Refusal::AccountElsewhere.into());
        }
        Ok(tx.account(account).await?.ok_or(Refusal::CeremonyOver)?.account)
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
        let administrator = self.administrator_of_link(tx, code).await?.0.id;
        tx.use_enrolment(project, code, now).await?;
        tx.link_account(project, administrator, account).await?;
        let (subject, detail) = (administrator.to_string(), format!("account {account}"));
        let actor = Actor::SignedIn { administrator, session };
        tx.record(project, now, actor, Act::AccountLinked, subject, detail).await?;
        Ok(())
    }

    /// For whom a link is, and whether the operator made it.
    async fn administrator_of_link(
        &self,
        tx: &mut Transaction,
        code: &[u8; 32],
    ) -> Result<(Administrator, bool), Error> {
        let project = self.project_id();
        let row = tx.enrolment(project, code).await?.ok_or(Refusal::SignInLinkInvalid)?;
        if row.is_used || row.expires_at <= self.now() {
            return Err(Refusal::SignInLinkInvalid.into());
        }
        let administrator = tx.administrator(project, row.administrator).await?;
        Ok((administrator.ok_or(Refusal::SignInLinkInvalid)?, row.by_operator))
    }
}

/// The hash of a code, which is not that of an invitation with the same secret.
fn code_hash(code: &InvitationCode) -> [u8; 32] {
    Sha256::new().chain_update(b"ostiary sign-in link\0").chain_update(code.hash()).finalize().into()
}

fn parsed(code: &str) -> Result<[u8; 32], Refusal> {
    code.parse().map(|code| code_hash(&code)).map_err(|_| Refusal::SignInLinkInvalid)
}
