//! Cards as those meet them who mean no good.
//!
//! What else they try stands beside what it is tried on: photos, archives, codes that are shown, phones that guess.

use std::io::{Cursor, Write};

use image::{ImageFormat, Rgb, RgbImage};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::cards::{anna, student};
use crate::support::{Answer, Phone, START, Served, answer};

const SCRIPT: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";

fn messages(served: &Served) -> Vec<mail_parser::Message<'static>> {
    let folder = served.dir.path().join("outbox");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let parse = |file| {
        let octets = std::fs::read(file).unwrap();
        mail_parser::MessageParser::default().parse(&octets).unwrap().into_owned()
    };
    files.into_iter().map(parse).collect()
}

async fn listed(served: &Served, template: &str, body: impl Into<Vec<u8>>) -> Answer {
    let url = format!("{}/v1/card-templates/{template}/imports?mode=add_only", served.base);
    let request = served.client.post(url).bearer_auth(&served.token).header("content-type", "text/csv");
    answer(request.body(body.into()).send().await.unwrap()).await
}

fn picture() -> Vec<u8> {
    let mut octets = Cursor::new(Vec::new());
    RgbImage::from_pixel(64, 64, Rgb([9, 0, 0])).write_to(&mut octets, ImageFormat::Png).unwrap();
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

fn errors(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|error| error["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_stands_on_a_card_is_text_in_every_mail_about_it() {
    for language in ["en", "de"] {
        let served = Served::start().await;
        served.patch("/v1/mail/settings", json!({ "language": language })).await.expect(StatusCode::OK);
        let person = json!({
            "first_name": SCRIPT, "last_name": SCRIPT, "email": "anna@x.example", "user_id": "4711",
        });
        let user = served.admin(Method::POST, "/v1/users", person).await.expect(StatusCode::CREATED);
        let template = served.template(json!({ "name": SCRIPT })).await;
        let card = json!({
            "template": template, "card_id": SCRIPT, "user": user["id"], "expires": "2026-10-21",
        });
        let card = served.card(card).await;
        served.invite_to_card(&card).await;
        served.manager.run_due().await.unwrap();
        served.clock.advance(3 * 86_400);
        served.manager.run_due().await.unwrap();
        let code = served.invite_to_card(&card).await;
        Phone::new(1).install(&served, &code, json!({})).await.expect(StatusCode::CREATED);
        for _ in 0..31 {
            served.clock.advance(86_400);
            served.manager.run_due().await.unwrap();
        }
        let path = format!("/v1/mails?card={card}&limit=100");
        let told = served.get(&path).await.expect(StatusCode::OK);
        let mut kinds: Vec<&str> = Vec::new();
        kinds.extend(told["mails"].as_array().unwrap().iter().map(|mail| mail["kind"].as_str().unwrap()));
        for kind in ["card_invitation", "card_invitation_reminder", "card_expiring", "card_expired"] {
            assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
        }
        let messages = messages(&served);
        assert!(messages.len() >= 4, "{}", messages.len());
        for message in messages {
            let html = message.body_html(0).unwrap();
            assert!(html.contains("&lt;script&gt;"), "{html}");
            assert!(!html.contains("<script") && !html.contains("<img src=x"), "{html}");
            assert!(!message.subject().unwrap().contains(['\r', '\n']));
        }
        served.stop().await;
    }
}

#[tokio::test]
async fn no_text_of_a_card_begins_a_line_of_its_own() {
    let served = Served::start().await;
    for broken in ["Staff\r\nBcc: eve@x.example", "Staff\nX", "Staff\u{0}", "Staff\u{1b}[2J"] {
        let named = served.admin(Method::POST, "/v1/card-templates", json!({ "name": broken })).await;
        named.problem(422, "card-template-invalid");
        let labelled = json!({ "name": "Staff", "front": [{ "key": "name", "label": broken }] });
        let labelled = served.admin(Method::POST, "/v1/card-templates", labelled).await;
        labelled.problem(422, "card-template-invalid");
    }
    let design = json!({ "name": "Staff", "front": [{ "key": "name", "label": "Name" }] });
    let template = served.template(design).await;
    let good = json!({ "template": template, "card_id": "1", "fields": { "name": "Anna" } });
    for broken in ["1\r\nBcc: eve@x.example", "1\nX", "1\u{0}", "1\u{1b}[2J"] {
        for place in ["/card_id", "/fields/name"] {
            let mut card = good.clone();
            *card.pointer_mut(place).unwrap() = json!(broken);
            served.admin(Method::POST, "/v1/cards", card).await.problem(422, "card-invalid");
        }
        let mut card = good.clone();
        card["email"] = json!(format!("{broken}@x.example"));
        served.admin(Method::POST, "/v1/cards", card).await.problem(422, "card-invalid");
    }
    // A quoted cell may have several lines.
    for list in ["Card ID,Name\n\"1\nX\",Anna\n", "Card ID,Name\n1,\"Anna\r\nBcc: eve@x.example\"\n"] {
        let refused = listed(&served, &template, list).await;
        assert_eq!(refused.body["errors"][0]["line"], 2, "{}", refused.body);
        refused.problem(422, "import-invalid");
    }
    served.stop().await;
}

#[tokio::test]
async fn an_archive_that_lies_about_its_sizes_is_not_unpacked_beyond_the_limit() {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Staff", "photo": { "rule": "optional" } })).await;
    let zeros = vec![0; 64 * 1024 * 1024];
    let mut zip = archive(&[("cards.csv", b"Card ID\nS-1\n"), ("s-1.png", &zeros)]);
    let real = u32::try_from(zeros.len()).unwrap().to_le_bytes();
    let places: Vec<usize> =
        zip.windows(4).enumerate().filter(|(_, size)| *size == real).map(|(place, _)| place).collect();
    assert_eq!(places.len(), 2, "once before the file and once in the directory");
    for place in places {
        zip[place..place + 4].copy_from_slice(&1000_u32.to_le_bytes());
    }
    let refused = listed(&served, &template, zip).await;
    assert!(errors(&refused)[0].starts_with("line 2: the photo \"s-1.png\": this"), "{}", refused.body);
    refused.problem(422, "import-invalid");
    served.stop().await;
}

#[tokio::test]
async fn a_small_archive_is_not_decoded_once_for_each_line() {
    let served = Served::start().await;
    let template = served.template(json!({ "name": "Staff", "photo": { "rule": "optional" } })).await;
    let list = "Card ID,Photo\nS-1,one.png\nS-2,ONE.png\none,\n";
    let refused =
        listed(&served, &template, archive(&[("cards.csv", list.as_bytes()), ("one.png", &picture())])).await;
    assert_eq!(
        errors(&refused),
        [
            "line 3, column 2: the photo \"one.png\" is already that of line 2",
            "line 4, column 2: the photo \"one.png\" is already that of line 2",
        ]
    );
    refused.problem(422, "import-invalid");
    served.stop().await;
}

#[tokio::test]
async fn strangers_are_not_told_which_cards_there_are() {
    let served = Served::start().await;
    let template = served.template(student()).await;
    let card = served.card(anna(&template)).await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    let tell = async |path: String| {
        let mut told = answer(served.fetch(&path).await).await;
        // The only thing that differs names the request.
        told.body.as_object_mut().unwrap().remove("instance");
        (told.status, told.body)
    };
    for route in ["", "/photo", "/waiting-photo"] {
        let known = tell(format!("/v1/cards/{card}{route}")).await;
        assert_eq!(known.0, StatusCode::UNAUTHORIZED);
        assert_eq!(known, tell(format!("/v1/cards/{nobody}{route}")).await);
        assert_eq!(known, tell(format!("/v1/cards/..%2F{route}")).await);
    }
    let known = tell(format!("/v1/card-templates/{template}")).await;
    assert_eq!(known, tell(format!("/v1/card-templates/{nobody}")).await);
    assert_eq!(tell("/v1/cards?search=anna".into()).await, tell("/v1/cards?search=eve".into()).await);
    served.stop().await;
}

#[tokio::test]
async fn an_identifier_of_another_card_is_as_wrong_as_one_of_none() {
    let served = Served::start().await;
    let template = served.template(student()).await;
    let first = served.card(anna(&template)).await;
    let mut other = anna(&template);
    (other["card_id"], other["unique_identifier"]) = (json!("S-4712"), json!("M 124"));
    served.card(other).await;
    let mut told: Vec<Value> = Vec::new();
    for identifier in ["M 124", "M 999"] {
        let code = served.invite_to_card(&first).await;
        let given = json!({
            "unique_identifier": identifier, "answers": ["Rex", "Weißenburg in Bayern"], "terms": "2026-10",
        });
        let mut answer = Phone::new(1).install(&served, &code, given).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        let body = answer.body.as_object_mut().unwrap();
        // What differs counts the tries, in a member and in the title, and names the request.
        assert_eq!(body.remove("tries_left"), Some(json!(4 - told.len())));
        body.remove("title");
        body.remove("instance");
        told.push(answer.body);
    }
    assert_eq!(told[0], told[1]);
    served.stop().await;
}

#[tokio::test]
async fn a_new_invitation_gives_whoever_guesses_no_new_tries() {
    let served = Served::start().await;
    served.import("Anna,Berg,anna@x.example,004711\n").await;
    let template = served.template(student()).await;
    let mut card = anna(&template);
    card["user"] = served.user_with("anna@x.example").await["id"].clone();
    let card = served.card(card).await;
    for _ in 0..2 {
        let code = served.invite_to_card(&card).await;
        for _ in 0..2 {
            Phone::new(1).install(&served, &code, json!({})).await.problem(403, "answers-wrong");
        }
    }
    // The invitation of the user asks for the same, and counts on.
    let code = served.invite("anna@x.example").await;
    let refused = Phone::new(2).install(&served, &code, json!({})).await;
    assert_eq!(refused.body["locked_until"], START.0 + 86_400);
    refused.problem(403, "card-locked");
    let code = served.invite_to_card(&card).await;
    Phone::new(3).install(&served, &code, json!({})).await.problem(403, "card-locked");
    served.stop().await;
}
