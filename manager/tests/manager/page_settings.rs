//! The settings on the administrators' page: who sees and changes what, and what a form may not do.

use manager::domain::{Actor, Expected, Role};
use manager::mail::{Language, MailKind};
use manager::{NewWebhook, WebhookEdit};
use reqwest::StatusCode;
use serde_json::Value;

use crate::page::{Browser, PASSWORD, SCRIPT, between, code, signed_in};
use crate::support::Served;

const ESCAPED: &str = "&#60;script&#62;alert(1)&#60;/script&#62;";
/// What everybody who may see the settings may see, and what owners keep.
const SEEN: [&str; 6] = [
    "/settings",
    "/settings/mail",
    "/settings/mail/texts/invitation/en",
    "/settings/mail/texts/invitation/en/preview",
    "/settings/alerts",
    "/settings/keys",
];
const KEPT: [&str; 3] = ["/settings/administrators", "/settings/tokens", "/settings/webhooks"];
/// The forms that only an owner may send.
const FORMS: [&str; 15] = [
    "/settings",
    "/settings/mail",
    "/settings/mail/test",
    "/settings/mail/texts/invitation/en",
    "/settings/mail/texts/invitation/en/reset",
    "/settings/alerts",
    "/settings/alerts/remove",
    "/settings/keys",
    "/settings/keys/0/retire",
    "/settings/administrators",
    "/settings/tokens",
    "/settings/webhooks",
    "/settings/webhooks/01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10/remove",
    "/settings/administrators/01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10/link",
    "/settings/tokens/01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10/revoke",
];

/// What stands in the first field of this name.
fn value(page: &str, name: &str) -> String {
    between(page, &format!("name=\"{name}\" value=\""), "\"").replace("&#34;", "\"")
}

#[tokio::test]
async fn everybody_sees_the_settings_and_owners_change_them() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let (mut manager, _) = signed_in(&served, Role::Manager).await;
    let (mut viewer, _) = signed_in(&served, Role::Viewer).await;
    for path in SEEN {
        for browser in [&mut owner, &mut manager, &mut viewer] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        }
    }
    for path in KEPT {
        assert_eq!(owner.get(path).await.status, StatusCode::OK, "{path}");
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(manager.get("/settings/webhooks").await.status, StatusCode::FORBIDDEN);
    let page = manager.get("/settings/administrators").await;
    assert!(page.status == StatusCode::OK && !page.text.contains("make a sign-in link"));
    for path in FORMS {
        for browser in [&mut manager, &mut viewer] {
            let answer = browser.post("/settings", path, &[("name", "X"), ("role", "owner")]).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        }
        let forged = owner.post_with(path, "cross-site", &[("name", "X")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{path}");
        let forged = owner.post_with(path, "same-origin", &[("name", "X"), ("form_token", "x")]).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut stranger = Browser::new(&served);
    for path in SEEN.iter().chain(&KEPT) {
        assert_eq!(stranger.get(path).await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(served.manager.settings().await.unwrap().name, served.manager.project().name);
    served.stop().await;
}

#[tokio::test]
async fn lives_are_set_and_what_is_not_allowed_stays_in_the_form() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let page = owner.get("/settings").await.text;
    let (version, url) = (value(&page, "version"), value(&page, "public_url"));
    let form = |version: &str, life: &str, unit: &str| {
        vec![
            ("version".to_owned(), version.to_owned()),
            ("name".to_owned(), SCRIPT.to_owned()),
            ("time_zone".to_owned(), "Europe/Berlin".to_owned()),
            ("public_url".to_owned(), url.clone()),
            ("invitation_life".to_owned(), life.to_owned()),
            ("invitation_unit".to_owned(), unit.to_owned()),
            ("credential_life".to_owned(), "3".to_owned()),
            ("credential_unit".to_owned(), "days".to_owned()),
            ("after_days".to_owned(), "5".to_owned()),
            ("when_expired".to_owned(), "yes".to_owned()),
        ]
    };
    let fields = |form: &[(String, String)]| form.to_vec();
    for (life, unit) in [("30", "seconds"), ("367", "days"), ("x", "hours"), ("", "days")] {
        let form = fields(&form(&version, life, unit));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let refused = owner.post("/settings", "/settings", &form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{life} {unit}");
        assert!(refused.text.contains(ESCAPED) && !refused.text.contains("<script>alert"));
        assert!(refused.text.contains(&format!("value=\"{life}\"")), "what was typed stays");
    }
    let form = fields(&form(&version, "36", "hours"));
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(owner.post("/settings", "/settings", &form).await.status, StatusCode::SEE_OTHER);
    let project = served.manager.settings().await.unwrap();
    assert_eq!((project.invitation_life_s, project.credential_life_s), (36 * 3600, 3 * 24 * 3600));
    assert_eq!((project.reminders.after_days, project.reminders.before_expiry_hours), (Some(5), None));
    assert!(project.reminders.when_expired && !project.reminders.when_card_expired);
    // The same form once more is one for settings that are no longer there.
    let again = owner.post("/settings", "/settings", &form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text.contains("This was changed since it was looked at"), "{}", again.text);
    // The name stands on every page, as text.
    assert!(!owner.get("/settings/keys").await.text.contains("<script>alert"));
    served.stop().await;
}

#[tokio::test]
async fn a_text_of_mail_is_tried_in_a_frame_that_can_do_nothing() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let path = "/settings/mail/texts/invitation/en";
    let page = owner.get(path).await.text;
    assert!(
        page.contains("<code>{{ first_name }}</code>") && page.contains("<code>{{ qr }}</code>"),
        "{page}"
    );
    let version = value(&page, "version");
    let plain = "{{ link }} {{ code }} <script>alert(1)</script>";
    let html = "<script>alert(1)</script><p>{{ first_name }} {{ link }} {{ code }}</p>{{ qr }}";
    let text = [("version", version.as_str()), ("subject", SCRIPT), ("plain", plain), ("html", html)];
    let shown = owner.post(path, &format!("{path}/preview"), &text).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
    let policy = shown.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert!(policy.contains("frame-ancestors 'self'") && shown.headers["x-frame-options"] == "SAMEORIGIN");
    assert!(!shown.text.contains("<script>alert"), "{}", shown.text);
    assert!(shown.text.contains("data:image/png;base64,"), "the QR code is in it");
    assert!(shown.text.contains("sandbox srcdoc=\"&#60;!DOCTYPE html&#62;"), "{}", shown.text);
    // Nothing of it was kept.
    let (kind, language) = (MailKind::Invitation, Language::En);
    assert!(!served.manager.mail_text(kind, language).await.unwrap().own);
    // What the mail would be useless without is demanded, and what was typed stays.
    let bad = [("version", version.as_str()), ("subject", "S"), ("plain", "{{ nothing }}"), ("html", html)];
    let shown = owner.post(path, &format!("{path}/preview"), &bad).await;
    assert!(shown.text.contains("a placeholder that this kind of mail does not have"), "{}", shown.text);
    let refused = owner.post(path, path, &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("{{ nothing }}") && !refused.text.contains("<script>alert"));
    // A text may say what it likes; the page shows it as text, and the standard one comes back.
    assert_eq!(owner.post(path, path, &text).await.status, StatusCode::SEE_OTHER);
    assert_eq!(served.manager.mail_text(kind, language).await.unwrap().plain, plain);
    for shown in [path.to_owned(), format!("{path}/preview"), "/settings/mail".to_owned()] {
        assert!(!owner.get(&shown).await.text.contains("<script>alert"), "{shown}");
    }
    assert_eq!(owner.post(path, &format!("{path}/reset"), &[]).await.status, StatusCode::SEE_OTHER);
    assert!(!served.manager.mail_text(kind, language).await.unwrap().own);
    assert_eq!(owner.get("/settings/mail/texts/nothing/en").await.status, StatusCode::NOT_FOUND);
    served.stop().await;
}

#[tokio::test]
async fn mail_settings_that_are_not_touched_stay_as_the_installation_has_them() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let before = served.manager.mail_settings().await.unwrap();
    let page = owner.get("/settings/mail").await.text;
    let per_minute = before.per_minute.to_string();
    let version = value(&page, "version");
    let mut form = vec![
        ("version", version.as_str()),
        ("from_address", before.from_address.as_str()),
        ("from_name", before.from_name.as_str()),
        ("language", "de"),
        ("per_minute", per_minute.as_str()),
        ("smtp_url", "smtps://doors@mail.example:465"),
        ("smtp_password", "a secret of a server"),
    ];
    assert_eq!(owner.post("/settings", "/settings/mail", &form).await.status, StatusCode::SEE_OTHER);
    let set = served.manager.mail_settings().await.unwrap();
    assert_eq!((set.language, set.has_smtp_password), (Language::De, true));
    let page = owner.get("/settings/mail").await.text;
    assert!(!page.contains("a secret of a server") && page.contains("smtps://doors@mail.example:465"));
    form.truncate(5);
    let version = value(&page, "version");
    form[0] = ("version", version.as_str());
    form[4] = ("per_minute", "many");
    let refused = owner.post("/settings", "/settings/mail", &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let refused = owner.post("/settings", "/settings/mail/test", &[("address", "foo@")]).await;
    assert_eq!(refused.status, StatusCode::SEE_OTHER);
    assert!(owner.get("/settings/mail").await.text.contains("is not an address that mail can be sent to"));
    let sent = owner.post("/settings", "/settings/mail/test", &[("address", "anna@x.example")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    assert!(owner.get("/settings/mail").await.text.contains("anna@x.example"));
    served.stop().await;
}

#[tokio::test]
async fn several_people_are_told_of_alerts_and_none_has_to_be() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    assert!(owner.get("/settings/alerts").await.text.contains("Nobody is told yet"));
    for (address, status) in [
        ("one@x.example", StatusCode::SEE_OTHER),
        ("two@x.example", StatusCode::SEE_OTHER),
        (SCRIPT, StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer =
            owner.post("/settings", "/settings/alerts", &[("address", address), ("language", "de")]).await;
        assert_eq!(answer.status, status);
        assert!(!answer.text.contains("<script>alert"));
    }
    assert_eq!(served.manager.alert_recipients().await.unwrap().len(), 2);
    for address in ["one@x.example", "two@x.example", "two@x.example"] {
        owner.post("/settings", "/settings/alerts/remove", &[("address", address)]).await;
    }
    assert!(owner.get("/settings/alerts").await.text.contains("Nobody of this address is told of alerts."));
    assert!(served.manager.alert_recipients().await.unwrap().is_empty());
    served.stop().await;
}

#[tokio::test]
async fn an_issuer_key_is_made_signs_and_the_one_before_ends() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    assert_eq!(owner.post("/settings", "/settings/keys", &[]).await.status, StatusCode::SEE_OTHER);
    let page = owner.get("/settings/keys").await.text;
    assert!(
        page.contains("Key 1") && page.contains(">prepared<") && !page.contains("Make a new key"),
        "{page}"
    );
    owner.post("/settings", "/settings/keys/1/activate", &[]).await;
    owner.post("/settings", "/settings/keys/0/retire", &[]).await;
    let states: Vec<&str> =
        served.manager.issuer_key_list().await.unwrap().iter().map(|key| key.state.name()).collect();
    assert_eq!(states, ["retired", "active"]);
    // The one that signs does not end.
    owner.post("/settings", "/settings/keys/1/retire", &[]).await;
    assert!(owner.get("/settings/keys").await.text.contains("This needs an issuer key that is"));
    served.stop().await;
}

#[tokio::test]
async fn an_administrator_is_added_with_a_link_that_is_shown_once() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let fields = [("name", SCRIPT), ("email", "new@x.example"), ("role", "manager")];
    let added = owner.post("/settings", "/settings/administrators", &fields).await;
    assert_eq!(added.status, StatusCode::OK, "{}", added.text);
    assert!(added.text.contains(ESCAPED) && !added.text.contains("<script>alert"));
    let link = between(&added.text, "data-once>", "<");
    let link_code = link.split_once("/admin/enrol#").unwrap().1.to_owned();
    let known = served.manager.find_administrator("new@x.example").await.unwrap();
    let path = format!("/settings/administrators/{}", known.id);
    for shown in ["/settings/administrators", &path] {
        let page = owner.get(shown).await.text;
        assert!(page.contains(ESCAPED) && !page.contains(&link_code) && !page.contains("<script>alert"));
    }
    // Whoever has the link is that administrator.
    let mut newcomer = Browser::new(&served);
    let fields =
        [("code", link_code.as_str()), ("name", "New"), ("email", "new@x.example"), ("password", PASSWORD)];
    let asked = newcomer.post("/enrol", "/enrol/password", &fields).await;
    let secret = between(&asked.text, "<code class=\"secret\">", "</code>");
    let ceremony = between(&asked.text, "name=\"ceremony\" value=\"", "\"");
    let fields = [("ceremony", ceremony.as_str()), ("code", &code(&secret))];
    assert_eq!(newcomer.post("/enrol", "/enrol/password/code", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(newcomer.get("/settings/administrators").await.status, StatusCode::OK);
    // Another role holds from the next request on, and removing ends it.
    let version = value(&owner.get(&path).await.text, "version");
    let fields =
        [("version", version.as_str()), ("name", "New"), ("email", "new@x.example"), ("role", "viewer")];
    assert_eq!(owner.post("/settings", &path, &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(newcomer.get("/settings/administrators").await.status, StatusCode::FORBIDDEN);
    assert_eq!(owner.post("/settings", &format!("{path}/remove"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_ne!(newcomer.get("/settings").await.status, StatusCode::OK);
    // A second administrator with the address of the first is refused, with what was typed.
    let fields = [("name", "Twin"), ("email", "owner@x.example"), ("role", "viewer")];
    let refused = owner.post("/settings", "/settings/administrators", &fields).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && refused.text.contains("value=\"Twin\""));
    served.stop().await;
}

#[tokio::test]
async fn a_token_is_shown_once_and_is_good_for_what_was_ticked() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let me = served.manager.find_administrator("owner@x.example").await.unwrap().id.to_string();
    let none = [("name", SCRIPT), ("administrator", me.as_str()), ("days", "30")];
    let refused = owner.post("/settings", "/settings/tokens", &none).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("A token needs at least one scope.") && !refused.text.contains("<script>alert")
    );
    let fields = [("name", SCRIPT), ("administrator", me.as_str()), ("days", "30"), ("scope", "users:read")];
    let made = owner.post("/settings", "/settings/tokens", &fields).await;
    assert!(made.status == StatusCode::OK && !made.text.contains("<script>alert"), "{}", made.text);
    let secret = between(&made.text, "data-once>", "<");
    let page = owner.get("/settings/tokens").await.text;
    assert!(page.contains(ESCAPED) && !page.contains(&secret) && !page.contains("<script>alert"));
    let ask = |path: &str| served.client.get(format!("{}{path}", served.base)).bearer_auth(&secret).send();
    assert_eq!(ask("/v1/users").await.unwrap().status(), StatusCode::OK);
    assert_eq!(ask("/v1/settings").await.unwrap().status(), StatusCode::FORBIDDEN);
    let token = between(&page, "/settings/tokens/", "/revoke");
    let path = format!("/settings/tokens/{token}/revoke");
    assert_eq!(owner.post("/settings", &path, &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(ask("/v1/users").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    served.stop().await;
}

#[tokio::test]
async fn a_webhook_is_added_and_its_secret_is_exchanged() {
    let served = Served::start().await;
    let (mut owner, _) = signed_in(&served, Role::Owner).await;
    let fields = [("url", "ftp://x"), ("description", SCRIPT)];
    let refused = owner.post("/settings", "/settings/webhooks", &fields).await;
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && !refused.text.contains("<script>alert"));
    let fields = [("url", "https://x.example/h"), ("description", SCRIPT), ("event", "user.added")];
    let added = owner.post("/settings", "/settings/webhooks", &fields).await;
    let first = between(&added.text, "data-once>", "<");
    let hook = served.manager.webhooks().await.unwrap().remove(0);
    assert!(first.starts_with("whsec_") && hook.events == ["user.added"]);
    let path = format!("/settings/webhooks/{}", hook.id);
    let page = owner.get(&path).await.text;
    assert!(page.contains(ESCAPED) && !page.contains("<script>alert") && !page.contains(&first));
    assert_eq!(page.matches(" checked").count(), 1, "the event that is chosen");
    let second =
        between(&owner.post("/settings", &format!("{path}/secret"), &[]).await.text, "data-once>", "<");
    assert!(second.starts_with("whsec_") && second != first);
    owner.post("/settings", &format!("{path}/test"), &[]).await;
    assert!(owner.get(&path).await.text.contains("webhook.test"));
    owner.post("/settings", &format!("{path}/off"), &[]).await;
    assert!(owner.get(&path).await.text.contains("turned off"), "what waited is given up");
    owner.post("/settings", &format!("{path}/on"), &[]).await;
    let version = value(&owner.get(&path).await.text, "version");
    let fields = [("version", version.as_str()), ("url", "https://y.example/h"), ("description", "")];
    assert_eq!(owner.post("/settings", &path, &fields).await.status, StatusCode::SEE_OTHER);
    let hook = served.manager.webhook(hook.id).await.unwrap();
    assert_eq!((hook.url.as_str(), hook.events.as_slice()), ("https://y.example/h", ["all"].as_slice()));
    owner.post("/settings", &format!("{path}/remove"), &[]).await;
    assert!(served.manager.webhooks().await.unwrap().is_empty());
    served.stop().await;
}

#[tokio::test]
async fn what_the_page_does_the_api_does() {
    let served = Served::start().await;
    let new = NewWebhook { url: "https://x.example/h".to_owned(), ..NewWebhook::default() };
    let (hook, first) = served.manager.add_webhook(Actor::Operator, &new).await.unwrap();
    let post = |path: String| served.client.post(format!("{}{path}", served.base)).bearer_auth(&served.token);
    let exchanged: Value =
        post(format!("/v1/webhooks/{}/secret", hook.id)).send().await.unwrap().json().await.unwrap();
    assert!(
        exchanged["secret"].as_str().unwrap().starts_with("whsec_") && exchanged["secret"] != first.as_str()
    );
    let edit = WebhookEdit { enabled: Some(false), ..WebhookEdit::default() };
    assert!(served.manager.edit_webhook(Actor::Operator, &Expected::Any, hook.id, &edit).await.is_ok());
    let owner = served.manager.administrators(None, 1).await.unwrap().remove(0);
    let made: Value = post(format!("/v1/administrators/{}/sign-in-link", owner.id))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(made["link"].as_str().unwrap().contains("/admin/enrol#"), "{made}");
    let text = serde_json::json!({ "subject": "S {{ name }}", "plain": "{{ link }}", "html": "{{ qr }}" });
    let shown: Value = post("/v1/mail/previews/invitation/de".to_owned())
        .json(&text)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(shown["subject"], "S Änne O'Neill");
    served.stop().await;
}
