//! Sessions on the administrators' page.

use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use crate::domain::{Act, Actor, PageSession, ProjectId, Role, SESSION_LIFE_S, after};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::Transaction;
use crate::token::SessionToken;

/// A use of a session is not noted again for so long, in seconds.
const NOTED_S: u32 = 60;
/// For how long a request waits to have the use of its session noted; it is not worth more.
const NOTE_TIMEOUT: Duration = Duration::from_secs(1);
/// Characters of a browser's name for itself that are kept.
const BROWSER_MAX: usize = 200;

/// Whoever comes with a browser, signed in or not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    /// What the browser calls itself.
    pub(crate) user_agent: String,
}

/// A session that begins, with its secret.
pub(crate) struct NewSession {
    pub(crate) token: SessionToken,
}

impl Visitor {
    /// What the browser calls itself, as much of it as is kept.
    pub(super) fn browser(&self) -> String {
        self.user_agent.chars().filter(|character| !character.is_control()).take(BROWSER_MAX).collect()
    }
}

impl Manager {
    /// Begins a session with a new secret, whatever secret the browser came with.
    pub(super) async fn begin_session(
        &self,
        tx: &mut Transaction,
        account: Uuid,
        id: Uuid,
        visitor: &Visitor,
    ) -> Result<NewSession, Error> {
        let (project, now) = (self.project_id(), self.now());
        let token = SessionToken::generate()?;
        let session = PageSession {
            id,
            account,
            browser: visitor.browser(),
            created_at: now,
            last_used_at: now,
            expires_at: after(now, SESSION_LIFE_S),
        };
        tx.insert_page_session(&session, &token.hash()).await?;
        if let Some((administrator, _)) = tx.acting_as(account, project).await? {
            let (subject, session) = (administrator.to_string(), session.id);
            let actor = Actor::SignedIn { administrator, session };
            tx.record(project, now, actor, Act::SignedIn, subject, String::new()).await?;
        }
        Ok(NewSession { token })
    }

    /// The session with this secret, if it is good.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`].
    pub(crate) async fn page_session(&self, token: &SessionToken) -> Result<PageSession, Error> {
        let now = self.now();
        let known = self.read().await?.page_session(&token.hash()).await?;
        let session = known.filter(|session| session.is_good(now)).ok_or(Refusal::Unauthorized)?;
        if now.0.saturating_sub(session.last_used_at.0) >= NOTED_S
            && let Ok(Err(error)) = timeout(NOTE_TIMEOUT, self.note_page_use(session.id)).await
        {
            tracing::warn!(%error, "the use of a session was not noted");
        }
        Ok(session)
    }

    async fn note_page_use(&self, session: Uuid) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.note_page_use(session, self.now()).await?;
        Ok(tx.commit().await?)
    }

    /// As whom an account acts in this project.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn acting_as(&self, account: Uuid) -> Result<Option<(Uuid, Role)>, Error> {
        Ok(self.read().await?.acting_as(account, self.project_id()).await?)
    }

    /// Name, address and projects of an account.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`] if there is no such account.
    pub(crate) async fn account(
        &self,
        account: Uuid,
    ) -> Result<(crate::domain::Account, Vec<(ProjectId, String)>), Error> {
        let mut tx = self.read().await?;
        let row = tx.account(account).await?.ok_or(Refusal::Unauthorized)?;
        let projects = tx.projects_of(account).await?;
        Ok((row.account, projects))
    }

    /// The sessions of an account that last, newest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn page_sessions(&self, account: Uuid) -> Result<Vec<PageSession>, Error> {
        let now = self.now();
        let sessions = self.read().await?.page_sessions(account, now).await?;
        Ok(sessions.into_iter().filter(|session| session.is_good(now)).collect())
    }

    /// Ends a session of an account.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn end_page_session(&self, account: Uuid, session: Uuid) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.revoke_page_session(account, session, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends every session of an account but one.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn end_other_page_sessions(&self, account: Uuid, but: Uuid) -> Result<(), Error> {
        let mut tx = self.write_beside().await?;
        tx.revoke_other_page_sessions(account, but, self.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}
