//! Passkeys of those who sign in to the administrators' page.

use uuid::Uuid;

use super::rows::time;
use super::{StoreError, Transaction};
use crate::domain::{PasskeySummary, UnixTime};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Transaction {
    pub(crate) async fn insert_passkey(
        &mut self,
        account: Uuid,
        summary: &PasskeySummary,
        credential: &[u8; 32],
        passkey: &str,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO passkeys (account, id, credential, passkey, name, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(account)
        .bind(summary.id)
        .bind(credential.as_slice())
        .bind(passkey)
        .bind(&summary.name)
        .bind(i64::from(summary.created_at.0))
        .execute()
        .await?;
        Ok(())
    }

    /// The passkeys of an account, oldest first.
    pub(crate) async fn passkeys(&mut self, account: Uuid) -> Result<Vec<PasskeySummary>, StoreError> {
        let rows: Vec<Row> = self
            .query("SELECT id, name, created_at, last_used_at FROM passkeys WHERE account = $1 ORDER BY id")
            .bind(account)
            .fetch_all()
            .await?;
        rows.into_iter().map(Row::into_summary).collect()
    }

    /// Whose a credential is, its id, and its key as JSON.
    pub(crate) async fn passkey(
        &mut self,
        credential: &[u8; 32],
    ) -> Result<Option<(Uuid, Uuid, String)>, StoreError> {
        self.query("SELECT account, id, passkey FROM passkeys WHERE credential = $1")
            .bind(credential.as_slice())
            .fetch_optional()
            .await
    }

    pub(crate) async fn passkey_used(
        &mut self,
        account: Uuid,
        id: Uuid,
        passkey: &str,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query("UPDATE passkeys SET passkey = $3, last_used_at = $4 WHERE account = $1 AND id = $2")
            .bind(account)
            .bind(id)
            .bind(passkey)
            .bind(i64::from(now.0))
            .execute()
            .await?;
        Ok(())
    }

    /// Takes every passkey of an account away.
    pub(crate) async fn delete_passkeys(&mut self, account: Uuid) -> Result<(), StoreError> {
        self.query("DELETE FROM passkeys WHERE account = $1").bind(account).execute().await?;
        Ok(())
    }

    /// Whether there was such a passkey.
    pub(crate) async fn delete_passkey(&mut self, account: Uuid, id: Uuid) -> Result<bool, StoreError> {
        let deleted = self
            .query("DELETE FROM passkeys WHERE account = $1 AND id = $2")
            .bind(account)
            .bind(id)
            .execute()
            .await?;
        Ok(deleted == 1)
    }
}

impl Row {
    fn into_summary(self) -> Result<PasskeySummary, StoreError> {
        Ok(PasskeySummary {
            id: self.id,
            name: self.name,
            created_at: time(self.created_at)?,
            last_used_at: self.last_used_at.map(time).transpose()?,
        })
    }
}
