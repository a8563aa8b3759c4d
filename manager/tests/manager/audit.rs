//! The audit log: every act is in it, and what was changed afterwards is found.

use manager::domain::{AuditBreak, from_base64url};
use manager::{Manager, Unlock};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Phone, Served};

#[tokio::test]
async fn every_act_is_logged_with_its_actor() {
    let (served, _, activated) = Served::with_active_anna().await;
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    let log = served.manager.audit_log(0, 100).await.unwrap();
    let acts: Vec<&str> = log.iter().map(|entry| entry.act.as_str()).collect();
    let expected = [
        "project_made",
        "token_made",
        "import_applied",
        "user_invited",
        "device_activated",
        "devices_revoked",
    ];
    assert_eq!(acts, expected);
    let owner = log[1].detail.clone();
    assert!(owner.starts_with("administrator "), "{owner}");
    let token = format!("{owner} token {}", log[1].subject);
    let device = format!("device {}", activated["device_id"].as_str().unwrap());
    let actors: Vec<&str> = log.iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(actors, ["operator", "operator", &token, &token, &device, &token]);
    assert_eq!(served.manager.verify_audit().await.unwrap(), Ok(6));
    let text = serde_json::to_string(&log).unwrap();
    assert!(!text.contains("anna@") && !text.contains("Berg") && !text.contains("004711"), "{text}");
    served.stop().await;
}

#[tokio::test]
async fn a_changed_removed_or_added_row_is_found() {
    let cases = [
        ("UPDATE audit SET detail = 'nothing' WHERE sequence = 3", AuditBreak::Row(3)),
        ("UPDATE audit SET time = time + 1 WHERE sequence = 1", AuditBreak::Row(1)),
        ("UPDATE audit SET hash = previous WHERE sequence = 4", AuditBreak::Row(4)),
        ("DELETE FROM audit WHERE sequence = 2", AuditBreak::Row(2)),
        ("DELETE FROM audit WHERE sequence = 5", AuditBreak::Length { expected: 5, found: 4 }),
        (
            "INSERT INTO audit SELECT project, 6, time, actor, act, subject, detail, hash, hash FROM audit \
             WHERE sequence = 5",
            AuditBreak::Row(6),
        ),
    ];
    for (statement, expected) in cases {
        let (served, _, _) = Served::with_active_anna().await;
        assert_eq!(served.manager.verify_audit().await.unwrap(), Ok(5));
        served.database.tamper(statement).await;
        assert_eq!(served.manager.verify_audit().await.unwrap(), Err(expected), "{statement}");
        served.stop().await;
    }
}

#[tokio::test]
async fn secrets_are_in_the_database_as_hashes_or_sealed_only() {
    let (served, code) = Served::with_invited_anna().await;
    let phone = Phone::new(1);
    let challenge = phone.challenge(&served, &code).await.expect(StatusCode::OK);
    let alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let secret = code
        .chars()
        .take(26)
        .fold(0_u128, |number, symbol| number << 5 | alphabet.find(symbol).unwrap() as u128);
    let token = served.token.clone();
    let (challenge, clock) = (crate::support::octets(&challenge["challenge"]), served.clock.clone());
    let stopped = served.stop().await;
    let (dir, database) = (&stopped.dir, &stopped.database);
    assert!(database.holds(b"anna@x.example").await);
    let octets = token.strip_prefix("ostiary_").and_then(from_base64url::<32>).unwrap();
    let secrets = [code.as_bytes(), &secret.to_be_bytes(), token.as_bytes(), &octets, &challenge];
    for (place, secret) in secrets.into_iter().enumerate() {
        assert!(!database.holds(secret).await, "secret {place}");
    }
    #[cfg(unix)]
    if database.is_a_file() {
        use std::os::unix::fs::PermissionsExt;
        let rights = std::fs::metadata(dir.path().join("manager.db")).unwrap().permissions();
        assert_eq!(rights.mode() & 0o777, 0o600);
    }

    let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
    Manager::open(database.home(), &unlock, clock.clone()).await.unwrap().close().await;
    std::fs::write(dir.path().join("unlock.key"), "A".repeat(43)).unwrap();
    let wrong = Manager::open(database.home(), &unlock, clock).await.unwrap_err();
    assert_eq!(wrong.to_string(), "the passphrase or key file does not open the issuer keys of this project");
}
