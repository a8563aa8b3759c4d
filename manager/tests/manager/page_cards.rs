//! Cards on the administrators' page, as a browser meets them, and as those do who mean no good.

use std::io::{Cursor, Write};

use image::{ImageFormat, Rgb, RgbImage};
use manager::domain::{NewProject, Role, project_id_text};
use reqwest::StatusCode;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::page::{Answered, Browser, SCRIPT, signed_in};
use crate::support::Served;

const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;";

/// A template with a photo.
async fn visitor(served: &Served) -> String {
    let design = json!({
        "name": "Visitor",
        "front": [{ "key": "name", "label": "Name", "required": true }],
        "photo": { "rule": "optional" },
    });
    served.template(design).await
}

async fn card(served: &Served, template: &str) -> String {
    let card = json!({ "template": template, "card_id": "V-1", "fields": { "name": "Anna" } });
    served.card(card).await
}

async fn kept(served: &Served, card: &str) -> Value {
    served.get(&format!("/v1/cards/{card}")).await.expect(StatusCode::OK)
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut octets = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb([9, 90, 90])).write_to(&mut octets, ImageFormat::Png).unwrap();
    octets.into_inner()
}

fn archive(name: &str, octets: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).unwrap();
    zip.write_all(octets).unwrap();
    zip.finish().unwrap().into_inner()
}

/// What a form of the designer brings.
fn design<'a>(act: &'a str, name: &'a str, label: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![("act", act), ("name", name), ("front-0-label", label), ("front-0-kind", "text")]
}

async fn set_photo(browser: &mut Browser, card: &str, photo: &[u8]) -> Answered {
    let here = format!("/cards/{card}");
    let sent = browser.upload((&here, &format!("{here}/photo")), &[], &[("photo", photo)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    browser.followed(sent).await
}

#[tokio::test]
async fn a_template_is_designed_and_approved_and_a_card_is_looked_at_before_it_is_kept() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Manager).await;
    // A button that adds a field shows the form again, and keeps nothing.
    let shown =
        browser.post("/templates/new", "/templates", &design("add:back", "Visitor", "Full name")).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(shown.text.contains("name=\"back-0-label\"") && shown.text.contains("value=\"full_name\""));
    assert!(browser.get("/templates").await.text.contains("There is no template yet"));
    let refused = browser.post("/templates/new", "/templates", &design("save", " ", "Name")).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("the name is empty"));

    let saved =
        browser.post("/templates/new", "/templates", &design("approve", "Visitor", "Full name")).await;
    let list = browser.followed(saved).await;
    assert!(
        list.text.contains("Approved: cards can be added now.") && list.text.contains("No card is here yet")
    );
    let templates = served.get("/v1/card-templates").await.expect(StatusCode::OK);
    let template = &templates["templates"][0];
    assert_eq!((&template["state"], &template["front"][0]["key"]), (&json!("approved"), &json!("full_name")));
    let template = template["id"].as_str().unwrap();

    let (new, add) = (format!("/templates/{template}/cards/new"), format!("/templates/{template}/cards"));
    let fields = [("act", "review"), ("card_id", " V-1 "), ("field:full_name", "Anna Berg")];
    let review = browser.post(&new, &add, &fields).await;
    assert_eq!(review.status, StatusCode::OK);
    assert!(review.text.contains("Nothing is kept yet.") && review.text.contains("Anna Berg"));
    assert_eq!(served.get("/v1/cards").await.expect(StatusCode::OK)["cards"], json!([]));
    let fields = [("act", "save"), ("card_id", " V-1 "), ("field:full_name", "Anna Berg")];
    let saved = browser.post(&new, &add, &fields).await;
    assert!(browser.followed(saved).await.text.contains("Card V-1 is added."));
    let cards = served.get("/v1/cards").await.expect(StatusCode::OK);
    assert_eq!(
        (&cards["cards"][0]["card_id"], &cards["cards"][0]["fields"]["full_name"]),
        (&json!("V-1"), &json!("Anna Berg"))
    );
    // The same number again is refused, at the review already.
    let again = browser.post(&new, &add, &[("act", "review"), ("card_id", "V-1")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("Another card has this card ID."));
    served.stop().await;
}

#[tokio::test]
async fn an_edit_of_a_card_or_a_draft_that_was_changed_meanwhile_is_refused() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Manager).await;
    let template = visitor(&served).await;
    let card = card(&served, &template).await;
    let here = format!("/cards/{card}");
    let page = browser.get(&here).await.text;
    let version = page.split_once("name=\"version\" value=\"").unwrap().1.split_once("\">").unwrap().0;
    let version = version.replace("&#34;", "\"");
    served
        .patch(&format!("/v1/cards/{card}"), json!({ "email": "a@x.example" }))
        .await
        .expect(StatusCode::OK);
    let fields = [("version", version.as_str()), ("card_id", "V-2"), ("field:name", "Bo")];
    let refused = browser.post(&here, &here, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("This was changed since it was looked at"));
    assert_eq!(kept(&served, &card).await["card_id"], "V-1");
    let late = browser.post(&here, "/templates", &design("save", "Draft", "Name")).await;
    let draft = late.headers["location"].to_str().unwrap().split_once("/admin").unwrap().1.to_owned();
    let fields = [design("save", "Other", "Name"), vec![("version", "\"0\"")]].concat();
    let refused = browser.post(&draft, &draft, &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.get("/templates").await.text.contains(">Draft</a>"));
    served.stop().await;
}

#[tokio::test]
async fn script_in_any_field_of_a_template_or_a_card_comes_out_as_text() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    let clean = |page: &Answered, of: &str| {
        assert!(!page.text.contains("<script>alert"), "{of}");
        assert!(page.text.contains(ESCAPED), "{of}: {}", page.text);
    };
    // In the designer, refused and saved, and in what a script puts into the page.
    let mut fields = design("save", SCRIPT, SCRIPT);
    fields.extend([
        ("back-0-label", SCRIPT),
        ("back-0-key", SCRIPT),
        ("terms_version", SCRIPT),
        ("terms_text", SCRIPT),
        ("rule", SCRIPT),
        ("at", SCRIPT),
        ("days", SCRIPT),
        ("time_zone", SCRIPT),
        ("source", SCRIPT),
        ("symbology", "qr"),
    ]);
    let refused = browser.post("/templates/new", "/templates", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    clean(&refused, "a template that is refused");
    clean(&browser.post("/templates/new", "/templates/preview", &fields).await, "the preview");
    let design = json!({
        "name": SCRIPT,
        "front": [{ "key": "a", "label": SCRIPT, "required": true }],
        "secondary": [{ "key": "b", "label": SCRIPT }],
        "back": [{ "key": "c", "label": SCRIPT }],
        "barcode": { "symbology": "qr", "source": "own" },
        "identity": { "unique_identifier": true, "questions": 1 },
        "terms": { "version": "1", "text": SCRIPT },
    });
    let template = served.template(design).await;
    let question = json!([{ "question": SCRIPT, "answer": "Rex" }]);
    let card = json!({
        "template": template, "card_id": SCRIPT, "fields": { "a": SCRIPT, "b": SCRIPT, "c": SCRIPT },
        "barcode_value": SCRIPT, "unique_identifier": SCRIPT, "questions": question,
    });
    let card = served.card(card).await;
    let search: String = form_urlencoded::byte_serialize(SCRIPT.as_bytes()).collect();
    let here = format!("/cards/{card}");
    for path in [
        "/templates",
        &format!("/templates/{template}"),
        &format!("/templates/new?from={template}"),
        &format!("/templates/{template}/cards"),
        &format!("/templates/{template}/cards?search={search}"),
        &format!("/templates/{template}/cards/new"),
        &format!("/templates/{template}/import"),
        &here,
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        clean(&page, path);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'") && !policy.contains("unsafe"));
        assert!(!page.text.contains(" style=") && !page.text.contains(" onclick="), "{path}");
    }
    // In the forms of cards, where they are refused, reviewed and said.
    let all = [
        ("card_id", SCRIPT),
        ("field:a", SCRIPT),
        ("field:b", SCRIPT),
        ("field:c", SCRIPT),
        ("barcode_value", SCRIPT),
        ("unique_identifier", SCRIPT),
        ("question-0", SCRIPT),
        ("answer-0", SCRIPT),
        ("expires", SCRIPT),
        ("time_zone", SCRIPT),
        ("email", SCRIPT),
        ("user", SCRIPT),
    ];
    let (new, add) = (format!("/templates/{template}/cards/new"), format!("/templates/{template}/cards"));
    let refused = browser.post(&new, &add, &all).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.matches(ESCAPED).count() >= all.len(), "{}", refused.text);
    clean(&refused, "a card that is refused");
    let good = |name: &str| {
        !["card_id", "unique_identifier", "expires", "time_zone", "email", "user"].contains(&name)
    };
    let mut fields: Vec<_> = all.into_iter().filter(|(name, _)| good(name)).collect();
    fields.extend([("card_id", "<script>alert(1)</script>2"), ("unique_identifier", "2"), ("act", "review")]);
    clean(&browser.post(&new, &add, &fields).await, "a card that is reviewed");
    fields.pop();
    fields.push(("act", "save"));
    let saved = browser.post(&new, &add, &fields).await;
    clean(&browser.followed(saved).await, "a card that is kept");
    clean(&browser.post(&here, &here, &all).await, "an edit that is refused");
    // In the cells of a list, right and wrong, and in the columns that somebody names.
    let plain = visitor(&served).await;
    let of = format!("/templates/{plain}/import");
    let cell = "<script>alert(1)</script>";
    for (list, mapped) in [
        (format!("card_id,name\n{cell},{cell}\n"), ""),
        (format!("card_id,name\n{cell},x\n{cell},y\n"), ""),
        (format!("card_id,{cell}\n1,x\n"), cell),
        ("card_id,name\n1,x\n".to_owned(), cell),
    ] {
        let mapping = [("map:field:name", mapped)];
        let files = [("file", list.as_bytes())];
        let sent = browser.upload((&of, &format!("{of}/plan")), &mapping, &files).await;
        clean(&browser.followed(sent).await, &list);
    }
    served.stop().await;
}

#[tokio::test]
async fn a_photo_of_the_form_is_judged_before_it_is_decoded_and_shown_to_nobody_else() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Manager).await;
    let template = visitor(&served).await;
    let card = card(&served, &template).await;
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    let disguised = [b"\xFF\xD8\xFF\xE0".as_slice(), svg].concat();
    // A PNG of a few octets that says it is 50,000 by 50,000.
    let mut bomb = picture(64, 64);
    bomb[16..24].copy_from_slice(&[0, 0, 0xC3, 0x50, 0, 0, 0xC3, 0x50]);
    for (photo, said) in [
        (svg.as_slice(), "neither a JPEG"),
        (b"<html><script>alert(1)</script>".as_slice(), "neither a JPEG"),
        (&disguised, "damaged"),
        (&bomb, "The photo is not taken"),
        (&vec![0_u8; 8 * 1024 * 1024 + 1], "may have 8388608"),
        (b"".as_slice(), "Choose a photo first."),
    ] {
        let page = set_photo(&mut browser, &card, photo).await;
        assert!(page.text.contains(said), "{said}");
        assert_eq!(kept(&served, &card).await["photo"]["shown"], Value::Null, "{said}");
    }
    let here = format!("/cards/{card}");
    let beyond = vec![0_u8; 9 * 1024 * 1024];
    let refused = browser.upload((&here, &format!("{here}/photo")), &[], &[("photo", &beyond)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(set_photo(&mut browser, &card, &picture(64, 80)).await.text.contains("The photo is set"));
    let photo = browser.get(&format!("{here}/photo")).await;
    assert_eq!(
        (photo.status, &photo.headers["content-type"]),
        (StatusCode::OK, &"image/jpeg".parse().unwrap())
    );
    assert_eq!(photo.headers["x-content-type-options"], "nosniff");
    assert_eq!(photo.headers["cache-control"], "no-store");
    let stranger = Browser::new(&served).get(&format!("{here}/photo")).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER);
    served.stop().await;
}

#[tokio::test]
async fn bombs_and_names_that_point_elsewhere_are_refused_by_the_form_of_lists() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Manager).await;
    let template = visitor(&served).await;
    let (of, path) = (format!("/templates/{template}/import"), format!("/templates/{template}/import/plan"));
    let list: &[u8] = b"card_id,name\nV-1,Anna\n";
    let mut bomb = picture(64, 64);
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let svg: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>";
    for (name, octets, said) in [
        ("v-1.png", svg, "neither a JPEG"),
        ("v-1.png", &bomb, "photo"),
        ("v-1.png", &vec![0_u8; 9 * 1024 * 1024], "may have 8388608"),
        ("../../v-1.png", &picture(64, 64), "points out of the archive"),
    ] {
        let zip = archive(name, octets);
        assert!(zip.len() < 64 * 1024, "a bomb is small");
        let refused = browser.upload((&of, &path), &[], &[("file", list), ("photos", &zip)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(refused.text.contains(said), "{said}: {}", refused.text);
    }
    let refused = browser.upload((&of, &path), &[], &[("photos", list)]).await;
    assert!(refused.text.contains("Choose a file first."));
    assert_eq!(served.get("/v1/cards").await.expect(StatusCode::OK)["cards"], json!([]));
    served.stop().await;
}

#[tokio::test]
async fn a_form_of_cards_from_elsewhere_or_without_its_token_does_nothing() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    let template = visitor(&served).await;
    let card = card(&served, &template).await;
    let before = kept(&served, &card).await;
    let token = browser.form_token("/templates").await;
    let paths = [
        "/templates".to_owned(),
        "/templates/preview".to_owned(),
        format!("/templates/{template}"),
        format!("/templates/{template}/remove"),
        format!("/templates/{template}/cards"),
        format!("/templates/{template}/import/plan"),
        "/cards/acts".to_owned(),
        format!("/cards/{card}"),
        format!("/cards/{card}/photo"),
        format!("/cards/{card}/invite"),
        format!("/cards/{card}/archive"),
        format!("/card-imports/{card}/apply"),
        format!("/card-imports/{card}/undo"),
    ];
    let fields = [
        ("act", "save"),
        ("name", "Forged"),
        ("card_id", "V-9"),
        ("field:name", "X"),
        ("card", card.as_str()),
    ];
    for path in paths {
        for (site, token) in [("cross-site", token.as_str()), ("same-site", token.as_str())] {
            let all = [&fields[..], &[("form_token", token)]].concat();
            let answer = browser.post_with(&path, site, &all).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {site}");
        }
        // What takes files has no fields to look at in such a form.
        if !path.ends_with("/photo") && !path.ends_with("/plan") {
            let all = [&fields[..], &[("form_token", &token[1..])]].concat();
            let answer = browser.post_with(&path, "same-origin", &all).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
    let (of, path) = (format!("/cards/{card}"), format!("/cards/{card}/photo"));
    let forged =
        browser.upload((&of, &path), &[("form_token", "forged")], &[("photo", &picture(64, 64))]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(kept(&served, &card).await, before);
    let cards = served.get("/v1/cards").await.expect(StatusCode::OK);
    assert_eq!(cards["cards"].as_array().unwrap().len(), 1);
    served.stop().await;
}

#[tokio::test]
async fn cards_of_another_project_are_unknown_here() {
    let mut served = Served::start().await;
    let template = visitor(&served).await;
    let card = card(&served, &template).await;
    served.put_octets(&format!("/v1/cards/{card}/photo"), picture(64, 64)).await.expect(StatusCode::OK);
    // An administrator of another project only, at that project's page.
    let annex = NewProject { public_url: String::new(), ..NewProject::named("Annex") };
    let (annex, _) = served.manager.add_project(&annex).await.unwrap();
    let id = project_id_text(annex.project().id);
    let first = (served.base.clone(), served.manager.clone());
    (served.base, served.manager) = (format!("{}/p/{id}", first.0), annex);
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    for path in [
        format!("/cards/{card}"),
        format!("/cards/{card}/photo"),
        format!("/templates/{template}"),
        format!("/templates/{template}/cards"),
        format!("/templates/{template}/cards/new"),
        format!("/templates/{template}/import"),
    ] {
        let answer = browser.get(&path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(!answer.text.contains("Visitor") && !answer.text.contains("Anna"), "{path}");
    }
    let added = [("act", "save"), ("card_id", "V-9"), ("field:name", "X")];
    for (path, fields) in [
        (format!("/cards/{card}"), &added[..]),
        (format!("/cards/{card}/archive"), &[]),
        (format!("/cards/{card}/invite"), &[]),
        (format!("/templates/{template}/cards"), &added[..]),
        (format!("/templates/{template}/remove"), &[]),
    ] {
        assert_eq!(browser.post("/templates", &path, fields).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let sent = browser.post("/templates", "/cards/acts", &[("act", "archive"), ("card", &card)]).await;
    assert!(
        browser.get("/templates").await.text.contains("Not done:") && sent.status == StatusCode::SEE_OTHER
    );
    // The session is good for that project alone.
    (served.base, served.manager) = first;
    browser.base = format!("{}/admin", served.base);
    assert_eq!(browser.get(&format!("/cards/{card}")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(kept(&served, &card).await["status"], "inactive");
    served.stop().await;
}

#[tokio::test]
async fn a_viewer_sees_cards_and_does_not_act() {
    let served = Served::start().await;
    let template = visitor(&served).await;
    let card = card(&served, &template).await;
    let draft = served
        .admin(reqwest::Method::POST, "/v1/card-templates", json!({ "name": "Draft" }))
        .await
        .expect(StatusCode::CREATED);
    let draft = draft["id"].as_str().unwrap();
    let (mut viewer, _) = signed_in(&served, Role::Viewer).await;
    for path in [
        "/templates".to_owned(),
        format!("/templates/{template}"),
        format!("/templates/{draft}"),
        format!("/templates/{template}/cards"),
        format!("/cards/{card}"),
    ] {
        let page = viewer.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains("/invite\"") && !page.text.contains("/cards/acts"), "{path}");
        assert!(!page.text.contains("id=\"designer\"") && !page.text.contains("name=\"version\""), "{path}");
    }
    for path in [
        "/templates/new".to_owned(),
        format!("/templates/{template}/cards/new"),
        format!("/templates/{template}/import"),
    ] {
        assert_eq!(viewer.get(&path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in [
        "/templates".to_owned(),
        format!("/templates/{draft}"),
        format!("/templates/{draft}/remove"),
        format!("/templates/{template}/cards"),
        "/cards/acts".to_owned(),
        format!("/cards/{card}"),
        format!("/cards/{card}/invite"),
        format!("/cards/{card}/archive"),
        format!("/card-imports/{card}/apply"),
    ] {
        assert_eq!(viewer.post("/templates", &path, &[]).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let (of, path) = (format!("/cards/{card}"), format!("/cards/{card}/photo"));
    let refused = viewer.upload((&of, &path), &[], &[("photo", &picture(64, 64))]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(kept(&served, &card).await["status"], "inactive");
    // Somebody who is not signed in sees none of it.
    let mut stranger = Browser::new(&served);
    for path in ["/templates".to_owned(), format!("/templates/{template}/cards"), format!("/cards/{card}")] {
        let answer = stranger.get(&path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(!answer.text.contains("Visitor"), "{path}");
    }
    served.stop().await;
}
