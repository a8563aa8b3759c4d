//! Cards from lists, with photos from archives: plan, guard, undo, and everything that is wrong.

use std::io::{Cursor, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use image::{ImageFormat, Rgb, RgbImage};
use manager::clock::Clock;
use manager::domain::{Actor, Mode, UnixTime};
use manager::{CardImportOptions, Manager, Unlock};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::support::{Answer, Phone, START, Served, answer};

fn staff() -> Value {
    json!({
        "name": "Staff",
        "front": [
            { "key": "name", "label": "Full name", "required": true },
            { "key": "born", "label": "Born", "kind": "date" },
        ],
        "photo": { "rule": "optional" },
        "identity": { "unique_identifier": true },
    })
}

fn picture(seed: u8) -> Vec<u8> {
    let mut octets = Cursor::new(Vec::new());
    RgbImage::from_pixel(64, 64, Rgb([seed, 0, 0])).write_to(&mut octets, ImageFormat::Png).unwrap();
    octets.into_inner()
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(octets).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

async fn plan(served: &Served, template: &str, query: &str, body: impl Into<Vec<u8>>) -> Answer {
    let url = format!("{}/v1/card-templates/{template}/imports?{query}", served.base);
    let request = served.client.post(url).bearer_auth(&served.token).header("content-type", "text/csv");
    answer(request.body(body.into()).send().await.unwrap()).await
}

async fn post(served: &Served, plan: &Value, act: &str, body: Value) -> Answer {
    let path = format!("/v1/card-imports/{}/{act}", plan["id"].as_str().unwrap());
    served.admin(Method::POST, &path, body).await
}

async fn imported(served: &Served, template: &str, query: &str, body: impl Into<Vec<u8>>) -> Value {
    let plan = plan(served, template, query, body).await.expect(StatusCode::OK);
    post(served, &plan, "apply", json!({ "confirm": true })).await.expect(StatusCode::OK);
    plan
}

async fn cards(served: &Served) -> Vec<Value> {
    let found = served.get("/v1/cards?limit=1000").await.expect(StatusCode::OK);
    found["cards"].as_array().unwrap().clone()
}

fn errors(answer: &Answer) -> Vec<String> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["message"].as_str().unwrap().to_owned()).collect()
}

const LIST: &str = "Kartennummer;Full name;Born;Kennung;E-Mail\n\
    S-1;Änne Berg;2004-02-29;M 1;anna@x.example\n\
    S-2;'=Bo;;M 2;\n";

#[tokio::test]
async fn a_list_is_planned_and_applied_exactly_as_it_was_shown_and_undone() {
    let served = Served::start().await;
    let template = served.template(staff()).await;
    let plan = plan(&served, &template, "mode=add_and_update", LIST).await.expect(StatusCode::OK);
    assert_eq!((&plan["counts"]["added"], &plan["columns"][1]["holds"]), (&json!(2), &json!("field:name")));
    assert_eq!(plan["steps"][1]["new"]["fields"], json!({ "name": "=Bo" }));
    assert_eq!(cards(&served).await, Vec::<Value>::new());
    let done = post(&served, &plan, "apply", json!({})).await.expect(StatusCode::OK);
    assert!(done["applied_at"].is_number());
    let kept = cards(&served).await;
    assert_eq!((&kept[0]["card_id"], &kept[0]["id"]), (&json!("S-1"), &plan["steps"][0]["card"]));
    let found = served.get("/v1/cards?search=berg").await.expect(StatusCode::OK);
    assert_eq!(found["cards"].as_array().unwrap().len(), 1);
    post(&served, &plan, "apply", json!({})).await.problem(409, "plan-applied");

    // Identifiers may be exchanged within one list; what has no column stays.
    let second =
        imported(&served, &template, "mode=add_and_update", "card_id,identifier\nS-1,M 2\nS-2,M 1\n").await;
    assert_eq!(second["counts"]["changed"], 2);
    let kept = cards(&served).await;
    assert_eq!((&kept[0]["unique_identifier"], &kept[0]["email"]), (&json!("M 2"), &json!("anna@x.example")));
    let undone = post(&served, &second, "undo", json!({})).await.expect(StatusCode::OK);
    assert_eq!(undone, json!({ "removed": 0, "put_back": 2, "restored": 0 }));
    assert_eq!(cards(&served).await[0]["unique_identifier"], "M 1");
    let undone = post(&served, &plan, "undo", json!({})).await.expect(StatusCode::OK);
    assert_eq!(undone["removed"], 2);
    assert_eq!(cards(&served).await, Vec::<Value>::new());
    post(&served, &plan, "undo", json!({})).await.problem(409, "plan-undone");
    assert!(served.manager.verify_audit().await.unwrap().is_ok());
    served.stop().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_by_line_and_column_and_nothing_is_written() {
    let served = Served::start().await;
    let template = served.template(staff()).await;
    let list = "Card ID,Full name,Born,Unique identifier,E-mail\n\
        S-1,Anna,yesterday,M 1,anna@\n\
        ,Bo,,M 2,\n\
        S-1,Cy,,M 3,\n\
        S-4,,,m 3,\n\
        S-5,Di\n";
    let refused = plan(&served, &template, "mode=replace", list).await;
    let told = errors(&refused);
    refused.problem(422, "import-invalid");
    assert_eq!(
        told,
        [
            "line 2, column 3: front: \"born\": \"yesterday\" is not a day; write it like 2027-09-30",
            "line 2, column 5: the e-mail address \"anna@\" is not an e-mail address",
            "line 3, column 1: the card ID is empty",
            "line 4, column 1: \"S-1\" is already in line 2",
            "line 5, column 2: front: \"name\" is needed",
            "line 6: 2 columns where 5 are expected",
        ]
    );
    let list = "Card ID,Full name,Born,Unique identifier,E-mail\n\
        S-1,Anna,yesterday,M 1,anna@\n\
        S-4,,,m 1,\n";
    let told = errors(&plan(&served, &template, "mode=replace", list).await);
    assert!(told.iter().any(|text| text.starts_with("line 2, column 3: front: \"born\"")), "{told:?}");
    assert!(told.iter().any(|text| text.starts_with("line 2, column 5: the e-mail address")), "{told:?}");
    assert!(
        told.iter().any(|text| text.starts_with("line 3, column 2: front: \"name\" is needed")),
        "{told:?}"
    );
    for (list, what) in [
        ("", "the file is empty"),
        ("Name\nAnna\n", "no column is the card ID"),
        ("Card ID,Number\n1,2\n", "unique identifier"),
        ("Card ID,Full name,Full name\n1,2,3\n", "a second column for field:name"),
        ("Card ID,Full name\n\"1,2\n", "is never closed"),
    ] {
        let refused = plan(&served, &template, "", list).await;
        assert!(errors(&refused).iter().any(|text| text.contains(what)), "{what}: {}", refused.body);
    }
    let mapped = plan(&served, &template, "map=nobody=Wer%0Aname=X", "Card ID,Wer\n1,2\n").await;
    let told = errors(&mapped);
    assert!(told[0].contains("cards have no \"nobody\"") && told[1].contains("no column \"X\""), "{told:?}");
    assert_eq!(cards(&served).await, Vec::<Value>::new());
    served.stop().await;
}

#[tokio::test]
async fn a_list_that_replaces_archives_what_is_not_in_it_once_that_is_confirmed_and_phones_get_it_back() {
    let served = Served::start().await;
    let mut template = staff();
    template["identity"] = json!({});
    let template = served.template(template).await;
    let rows: String = (0..8).map(|number| format!("S-{number},Name {number}\n")).collect();
    imported(&served, &template, "mode=add_only", format!("Card ID,Full name\n{rows}")).await;
    let first = cards(&served).await[7]["id"].as_str().unwrap().to_owned();
    let code = served.invite_to_card(&first).await;
    let phone = Phone::new(1);
    let got = phone.install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
    let plan = plan(&served, &template, "mode=replace", "Card ID,Full name\nS-0,Name 0\n")
        .await
        .expect(StatusCode::OK);
    assert_eq!((&plan["counts"]["archived"], &plan["counts"]["unchanged"]), (&json!(7), &json!(1)));
    assert_eq!(plan["confirmation"], "many_deletions");
    post(&served, &plan, "apply", json!({})).await.problem(409, "confirmation-needed");
    post(&served, &plan, "apply", json!({ "confirm": true })).await.expect(StatusCode::OK);
    assert_eq!(cards(&served).await[7]["status"], "archived");
    let undone = post(&served, &plan, "undo", json!({})).await.expect(StatusCode::OK);
    assert_eq!(undone["restored"], 7);
    let renewed = phone.renew(&served, &got["device_id"]).await.expect(StatusCode::OK);
    assert_eq!(renewed["card"]["card_id"], "S-7");
    served.stop().await;
}

/// A clock that shows a later second each time that somebody looks.
struct Restless(AtomicU32);

impl Clock for Restless {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

#[tokio::test]
async fn an_import_that_takes_more_than_a_second_is_undone_like_any_other() {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Visitor" })).await.parse().unwrap();
    let unlock = Unlock::KeyFile(served.dir.path().join("unlock.key"));
    let clock = Arc::new(Restless(AtomicU32::new(START.0)));
    let slow = Manager::open(served.database.home(), &unlock, clock).await.unwrap();
    let import = async |list: &str, mode: Mode| {
        let options = CardImportOptions { mode, ..CardImportOptions::default() };
        let plan = slow.plan_card_import(template, list.into(), options).await.unwrap();
        slow.apply_card_import(Actor::Operator, plan.id, true).await.unwrap()
    };
    import("Card ID\n1\n2\n3\n", Mode::AddOnly).await;
    let second = import("Card ID,E-mail\n1,a@x.example\n4,\n5,\n", Mode::Replace).await;
    assert_eq!((second.counts.added, second.counts.changed, second.counts.archived), (2, 1, 2));
    let undone = slow.undo_card_import(Actor::Operator, second.id).await.unwrap();
    assert_eq!((undone.removed, undone.put_back, undone.restored), (2, 1, 2));
    slow.close().await;
    served.stop().await;
}

#[tokio::test]
async fn a_plan_is_refused_once_cards_have_changed_and_an_undo_where_they_did_since() {
    let served = Served::start().await;
    let template = served.template(staff()).await;
    let stale = plan(&served, &template, "", LIST).await.expect(StatusCode::OK);
    assert_eq!(stale["mode"], "add_and_update", "nothing is archived unless somebody says so");
    let done = imported(&served, &template, "mode=add_only", LIST).await;
    post(&served, &stale, "apply", json!({ "confirm": true })).await.problem(409, "plan-outdated");
    let card = cards(&served).await[0]["id"].as_str().unwrap().to_owned();
    served
        .patch(&format!("/v1/cards/{card}"), json!({ "email": "new@x.example" }))
        .await
        .expect(StatusCode::OK);
    let refused = post(&served, &done, "undo", json!({})).await;
    assert!(refused.body["title"].as_str().unwrap().contains("S-1"));
    refused.problem(409, "undo-conflict");
    served.stop().await;
}

#[tokio::test]
async fn photos_come_from_an_archive_and_go_back_with_it() {
    let served = Served::start().await;
    let template = served.template(staff()).await;
    let list = "Card ID,Full name,Identifier,Photo\nS-1,Anna,M 1,\nS-2,Bo,M 2,folder.png\n";
    let zip = archive(&[
        ("cards.csv", list.as_bytes()),
        ("photos/s-1.PNG", &picture(1)),
        ("folder.png", &picture(2)),
        ("nobody.png", &picture(3)),
        ("__MACOSX/._s-1.png", b"x"),
    ]);
    let plan = imported(&served, &template, "mode=add_and_update", zip).await;
    assert_eq!((&plan["counts"]["photos"], &plan["counts"]["photos_unused"]), (&json!(2), &json!(1)));
    let before = cards(&served).await;
    assert!(before.iter().all(|card| card["photo"]["shown"].is_string()), "{before:?}");
    let again =
        archive(&[("cards.csv", list.as_bytes()), ("s-1.png", &picture(9)), ("folder.png", &picture(2))]);
    let second = imported(&served, &template, "mode=add_and_update", again).await;
    assert_eq!((&second["counts"]["changed"], &second["counts"]["unchanged"]), (&json!(1), &json!(1)));
    assert_ne!(cards(&served).await[0]["photo"]["shown"], before[0]["photo"]["shown"]);
    post(&served, &second, "undo", json!({})).await.expect(StatusCode::OK);
    assert_eq!(cards(&served).await[0]["photo"]["shown"], before[0]["photo"]["shown"]);
    served.stop().await;
}

#[tokio::test]
async fn archives_that_are_no_archives_of_photos_are_refused() {
    let served = Served::start().await;
    let template = served.template(staff()).await;
    let list = "Card ID,Full name,Identifier\nS-1,Anna,M 1\n";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    // A PNG of a few octets that says it is 60,000 by 60,000.
    let mut bomb = picture(1);
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    // Nine million zeros are a few thousand octets.
    let zeros = vec![0; 9 * 1024 * 1024];
    for (name, octets, what) in [
        ("s-1.png", svg.as_slice(), "neither a JPEG"),
        ("s-1.jpg", b"GIF89a".as_slice(), "neither a JPEG"),
        ("s-1.png", &bomb, "photo"),
        ("s-1.png", &zeros, "may have 8388608"),
        ("../../etc/s-1.png", &picture(1), "points out of the archive"),
        ("/s-1.png", &picture(1), "points out of the archive"),
        ("C:\\s-1.png", &picture(1), "points out of the archive"),
    ] {
        let zip = archive(&[("cards.csv", list.as_bytes()), (name, octets)]);
        assert!(zip.len() < 64 * 1024, "a bomb is small");
        let refused = plan(&served, &template, "", zip).await;
        assert!(errors(&refused).iter().any(|text| text.contains(what)), "{name}: {}", refused.body);
        refused.problem(422, "import-invalid");
    }
    let many: Vec<(String, Vec<u8>)> =
        (0..5001).map(|number| (format!("{number}.png"), Vec::new())).collect();
    let files: Vec<(&str, &[u8])> =
        many.iter().map(|(name, octets)| (name.as_str(), octets.as_slice())).collect();
    let refused = plan(&served, &template, "", archive(&files)).await;
    assert!(errors(&refused)[0].contains("5001 files"), "{}", refused.body);
    let without = archive(&[("s-1.png", &picture(1))]);
    assert!(errors(&plan(&served, &template, "", without).await)[0].contains("needs one"));
    let broken = plan(&served, &template, "", b"PK\x03\x04 and nothing behind it".to_vec()).await;
    assert!(errors(&broken)[0].contains("no ZIP archive"), "{}", broken.body);
    assert_eq!(cards(&served).await, Vec::<Value>::new());
    served.stop().await;
}
