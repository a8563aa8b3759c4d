//! A double of the manager: issues whatever it is told to, checks nothing, records everything.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use base64ct::{Base64UrlUnpadded, Encoding};
use credential::crypto::Point;
use credential::id::{IssuerIndex, ProjectId, ReaderId, Serial, UserId};
use credential::object::Credential;
use credential::time::{UnixTime, Validity};
use phone_sdk::port::{HttpClient, HttpFailure, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::world::{START, WEEK_S, World};

/// A request as it was sent.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// What follows the manager's address.
    pub path: String,
    /// The body; null for GET.
    pub body: Value,
    /// The header If-None-Match.
    pub if_none_match: Option<String>,
}

/// A change of an answer's octets.
pub type Mangling = Box<dyn FnOnce(&mut Vec<u8>) + Send>;

/// What goes wrong with one request.
pub enum Fault {
    /// The request is answered, and the answer is lost.
    AnswerLost,
    /// The request does not arrive.
    RequestLost,
    /// This is answered instead.
    Instead(HttpResponse),
    /// The answer is changed on its way.
    Changed(fn(&mut Value)),
    /// The octets of the answer are changed on their way.
    Mangled(Mangling),
    /// This happens while the request is under way.
    Meanwhile(Box<dyn FnOnce() + Send>),
}

/// What the double does.
pub struct Script {
    /// Who issues.
    pub world: World,
    /// What is asked, oldest first.
    pub requests: Vec<Recorded>,
    /// What goes wrong with the next requests, one entry each; `None` for nothing.
    pub faults: VecDeque<Option<Fault>>,
    /// User ID of the credentials.
    pub user_id: String,
    /// When the credentials hold.
    pub validity: Validity,
    /// The project that is claimed in the answer to the challenge.
    pub project: ProjectId,
    /// The key that credentials are for, instead of the one that was sent.
    pub holder_override: Option<Point>,
    /// The revocation list: version and revoked readers.
    pub list: Option<(u32, Vec<ReaderId>)>,
    /// Serials that the list names.
    pub revoked: Vec<Serial>,
    /// What the time token says.
    pub time: UnixTime,
    /// Reports that arrived: reader and octets.
    pub reports: Vec<(u32, Vec<u8>)>,
    /// What is answered to each; without it, that it is no report.
    pub acknowledgement: Option<[u8; 28]>,
    holder: Option<Point>,
    serial: u64,
}

/// The double.
pub struct ScriptedManager {
    bases: Mutex<Vec<String>>,
    script: Mutex<Script>,
}

impl ScriptedManager {
    /// A double at this address that issues in this world.
    pub fn new(world: World, base: &str) -> Self {
        let script = Script {
            project: world.project,
            world,
            requests: Vec::new(),
            faults: VecDeque::new(),
            user_id: "0004711".to_owned(),
            validity: Validity { not_before: UnixTime(START.0 - 60), not_after: UnixTime(START.0 + WEEK_S) },
            holder_override: None,
            list: None,
            revoked: Vec::new(),
            time: START,
            reports: Vec::new(),
            acknowledgement: None,
            holder: None,
            serial: 100,
        };
        Self { bases: Mutex::new(vec![base.to_owned()]), script: Mutex::new(script) }
    }

    /// The script, to look at and to change.
    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    /// Answers under another address, too.
    pub fn also_at(&self, base: &str) {
        self.bases.lock().unwrap().push(base.to_owned());
    }

    /// Sets what goes wrong with the next requests.
    pub fn faults(&self, faults: impl IntoIterator<Item = Option<Fault>>) {
        self.script().faults = faults.into_iter().collect();
    }
}

impl HttpClient for ScriptedManager {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        let bases = self.bases.lock().unwrap().clone();
        let path = bases.iter().find_map(|base| request.url.strip_prefix(base.as_str()));
        let path = path.ok_or(HttpFailure::Unreachable)?;
        let body = request.json.map_or(Value::Null, |json| serde_json::from_slice(json).unwrap());
        let if_none_match = request.if_none_match.map(str::to_owned);
        let recorded = Recorded { path: path.to_owned(), body, if_none_match };
        let mut script = self.script();
        script.requests.push(recorded.clone());
        let fault = script.faults.pop_front().flatten();
        match fault {
            Some(Fault::RequestLost) => Err(HttpFailure::Unreachable),
            Some(Fault::Instead(response)) => Ok(response),
            Some(Fault::AnswerLost) => {
                script.answer(&recorded);
                Err(HttpFailure::TimedOut)
            }
            Some(Fault::Changed(change)) => {
                let mut response = script.answer(&recorded);
                let mut body = serde_json::from_slice(&response.body).unwrap();
                change(&mut body);
                response.body = body.to_string().into_bytes();
                Ok(response)
            }
            Some(Fault::Mangled(change)) => {
                let mut response = script.answer(&recorded);
                change(&mut response.body);
                Ok(response)
            }
            Some(Fault::Meanwhile(act)) => {
                drop(script);
                act();
                Ok(self.script().answer(&recorded))
            }
            None => Ok(script.answer(&recorded)),
        }
    }
}

impl Script {
    fn answer(&mut self, request: &Recorded) -> HttpResponse {
        let hex = format!("{:016x}", u64::from_be_bytes(self.project.0));
        let challenge = encoded(&[u8::try_from(self.requests.len() % 251).unwrap(); 32]);
        match request.path.as_str() {
            "/v1/activation/challenge" => ok(&json!({
                "challenge": challenge,
                "expires_at": START.0 + 300,
                "project": { "id": hex, "name": "Example Works" },
                "requires": [],
                "something_new": true,
            })),
            "/v1/activation" => {
                let point = decoded(&request.body["public_key"]).try_into().map(Point).unwrap();
                self.holder = Some(point);
                HttpResponse { status: 201, ..ok(&self.issued()) }
            }
            "/v1/reports" => {
                let carried = request.body["reports"].as_array().unwrap();
                let taken = carried.iter().map(|report| {
                    let reader = u32::try_from(report["reader"].as_u64().unwrap()).unwrap();
                    self.reports.push((reader, decoded(&report["report"])));
                    let code =
                        if self.acknowledgement.is_none() { json!("report-invalid") } else { Value::Null };
                    let acknowledgement = self.acknowledgement.map(|octets| encoded(&octets));
                    json!({ "reader": reader, "acknowledgement": acknowledgement, "code": code })
                });
                let results: Vec<Value> = taken.collect();
                ok(&json!({ "results": results }))
            }
            path if path.ends_with("/renewal/challenge") => {
                ok(&json!({ "challenge": challenge, "expires_at": START.0 + 300 }))
            }
            path if path.ends_with("/reset/challenge") => {
                ok(&json!({ "challenge": challenge, "expires_at": START.0 + 300 }))
            }
            path if path.ends_with("/reset") => HttpResponse { status: 204, body: Vec::new() },
            path if path.ends_with("/renewal") => ok(&self.issued()),
            path if path.ends_with("/revocation-list") => match self.signed_list() {
                Some(list) => HttpResponse { status: 200, body: list },
                None => problem(404, "revocation-list-none"),
            },
            path if path.ends_with("/time-token") => {
                HttpResponse { status: 200, body: self.world.time_token(self.time) }
            }
            _ => problem(404, "not-found"),
        }
    }

    fn issued(&mut self) -> Value {
        self.serial += 1;
        let credential = Credential {
            project: self.world.project,
            issuer: IssuerIndex(0),
            serial: Serial(self.serial),
            validity: self.validity,
            holder_key: self.holder_override.or(self.holder).unwrap(),
            user_id: UserId::new(self.user_id.as_bytes()).unwrap(),
        };
        let keys = self.world.issuers();
        let keys = keys.keys().iter();
        json!({
            "device_id": "01990f3e-5c1e-7cc3-98a5-6f0a3a3f9d10",
            "user": { "first_name": "Anna", "last_name": "Berg", "user_id": self.user_id },
            "credential": encoded(&credential.issue(&self.world.issuer).unwrap()),
            "issuer_keys": keys.map(|key| json!({
                "index": key.index.0, "public_key": encoded(&key.point.0)
            })).collect::<Vec<_>>(),
            "revocation_list": self.signed_list().map(|list| encoded(&list)),
            "time_token": encoded(&self.world.time_token(self.time)),
            "server_time": START.0,
            "renew_after": START.0 + WEEK_S / 3,
        })
    }

    fn signed_list(&self) -> Option<Vec<u8>> {
        let (version, readers) = self.list.as_ref()?;
        Some(self.world.revocation_list(*version, &self.revoked, readers))
    }
}

/// A problem document.
pub fn problem(status: u16, code: &str) -> HttpResponse {
    let body =
        json!({ "type": format!("urn:ostiary:problem:{code}"), "title": "", "status": status, "code": code });
    HttpResponse { status, body: body.to_string().into_bytes() }
}

fn ok(body: &Value) -> HttpResponse {
    HttpResponse { status: 200, body: body.to_string().into_bytes() }
}

fn encoded(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

/// Octets of a member of a request.
pub(crate) fn decoded(value: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(value.as_str().unwrap()).unwrap()
}

impl Recorded {
    /// The octets of a member.
    pub fn octets(&self, member: &str) -> Vec<u8> {
        decoded(&self.body[member])
    }
}
