//! Reminders of invitations that wait, and the word that one is over.

use manager::domain::{Actor, ProjectChange, ReminderChange, UnixTime, after};
use manager::{JobKind, MailFilter, Manager, Unlock};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, Phone, START, Served};

const HOUR: u32 = 3600;

/// How many mails of each kind were written that are about time.
async fn told(manager: &Manager) -> [usize; 2] {
    let mails = manager.mails(MailFilter::default(), None, 1000).await.unwrap();
    ["invitation_reminder", "invitation_expired"]
        .map(|kind| mails.iter().filter(|mail| mail.kind == kind).count())
}

async fn details(manager: &Manager, act: &str) -> Vec<String> {
    let log = manager.audit_log(0, 1000).await.unwrap();
    let first = |detail: &str| detail.split(',').next().unwrap().to_owned();
    log.iter().filter(|entry| entry.act == act).map(|entry| first(&entry.detail)).collect()
}

/// Does what is due at a time after the beginning.
async fn at(served: &Served, seconds: u32) {
    served.clock.set(after(START, seconds));
    served.manager.run_due().await.unwrap();
}

async fn invited() -> (Served, String) {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let code = served.invite("anna@x.example").await;
    (served, code)
}

#[tokio::test]
async fn a_holder_is_reminded_twice_and_told_once_that_it_is_over() {
    let (served, _) = invited().await;
    let mut seen = Vec::new();
    for hour in 0..9 * 24 {
        at(&served, hour * HOUR).await;
        let now = told(&served.manager).await;
        if seen.last().is_none_or(|(_, last)| *last != now) {
            seen.push((hour, now));
        }
    }
    assert_eq!(seen, [(0, [0, 0]), (72, [1, 0]), (144, [2, 0]), (168, [2, 1])]);
    assert_eq!(details(&served.manager, "invitation_reminded").await, ["waiting", "ends_soon"]);
    assert_eq!(details(&served.manager, "invitation_expired").await.len(), 1);
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

#[tokio::test]
async fn whoever_has_used_the_invitation_is_not_reminded_of_it() {
    let (served, code) = invited().await;
    Phone::new(1).activate(&served, &code).await.expect(StatusCode::CREATED);
    for day in 1..9 {
        at(&served, day * DAY).await;
    }
    assert_eq!(told(&served.manager).await, [0, 0]);
    served.stop().await;
}

#[tokio::test]
async fn a_new_invitation_is_reminded_of_for_itself_and_a_void_one_never() {
    let (served, _) = invited().await;
    at(&served, 3 * DAY).await;
    assert_eq!(told(&served.manager).await, [1, 0]);
    served.invite("anna@x.example").await;
    at(&served, 5 * DAY).await;
    assert_eq!(told(&served.manager).await, [1, 0]);
    at(&served, 6 * DAY).await;
    assert_eq!(told(&served.manager).await, [2, 0]);
    served.admin(Method::POST, &served.anna("revocation").await, json!({})).await.expect(StatusCode::OK);
    at(&served, 12 * DAY).await;
    assert_eq!(told(&served.manager).await, [2, 0]);
    served.stop().await;
}

#[tokio::test]
async fn each_reminder_can_be_turned_off_over_the_api() {
    let (served, _) = invited().await;
    let change = async |body: Value| served.patch("/v1/settings", body).await;
    let settings = served.admin(Method::GET, "/v1/settings", Value::Null).await.expect(StatusCode::OK);
    let standard = json!({
        "after_days": 3, "before_expiry_hours": 24, "when_expired": true,
        "card_expiry_days": 10, "when_card_expired": true,
    });
    assert_eq!(settings["reminders"], standard);
    change(json!({ "reminders": { "after_days": 0 } })).await.problem(422, "settings-invalid");
    let off = json!({ "reminders": { "after_days": null } });
    assert_eq!(
        change(off).await.expect(StatusCode::OK)["reminders"],
        json!({
            "after_days": null, "before_expiry_hours": 24, "when_expired": true,
            "card_expiry_days": 10, "when_card_expired": true,
        })
    );
    at(&served, 5 * DAY).await;
    assert_eq!(told(&served.manager).await, [0, 0]);
    at(&served, 6 * DAY).await;
    assert_eq!(told(&served.manager).await, [1, 0]);
    change(json!({ "reminders": { "before_expiry_hours": null, "when_expired": false } }))
        .await
        .expect(StatusCode::OK);
    at(&served, 8 * DAY).await;
    assert_eq!(told(&served.manager).await, [1, 0]);
    assert_eq!(details(&served.manager, "invitation_expired").await.len(), 1);
    served.stop().await;
}

#[tokio::test]
async fn an_invitation_that_was_over_long_before_anybody_looked_is_noted_and_not_mailed() {
    let (served, _) = invited().await;
    at(&served, 30 * DAY).await;
    assert_eq!(told(&served.manager).await, [0, 0]);
    assert_eq!(details(&served.manager, "invitation_expired").await.len(), 1);
    served.stop().await;
}

#[tokio::test]
async fn two_processes_remind_everybody_once() {
    let served = Served::start().await;
    let rows: String =
        (0..250).map(|number| format!("First,Last{number},u{number}@x.example,{number}\n")).collect();
    served.import(&rows).await;
    for user in served.manager.users(None, 1000).await.unwrap() {
        served.manager.invite(Actor::Operator, user.id).await.unwrap();
    }
    let unlock = Unlock::KeyFile(served.dir.path().join("unlock.key"));
    let other = Manager::open(served.database.home(), &unlock, served.clock.clone()).await.unwrap();
    for day in 1..9 {
        served.clock.set(UnixTime(START.0 + day * DAY));
        // Whoever comes second may find that there is nothing left, or the next portion.
        let kind = JobKind::Reminders;
        let (one, two) = tokio::join!(served.manager.run_kind(kind), other.run_kind(kind));
        one.and(two).unwrap();
    }
    let mails = served.manager.mails(MailFilter::default(), None, 1000).await.unwrap();
    let mut addresses: Vec<(String, String)> =
        mails.into_iter().map(|mail| (mail.kind, mail.address)).collect();
    addresses.sort();
    let count = |kind: &str| addresses.iter().filter(|(of, _)| of == kind).count();
    assert_eq!((count("invitation_reminder"), count("invitation_expired")), (500, 250));
    for kind in ["invitation_expired", "invitation_reminder"] {
        let mut of: Vec<&str> = addresses
            .iter()
            .filter(|(other, _)| other == kind)
            .map(|(_, address)| address.as_str())
            .collect();
        of.dedup();
        assert_eq!(of.len(), 250, "{kind}");
    }
    other.close().await;
    served.stop().await;
}

#[tokio::test]
async fn settings_of_reminders_are_those_of_the_project_for_every_process() {
    let (served, _) = invited().await;
    let unlock = Unlock::KeyFile(served.dir.path().join("unlock.key"));
    let other = Manager::open(served.database.home(), &unlock, served.clock.clone()).await.unwrap();
    let off = ReminderChange {
        after_days: Some(None),
        before_expiry_hours: Some(None),
        when_expired: Some(false),
        ..ReminderChange::default()
    };
    let change = ProjectChange { reminders: off, ..ProjectChange::default() };
    other.edit_project(Actor::Operator, &change).await.unwrap();
    for day in 1..9 {
        at(&served, day * DAY).await;
    }
    assert_eq!(told(&served.manager).await, [0, 0]);
    other.close().await;
    served.stop().await;
}
