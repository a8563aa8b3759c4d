//! All projects of an installation behind one address: each below `/p/{project id}`, the first at the root as well.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;

use super::problem::Problem;
use crate::domain::{ProjectId, parse_project_id};
use crate::manager::Manager;
use crate::page::Site;

/// What the addresses of one project begin with, before its id.
const PREFIX: &str = "/p/";

/// Before what the addresses within a project stood, where a request named the project.
#[derive(Clone)]
pub(crate) struct MountedAt(pub(crate) String);

/// The routes of every project that was asked for.
struct Projects {
    root: Manager,
    site: Site,
    routers: Mutex<HashMap<ProjectId, Router>>,
}

impl Manager {
    /// The routes of the API, to be served or mounted in another service: this project's at the root, and those of every
    /// project of the installation below `/p/{project id}`, also of projects that are made later.
    pub fn router(&self) -> Router {
        let site = Site::new(self.clone());
        let routers = Mutex::new(HashMap::from([(self.project_id(), self.project_router(&site))]));
        let projects = Arc::new(Projects { root: self.clone(), site, routers });
        Router::new().fallback(dispatch).with_state(projects)
    }
}

async fn dispatch(State(projects): State<Arc<Projects>>, mut request: Request) -> Response {
    let mut id = projects.root.project_id();
    if let Some((named, rest)) = request.uri().path_and_query().and_then(split) {
        let mounted = MountedAt(format!("{PREFIX}{named}"));
        let Some(named) = parse_project_id(named) else { return Problem::not_found().into_response() };
        id = named;
        *request.uri_mut() = Uri::from(rest);
        request.extensions_mut().insert(mounted);
    }
    match projects.router(id).await {
        Ok(router) => router.oneshot(request).await.into_response(),
        Err(problem) => problem.into_response(),
    }
}

impl Projects {
    async fn router(&self, id: ProjectId) -> Result<Router, Problem> {
        let known = || self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(router) = known().get(&id) {
            return Ok(router.clone());
        }
        let manager = self.root.of_project(id).await?;
        // Whoever came first at the same time made the router that stays, with whatever it counts.
        Ok(known().entry(id).or_insert_with(|| manager.project_router(&self.site)).clone())
    }
}

/// The project's id and the address within the project, for addresses below [`PREFIX`].
fn split(path: &PathAndQuery) -> Option<(&str, PathAndQuery)> {
    let text = path.as_str().strip_prefix(PREFIX)?;
    let end = text.find(['/', '?']).unwrap_or(text.len());
    let (id, rest) = text.split_at_checked(end)?;
    let rest = if rest.starts_with('/') { rest.parse() } else { format!("/{rest}").parse() };
    Some((id, rest.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_within_a_project_keeps_its_query() {
        let split = |text: &'static str| {
            let path = PathAndQuery::from_static(text);
            split(&path).map(|(id, rest)| (id.to_owned(), rest.to_string()))
        };
        let found = |id: &str, rest: &str| Some((id.to_owned(), rest.to_owned()));
        assert_eq!(split("/p/0011/v1/users?limit=1"), found("0011", "/v1/users?limit=1"));
        assert_eq!(split("/p/0011?x"), found("0011", "/?x"));
        assert_eq!(split("/p/0011"), found("0011", "/"));
        assert_eq!(split("/v1/p/0011"), None);
        assert_eq!(split("/p"), None);
    }
}
