//! Issuer keys.

use super::rows::{number, octets};
use super::{StoreError, Transaction};
use crate::domain::{ProjectId, UnixTime};

/// An issuer key, its private half sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IssuerKeyRow {
    /// 0 to 3.
    pub(crate) index: u8,
    pub(crate) public_key: [u8; 33],
    pub(crate) sealed_private_key: Vec<u8>,
    /// Whether new objects are signed with it; at most one key is.
    pub(crate) is_active: bool,
}

impl Transaction {
    pub(crate) async fn insert_issuer_key(
        &mut self,
        project: ProjectId,
        key: &IssuerKeyRow,
        now: UnixTime,
    ) -> Result<(), StoreError> {
        self.query(
            "INSERT INTO issuer_keys (project, key_index, public_key, sealed_private_key, state, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(project.0.as_slice())
        .bind(i64::from(key.index))
        .bind(key.public_key.as_slice())
        .bind(key.sealed_private_key.as_slice())
        .bind(if key.is_active { "active" } else { "retiring" })
        .bind(i64::from(now.0))
        .execute()
        .await?;
        self.settings_changed(project).await
    }

    /// The issuer keys by index.
    pub(crate) async fn issuer_keys(&mut self, project: ProjectId) -> Result<Vec<IssuerKeyRow>, StoreError> {
        let rows: Vec<(i64, Vec<u8>, Vec<u8>, String)> = self
            .query(
                "SELECT key_index, public_key, sealed_private_key, state FROM issuer_keys WHERE project = $1 \
             ORDER BY key_index",
            )
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        rows.into_iter()
            .map(|(index, public_key, sealed_private_key, state)| {
                Ok(IssuerKeyRow {
                    index: number(index, "issuer key index")?,
                    public_key: octets(&public_key, "issuer key")?,
                    sealed_private_key,
                    is_active: state == "active",
                })
            })
            .collect()
    }
}
