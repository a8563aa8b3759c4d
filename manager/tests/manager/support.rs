//! A served manager whose time stands still, and phones with keys of their own.

use std::sync::Arc;

use credential::crypto::{Point, RustCrypto, Signer, SoftwareSigner};
use credential::object::VerifiedCredential;
use credential::secret::Secret;
use manager::clock::ManualClock;
use manager::domain::{
    Actor, InvitationCode, NewProject, OutputFormat, Presence, ReaderId, UnixTime, from_base64url,
    project_id_text, to_base64url,
};
use manager::{HttpSettings, Manager, NewReader, ServeOptions, Unlock};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::database::TestDatabase;

/// When every test begins.
pub(crate) const START: UnixTime = UnixTime(1_790_000_000);
/// A day in seconds.
pub(crate) const DAY: u32 = 24 * 3600;

/// A manager on a loopback port.
pub(crate) struct Served {
    pub(crate) dir: TempDir,
    pub(crate) manager: Manager,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) base: String,
    pub(crate) token: String,
    pub(crate) client: Client,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
    pub(crate) database: TestDatabase,
}

/// What a manager leaves behind that was stopped.
pub(crate) struct Stopped {
    pub(crate) dir: TempDir,
    pub(crate) database: TestDatabase,
}

/// An answer with its status and its body as JSON.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

/// A phone with a key.
pub(crate) struct Phone {
    pub(crate) key: SoftwareSigner,
}

impl Served {
    /// A manager that does what comes due only when the test says so: what it did by itself, it would do at a moment
    /// of the machine's clock, which no test knows.
    pub(crate) async fn start() -> Self {
        Self::start_as(false, HttpSettings::default()).await
    }

    /// A manager that does what comes due by itself.
    pub(crate) async fn start_working() -> Self {
        Self::start_as(true, HttpSettings::default()).await
    }

    /// A manager whose service has settings.
    pub(crate) async fn start_with(settings: HttpSettings) -> Self {
        Self::start_as(false, settings).await
    }

    async fn start_as(works: bool, settings: HttpSettings) -> Self {
        // Why the manager answered 500 stands in its log, which a test that fails prints.
        let log = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_test_writer();
        let _again = log.try_init();
        let dir = tempfile::tempdir().unwrap();
        let database = TestDatabase::empty(dir.path()).await;
        let clock = Arc::new(ManualClock::new(START));
        let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
        let project = NewProject::named("Example Works");
        let (manager, token) =
            Manager::init(database.home(), &project, &unlock, clock.clone()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = manager.clone().with_http_settings(settings);
        let task = tokio::spawn(async move {
            let shutdown = async {
                let _dropped = stopped.await;
            };
            let options = ServeOptions { no_jobs: !works, ..ServeOptions::default() };
            serving.serve_with(listener, options, shutdown).await
        });
        let token = token.expose().to_string();
        // Only the first test of a process installs it.
        let _again = rustls::crypto::ring::default_provider().install_default();
        let (client, stop) = (Client::new(), Some(stop));
        Self { dir, manager, clock, base, token, client, stop, task, database }
    }

    /// Stops the service, and fails unless it ends well.
    pub(crate) async fn stop(mut self) -> Stopped {
        self.stop.take().unwrap().send(()).unwrap();
        self.task.await.unwrap().unwrap();
        self.manager.close().await;
        Stopped { dir: self.dir, database: self.database }
    }

    /// A request with the administrator's token.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.json(&body).send().await.unwrap()).await
    }

    /// An edit with the administrator's token, of whatever version there is.
    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.patch_expected(path, "*", body).await
    }

    /// An edit with the administrator's token, meant for a version.
    pub(crate) async fn patch_expected(&self, path: &str, version: &str, body: Value) -> Answer {
        let request = self.client.patch(format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.header("if-match", version).json(&body).send().await.unwrap()).await
    }

    /// A replacement with the administrator's token, meant for a version.
    pub(crate) async fn put_expected(&self, path: &str, version: &str, body: Value) -> Answer {
        let request = self.client.put(format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.header("if-match", version).json(&body).send().await.unwrap()).await
    }

    /// Puts octets with the administrator's token.
    pub(crate) async fn put_octets(&self, path: &str, body: Vec<u8>) -> Answer {
        let request = self.client.put(format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.header("content-type", "application/octet-stream").body(body).send().await.unwrap())
            .await
    }

    /// A GET with the administrator's token.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.admin(Method::GET, path, Value::Null).await
    }

    /// Adds and approves a template; its id.
    pub(crate) async fn template(&self, design: Value) -> String {
        let added = self.admin(Method::POST, "/v1/card-templates", design).await.expect(StatusCode::CREATED);
        let id = added["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/card-templates/{id}/approval");
        self.admin(Method::POST, &path, json!({})).await.expect(StatusCode::OK);
        id
    }

    /// Adds a card; its id.
    pub(crate) async fn card(&self, card: Value) -> String {
        let added = self.admin(Method::POST, "/v1/cards", card).await.expect(StatusCode::CREATED);
        added["id"].as_str().unwrap().to_owned()
    }

    /// Invites to a card alone; the code without hyphens.
    pub(crate) async fn invite_to_card(&self, card: &str) -> String {
        let path = format!("/v1/cards/{card}/invitations");
        let invitation = self.admin(Method::POST, &path, json!({})).await.expect(StatusCode::CREATED);
        invitation["code"].as_str().unwrap().replace('-', "")
    }

    /// A POST of a phone.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.client.post(format!("{}{path}", self.base)).json(&body).send().await.unwrap()).await
    }

    /// A GET without a token.
    pub(crate) async fn fetch(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap()
    }

    pub(crate) async fn plan(&self, csv: impl Into<Vec<u8>>) -> Answer {
        let request = self.client.post(format!("{}/v1/imports", self.base)).bearer_auth(&self.token);
        answer(request.header("content-type", "text/csv").body(csv.into()).send().await.unwrap()).await
    }

    /// Imports a list that must be good.
    pub(crate) async fn import(&self, csv: &str) -> Value {
        let plan = self.plan(csv).await.expect(StatusCode::OK);
        let path = format!("/v1/imports/{}/apply", plan["id"].as_str().unwrap());
        self.admin(Method::POST, &path, json!({ "confirm": true })).await.expect(StatusCode::OK)
    }

    pub(crate) async fn user_with(&self, email: &str) -> Value {
        let users = self
            .admin(Method::GET, "/v1/users?status=all&limit=1000", Value::Null)
            .await
            .expect(StatusCode::OK);
        let users = users["users"].as_array().unwrap();
        users.iter().rev().find(|user| user["email"] == email).unwrap().clone()
    }

    /// Invites the user with an e-mail address; the code without hyphens.
    pub(crate) async fn invite(&self, email: &str) -> String {
        let user = self.user_with(email).await;
        let path = format!("/v1/users/{}/invitations", user["id"].as_str().unwrap());
        let invitation = self.admin(Method::POST, &path, json!({})).await.expect(StatusCode::CREATED);
        invitation["code"].as_str().unwrap().replace('-', "")
    }

    /// Enrols a reader.
    pub(crate) async fn enrol_reader(&self, name: &str) -> ReaderId {
        let public_key = Phone::new(200).public_key().0;
        let new = NewReader {
            name: name.to_owned(),
            place: String::new(),
            public_key,
            presence: Presence::None,
            output: OutputFormat::Text,
        };
        self.manager.enrol_reader(Actor::Operator, new).await.unwrap().id
    }

    /// A project with one user, Anna, who is invited.
    pub(crate) async fn with_invited_anna() -> (Self, String) {
        let served = Self::start().await;
        served.import("Anna,Berg,anna@x.example,004711\n").await;
        let code = served.invite("anna@x.example").await;
        (served, code)
    }

    /// A project whose user Anna has activated a phone.
    pub(crate) async fn with_active_anna() -> (Self, Phone, Value) {
        let (served, code) = Self::with_invited_anna().await;
        let phone = Phone::new(1);
        let activated = phone.activate(&served, &code).await.expect(StatusCode::CREATED);
        (served, phone, activated)
    }

    /// The path of Anna's routes.
    pub(crate) async fn anna(&self, route: &str) -> String {
        format!("/v1/users/{}/{route}", self.user_with("anna@x.example").await["id"].as_str().unwrap())
    }

    pub(crate) fn project_path(&self, object: &str) -> String {
        format!("/v1/projects/{}/{object}", project_id_text(self.manager.project().id))
    }

    /// The credential of an answer, verified.
    pub(crate) fn credential(&self, answer: &Value) -> VerifiedCredential {
        let octets = octets(&answer["credential"]);
        VerifiedCredential::verify(&RustCrypto, &octets, &self.manager.issuer_keys()).unwrap()
    }
}

impl Answer {
    /// The body, if the status is this.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Fails unless the answer is a problem of this code and status.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) {
        assert_eq!(self.body["code"], code, "{}", self.body);
        assert_eq!(self.body["type"], format!("urn:ostiary:problem:{code}"));
        assert_eq!(self.body["status"], status);
        assert_eq!(self.status.as_u16(), status);
    }
}

impl Phone {
    pub(crate) fn new(number: u8) -> Self {
        Self { key: SoftwareSigner::new(&Secret::new([number; 32])).unwrap() }
    }

    pub(crate) fn public_key(&self) -> Point {
        self.key.public_key()
    }

    pub(crate) async fn challenge(&self, served: &Served, code: &str) -> Answer {
        served.post("/v1/activation/challenge", json!({ "code": code })).await
    }

    /// The body of an activation.
    pub(crate) fn activation(&self, code: &str, challenge: &str) -> Value {
        let secret_hash = code.parse::<InvitationCode>().unwrap().hash();
        let challenge_octets: [u8; 32] = from_base64url(challenge).unwrap();
        let public_key = self.public_key().0;
        let message: [&[u8]; 4] = [b"ostiary activation\0", &challenge_octets, &public_key, &secret_hash];
        let signature = self.key.sign(&message).unwrap();
        json!({
            "code": code,
            "challenge": challenge,
            "public_key": to_base64url(&public_key),
            "signature": to_base64url(&signature.0),
            "device": { "name": "Anna's phone", "platform": "test" },
        })
    }

    /// Activates with what the holder gives.
    pub(crate) async fn install(&self, served: &Served, code: &str, holder: Value) -> Answer {
        let challenge = self.challenge(served, code).await;
        if challenge.status != StatusCode::OK {
            return challenge;
        }
        let mut body = self.activation(code, challenge.body["challenge"].as_str().unwrap());
        body["holder"] = holder;
        served.post("/v1/activation", body).await
    }

    pub(crate) async fn activate(&self, served: &Served, code: &str) -> Answer {
        let challenge = self.challenge(served, code).await;
        if challenge.status != StatusCode::OK {
            return challenge;
        }
        let body = self.activation(code, challenge.body["challenge"].as_str().unwrap());
        served.post("/v1/activation", body).await
    }

    /// The body of a renewal.
    pub(crate) fn renewal(&self, challenge: &str) -> Value {
        let challenge_octets: [u8; 32] = from_base64url(challenge).unwrap();
        let message: [&[u8]; 3] = [b"ostiary renewal\0", &challenge_octets, &self.public_key().0];
        let signature = self.key.sign(&message).unwrap();
        json!({ "challenge": challenge, "signature": to_base64url(&signature.0) })
    }

    /// The body of a reset.
    pub(crate) fn reset_of(&self, challenge: &str) -> Value {
        let challenge_octets: [u8; 32] = from_base64url(challenge).unwrap();
        let message: [&[u8]; 3] = [b"ostiary reset\0", &challenge_octets, &self.public_key().0];
        let signature = self.key.sign(&message).unwrap();
        json!({ "challenge": challenge, "signature": to_base64url(&signature.0) })
    }

    pub(crate) async fn reset(&self, served: &Served, device: &Value) -> Answer {
        let path = format!("/v1/devices/{}/reset", device.as_str().unwrap());
        let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
        served.post(&path, self.reset_of(challenge["challenge"].as_str().unwrap())).await
    }

    pub(crate) async fn renew(&self, served: &Served, device: &Value) -> Answer {
        let path = format!("/v1/devices/{}/renewal", device.as_str().unwrap());
        let challenge = served.post(&format!("{path}/challenge"), json!({})).await.expect(StatusCode::OK);
        served.post(&path, self.renewal(challenge["challenge"].as_str().unwrap())).await
    }
}

/// Octets of any length in base64url.
pub(crate) fn octets(text: &Value) -> Vec<u8> {
    use base64ct::{Base64UrlUnpadded, Encoding};
    Base64UrlUnpadded::decode_vec(text.as_str().unwrap()).unwrap()
}

pub(crate) async fn answer(response: Response) -> Answer {
    let status = response.status();
    let is_problem = status.is_client_error() || status.is_server_error();
    if is_problem {
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let text = response.text().await.unwrap();
    let body = if text.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    };
    Answer { status, body }
}
