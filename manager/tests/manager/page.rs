//! The administrators' page as a browser meets it, and as those do who mean no good.

use std::collections::BTreeMap;

use manager::domain::{Actor, NewAdministrator, Person, Role};
use reqwest::{Client, StatusCode, redirect};
use totp_rs::{Builder, Secret};

use crate::support::{START, Served};

pub(crate) const PASSWORD: &str = "a door is no wall";
pub(crate) const SCRIPT: &str = "<script>alert(1)</script>\"'&";

/// A browser: cookies, and the token of the last form.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) base: String,
    cookies: BTreeMap<String, String>,
}

pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) headers: reqwest::header::HeaderMap,
}

impl Browser {
    pub(crate) fn new(served: &Served) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { client, base: format!("{}/admin", served.base), cookies: BTreeMap::new() }
    }

    pub(crate) async fn sent(&mut self, request: reqwest::RequestBuilder) -> Answered {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header("cookie", cookies.join("; ")).send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let text = cookie.to_str().unwrap();
            assert!(text.contains("; Path=/; ") && text.contains("Secure; HttpOnly; SameSite=Lax"), "{text}");
            let (name, rest) = text.split_once('=').unwrap();
            assert!(name.starts_with("__Host-"), "{text}");
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let (status, headers) = (response.status(), response.headers().clone());
        Answered { status, headers, text: response.text().await.unwrap() }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        let request = self.client.get(format!("{}{path}", self.base));
        self.sent(request).await
    }

    /// The token that the forms of this page bring back.
    pub(crate) async fn form_token(&mut self, path: &str) -> String {
        let page = self.get(path).await;
        between(&page.text, "name=\"form-token\" content=\"", "\"")
    }

    pub(crate) async fn post_with(&mut self, path: &str, site: &str, fields: &[(&str, &str)]) -> Answered {
        let request = self.client.post(format!("{}{path}", self.base)).header("sec-fetch-site", site);
        let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        self.sent(request).await
    }

    /// Sends a form that the page `of` showed.
    pub(crate) async fn post(&mut self, of: &str, path: &str, fields: &[(&str, &str)]) -> Answered {
        let token = self.form_token(of).await;
        let mut all = vec![("form_token", token.as_str())];
        all.extend_from_slice(fields);
        self.post_with(path, "same-origin", &all).await
    }

    /// Sends a form with files that the page `of` showed.
    pub(crate) async fn upload(
        &mut self,
        (of, path): (&str, &str),
        fields: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Answered {
        let token = self.form_token(of).await;
        let mut body = Vec::new();
        for (name, value) in [("form_token", token.as_str())].iter().chain(fields) {
            let head = format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(head.as_bytes());
        }
        for (name, octets) in files {
            let head = format!(
                "--cut\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"a.jpg\"\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(octets);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--cut--\r\n");
        let request =
            self.client.post(format!("{}{path}", self.base)).header("sec-fetch-site", "same-origin");
        self.sent(request.header("content-type", "multipart/form-data; boundary=cut").body(body)).await
    }

    /// Follows an answer that leads to another page.
    pub(crate) async fn followed(&mut self, answer: Answered) -> Answered {
        let Some(location) = answer.headers.get("location") else { return answer };
        let path = location.to_str().unwrap().split_once("/admin").unwrap().1.to_owned();
        self.get(&path).await
    }

    fn session(&self) -> &str {
        &self.cookies["__Host-ostiary"]
    }
}

pub(crate) fn between(text: &str, before: &str, after: &str) -> String {
    let from = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}")).1;
    from.split_once(after).unwrap().0.to_owned()
}

fn code_after(secret: &str, seconds: u32) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret.as_bytes().to_vec()).build().unwrap();
    totp.generate(u64::from(START.0.saturating_add(seconds))).to_string()
}

pub(crate) fn code(secret: &str) -> String {
    code_after(secret, 0)
}

/// A browser whose user is signed in as an administrator of this role; the secret of one-time codes.
pub(crate) async fn signed_in(served: &Served, role: Role) -> (Browser, String) {
    let email = format!("{}@x.example", role.name());
    let new = NewAdministrator { name: role.name().to_owned(), email: Some(email.clone()), role };
    let administrator = served.manager.add_administrator(Actor::Operator, &new).await.unwrap();
    let link = served.manager.make_sign_in_link(Actor::Operator, administrator.id).await.unwrap();
    let mut browser = Browser::new(served);
    let fields =
        [("code", link.code.as_str()), ("name", "Somebody"), ("email", &email), ("password", PASSWORD)];
    let asked = browser.post("/enrol", "/enrol/password", &fields).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text);
    let secret = between(&asked.text, "<code class=\"secret\">", "</code>");
    let ceremony = between(&asked.text, "name=\"ceremony\" value=\"", "\"");
    let before = browser.session().to_owned();
    let done = browser
        .post("/enrol", "/enrol/password/code", &[("ceremony", &ceremony), ("code", &code(&secret))])
        .await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    assert_ne!(browser.session(), before, "the secret from before signing in is not the session's");
    (browser, secret)
}

async fn anna(served: &Served, last_name: &str) -> uuid::Uuid {
    let person = Person {
        first_name: "Anna".to_owned(),
        last_name: last_name.to_owned(),
        email: "anna@x.example".to_owned(),
        user_id: "4711".to_owned(),
        sync_id: None,
    };
    served.manager.add_user(Actor::Operator, &person).await.unwrap().id
}

#[tokio::test]
async fn every_answer_keeps_the_browser_in_check() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    for path in
        ["", "/users", "/users/new", "/imports", "/readers", "/audit", "/account", "/sign-in", "/nothing"]
    {
        let answer = browser.get(path).await;
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{path}");
        assert!(!answer.text.contains(" style=") && !answer.text.contains(" onclick="), "{path}");
    }
    served.stop().await;
}

#[tokio::test]
async fn nobody_sees_a_page_without_being_signed_in() {
    let served = Served::start().await;
    let user = anna(&served, "Berg").await;
    let mut stranger = Browser::new(&served);
    for path in [
        "",
        "/users",
        &format!("/users/{user}"),
        "/users/statuses",
        "/imports",
        "/readers",
        "/audit",
        "/account",
    ] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.headers["location"].to_str().unwrap().ends_with("/admin/sign-in"), "{path}");
        assert!(!answer.text.contains("Berg"), "{path}");
    }
    served.stop().await;
}

#[tokio::test]
async fn a_form_from_elsewhere_or_without_its_token_does_nothing() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    let user = anna(&served, "Berg").await;
    let path = format!("/users/{user}/delete");
    let token = browser.form_token("/users").await;
    let forged = [
        browser.post_with(&path, "cross-site", &[("form_token", &token)]).await,
        browser.post_with(&path, "same-site", &[("form_token", &token)]).await,
        browser.post_with(&path, "same-origin", &[]).await,
        browser.post_with(&path, "same-origin", &[("form_token", "")]).await,
        browser.post_with(&path, "same-origin", &[("form_token", &token[1..])]).await,
    ];
    for answer in forged {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    // The token of another session is none of this one.
    let (mut other, _) = signed_in(&served, Role::Manager).await;
    let others = other.form_token("/users").await;
    assert_eq!(
        browser.post_with(&path, "same-origin", &[("form_token", &others)]).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(served.manager.user(user).await.unwrap().status.name(), "not_invited");
    assert_eq!(
        browser.post_with(&path, "same-origin", &[("form_token", &token)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_ne!(
        served.manager.user(user).await.map(|user| user.status.name()).unwrap_or("deleted"),
        "not_invited"
    );
    served.stop().await;
}

#[tokio::test]
async fn script_in_any_field_comes_out_as_text() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    let user = anna(&served, SCRIPT).await;
    let escaped = "&#60;script&#62;alert(1)&#60;/script&#62;";
    let search = form_urlencoded::byte_serialize(SCRIPT.as_bytes()).collect::<String>();
    for path in [
        "/users",
        &format!("/users/{user}"),
        &format!("/users?search={search}"),
        &format!("/audit?subject={search}"),
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.text.contains("<script>alert"), "{path}");
        assert!(page.text.contains(escaped), "{path}: {}", page.text);
    }
    // Also in a form that is refused, and in what is said on the next page.
    let fields = [
        ("first_name", SCRIPT),
        ("last_name", SCRIPT),
        ("email", SCRIPT),
        ("user_id", SCRIPT),
        ("sync_id", SCRIPT),
    ];
    let refused = browser.post("/users/new", "/users", &fields).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.text.contains("<script>alert") && refused.text.matches(escaped).count() >= 5);
    let added = browser
        .post("/users/new", "/users", &[("last_name", SCRIPT), ("email", "b@x.example"), ("user_id", "2")])
        .await;
    assert_eq!(added.status, StatusCode::SEE_OTHER);
    let next = browser.get("/users").await;
    assert!(!next.text.contains("<script>alert") && next.text.contains("is added."));
    served.stop().await;
}

#[tokio::test]
async fn script_in_a_list_comes_out_as_text() {
    let served = Served::start().await;
    let (mut browser, _) = signed_in(&served, Role::Owner).await;
    for row in [
        format!("Anna,{},anna@x.example,1", "<script>alert(1)</script>"),
        "Anna,Berg,<script>alert(1)</script>,1".to_owned(),
    ] {
        let list = format!("First name,Last name,E-mail address,ID\n{row}\n");
        let sent = browser.upload(("/imports", "/imports/plan"), &[], &[("file", list.as_bytes())]).await;
        let page = browser.followed(sent).await;
        assert!(
            !page.text.contains("<script>alert") && page.text.contains("&#60;script&#62;"),
            "{}",
            page.text
        );
    }
    served.stop().await;
}

#[tokio::test]
async fn a_viewer_sees_and_does_not_act() {
    let served = Served::start().await;
    let user = anna(&served, "Berg").await;
    let (mut viewer, _) = signed_in(&served, Role::Viewer).await;
    let list = viewer.get("/users").await;
    assert!(
        list.status == StatusCode::OK && list.text.contains("Berg") && !list.text.contains("/users/acts")
    );
    let id = user.to_string();
    let acts = [
        ("/users".to_owned(), vec![("last_name", "X"), ("email", "x@x.example"), ("user_id", "2")]),
        ("/users/acts".to_owned(), vec![("act", "delete"), ("user", id.as_str())]),
        (format!("/users/{user}"), vec![("last_name", "X")]),
        (format!("/users/{user}/invite"), vec![]),
        (format!("/users/{user}/suspend"), vec![]),
        (format!("/users/{user}/delete"), vec![]),
        (format!("/imports/{user}/apply"), vec![]),
        ("/readers/1/revoke".to_owned(), vec![]),
    ];
    for (path, fields) in acts {
        assert_eq!(viewer.post("/users", &path, &fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    for path in ["/users/new", "/imports"] {
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let user = served.manager.user(user).await.unwrap();
    assert_eq!((user.status.name(), user.person.last_name.as_str()), ("not_invited", "Berg"));
    served.stop().await;
}

#[tokio::test]
async fn who_is_unknown_and_who_has_the_wrong_password_get_the_same_answer() {
    let served = Served::start().await;
    let (owner, secret) = signed_in(&served, Role::Owner).await;
    drop(owner);
    let mut answers = Vec::new();
    for (email, password, code) in [
        ("nobody@x.example", PASSWORD, code(&secret)),
        ("owner@x.example", "another door, no wall", code(&secret)),
        ("owner@x.example", PASSWORD, "000000".to_owned()),
    ] {
        let mut browser = Browser::new(&served);
        let fields = [("email", email), ("password", password), ("code", &code)];
        let answer = browser.post("/sign-in", "/sign-in", &fields).await;
        let token = between(&answer.text, "name=\"form-token\" content=\"", "\"");
        answers.push((answer.status, answer.text.replace(email, "EMAIL").replace(&token, "TOKEN")));
    }
    assert_eq!(answers[0].0, StatusCode::FORBIDDEN);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    served.stop().await;
}

#[tokio::test]
async fn a_session_ends_for_good_and_its_secret_is_never_a_new_one() {
    let served = Served::start().await;
    let (mut browser, secret) = signed_in(&served, Role::Owner).await;
    let old = browser.clone();
    assert_eq!(browser.post("/account", "/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    let mut kept = old.clone();
    assert_eq!(kept.get("/users").await.status, StatusCode::SEE_OTHER, "the old secret is good for nothing");
    // Somebody who planted the old secret is not let in by the sign-in of its owner.
    served.clock.advance(60);
    let code = code_after(&secret, 60);
    let mut victim = old.clone();
    let fields = [("email", "owner@x.example"), ("password", PASSWORD), ("code", &code)];
    assert_eq!(victim.post("/sign-in", "/sign-in", &fields).await.status, StatusCode::SEE_OTHER);
    assert_eq!(victim.get("/users").await.status, StatusCode::OK);
    let mut planted = old;
    assert_eq!(planted.get("/users").await.status, StatusCode::SEE_OTHER);
    served.stop().await;
}
