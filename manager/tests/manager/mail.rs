//! Mail: what is written when, where it goes, what is seen of it.

use std::path::Path;

use manager::domain::{Actor, AlertKind, MailState, UnixTime};
use manager::mail::{Language, MailOptions, Transport};
use manager::{MailFilter, Mailing, Manager};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{DAY, Phone, START, Served};

/// Every mail, oldest first.
async fn mails(manager: &Manager) -> Vec<Mailing> {
    let mut mails = manager.mails(MailFilter::default(), None, 1000).await.unwrap();
    mails.reverse();
    mails
}

async fn kinds(manager: &Manager) -> Vec<(String, MailState)> {
    mails(manager).await.into_iter().map(|mail| (mail.kind, mail.state)).collect()
}

/// The messages in a directory, parsed.
fn messages(dir: &Path) -> Vec<mail_parser::Message<'static>> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let parse = |file: &std::path::PathBuf| {
        let octets = std::fs::read(file).unwrap();
        mail_parser::MessageParser::default().parse(&octets).unwrap().into_owned()
    };
    files.iter().filter(|file| file.extension().is_some_and(|end| end == "eml")).map(parse).collect()
}

fn report(message_id: &str) -> String {
    format!(
        "From: MAILER-DAEMON@mx.example\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"B\"\r\n\r\n\
         --B\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; anna@x.example\r\nAction: failed\r\n\
         Status: 5.1.1\r\n\r\n--B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--B--\r\n"
    )
}

#[tokio::test]
async fn an_invitation_lies_in_the_outbox_with_link_code_and_picture() {
    let served = Served::start().await;
    served.import("Änne,Berg,anna@x.example,004711\n").await;
    let user = served.user_with("anna@x.example").await;
    let path = format!("/v1/users/{}/invitations", user["id"].as_str().unwrap());
    let invitation = served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::CREATED);
    assert_eq!(kinds(&served.manager).await, [("invitation".to_owned(), MailState::Queued)]);
    served.manager.run_due().await.unwrap();
    assert_eq!(kinds(&served.manager).await, [("invitation".to_owned(), MailState::Sent)]);
    let messages = messages(&served.dir.path().join("outbox"));
    let [message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some("anna@x.example"));
    let (link, code) = (invitation["link"].as_str().unwrap(), invitation["code"].as_str().unwrap());
    for part in [message.body_text(0).unwrap(), message.body_html(0).unwrap()] {
        assert!(part.contains(link) && part.contains(code) && part.contains("Änne Berg"), "{part}");
    }
    assert_eq!(message.attachment_count(), 1);
    served.stop().await;
}

#[tokio::test]
async fn the_secret_of_an_invitation_is_not_in_the_database() {
    let (served, code) = Served::with_invited_anna().await;
    let mail = mails(&served.manager).await;
    assert_eq!(mail.len(), 1);
    let stopped = served.stop().await;
    assert!(!stopped.database.holds(code.as_bytes()).await);
    assert!(!stopped.database.holds(code.to_lowercase().as_bytes()).await);
}

#[tokio::test]
async fn an_invitation_that_is_over_is_not_mailed() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let first = served.invite("anna@x.example").await;
    let second = served.invite("anna@x.example").await;
    assert_ne!(first, second);
    served.manager.run_due().await.unwrap();
    let expected =
        [("invitation".to_owned(), MailState::Dropped), ("invitation".to_owned(), MailState::Sent)];
    assert_eq!(kinds(&served.manager).await, expected);
    let phone = Phone::new(1);
    phone.activate(&served, &second).await.expect(StatusCode::CREATED);
    served.invite("anna@x.example").await;
    assert_eq!(kinds(&served.manager).await[2], ("reinvitation".to_owned(), MailState::Queued));
    served.stop().await;
}

#[tokio::test]
async fn an_invitation_can_be_mailed_again_while_it_is_open() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let path = served.anna("invitations/mail").await;
    served.admin(Method::POST, &path, json!({})).await.problem(409, "mail-not-repeatable");
    let code = served.invite("anna@x.example").await;
    served.admin(Method::POST, &path, json!({})).await.expect(StatusCode::ACCEPTED);
    served.manager.run_due().await.unwrap();
    let found = messages(&served.dir.path().join("outbox"));
    assert_eq!(found.len(), 2);
    for message in &found {
        assert!(message.body_text(0).unwrap().replace('-', "").contains(&code));
    }
    Phone::new(1).activate(&served, &code).await.expect(StatusCode::CREATED);
    served.admin(Method::POST, &path, json!({})).await.problem(409, "mail-not-repeatable");
    served.stop().await;
}

#[tokio::test]
async fn whoever_was_written_to_hears_of_changes_and_of_the_end() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,1,s1\nBo,Tal,bo@x.example,2,s2\n").await;
    served.invite("anna@x.example").await;
    served.import("Anna,Berg,anna@new.example,1,s1\nBo,Tal,bo@new.example,2,s2\n").await;
    served.import("Cy,Ek,cy@x.example,3,s3\n").await;
    let told: Vec<_> =
        mails(&served.manager).await.into_iter().map(|mail| (mail.kind, mail.address)).collect();
    let expected = [
        ("invitation", "anna@x.example"),
        ("user_changed", "anna@x.example"),
        ("user_changed", "anna@new.example"),
        ("deletion", "anna@new.example"),
    ];
    assert_eq!(told, expected.map(|(kind, address)| (kind.to_owned(), address.to_owned())));
    served.stop().await;
}

#[tokio::test]
async fn a_report_makes_a_mail_bounced_and_administrators_hear_of_it_once_an_hour() {
    let served = Served::start().await;
    let manager = &served.manager;
    manager.add_alert_recipient(Actor::Operator, "boss@x.example", Language::De).await.unwrap();
    manager.add_alert_recipient(Actor::Operator, "guard@x.example", Language::En).await.unwrap();
    served.import("Anna,Berg,anna@x.example,1\nBo,Tal,bo@x.example,2\n").await;
    served.invite("anna@x.example").await;
    served.invite("bo@x.example").await;
    manager.run_due().await.unwrap();
    let sent = mails(manager).await;
    let post = async |mail: &Mailing| {
        let request =
            served.client.post(format!("{}/v1/mail/bounces", served.base)).bearer_auth(&served.token);
        let body = report(mail.message_id.as_deref().unwrap());
        crate::support::answer(
            request.header("content-type", "message/rfc822").body(body).send().await.unwrap(),
        )
        .await
        .expect(StatusCode::OK)
    };
    assert_eq!(post(&sent[0]).await, json!({ "taken": "bounced" }));
    assert_eq!(post(&sent[0]).await, json!({ "taken": "nothing" }));
    let path = format!("/v1/mails/{}", sent[0].id);
    let seen = served.admin(Method::GET, &path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!((&seen["state"], &seen["error"]), (&json!("bounced"), &json!("5.1.1")));
    manager.run_due().await.unwrap();
    let alerts = async || kinds(manager).await.into_iter().filter(|(kind, _)| kind == "alert").count();
    assert_eq!(alerts().await, 2);
    assert_eq!(post(&sent[1]).await, json!({ "taken": "bounced" }));
    served.clock.set(UnixTime(START.0 + 600));
    manager.run_due().await.unwrap();
    assert_eq!(alerts().await, 2, "the second waits for an hour to pass");
    served.clock.set(UnixTime(START.0 + 4000));
    manager.run_due().await.unwrap();
    assert_eq!(alerts().await, 4);
    let listed = manager.alerts(None, 10).await.unwrap();
    assert!(listed.iter().all(|alert| alert.kind == AlertKind::MailBounced), "{listed:?}");
    let subjects: Vec<_> = messages(&served.dir.path().join("outbox"))
        .iter()
        .map(|message| message.subject().unwrap().to_owned())
        .filter(|subject| subject.starts_with("[Example Works]"))
        .collect();
    assert_eq!(subjects.len(), 4);
    assert!(subjects.contains(&"[Example Works] E-Mails an Benutzer sind nicht angekommen".to_owned()));
    served.stop().await;
}

#[tokio::test]
async fn a_mailbox_of_reports_is_read() {
    let served = Served::start().await;
    let mailbox = served.dir.path().join("bounces");
    std::fs::create_dir_all(mailbox.join("new")).unwrap();
    let options =
        MailOptions { bounces: Some(mailbox.clone()), ..MailOptions::in_directory(served.dir.path()) };
    let manager = served.manager.clone().with_mail(options);
    served.import("Anna,Berg,anna@x.example,1\n").await;
    served.invite("anna@x.example").await;
    manager.run_due().await.unwrap();
    let sent = mails(&manager).await.remove(0);
    std::fs::write(mailbox.join("new/1.a.host"), report(sent.message_id.as_deref().unwrap())).unwrap();
    std::fs::write(mailbox.join("new/2.b.host"), "Subject: hello\r\n\r\nnot a report\r\n").unwrap();
    served.clock.set(UnixTime(START.0 + 600));
    manager.run_due().await.unwrap();
    assert_eq!(mails(&manager).await[0].state, MailState::Bounced);
    assert!(mailbox.join("cur/1.a.host:2,S").exists());
    assert!(mailbox.join("new/2.b.host").exists(), "what is nobody's waits a day");
    served.stop().await;
}

#[tokio::test]
async fn mail_that_cannot_be_sent_waits_and_is_given_up_after_three_days() {
    let served = Served::start().await;
    // A directory that cannot be made, since a file stands in its place.
    let file = served.dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let options = MailOptions::in_directory(served.dir.path());
    let options = MailOptions { transport: Transport::Files(file.join("outbox")), ..options };
    let broken = served.manager.clone().with_mail(options);
    served.import("Anna,Berg,anna@x.example,1\n").await;
    served.invite("anna@x.example").await;
    broken.run_due().await.unwrap();
    let mail = mails(&broken).await.remove(0);
    assert_eq!((mail.state, mail.error.as_deref(), mail.attempts), (MailState::Deferred, Some("file"), 1));
    let next = mail.next_attempt_at.unwrap();
    assert!((60..=75).contains(&(next.0 - START.0)), "{next:?}");
    let job = broken.jobs().await.unwrap().into_iter().find(|job| job.kind == "mail").unwrap();
    assert_eq!(job.last_error.as_deref(), Some("no mail can be sent: file"));
    served.clock.set(UnixTime(START.0 + 3600));
    broken.run_due().await.unwrap();
    let alerts = broken.alerts(None, 10).await.unwrap();
    assert_eq!(alerts.iter().map(|alert| alert.kind).collect::<Vec<_>>(), [AlertKind::MailBroken]);
    served.clock.set(UnixTime(START.0 + 3 * DAY));
    broken.run_due().await.unwrap();
    assert_eq!(mails(&broken).await[0].state, MailState::Deferred, "a transport that fails gives nothing up");
    served.clock.set(UnixTime(START.0 + 4 * DAY));
    served.manager.run_due().await.unwrap();
    assert_eq!(mails(&broken).await[0].state, MailState::Sent);
    served.stop().await;
}

#[tokio::test]
async fn a_project_has_texts_of_its_own() {
    let served = Served::start().await;
    let path = "/v1/mail/texts/invitation/en";
    let own = json!({ "subject": "Welcome, {{ first_name }}", "plain": "{{ link }} {{ code }}",
        "html": "<a href=\"{{ link }}\">{{ code }}</a>{{ qr }}" });
    served.put_expected(path, "*", own.clone()).await.expect(StatusCode::NO_CONTENT);
    let lacking = json!({ "subject": "x", "plain": "{{ code }}", "html": "{{ link }}{{ code }}" });
    served.put_expected(path, "*", lacking).await.problem(422, "mail-text-invalid");
    served.put_expected("/v1/mail/texts/invitation/fr", "*", own).await.problem(404, "mail-unknown");
    served.import("Anna,Berg,anna@x.example,1\n").await;
    served.invite("anna@x.example").await;
    served.manager.run_due().await.unwrap();
    let found = messages(&served.dir.path().join("outbox"));
    assert_eq!(found[0].subject(), Some("Welcome, Anna"));
    served.admin(Method::DELETE, path, Value::Null).await.expect(StatusCode::NO_CONTENT);
    let text = served.admin(Method::GET, path, Value::Null).await.expect(StatusCode::OK);
    assert_eq!((&text["own"], &text["subject"]), (&json!(false), &json!("Your key to {{ project }}")));
    served.stop().await;
}

#[tokio::test]
async fn mail_is_in_the_language_of_the_user_or_of_the_project() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,1\nBo,Tal,bo@x.example,2\n").await;
    let german = json!({ "language": "de" });
    served.patch("/v1/mail/settings", german).await.expect(StatusCode::OK);
    let path = served.anna("language").await;
    served.admin(Method::PUT, &path, json!({ "language": "en" })).await.expect(StatusCode::NO_CONTENT);
    served.invite("anna@x.example").await;
    served.invite("bo@x.example").await;
    served.manager.run_due().await.unwrap();
    let mut subjects: Vec<_> = messages(&served.dir.path().join("outbox"))
        .iter()
        .map(|message| message.subject().unwrap().to_owned())
        .collect();
    subjects.sort();
    assert_eq!(subjects, ["Ihr Schlüssel für Example Works", "Your key to Example Works"]);
    served.stop().await;
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_and_a_password_is_not_shown() {
    let served = Served::start().await;
    let patch = async |edit: Value| served.patch("/v1/mail/settings", edit).await;
    patch(json!({ "from_address": "a@b.example\r\nBcc: c@d.example" }))
        .await
        .problem(422, "mail-address-invalid");
    patch(json!({ "from_name": "a\r\nBcc: c" })).await.problem(422, "mail-setting-invalid");
    patch(json!({ "per_minute": 0 })).await.problem(422, "mail-setting-invalid");
    patch(json!({ "smtp_url": "smtps://me:secret@mail.example" })).await.problem(422, "mail-setting-invalid");
    patch(json!({ "smtp_url": "smtps://me@mail.example" })).await.problem(422, "mail-setting-invalid");
    patch(json!({ "bounce_address": "a-very-long-name-for-bounces@x.example" }))
        .await
        .problem(422, "mail-setting-invalid");
    let set = patch(json!({ "smtp_url": "smtps://me@mail.example", "smtp_password": "hunter2-hunter2" }))
        .await
        .expect(StatusCode::OK);
    assert_eq!(set["has_smtp_password"], true);
    assert!(!set.to_string().contains("hunter2"));
    let stopped = served.stop().await;
    assert!(!stopped.database.holds(b"hunter2-hunter2").await);
}

#[tokio::test]
async fn a_minute_has_its_limit() {
    let served = Served::start().await;
    served.patch("/v1/mail/settings", json!({ "per_minute": 2 })).await.expect(StatusCode::OK);
    let list: String = (0..5).map(|n| format!("A,B{n},a{n}@x.example,{n}\n")).collect();
    served.import(&list).await;
    for n in 0..5 {
        served.invite(&format!("a{n}@x.example")).await;
    }
    let mut sent = Vec::new();
    for minute in 0..4 {
        served.clock.set(UnixTime(START.0 + minute * 60));
        served.manager.run_due().await.unwrap();
        let states = kinds(&served.manager).await;
        sent.push(states.iter().filter(|(_, state)| *state == MailState::Sent).count());
    }
    assert_eq!(sent, [2, 4, 5, 5]);
    served.stop().await;
}
