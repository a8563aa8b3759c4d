//! The life of users: added, edited, suspended, reset, deleted, and what their phones make of it.

use manager::domain::{Act, Actor, Person, PersonEdit, UserStatus};
use manager::{Error, Refusal};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{DAY, Phone, START, Served};

const ACTOR: Actor = Actor::Operator;

fn person(first: &str, last: &str, email: &str, user_id: &str) -> Person {
    let [first_name, last_name, email, user_id] = [first, last, email, user_id].map(str::to_owned);
    Person { first_name, last_name, email, user_id, sync_id: None }
}

fn edit(json: Value) -> PersonEdit {
    serde_json::from_value(json).unwrap()
}

async fn anna(served: &Served) -> Uuid {
    served.manager.find_user("anna@x.example").await.unwrap().id
}

async fn status(served: &Served, user: Uuid) -> UserStatus {
    served.manager.user(user).await.unwrap().status
}

#[track_caller]
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>) -> Refusal {
    match result {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn acts(served: &Served) -> Vec<String> {
    served.manager.audit_log(0, 1000).await.unwrap().into_iter().map(|entry| entry.act).collect()
}

#[tokio::test]
async fn an_added_user_is_not_invited_and_has_what_only_one_can_have() {
    let served = Served::start().await;
    let added = served.manager.add_user(ACTOR, &person(" Anna", "Berg ", "anna@x.example", "004711")).await;
    let added = added.unwrap();
    assert_eq!((added.status, added.person.full_name().as_str()), (UserStatus::NotInvited, "Anna Berg"));
    for (email, user_id, message) in [
        ("ANNA@x.example", "2", "The e-mail address belongs to another user, Anna Berg."),
        ("bert@x.example", "004711", "The user ID belongs to another user, Anna Berg."),
    ] {
        let taken = refusal(served.manager.add_user(ACTOR, &person("Bert", "Tal", email, user_id)).await);
        assert_eq!((taken.code(), taken.to_string().as_str()), ("taken", message));
    }
    let invalid = refusal(served.manager.add_user(ACTOR, &person("Bert", "", "bert@", "é")).await);
    assert_eq!(invalid.code(), "person-invalid");
    assert_eq!(
        invalid.to_string(),
        "Last name: is empty; E-mail address: \"bert@\" is not an e-mail address; \
         ID: \"é\" has a character that is not printable ASCII: 'é'."
    );
    assert_eq!(acts(&served).await.last().unwrap(), Act::UserAdded.name());
    served.stop().await;
}

#[tokio::test]
async fn a_name_that_was_edited_reaches_the_phone_when_it_renews() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    let edited = served.manager.edit_user(ACTOR, user, &edit(json!({ "last_name": "Tal" }))).await.unwrap();
    assert!(edited.invitation.is_none() && edited.revocation.is_none());
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(renewed["user"]["last_name"], "Tal");
    let log = served.manager.audit_log(0, 1000).await.unwrap();
    let entry = log.last().unwrap();
    assert_eq!((entry.act.as_str(), entry.detail.as_str()), ("user_edited", "last_name"));
    served.stop().await;
}

#[tokio::test]
async fn a_user_id_that_changes_revokes_the_credential_that_carries_the_old_one() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    let old = served.credential(&activated).fields().serial;
    let edited = served.manager.edit_user(ACTOR, user, &edit(json!({ "user_id": "4712" }))).await.unwrap();
    let revocation = edited.revocation.unwrap();
    assert_eq!((revocation.serials, revocation.devices, revocation.list_version), (vec![old], 0, 1));
    assert_eq!(status(&served, user).await, UserStatus::Active);
    let renewed = phone.renew(&served, &activated["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(served.credential(&renewed).fields().user_id.as_str(), "4712");
    assert!(served.credential(&renewed).fields().serial > old);
    // The old ID is free for somebody else at once.
    served.manager.add_user(ACTOR, &person("Bert", "Tal", "bert@x.example", "004711")).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn an_address_that_changes_while_invited_gets_an_invitation_of_its_own() {
    let (served, code) = Served::with_invited_anna().await;
    let user = anna(&served).await;
    let edited = served.manager.edit_user(ACTOR, user, &edit(json!({ "email": "a.berg@x.example" }))).await;
    let invitation = edited.unwrap().invitation.unwrap();
    Phone::new(1).activate(&served, &code).await.problem(410, "invitation-void");
    let code = invitation.code.grouped().replace('-', "");
    Phone::new(1).activate(&served, &code).await.expect(StatusCode::CREATED);
    // An active user's address is only an address.
    let edited = served.manager.edit_user(ACTOR, user, &edit(json!({ "email": "anna@x.example" }))).await;
    let edited = edited.unwrap();
    assert!(edited.invitation.is_none() && edited.revocation.is_none());
    // Neither is one written in capitals another address.
    served.manager.invite(ACTOR, user).await.unwrap();
    let edited = served.manager.edit_user(ACTOR, user, &edit(json!({ "email": "Anna@x.example" }))).await;
    assert!(edited.unwrap().invitation.is_none());
    served.stop().await;
}

#[tokio::test]
async fn an_edit_outdates_a_plan_and_one_that_changes_nothing_does_not() {
    let served = Served::start().await;
    let list = "Anna,Berg,anna@x.example,1\n";
    served.import(list).await;
    let user = anna(&served).await;
    let plan = served.plan(list).await.expect(StatusCode::OK);
    served.manager.edit_user(ACTOR, user, &edit(json!({ "first_name": " Anna " }))).await.unwrap();
    let apply = format!("/v1/imports/{}/apply", plan["id"].as_str().unwrap());
    served.admin(Method::POST, &apply, json!({})).await.expect(StatusCode::OK);
    let plan = served.plan(list).await.expect(StatusCode::OK);
    served.manager.edit_user(ACTOR, user, &edit(json!({ "first_name": "Annika" }))).await.unwrap();
    let apply = format!("/v1/imports/{}/apply", plan["id"].as_str().unwrap());
    served.admin(Method::POST, &apply, json!({})).await.problem(409, "plan-outdated");
    served.stop().await;
}

#[tokio::test]
async fn deleting_an_invited_user_kills_the_invitation_at_once() {
    let (served, code) = Served::with_invited_anna().await;
    let user = anna(&served).await;
    let (deleted, revocation) = served.manager.delete_user(ACTOR, user).await.unwrap();
    assert_eq!((deleted.status, revocation.list_version), (UserStatus::Deleted, 0));
    Phone::new(1).activate(&served, &code).await.problem(410, "invitation-void");
    assert_eq!(refusal(served.manager.delete_user(ACTOR, user).await), Refusal::UserDeleted);
    assert_eq!(
        refusal(served.manager.edit_user(ACTOR, user, &PersonEdit::default()).await),
        Refusal::UserDeleted
    );
    // Address and ID are free again.
    served.manager.add_user(ACTOR, &person("Anna", "Berg", "anna@x.example", "004711")).await.unwrap();
    served.stop().await;
}

#[tokio::test]
async fn a_deleted_user_is_gone_once_the_phone_has_learned_it_or_its_credential_has_expired() {
    for learns in [true, false] {
        let (served, phone, activated) = Served::with_active_anna().await;
        let user = anna(&served).await;
        let (deleted, revocation) = served.manager.delete_user(ACTOR, user).await.unwrap();
        let serial = served.credential(&activated).fields().serial;
        assert_eq!((deleted.status, revocation.serials), (UserStatus::DeletionPending, vec![serial]));
        served.manager.keep_up().await.unwrap();
        assert_eq!(status(&served, user).await, UserStatus::DeletionPending);
        if learns {
            phone.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
        } else {
            served.clock.advance(7 * DAY);
            served.manager.keep_up().await.unwrap();
        }
        assert_eq!(status(&served, user).await, UserStatus::Deleted);
        assert_eq!(acts(&served).await.last().unwrap(), Act::UserGone.name());
        served.stop().await;
    }
}

#[tokio::test]
async fn an_older_phone_that_learns_of_its_end_does_not_end_the_deletion() {
    let (served, old, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    let code = served.invite("anna@x.example").await;
    let new = Phone::new(2);
    let second = new.activate(&served, &code).await.expect(StatusCode::CREATED);
    served.manager.delete_user(ACTOR, user).await.unwrap();
    old.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
    assert_eq!(status(&served, user).await, UserStatus::DeletionPending);
    new.renew(&served, &second["device_id"]).await.problem(403, "device-revoked");
    assert_eq!(status(&served, user).await, UserStatus::Deleted);
    served.stop().await;
}

#[tokio::test]
async fn a_deletion_does_not_wait_for_a_phone_that_was_lost_before() {
    let (served, _lost, _) = Served::with_active_anna().await;
    let user = anna(&served).await;
    served.manager.reset_user(ACTOR, user).await.unwrap();
    let code = served.invite("anna@x.example").await;
    let new = Phone::new(2);
    let second = new.activate(&served, &code).await.expect(StatusCode::CREATED);
    served.clock.advance(60);
    served.manager.delete_user(ACTOR, user).await.unwrap();
    assert_eq!(status(&served, user).await, UserStatus::DeletionPending);
    new.renew(&served, &second["device_id"]).await.problem(403, "device-revoked");
    assert_eq!(status(&served, user).await, UserStatus::Deleted);
    served.stop().await;
}

#[tokio::test]
async fn a_holder_s_reset_revokes_the_phone_and_shows() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    let device = &activated["device_id"];
    phone.reset(&served, device).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(status(&served, user).await, UserStatus::Reset);
    let devices = served.manager.devices(user).await.unwrap();
    let revocation = devices[0].revocation.clone().unwrap();
    assert!(devices[0].revoked);
    assert_eq!((revocation.server_since, revocation.phone_since), (START, Some(START)));
    assert_eq!(revocation.list_version, Some(1));
    phone.renew(&served, device).await.problem(403, "device-revoked");

    let entries = acts(&served).await.len();
    phone.reset(&served, device).await.expect(StatusCode::NO_CONTENT);
    assert_eq!((status(&served, user).await, acts(&served).await.len()), (UserStatus::Reset, entries));

    // Imports leave the user alone, and a new invitation begins a new life.
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    assert_eq!(status(&served, user).await, UserStatus::Reset);
    let code = served.invite("anna@x.example").await;
    Phone::new(2).activate(&served, &code).await.expect(StatusCode::CREATED);
    assert_eq!(status(&served, user).await, UserStatus::Active);
    // What the first phone says now is of no consequence.
    phone.reset(&served, device).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(status(&served, user).await, UserStatus::Active);
    served.stop().await;
}

#[tokio::test]
async fn only_the_device_itself_resets_and_each_challenge_is_for_one_thing() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let device = activated["device_id"].as_str().unwrap();
    let path = format!("/v1/devices/{device}/reset");
    let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
    let challenge = challenge["challenge"].as_str().unwrap();
    // A renewal's signature, and a renewal with the challenge of a reset.
    served
        .post(&format!("/v1/devices/{device}/renewal"), phone.renewal(challenge))
        .await
        .problem(409, "challenge-unknown");
    served.post(&path, phone.renewal(challenge)).await.problem(403, "proof-invalid");
    served.post(&path, phone.reset_of(challenge)).await.problem(409, "challenge-unknown");
    Phone::new(2).reset(&served, &activated["device_id"]).await.problem(403, "proof-invalid");
    assert_eq!(status(&served, anna(&served).await).await, UserStatus::Active);
    let unknown = json!("01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10");
    served
        .post(&format!("/v1/devices/{}/reset/challenge", unknown.as_str().unwrap()), json!({}))
        .await
        .problem(404, "device-unknown");
    served.stop().await;
}

#[tokio::test]
async fn a_lost_answer_to_a_reset_is_given_again() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let path = format!("/v1/devices/{}/reset", activated["device_id"].as_str().unwrap());
    let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
    let body = phone.reset_of(challenge["challenge"].as_str().unwrap());
    served.post(&path, body.clone()).await.expect(StatusCode::NO_CONTENT);
    served.post(&path, body).await.expect(StatusCode::NO_CONTENT);
    served.stop().await;
}

#[tokio::test]
async fn a_reset_does_not_lift_a_suspension() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    served.manager.suspend_user(ACTOR, user).await.unwrap();
    phone.reset(&served, &activated["device_id"]).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(status(&served, user).await, UserStatus::Suspended);
    assert_eq!(refusal(served.manager.invite(ACTOR, user).await), Refusal::UserSuspended);
    served.manager.resume_user(ACTOR, user).await.unwrap();
    assert_eq!(status(&served, user).await, UserStatus::NotInvited);
    phone.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
    served.stop().await;
}

#[tokio::test]
async fn a_reset_ends_a_deletion_that_waits_for_the_phone() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    served.manager.delete_user(ACTOR, user).await.unwrap();
    phone.reset(&served, &activated["device_id"]).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(status(&served, user).await, UserStatus::Deleted);
    served.stop().await;
}

#[tokio::test]
async fn an_administrator_s_reset_makes_the_holder_start_over() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    let revocation = served.manager.reset_user(ACTOR, user).await.unwrap();
    assert_eq!((revocation.devices, revocation.list_version), (1, 1));
    assert_eq!(status(&served, user).await, UserStatus::Reset);
    phone.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
    let again = refusal(served.manager.reset_user(ACTOR, user).await);
    assert_eq!(again.to_string(), "This needs a user who is active.");
    served.stop().await;
}

#[tokio::test]
async fn a_suspended_invitation_is_void_and_the_user_has_to_be_invited_again() {
    let (served, code) = Served::with_invited_anna().await;
    let user = anna(&served).await;
    let revocation = served.manager.suspend_user(ACTOR, user).await.unwrap();
    assert_eq!((revocation.serials.len(), revocation.list_version), (0, 0));
    Phone::new(1).activate(&served, &code).await.problem(410, "invitation-void");
    assert_eq!(status(&served, user).await, UserStatus::Suspended);
    served.manager.resume_user(ACTOR, user).await.unwrap();
    assert_eq!(status(&served, user).await, UserStatus::NotInvited);
    served.stop().await;
}

#[tokio::test]
async fn an_invitation_lives_as_long_as_it_was_asked_to() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,1\n").await;
    let user = anna(&served).await;
    for life_s in [0, 3599, 366 * DAY + 1] {
        let refused = refusal(served.manager.invite_for(ACTOR, user, Some(life_s)).await);
        assert_eq!(refused, Refusal::InvitationLife(life_s));
        assert_eq!(status(&served, user).await, UserStatus::NotInvited);
    }
    let invitation = served.manager.invite_for(ACTOR, user, Some(3600)).await.unwrap();
    assert_eq!(invitation.expires_at.0, START.0 + 3600);
    served.clock.advance(3600);
    assert_eq!(status(&served, user).await, UserStatus::InvitationExpired);
    let code = invitation.code.grouped().replace('-', "");
    Phone::new(1).activate(&served, &code).await.problem(410, "invitation-expired");
    served.stop().await;
}

#[tokio::test]
async fn an_invitation_shows_when_it_was_opened() {
    let (served, code) = Served::with_invited_anna().await;
    let user = anna(&served).await;
    assert_eq!(served.manager.user(user).await.unwrap().invitation_opened_at, None);
    served.clock.advance(60);
    Phone::new(1).challenge(&served, &code).await.expect(StatusCode::OK);
    served.clock.advance(60);
    Phone::new(1).challenge(&served, &code).await.expect(StatusCode::OK);
    let opened_at = served.manager.user(user).await.unwrap().invitation_opened_at;
    assert_eq!(opened_at.unwrap().0, START.0 + 60);
    let invited = served.manager.invite(ACTOR, user).await.unwrap();
    assert_eq!(served.manager.user(invited.user).await.unwrap().invitation_opened_at, None);
    served.stop().await;
}

#[tokio::test]
async fn everybody_who_has_to_know_of_a_revocation_is_named_with_the_time() {
    let (served, phone, activated) = Served::with_active_anna().await;
    let user = anna(&served).await;
    let door = served.enrol_reader("Front door").await;
    served.clock.advance(60);
    served.manager.revoke_user(ACTOR, user).await.unwrap();
    let state = || async { served.manager.devices(user).await.unwrap()[0].revocation.clone().unwrap() };
    let told = state().await;
    assert_eq!((told.server_since.0, told.phone_since), (START.0 + 60, None));
    assert_eq!((told.readers[0].name.as_str(), told.readers[0].since), ("Front door", None));
    served.clock.advance(60);
    served.manager.reader_reported(door, 0).await.unwrap();
    assert_eq!(state().await.readers[0].since, None);
    served.manager.reader_reported(door, 1).await.unwrap();
    served.clock.advance(60);
    served.manager.reader_reported(door, 1).await.unwrap();
    phone.renew(&served, &activated["device_id"]).await.problem(403, "device-revoked");
    let told = state().await;
    assert_eq!(told.readers[0].since.unwrap().0, START.0 + 120);
    assert_eq!(told.phone_since.unwrap().0, START.0 + 180);
    assert_eq!(refusal(served.manager.reader_reported(door, 2).await), Refusal::ListUnknown(2));
    served.stop().await;
}
