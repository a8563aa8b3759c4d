//! Readers on the administrators' page: enrolled by their public key, with what goes back to them.

use manager::domain::{OutputFormat, Presence, ReaderId, Role, hex};
use reqwest::StatusCode;

use crate::page::{Answered, Browser, SCRIPT, between, signed_in};
use crate::support::{Phone, Served};

/// The compressed public key of a reader.
fn key(number: u8) -> Vec<u8> {
    Phone::new(number).public_key().0.to_vec()
}

/// Sends the form with a file.
async fn enrol(
    browser: &mut Browser,
    site: &str,
    token: &str,
    file: &[u8],
    fields: &[(&str, &str)],
) -> Answered {
    let mut body = Vec::new();
    for (name, value) in [("form_token", token)].iter().chain(fields) {
        body.extend(
            format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                .into_bytes(),
        );
    }
    body.extend(b"--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"front.key\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--cut--\r\n");
    let request = browser.client.post(format!("{}/readers", browser.base)).header("sec-fetch-site", site);
    let request = request.header("content-type", "multipart/form-data; boundary=cut").body(body);
    browser.sent(request).await
}

#[tokio::test]
async fn a_reader_is_enrolled_by_its_key_and_gets_its_configuration() {
    let served = Served::start().await;
    let (mut manager, _) = signed_in(&served, Role::Manager).await;
    let token = manager.form_token("/readers/new").await;
    let fields = [("name", SCRIPT), ("place", SCRIPT), ("presence", "unlocked"), ("output", "text")];
    let done = enrol(&mut manager, "same-origin", &token, &key(1), &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    for path in ["/readers", "/readers/1"] {
        let page = manager.get(path).await;
        assert!(page.status == StatusCode::OK && !page.text.contains("<script>alert"), "{path}");
        assert!(page.text.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{path}");
    }
    let file = manager.post("/readers/1", "/readers/1/configuration", &[]).await;
    assert_eq!(file.status, StatusCode::OK);
    assert_eq!(file.headers["content-type"], "application/octet-stream");
    assert!(file.headers["content-disposition"].to_str().unwrap().starts_with("attachment; filename="));
    assert!(!file.text.is_empty());
    // The same key twice, one that is none, and one that is typed.
    let typed = hex(&key(2));
    let mut fields = vec![("name", "Back"), ("output", "wiegand"), ("bits", "26"), ("facility_bits", "8")];
    fields.extend([("facility_code", "17"), ("number", "decimal"), ("parity", "even_odd")]);
    for (file, reason) in
        [(&[4_u8; 33][..], "not a point of P-256"), (b"<svg onload=alert(1)>", "no public key")]
    {
        let refused = enrol(&mut manager, "same-origin", &token, file, &fields).await;
        assert!(
            refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains(reason),
            "{reason}"
        );
        assert!(refused.text.contains("value=\"Back\"") && !refused.text.contains("<svg onload"));
    }
    fields.push(("public_key", &typed));
    let done = enrol(&mut manager, "same-origin", &token, b"", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let OutputFormat::Wiegand(frame) = served.manager.reader(ReaderId(2)).await.unwrap().output else {
        panic!("a frame")
    };
    assert_eq!((frame.bits, frame.facility_code), (26, 17));
    served.stop().await;
}

#[tokio::test]
async fn what_is_set_about_a_reader_is_changed_once_and_not_over_another_change() {
    let served = Served::start().await;
    let (mut manager, _) = signed_in(&served, Role::Manager).await;
    let token = manager.form_token("/readers/new").await;
    enrol(&mut manager, "same-origin", &token, &key(1), &[("name", "Front"), ("output", "text")]).await;
    let page = manager.get("/readers/1").await.text;
    let version = between(&page, "name=\"version\" value=\"", "\"").replace("&#34;", "\"");
    let fields =
        [("version", version.as_str()), ("name", "Main"), ("presence", "verified"), ("output", "text")];
    assert_eq!(manager.post("/readers", "/readers/1", &fields).await.status, StatusCode::SEE_OTHER);
    let reader = served.manager.reader(ReaderId(1)).await.unwrap();
    assert_eq!((reader.name.as_str(), reader.presence), ("Main", Presence::Verified));
    let again = manager.post("/readers", "/readers/1", &fields).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("This was changed since it was looked at"), "{}", again.text);
    served.stop().await;
}

#[tokio::test]
async fn who_may_not_keep_readers_enrols_none() {
    let served = Served::start().await;
    let (mut viewer, _) = signed_in(&served, Role::Viewer).await;
    assert_eq!(viewer.get("/readers/new").await.status, StatusCode::FORBIDDEN);
    let token = viewer.form_token("/readers").await;
    let fields = [("name", "Front"), ("output", "text")];
    assert_eq!(
        enrol(&mut viewer, "same-origin", &token, &key(1), &fields).await.status,
        StatusCode::FORBIDDEN
    );
    for path in ["/readers/1", "/readers/1/configuration"] {
        assert_eq!(viewer.post("/readers", path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let (mut manager, _) = signed_in(&served, Role::Manager).await;
    let token = manager.form_token("/readers").await;
    for (site, token) in [("cross-site", token.as_str()), ("same-origin", "forged")] {
        assert_eq!(enrol(&mut manager, site, token, &key(1), &fields).await.status, StatusCode::FORBIDDEN);
    }
    assert!(served.manager.readers(ReaderId(0), 1).await.unwrap().is_empty());
    served.stop().await;
}
