//! The issuer keys of a project: made, and opened as the database has them.

use std::sync::Arc;

use crate::domain::{KeyState, ProjectId, UnixTime};
use crate::error::Error;
use crate::issuing::{Issuer, IssuingError, SigningKey};
use crate::random::Repeatable;
use crate::store::{IssuerKeyRow, Transaction};
use crate::vault::{Keeper, KeptKey, VaultError};

/// Makes the first key of a project.
pub(crate) async fn make_first(
    tx: &mut Transaction,
    project: ProjectId,
    keeper: &Arc<Keeper>,
    now: UnixTime,
) -> Result<(), Error> {
    let kept = make(keeper, project, 0).await?;
    let key = IssuerKeyRow { state: KeyState::Active, activated_at: Some(now), ..row(0, kept, now, 0) };
    Ok(tx.insert_issuer_key(project, &key).await?)
}

/// Makes a key for an index, to be kept as prepared.
pub(crate) async fn prepare(
    keeper: &Arc<Keeper>,
    project: ProjectId,
    index: u8,
    now: UnixTime,
    ring: i64,
) -> Result<IssuerKeyRow, Error> {
    Ok(row(index, make(keeper, project, index).await?, now, ring))
}

fn row(index: u8, kept: KeptKey, now: UnixTime, ring: i64) -> IssuerKeyRow {
    IssuerKeyRow {
        index,
        public_key: kept.public_key,
        private_key: kept.private_key,
        in_token: kept.in_token,
        state: KeyState::Prepared,
        created_at: now,
        activated_at: None,
        deactivated_at: None,
        retired_at: None,
        created_ring: ring,
        deactivated_ring: None,
    }
}

async fn make(keeper: &Arc<Keeper>, project: ProjectId, index: u8) -> Result<KeptKey, Error> {
    let keeper = Arc::clone(keeper);
    blocking(move || keeper.make(project, index)).await
}

/// Opens the key that signs, and the one that signs configurations: the oldest, since every reader knows it.
pub(crate) async fn load(
    tx: &mut Transaction,
    project: ProjectId,
    keeper: &Arc<Keeper>,
) -> Result<Issuer, Error> {
    let version = tx.ring_version(project).await?;
    let mut rows = tx.issuer_keys(project).await?;
    rows.retain(|row| row.state.is_accepted());
    let public_keys: Vec<(u8, [u8; 33])> = rows.iter().map(|row| (row.index, row.public_key)).collect();
    let signing = |row: &&IssuerKeyRow| matches!(row.state, KeyState::Active | KeyState::Retiring);
    let oldest = rows.iter().filter(signing).min_by_key(|row| row.created_ring).ok_or(IssuingError::Keys)?;
    let active = rows.iter().find(|row| row.state == KeyState::Active).ok_or(IssuingError::Keys)?;
    let opened = open_key(keeper, project, active).await?;
    let oldest = match oldest.index == active.index {
        true => opened.clone(),
        false => open_key(keeper, project, oldest).await?,
    };
    Ok(Issuer::new(project, version, opened, oldest, &public_keys)?)
}

async fn open_key(
    keeper: &Arc<Keeper>,
    project: ProjectId,
    row: &IssuerKeyRow,
) -> Result<(u8, Arc<SigningKey>), Error> {
    let (keeper, index) = (Arc::clone(keeper), row.index);
    let kept =
        KeptKey { public_key: row.public_key, private_key: row.private_key.clone(), in_token: row.in_token };
    let key = blocking(move || keeper.key(project, index, &kept)).await?;
    Ok((index, Arc::new(key)))
}

/// Runs what takes long beside the tasks that must not wait for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VaultError> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(Repeatable::carried(work)).await;
    Ok(done.map_err(|_| Error::Stopping)??)
}
