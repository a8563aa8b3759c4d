//! Mail about cards: invitations, reminders of them, and the word that a card ends.

use manager::domain::{MailState, after};
use manager::{MailFilter, Manager};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Phone, START, Served};

const HOUR: u32 = 3600;

/// The kind and the address of every mail, in the order in which they were written.
async fn mails(manager: &Manager) -> Vec<(String, String)> {
    let mut all = manager.mails(MailFilter::default(), None, 1000).await.unwrap();
    all.reverse();
    all.into_iter().map(|mail| (mail.kind, mail.address)).collect()
}

fn expected(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(kind, address)| ((*kind).to_owned(), (*address).to_owned())).collect()
}

/// Does what is due every hour until some days after the beginning, and says on which hours something was written.
async fn until(served: &Served, days: u32) -> Vec<(u32, String)> {
    let mut seen = mails(&served.manager).await.len();
    let mut told = Vec::new();
    let from = served.manager.now().0.saturating_sub(START.0) / HOUR;
    for hour in from..=days.saturating_mul(24) {
        served.clock.set(after(START, hour.saturating_mul(HOUR)));
        served.manager.run_due().await.unwrap();
        let all = mails(&served.manager).await;
        told.extend(all.iter().skip(seen).map(|(kind, _)| (hour, kind.clone())));
        seen = all.len();
    }
    told
}

async fn with_card(card: Value) -> (Served, String) {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Visitor <card>" })).await;
    let mut card = card;
    (card["template"], card["card_id"]) = (json!(template), json!("V-1"));
    let card = served.card(card).await;
    (served, card)
}

fn messages(served: &Served) -> Vec<String> {
    let folder = served.dir.path().join("outbox");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    files.into_iter().map(read).collect()
}

#[tokio::test]
async fn an_invitation_to_a_card_is_mailed_and_works() {
    let (served, card) = with_card(json!({ "email": "anna@x.example" })).await;
    let path = format!("/v1/cards/{card}/invitations");
    let invitation = served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!(invitation["mailed_to"], "anna@x.example");
    served.manager.run_due().await.unwrap();
    let mail = served.get(&format!("/v1/mails?card={card}")).await.expect(StatusCode::OK);
    let mail = &mail["mails"][0];
    assert_eq!((&mail["kind"], &mail["state"]), (&json!("card_invitation"), &json!("sent")));
    let found = messages(&served);
    assert!(found[0].contains(invitation["code"].as_str().unwrap()), "{}", found[0]);
    assert!(found[0].contains("V-1") && found[0].contains("Visitor &lt;card&gt;"), "{}", found[0]);

    let again = served.admin(Method::POST, &format!("{path}/mail"), json!({})).await;
    assert_eq!(again.expect(StatusCode::ACCEPTED)["kind"], "card_invitation");
    let code = invitation["code"].as_str().unwrap().replace('-', "");
    Phone::new(1).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    served.clock.advance(60);
    served.manager.run_due().await.unwrap();
    let states: Vec<MailState> = served
        .manager
        .mails(MailFilter::default(), None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|mail| mail.state)
        .collect();
    // What was not sent before the invitation was used is not sent any more.
    assert_eq!(states, [MailState::Dropped, MailState::Sent]);
    served.admin(Method::POST, &format!("{path}/mail"), json!({})).await.problem(409, "mail-not-repeatable");
    served.stop().await;
}

#[tokio::test]
async fn a_card_of_a_user_is_mailed_to_the_user_and_one_of_nobody_to_nobody() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let user = served.user_with("anna@x.example").await["id"].clone();
    let template = served.template(json!({ "name": "Staff" })).await;
    let own = served.card(json!({ "template": template, "card_id": "1", "user": user })).await;
    let other = served.card(json!({ "template": template, "card_id": "2" })).await;
    for card in [&own, &other] {
        served.invite_to_card(card).await;
    }
    assert_eq!(mails(&served.manager).await, expected(&[("card_invitation", "anna@x.example")]));
    served.manager.run_due().await.unwrap();
    assert!(messages(&served)[0].contains("Hello Anna Berg,"));
    let path = format!("/v1/cards/{other}/invitations/mail");
    served.admin(Method::POST, &path, json!({})).await.problem(409, "mail-not-repeatable");
    served.stop().await;
}

#[tokio::test]
async fn whoever_waits_is_reminded_and_told_when_it_is_over() {
    let (served, card) = with_card(json!({ "email": "anna@x.example" })).await;
    served.invite_to_card(&card).await;
    let told = until(&served, 9).await;
    let kinds: Vec<(u32, &str)> = told.iter().map(|(hour, kind)| (*hour, kind.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (72, "card_invitation_reminder"),
            (144, "card_invitation_reminder"),
            (168, "card_invitation_expired")
        ]
    );
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

#[tokio::test]
async fn whoever_has_installed_the_card_is_told_ten_days_before_its_end_and_at_it() {
    // The end of 2026-10-21 in UTC: 30 days and 9:46:40 after the beginning.
    let (served, card) = with_card(json!({ "email": "anna@x.example", "expires": "2026-10-21" })).await;
    let code = served.invite_to_card(&card).await;
    Phone::new(1).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    let told = until(&served, 35).await;
    let kinds: Vec<(u32, &str)> = told.iter().map(|(hour, kind)| (*hour, kind.as_str())).collect();
    assert_eq!(kinds, [(20 * 24 + 10, "card_expiring"), (30 * 24 + 10, "card_expired")]);

    // One that is renewed ends again.
    served
        .patch(&format!("/v1/cards/{card}"), json!({ "expires": "2026-11-21" }))
        .await
        .expect(StatusCode::OK);
    let told = until(&served, 65).await;
    assert_eq!(told.len(), 2, "{told:?}");
    served.stop().await;
}

#[tokio::test]
async fn what_is_turned_off_is_not_told() {
    let (served, card) = with_card(json!({ "email": "anna@x.example", "expires": "2026-10-21" })).await;
    let off = json!({ "reminders": { "card_expiry_days": null, "when_card_expired": false } });
    served.patch("/v1/settings", off).await.expect(StatusCode::OK);
    served
        .patch("/v1/settings", json!({ "reminders": { "card_expiry_days": 0 } }))
        .await
        .problem(422, "settings-invalid");
    let code = served.invite_to_card(&card).await;
    Phone::new(1).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!(until(&served, 35).await, []);
    served.stop().await;
}

#[tokio::test]
async fn a_card_that_is_given_for_a_day_has_no_warning_and_one_that_is_off_its_phone_has_none_either() {
    let (served, card) = with_card(json!({ "email": "anna@x.example", "expires": "2026-09-22" })).await;
    let code = served.invite_to_card(&card).await;
    Phone::new(1).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    let other = served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK);
    let gone = json!({
        "template": other["template"], "card_id": "V-2", "email": "bo@x.example", "expires": "2026-10-21",
    });
    let gone = served.card(gone).await;
    let code = served.invite_to_card(&gone).await;
    Phone::new(2).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    let path = format!("/v1/cards/{gone}/uninstallation");
    served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
    let told = until(&served, 35).await;
    let kinds: Vec<&str> = told.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(kinds, ["card_expired"]);
    served.stop().await;
}
