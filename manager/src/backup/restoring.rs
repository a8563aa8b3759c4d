//! Going on from a backup without giving anything out a second time.

use std::fs;
use std::path::{Path, PathBuf};

use credential::crypto::Point;
use credential::crypto::RustCrypto;
use credential::id::IssuerIndex;
use credential::object::{IssuerKey, IssuerKeys, VerifiedRevocationList};
use serde::Serialize;

use super::aside::Aside;
use super::{BackupError, BackupKind, FORMAT, MANIFEST, Manifest, ServerAddress, digest, tools, with_ending};
use crate::challenge::ChallengeSecret;
use crate::clock::Clock;
use crate::domain::{Act, Actor, AuditBreak, ProjectId, after, chain_start, project_id_text, verify_chain};
use crate::error::Error;
use crate::random;
use crate::store::{self, Home, Jump, Store, Transaction};

/// How far the numbers of a restored project jump: further than any project comes between a backup and its use.
///
/// Serials are 64-bit numbers and one long difference costs a list four octets; versions of lists and of configurations
/// are 32-bit numbers and allow thousands of restorations.
const JUMP: Jump = Jump { serials: 1_000_000_000, readers: 10_000, lists: 100_000, configurations: 100_000 };
/// For how long a revocation is kept whose credential is unknown, in seconds: the longest life of a credential.
const CARRIED_S: u32 = 366 * 24 * 3600;
/// Audit entries that are verified at a time.
const PAGE: u32 = 1000;

/// How to go on from a backup.
#[derive(Debug, Default)]
pub struct RestoreOptions {
    /// The server to restore a dump to.
    pub server: Option<ServerAddress>,
    /// The newest revocation lists that anybody still has, of any project: what they revoke stays revoked.
    pub lists: Vec<PathBuf>,
}

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// What the manifest says.
    pub backup: Manifest,
    /// Revocations that were taken from lists.
    pub revocations_taken: u64,
}

/// Restores a backup to `home`, which must be empty.
///
/// # Errors
/// [`BackupError`] says what to do; what was there is not touched.
pub async fn restore(
    file: &Path,
    home: &Home,
    options: &RestoreOptions,
    clock: &impl Clock,
) -> Result<Restored, BackupError> {
    let manifest = read_manifest(file)?;
    let lists = options.lists.iter().map(|path| {
        let octets = fs::read(path).map_err(|cause| BackupError::file(path, cause))?;
        Ok((path.display().to_string(), octets))
    });
    let lists: Vec<(String, Vec<u8>)> = lists.collect::<Result<_, BackupError>>()?;
    if digest(file)? != (manifest.octets, manifest.sha256.clone()) {
        return Err(BackupError::Changed);
    }
    let revocations_taken = match (manifest.kind, home.file(), &options.server) {
        (BackupKind::Sqlite, Some(target), None) => {
            if !store::is_sound(file).await.unwrap_or(false) {
                return Err(BackupError::Unsound);
            }
            let aside = Aside::new(home, &target)?;
            aside.fill(file)?;
            let taken = finish(&aside.home, &lists, &manifest, clock).await?;
            aside.put_in_place(&target)?;
            taken
        }
        (BackupKind::Postgresql, None, Some(server)) => {
            if Store::has_tables(home).await? {
                return Err(BackupError::NotEmpty(home.to_string()));
            }
            Store::mark_unfinished(home).await?;
            let restored = match tools::restore(server, file).await {
                Ok(()) => finish(home, &lists, &manifest, clock).await,
                Err(error) => Err(error),
            };
            match restored {
                Ok(taken) => taken,
                Err(error) => {
                    // Nothing may go on from a database that does not hold.
                    Store::drop_tables(home).await?;
                    return Err(error);
                }
            }
        }
        (BackupKind::Sqlite, ..) => return Err(BackupError::OtherKind("an embedded database")),
        (BackupKind::Postgresql, ..) => {
            return Err(BackupError::OtherKind("PostgreSQL; name the address of an empty database"));
        }
    };
    Ok(Restored { backup: manifest, revocations_taken })
}

/// Makes a copy of the database one that can be gone on from, in one transaction.
async fn finish(
    home: &Home,
    lists: &[(String, Vec<u8>)],
    manifest: &Manifest,
    clock: &impl Clock,
) -> Result<u64, BackupError> {
    let store = Store::open_unfinished(home).await?;
    let mut tx = store.write_beside().await?;
    let finished = match go_on(&mut tx, lists, manifest, clock).await {
        Ok(taken) => tx.commit().await.map(|()| taken).map_err(BackupError::from),
        Err(error) => {
            drop(tx);
            Err(error)
        }
    };
    store.close().await;
    finished
}

fn read_manifest(file: &Path) -> Result<Manifest, BackupError> {
    let text = fs::read(with_ending(file, MANIFEST)).map_err(|_| BackupError::Manifest)?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| BackupError::Manifest)?;
    if manifest.format == FORMAT { Ok(manifest) } else { Err(BackupError::Manifest) }
}

/// Verifies the audit logs, takes over what the lists revoke, and lets all numbers jump ahead.
async fn go_on(
    tx: &mut Transaction,
    lists: &[(String, Vec<u8>)],
    manifest: &Manifest,
    clock: &impl Clock,
) -> Result<u64, BackupError> {
    let now = clock.now();
    let projects: Vec<ProjectId> =
        tx.counters().await?.into_iter().map(|counters| counters.project).collect();
    for project in &projects {
        if let Err(cause) = audit_holds(tx, *project).await? {
            return Err(BackupError::Audit { project: project_id_text(*project), cause });
        }
        let secret = ChallengeSecret::new(random::octets().map_err(Error::from)?);
        tx.jump_ahead(*project, &JUMP, &secret).await?;
    }
    tx.mark_finished().await?;
    let mut taken = 0_u64;
    for (name, octets) in lists {
        taken = taken.saturating_add(take_list(tx, &projects, name, octets, clock).await?);
    }
    for project in projects {
        let detail = format!("backup of {}, {taken} revocations from lists", manifest.made_at);
        let subject = project_id_text(project);
        tx.record(project, now, Actor::Operator, Act::BackupRestored, subject, detail).await?;
    }
    Ok(taken)
}

async fn audit_holds(
    tx: &mut Transaction,
    project: ProjectId,
) -> Result<Result<(), AuditBreak>, BackupError> {
    let (expected, head) = tx.audit_head(project).await?;
    let mut place = (0, chain_start(project));
    loop {
        let entries = tx.audit_entries(project, place.0, PAGE).await?;
        if entries.is_empty() {
            break;
        }
        match verify_chain(place, &entries) {
            Ok(next) => place = next,
            Err(broken) => return Ok(Err(broken)),
        }
    }
    if place == (expected, head) {
        return Ok(Ok(()));
    }
    Ok(Err(AuditBreak::Length { expected, found: place.0 }))
}

/// Revokes what a list revokes; how much of it was not known.
async fn take_list(
    tx: &mut Transaction,
    projects: &[ProjectId],
    name: &str,
    octets: &[u8],
    clock: &impl Clock,
) -> Result<u64, BackupError> {
    let now = clock.now();
    for project in projects {
        let keys = tx.issuer_keys(*project).await?;
        let keys: Vec<IssuerKey> = keys
            .into_iter()
            .filter(|key| key.state.is_accepted())
            .map(|key| IssuerKey { index: IssuerIndex(key.index), point: Point(key.public_key) })
            .collect();
        let Some(keys) = IssuerKeys::new(*project, &keys) else { continue };
        let Ok(list) = VerifiedRevocationList::verify(&RustCrypto, octets, &keys) else { continue };
        let mut taken = 0_u64;
        for serial in list.serials() {
            let is_known = tx.has_credential(*project, serial).await?;
            let is_new = match is_known {
                true => tx.revoke_serial(*project, serial, now).await?,
                false => tx.carry_revocation(*project, serial, after(now, CARRIED_S)).await?,
            };
            taken = taken.saturating_add(u64::from(is_new));
        }
        for reader in list.readers() {
            taken = taken.saturating_add(u64::from(tx.revoke_reader(*project, reader, now).await?));
        }
        tx.raise_list_version(*project, list.version()).await?;
        return Ok(taken);
    }
    Err(BackupError::List(name.to_owned()))
}
