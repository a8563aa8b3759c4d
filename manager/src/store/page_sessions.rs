//! Sessions on the administrators' page, and what waits for an answer there.

use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{PageSession, UnixTime};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account: Uuid,
    browser: String,
    created_at: i64,
    last_used_at: i64,
    expires_at: i64,
}

impl Transaction {
    pub(crate) async fn insert_page_session(
        &mut self,
        session: &PageSession,
        token_hash: &[u8; 32],
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO page_sessions (token_hash, id, account, browser, created_at, last_used_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(token_hash.as_slice())
        .bind(session.id)
        .bind(session.account)
        .bind(&session.browser)
        .bind(i64::from(session.created_at.0))
        .bind(i64::from(session.last_used_at.0))
        .bind(i64::from(session.expires_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// The session with this hash, unless it was revoked.
    pub(crate) async fn page_session(
        &mut self,
        token_hash: &[u8; 32],
    ) -> Result<Option<PageSession>, StoreError> {
        let row: Option<Row> = self
            .query(
                "SELECT id, account, browser, created_at, last_used_at, expires_at FROM page_sessions \
                 WHERE token_hash = $1 AND revoked_at IS NULL",
            )
            .bind(token_hash.as_slice())
            .fetch_optional()
            .await?;
        row.map(Row::into_session).transpose()
    }

    /// The sessions of an account that were not revoked and last, newest first.
    pub(crate) async fn page_sessions(
        &mut self,
        account: Uuid,
        now: UnixTime,
    ) -> Result<Vec<PageSession>, StoreError> {
        let rows: Vec<Row> = self
            .query(
                "SELECT id, account, browser, created_at, last_used_at, expires_at FROM page_sessions \
                 WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC",
            )
            .bind(account)
            .bind(i64::from(now.0))
            .fetch_all()
            .await?;
        rows.into_iter().map(Row::into_session).collect()
    }

    pub(crate) async fn note_page_use(&mut self, session: Uuid, now: UnixTime) -> Result<(), StoreError> {
        self.query("UPDATE page_sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2")
            .bind(session)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Ends one session of an account; whether there was such a session.
    pub(crate) async fn revoke_page_session(
        &mut self,
        account: Uuid,
        session: Uuid,
        now: UnixTime,
    ) -> Result<bool, StoreError> {
        let ended = self
            .query(
                "UPDATE page_sessions SET revoked_at = $3 \
                 WHERE account = $1 AND id = $2 AND revoked_at IS NULL",
            )
            .bind(account)
            .bind(session)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(ended == 1)
    }

    /// Ends all sessions of an account but one.
    pub(crate) async fn revoke_other_page_sessions(
        &mut self,
        account: Uuid,
        but: Uuid,
        now: UnixTime,
    ) -> Result<u64, StoreError> {
        self.query(
            "UPDATE page_sessions SET revoked_at = $3 \
             WHERE account = $1 AND id <> $2 AND revoked_at IS NULL",
        )
        .bind(account)
        .bind(but)
        .bind(i64::from(now.0))
        .execute()
        .await
    }

    pub(crate) async fn insert_ceremony(
        &mut self,
        hash: &[u8; 32],
        state: &str,
        (now, expires_at): (UnixTime, UnixTime),
    ) -> Result<(), StoreError> {
        // What nobody answered goes when somebody else asks.
        self.query("DELETE FROM ceremonies WHERE expires_at <= $1").bind(i64::from(now.0)).execute().await?;
        self.query("DELETE FROM page_sessions WHERE expires_at <= $1")
            .bind(i64::from(now.0))
            .execute()
            .await?;
        self.query("INSERT INTO ceremonies (hash, state, expires_at) VALUES ($1, $2, $3)")
            .bind(hash.as_slice())
            .bind(state)
            .bind(i64::from(expires_at.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Takes what waits for an answer, which is answered once.
    pub(crate) async fn take_ceremony(
        &mut self,
        hash: &[u8; 32],
        now: UnixTime,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<(String, i64)> = self
            .query("DELETE FROM ceremonies WHERE hash = $1 RETURNING state, expires_at")
            .bind(hash.as_slice())
            .fetch_optional()
            .await?;
        Ok(row.filter(|(_, end)| i64::from(now.0) < *end).map(|(state, _)| state))
    }
}

impl Row {
    fn into_session(self) -> Result<PageSession, StoreError> {
        Ok(PageSession {
            id: self.id,
            account: self.account,
            browser: self.browser,
            created_at: time(self.created_at)?,
            last_used_at: time(self.last_used_at)?,
            expires_at: time(self.expires_at)?,
        })
    }
}
