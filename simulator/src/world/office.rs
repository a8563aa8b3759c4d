//! The issuing side of a world: a manager that is embedded, and the network to it.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use manager::domain::NewProject;
use manager::{Manager, Repeatable, Unlock};
use phone_sdk::port::{HttpClient, HttpFailure, HttpRequest, HttpResponse};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use super::clock::WorldClock;
use super::scratch::Scratch;
use super::seeds::Seeds;

/// Where phones reach the manager; nobody else answers there.
const PUBLIC_URL: &str = "https://manager.example";

/// Octets of an answer at most.
const ANSWER_MAX: usize = 8 << 20;

/// What is set about a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectPlan {
    /// What it is called.
    pub name: String,
    /// Seconds for which an invitation is good.
    pub invitation_life_s: u32,
    /// Seconds for which a credential is good.
    pub credential_life_s: u32,
    /// Its time zone.
    pub time_zone: String,
}

impl Default for ProjectPlan {
    fn default() -> Self {
        let new = NewProject::named("Main");
        Self {
            name: new.name,
            invitation_life_s: new.invitation_life_s,
            credential_life_s: new.credential_life_s,
            time_zone: new.time_zone,
        }
    }
}

/// A manager that does the same in every run of the same seed.
pub struct Office {
    runtime: Runtime,
    random: Repeatable,
    managers: Vec<Manager>,
    router: Router,
    requests: AtomicU64,
    _directory: Scratch,
}

impl Office {
    /// Makes an installation with these projects, of which there is at least one.
    ///
    /// # Errors
    /// When the directory cannot be made, or a project is refused.
    pub(super) fn open(plans: &[ProjectPlan], clock: &WorldClock, seeds: &Seeds) -> Result<Self> {
        let runtime =
            Builder::new_current_thread().enable_all().build().context("the runtime does not start")?;
        let random = Repeatable::new(seeds.number("manager"));
        let directory = Scratch::new()?;
        let home = directory.path().join("manager");
        let unlock = Unlock::KeyFile(directory.path().join("issuer.key"));
        let made = async {
            let mut plans = plans.iter();
            let first = plans.next().context("a world has at least one project")?;
            let new = NewProject { public_url: PUBLIC_URL.to_owned(), ..first.as_new() };
            let (manager, _token) = Manager::init(home, &new, &unlock, clock.clone()).await?;
            let mut managers = vec![manager.clone()];
            for plan in plans {
                let new = NewProject { public_url: String::new(), ..plan.as_new() };
                managers.push(manager.add_project(&new).await?.0);
            }
            anyhow::Ok(managers)
        };
        let managers = random.within(|| runtime.block_on(made))?;
        let router = managers.first().map(Manager::router).unwrap_or_default();
        Ok(Self { runtime, random, managers, router, requests: AtomicU64::new(0), _directory: directory })
    }

    /// Has something done by the manager.
    pub fn run<F: Future>(&self, work: F) -> F::Output {
        self.random.within(|| self.runtime.block_on(work))
    }

    /// The manager of a project.
    ///
    /// # Errors
    /// When there is no such project.
    pub fn manager(&self, project: usize) -> Result<&Manager> {
        self.managers.get(project).context("there is no such project")
    }

    /// Requests that came over the network.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn answer(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let path = request.url.strip_prefix(PUBLIC_URL).ok_or(HttpFailure::Unreachable)?;
        let mut builder = Request::builder().uri(if path.is_empty() { "/" } else { path });
        if let Some(etag) = request.if_none_match {
            builder = builder.header(header::IF_NONE_MATCH, etag);
        }
        let built = match request.json {
            Some(json) => builder
                .method("POST")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(json.to_vec())),
            None => builder.body(Body::empty()),
        };
        let built = built.map_err(|_| HttpFailure::Address)?;
        self.run(async {
            let Ok(answer) = self.router.clone().oneshot(built).await;
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body(), ANSWER_MAX).await.map_err(|_| HttpFailure::Invalid)?;
            Ok(HttpResponse { status, body: body.to_vec() })
        })
    }
}

impl ProjectPlan {
    fn as_new(&self) -> NewProject {
        NewProject {
            invitation_life_s: self.invitation_life_s,
            credential_life_s: self.credential_life_s,
            time_zone: self.time_zone.clone(),
            ..NewProject::named(self.name.clone())
        }
    }
}

impl fmt::Debug for Office {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Office").field("managers", &self.managers.len()).finish_non_exhaustive()
    }
}

/// One phone's way to the manager.
pub(super) struct Network {
    office: Arc<Office>,
    pub(super) online: AtomicBool,
}

impl Network {
    pub(super) const fn new(office: Arc<Office>) -> Self {
        Self { office, online: AtomicBool::new(true) }
    }
}

impl HttpClient for Network {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        if !self.online.load(Ordering::Relaxed) {
            return Err(HttpFailure::Unreachable);
        }
        self.office.answer(request)
    }
}
