//! Who may use which route. The manager behind the routes is reached in two ways only: with [`Allowed`], which proves
//! that an administrator may do what the route does, or with [`Public`], which proves that the sender may go on sending.

pub(crate) mod flood;
pub(crate) mod need;

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

pub(super) use flood::{Activating, Fetching, Flood, Probing, Renewing, Validating};
pub(super) use need::*;

use super::problem::Problem;
use super::repeating::Repeatable;
use crate::acts::Caller;
use crate::domain::{Actor, Scopes};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::token::ApiToken;

/// What the routes share. Nothing outside this file gets at the manager in it.
#[derive(Clone)]
pub(super) struct Api {
    manager: Manager,
    floods: flood::Floods,
}

/// Proof that a request came with a token that has the scope `N`, and the only way for a route to an administrator's
/// acts; a route that takes it is closed to everybody else.
pub(super) struct Allowed<N> {
    manager: Manager,
    caller: Caller,
    need: PhantomData<N>,
}

/// Proof that a request to a route without a token did not come in a flood of the kind `F`.
pub(super) struct Public<F> {
    manager: Manager,
    flood: PhantomData<F>,
}

impl Api {
    pub(super) fn new(manager: Manager) -> Self {
        let floods = flood::Floods::new(Arc::clone(manager.http_settings()));
        Self { manager, floods }
    }

    /// Whether a token is good at all; what it is good for is told by [`Allowed`].
    pub(super) async fn knows(&self, token: &ApiToken) -> bool {
        self.manager.authorize(token).await.is_ok()
    }
}

impl<N> Allowed<N> {
    /// Does what the route is for.
    pub(super) const fn manager(&self) -> &Manager {
        &self.manager
    }

    /// What the caller may do.
    pub(super) fn rights(&self) -> Scopes {
        self.caller.rights()
    }

    /// Who is named in the audit log.
    pub(super) const fn actor(&self) -> Actor {
        self.caller.actor()
    }
}

impl<F> Public<F> {
    /// Does what the route is for.
    pub(super) const fn manager(&self) -> &Manager {
        &self.manager
    }
}

impl<N: Need> FromRequestParts<Api> for Allowed<N> {
    /// A problem, or the answer that the same request got before.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Response> {
        let caller = authenticate(parts, api).await.map_err(IntoResponse::into_response)?;
        caller.demand(N::SCOPE).map_err(|refusal| Problem::from(refusal).into_response())?;
        let manager = match parts.extensions.get::<Arc<Repeatable>>() {
            Some(repeatable) => repeatable.begin(&api.manager).await?,
            None => api.manager.clone(),
        };
        Ok(Self { manager, caller, need: PhantomData })
    }
}

impl<F: Flood> FromRequestParts<Api> for Public<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        api.floods.count::<F>(parts)?;
        Ok(Self { manager: api.manager.clone(), flood: PhantomData })
    }
}

/// Whose token the request came with.
async fn authenticate(parts: &Parts, api: &Api) -> Result<Caller, Problem> {
    let caller = match bearer(parts) {
        Some(token) => api.manager.authorize(&token).await,
        None => Err(Refusal::Unauthorized.into()),
    };
    // A token that is good is never refused for the wrong ones that came from the same address.
    if let Err(Error::Refused(Refusal::Unauthorized)) = caller {
        api.floods.count::<flood::WrongToken>(parts)?;
    }
    Ok(caller?)
}

/// The token that the request came with.
pub(super) fn bearer(parts: &Parts) -> Option<ApiToken> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") { ApiToken::parse(token.trim()) } else { None }
}
