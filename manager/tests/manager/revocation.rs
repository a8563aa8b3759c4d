//! Revocation: at once, on a list that anybody may fetch.

use credential::crypto::RustCrypto;
use credential::object::VerifiedRevocationList;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, Phone, Served, octets};

/// Version and serials of the list that the manager serves now.
async fn list(served: &Served) -> (u32, Vec<u64>) {
    let response = served.fetch(&served.project_path("revocation-list")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/octet-stream");
    let tag = response.headers()["etag"].to_str().unwrap().to_owned();
    let octets = response.bytes().await.unwrap();
    let list = VerifiedRevocationList::verify(&RustCrypto, &octets, &served.manager.issuer_keys()).unwrap();
    assert_eq!(tag, format!("\"{}\"", list.version()));
    (list.version(), list.serials().map(|serial| serial.0).collect())
}

#[tokio::test]
async fn a_revoked_user_s_serials_stand_on_the_list_and_the_phone_renews_no_more() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let none = served.fetch(&served.project_path("revocation-list")).await;
    assert_eq!(none.status(), StatusCode::NOT_FOUND);
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    let serials = [&activated, &renewed].map(|answer| served.credential(answer).fields().serial.0);

    let path = served.anna("revocation").await;
    let revoked = served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
    assert_eq!(revoked, json!({ "devices": 1, "serials": serials, "list_version": 1 }));
    assert_eq!(list(&served).await, (1, serials.to_vec()));
    assert_eq!(served.user_with("anna@x.example").await["status"], "not_invited");
    phone.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");

    let nothing_left = served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
    assert_eq!(nothing_left, json!({ "devices": 0, "serials": [], "list_version": 1 }));
    served.stop().await;
}

#[tokio::test]
async fn a_list_that_is_held_already_is_not_sent_again() {
    let (served, _, _) = Served::with_active_anna().await;
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    let url = format!("{}{}", served.base, served.project_path("revocation-list"));
    for (held, status) in [("\"1\"", 304), ("W/\"1\"", 304), ("\"0\", \"1\"", 304), ("\"2\"", 200)] {
        let response = served.client.get(&url).header("if-none-match", held).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{held}");
    }
    served.stop().await;
}

#[tokio::test]
async fn inviting_an_active_user_again_revokes_the_old_phone_now() {
    let (served, old, activated) = Served::with_active_anna().await;
    let code = served.invite("anna@x.example").await;
    let serial = served.credential(&activated).fields().serial.0;
    assert_eq!(list(&served).await, (1, vec![serial]));
    old.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
    let second = Phone::new(2).activate(&served, &code).await.expect(StatusCode::CREATED);
    assert_eq!(octets(&second["revocation_list"]).len(), 18 + 1 + 1 + 1 + 64);
    served.stop().await;
}

#[tokio::test]
async fn an_expired_credential_leaves_the_list() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,1\nBert,Berg,bert@x.example,2\n").await;
    let mut serials = Vec::new();
    for (email, number, days) in [("anna@x.example", 1, 4), ("bert@x.example", 2, 4)] {
        let code = served.invite(email).await;
        let activated = Phone::new(number).activate(&served, &code).await.expect(StatusCode::CREATED);
        serials.push(served.credential(&activated).fields().serial.0);
        let user = served.user_with(email).await;
        let path = format!("/v1/users/{}/revocation", user["id"].as_str().unwrap());
        served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
        served.clock.advance(days * DAY);
    }
    assert_eq!(list(&served).await, (2, serials.clone()));
    // Anna's expired a day ago; the next list no longer names it.
    let code = served.invite("anna@x.example").await;
    let third = Phone::new(3).activate(&served, &code).await.expect(StatusCode::CREATED);
    served.invite("anna@x.example").await;
    assert_eq!(list(&served).await, (3, vec![serials[1], served.credential(&third).fields().serial.0]));
    served.stop().await;
}

#[tokio::test]
async fn a_user_deleted_by_an_import_is_gone_once_the_phone_knows() {
    let (served, phone, activated) = Served::with_active_anna().await;
    served.import("Bert,Berg,bert@x.example,2\n").await;
    let serial = served.credential(&activated).fields().serial.0;
    assert_eq!(list(&served).await, (1, vec![serial]));
    assert_eq!(served.user_with("anna@x.example").await["status"], "deletion_pending");
    // The import can be undone for a day: until then the phone is only suspended.
    phone.renew(&served, &activated["device_id"]).await.problem(403, "user-suspended");
    served.clock.advance(DAY);
    served.manager.keep_up().await.unwrap();
    assert_eq!(served.user_with("anna@x.example").await["status"], "deletion_pending");
    phone.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
    assert_eq!(served.user_with("anna@x.example").await["status"], "deleted");
    served
        .admin(Method::POST, &served.anna("invitations").await, json!({}))
        .await
        .problem(410, "user-deleted");
    served.stop().await;
}

#[tokio::test]
async fn a_deletion_ends_when_the_phone_holds_nothing_any_more() {
    let (served, _, _) = Served::with_active_anna().await;
    served.import("Bert,Berg,bert@x.example,2\n").await;
    served.clock.advance(7 * DAY - 1);
    served.manager.keep_up().await.unwrap();
    assert_eq!(served.user_with("anna@x.example").await["status"], "deletion_pending");
    served.clock.advance(1);
    served.manager.keep_up().await.unwrap();
    assert_eq!(served.user_with("anna@x.example").await["status"], "deleted");
    served.stop().await;
}

#[tokio::test]
async fn what_is_revoked_stays_so_after_a_restart() {
    let (served, _, activated) = Served::with_active_anna().await;
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    let serial = served.credential(&activated).fields().serial;
    let clock = served.clock.clone();
    let stopped = served.stop().await;
    let unlock = manager::Unlock::KeyFile(stopped.dir.path().join("unlock.key"));
    let manager = manager::Manager::open(stopped.database.home(), &unlock, clock).await.unwrap();
    let (version, octets) = manager.revocation_list().await.unwrap().unwrap();
    let list = VerifiedRevocationList::verify(&RustCrypto, &octets, &manager.issuer_keys()).unwrap();
    assert_eq!((version, list.serials().collect::<Vec<_>>()), (1, vec![serial]));
    assert_eq!(
        manager.verify_audit().await.unwrap(),
        Ok(manager.audit_log(0, 100).await.unwrap().len() as u64)
    );
    manager.close().await;
}

#[tokio::test]
async fn a_time_token_tells_the_manager_s_time() {
    let served = Served::start().await;
    let token = served.fetch(&served.project_path("time-token")).await.bytes().await.unwrap();
    let keys = &served.manager.issuer_keys();
    let verified = credential::object::VerifiedTimeToken::verify(&RustCrypto, &token, keys).unwrap();
    assert_eq!(verified.fields().time, crate::support::START);
    let again = served.fetch(&served.project_path("time-token")).await.bytes().await.unwrap();
    assert_eq!(token, again);
    let unknown: Value = served.fetch("/v1/projects/0000000000000000/time-token").await.json().await.unwrap();
    assert_eq!(unknown["code"], "project-unknown");
    served.stop().await;
}
