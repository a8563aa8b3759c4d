use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::clock::ManualClock;
use crate::domain::NewProject;
use crate::vault::Unlock;

const START: UnixTime = UnixTime(1_790_000_000);

async fn manager() -> (TempDir, Manager, Arc<ManualClock>) {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
    let (manager, _) =
        Manager::init(dir.path(), &NewProject::named("Works"), &unlock, clock.clone()).await.unwrap();
    (dir, manager, clock)
}

async fn upkeep(manager: &Manager) -> JobRow {
    manager.jobs().await.unwrap().into_iter().find(|job| job.kind == "upkeep").unwrap()
}

#[tokio::test]
async fn work_that_a_process_died_with_is_taken_when_its_lease_is_over() {
    let (_dir, manager, clock) = manager().await;
    let kind = JobKind::Upkeep;
    assert!(manager.claim(kind).await.unwrap().is_some());
    clock.set(UnixTime(START.0 + kind.lease_s() - 1));
    assert_eq!(manager.claim(kind).await.unwrap(), None);
    assert_eq!(manager.run_due().await.unwrap(), []);
    clock.set(UnixTime(START.0 + kind.lease_s()));
    assert_eq!(manager.run_due().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_run_that_lost_its_lease_changes_nothing() {
    let (_dir, manager, clock) = manager().await;
    let kind = JobKind::Upkeep;
    let slow = manager.claim(kind).await.unwrap().unwrap();
    clock.set(UnixTime(START.0 + kind.lease_s()));
    let other = manager.claim(kind).await.unwrap().unwrap();
    assert_ne!(slow.lease, other.lease);
    manager.run_claimed(slow, &Stop::never()).await;
    assert!(upkeep(&manager).await.running);
    manager.release(other).await.unwrap();
    assert!(!upkeep(&manager).await.running);
}

#[tokio::test]
async fn work_that_fails_comes_again_after_pauses_that_grow() {
    let (_dir, manager, clock) = manager().await;
    let kind = JobKind::Upkeep;
    let mut pauses = Vec::new();
    for failures in 1..=3 {
        let claim = manager.claim(kind).await.unwrap().unwrap();
        assert_eq!(claim.failures, failures - 1);
        let now = manager.now();
        let end = JobEnd {
            next_run_at: AFTER_FAILURE.again_at(now, failures),
            failures,
            error: Some("the server is away"),
        };
        manager.write_end(kind, claim.lease, end).await.unwrap();
        let row = upkeep(&manager).await;
        assert_eq!((row.failures, row.last_error.as_deref()), (failures, Some("the server is away")));
        let next = row.next_run_at.unwrap();
        pauses.push(next.0 - now.0);
        clock.set(next);
    }
    assert!((10..=12).contains(&pauses[0]) && (20..=25).contains(&pauses[1]), "{pauses:?}");
    manager.run_due().await.unwrap();
    let row = upkeep(&manager).await;
    assert_eq!((row.failures, row.last_error), (0, None));
}

#[tokio::test]
async fn a_stopped_worker_lets_go_of_everything() {
    let (_dir, manager, _clock) = manager().await;
    let (stop, stopped) = watch::channel(false);
    let worker = manager.clone();
    let work = tokio::spawn(async move { worker.work_until(stopped).await });
    stop.send_replace(true);
    work.await.unwrap();
    assert!(manager.jobs().await.unwrap().iter().all(|job| !job.running));
}
