//! Backups: made while others work, and gone on from without giving anything out twice.

use manager::backup::{BackupError, RestoreOptions, backup, restore};
use manager::domain::Actor;
use manager::{Home, Manager};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Served, octets};

/// The serial of a credential.
fn serial(credential: &[u8]) -> u64 {
    u64::from_be_bytes(credential[10..18].try_into().unwrap())
}

#[tokio::test]
async fn a_restored_database_gives_out_no_serial_and_no_list_version_again() {
    let (served, phone, activated) = Served::with_active_anna().await;
    if !served.database.is_a_file() {
        // A server is backed up by its own tools.
        served.stop().await;
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    served.manager.publish_revocation_list(Actor::Operator).await.unwrap();
    let manifest = backup(&served.database.home(), None, &file, &*served.clock).await.unwrap();
    assert_eq!((manifest.projects[0].last_serial, manifest.projects[0].list_version), (1, 1));

    // What happens after the backup: a renewal, and a revocation that stands on list 2.
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    let lost = serial(&octets(&renewed["credential"]));
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    let (version, list) = served.manager.revocation_list().await.unwrap().unwrap();
    assert_eq!(version, 2);
    let list_file = place.path().join("list");
    std::fs::write(&list_file, list).unwrap();

    let home = Home::from(place.path().join("restored"));
    // What a restoration left that was killed.
    let aside = home.directory().join("restoring");
    std::fs::create_dir_all(&aside).unwrap();
    std::fs::write(aside.join("manager.db"), "half of it").unwrap();
    let options = RestoreOptions { lists: vec![list_file], ..RestoreOptions::default() };
    let restored = restore(&file, &home, &options, &*served.clock).await.unwrap();
    assert_eq!((&restored.backup, restored.revocations_taken), (&manifest, 2));
    let files: Vec<_> =
        std::fs::read_dir(home.directory()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["manager.db"]);
    let again = restore(&file, &home, &options, &*served.clock).await.unwrap_err();
    assert!(matches!(again, BackupError::NotEmpty(_)), "{again}");

    let unlock = manager::Unlock::KeyFile(served.dir.path().join("unlock.key"));
    let manager = Manager::open(home, &unlock, served.clock.clone()).await.unwrap();
    assert!(manager.verify_audit().await.unwrap().is_ok());
    manager.publish_revocation_list(Actor::Operator).await.unwrap();
    let newest = manager.newest_list().await.unwrap().unwrap();
    assert!(newest.version > 2, "{}", newest.version);
    // Revoked after the backup, one of them made after it too.
    assert_eq!(newest.serials.iter().map(|serial| serial.0).collect::<Vec<_>>(), [1, lost]);
    let user = manager.find_user("anna@x.example").await.unwrap();
    manager.invite(Actor::Operator, user.id).await.unwrap();
    manager.close().await;
    served.stop().await;
}

#[tokio::test]
async fn a_changed_backup_is_not_gone_on_from() {
    let served = Served::start().await;
    if !served.database.is_a_file() {
        served.stop().await;
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("backup");
    backup(&served.database.home(), None, &file, &*served.clock).await.unwrap();
    let twice = backup(&served.database.home(), None, &file, &*served.clock).await.unwrap_err();
    assert!(matches!(twice, BackupError::Exists(_)), "{twice}");
    let whole = std::fs::read(&file).unwrap();
    let home = Home::from(place.path().join("restored"));
    let options = RestoreOptions::default();
    let mut changed = whole.clone();
    changed[5000] ^= 1;
    std::fs::write(&file, &changed).unwrap();
    let refused = restore(&file, &home, &options, &*served.clock).await.unwrap_err();
    assert!(matches!(refused, BackupError::Changed), "{refused}");
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert!(restore(&file, &home, &options, &*served.clock).await.is_err());
    std::fs::write(&file, &whole).unwrap();
    std::fs::rename(place.path().join("backup.manifest.json"), place.path().join("elsewhere")).unwrap();
    let refused = restore(&file, &home, &options, &*served.clock).await.unwrap_err();
    assert!(matches!(refused, BackupError::Manifest), "{refused}");
    assert!(!home.directory().exists());
    served.stop().await;
}
