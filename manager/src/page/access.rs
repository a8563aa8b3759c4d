//! Who may see and do what on the page. A handler gets at the manager in four ways, and there is no fifth: [`Signed`]
//! for somebody who may see, [`Sent`] and [`Uploaded`] for somebody who sent a form and may do, [`Guest`] before signing in.

mod guest;
mod origin;
mod uploaded;

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use uuid::Uuid;

pub(super) use guest::Guest;
pub(super) use uploaded::Uploaded;

use super::cookies;
use super::failure::{Failure, is_part};
use super::fields::Fields;
use super::frame::{Frame, Look, Said, Who, base};
use super::site::Page;
use crate::acts::Caller;
use crate::domain::{Account, Actor, PageSession, Scopes, project_id_text};
use crate::error::{Error, Refusal};
use crate::http::access::need::Need;
use crate::manager::Manager;
use crate::token::SessionToken;

/// The field of every form that shows that this page showed it.
const FORM_TOKEN: &str = "form_token";
/// The same for what scripts send.
const FORM_TOKEN_HEADER: &str = "x-form-token";

/// Proof that somebody is signed in who may do what needs `N`.
pub(super) struct Signed<N> {
    manager: Manager,
    page: Page,
    frame: Frame,
    caller: Caller,
    session: PageSession,
    account: Account,
    need: PhantomData<N>,
}

/// [`Signed`], with a form that this page showed and that came from it.
pub(super) struct Sent<N> {
    signed: Signed<N>,
    /// What the form brought.
    pub(super) fields: Fields,
    /// The octets of the body, for what is no form.
    pub(super) body: Bytes,
}

/// What every administrator of the project may do.
pub(super) struct Anything;

/// What a page needs: a scope, or nothing but being an administrator of the project.
pub(super) trait Wanted: Send + Sync + 'static {
    /// Whether the caller may.
    fn demand(caller: &Caller) -> Result<(), Refusal>;
}

impl<N: Need> Wanted for N {
    fn demand(caller: &Caller) -> Result<(), Refusal> {
        caller.demand(N::SCOPE).map_err(|_| Refusal::RoleNeeded(N::SCOPE.least_role()))
    }
}

impl Wanted for Anything {
    fn demand(_: &Caller) -> Result<(), Refusal> {
        Ok(())
    }
}

impl<N> Signed<N> {
    /// Does what the page is for.
    pub(super) const fn manager(&self) -> &Manager {
        &self.manager
    }

    /// Who is named in the audit log.
    pub(super) const fn actor(&self) -> Actor {
        Actor::SignedIn { administrator: self.caller.administrator, session: self.session.id }
    }

    /// As whom the account acts.
    pub(super) const fn administrator(&self) -> Uuid {
        self.caller.administrator
    }

    /// What may be done here.
    pub(super) fn rights(&self) -> Scopes {
        self.caller.rights()
    }

    /// Whose account it is, and in which session.
    pub(super) const fn account(&self) -> (&Account, Uuid) {
        (&self.account, self.session.id)
    }

    /// The page of this project.
    pub(super) const fn page(&self) -> &Page {
        &self.page
    }

    /// What stands around the answer.
    pub(super) const fn frame(&self) -> &Frame {
        &self.frame
    }
}

impl<N> std::ops::Deref for Sent<N> {
    type Target = Signed<N>;

    fn deref(&self) -> &Signed<N> {
        &self.signed
    }
}

impl<N: Wanted> FromRequestParts<Page> for Signed<N> {
    /// The way to sign in, or a failure.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, page: &Page) -> Result<Self, Response> {
        signed(parts, page).await
    }
}

impl<N: Wanted> FromRequest<Page> for Sent<N> {
    type Rejection = Response;

    async fn from_request(request: Request, page: &Page) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        if !origin::is_ours(&parts) {
            return Err(Failure::forged().into_response());
        }
        // Who may not do it does not send octets either.
        let signed: Signed<N> = signed(&mut parts, page).await?;
        let told = parts.headers.get(FORM_TOKEN_HEADER).cloned();
        let body = Bytes::from_request(Request::from_parts(parts, body), page)
            .await
            .map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()).into_response())?;
        let fields = if told.is_none() { Fields::parse(&body) } else { Fields::default() };
        if !origin::is_shown(told.as_ref(), &fields, &signed.frame.form_token) {
            return Err(Failure::forged().into_response());
        }
        Ok(Self { signed, fields, body })
    }
}

async fn signed<N: Wanted>(parts: &mut Parts, page: &Page) -> Result<Signed<N>, Response> {
    let manager = page.manager();
    let Some((token, session)) = session(&parts.headers, manager).await? else {
        return Err(to_sign_in(parts));
    };
    let (account, projects) = manager.account(session.account).await.map_err(failed)?;
    let acting = manager.acting_as(account.id).await.map_err(failed)?;
    let Some((administrator, role)) = acting else {
        let text = "You are not an administrator of this project. Ask one of its owners for a sign-in link.";
        return Err(Failure::new(StatusCode::FORBIDDEN, text).into_response());
    };
    let caller = Caller { administrator, token: session.id, role, scopes: role.scopes() };
    N::demand(&caller).map_err(|refusal| Failure::from(refusal).into_response())?;
    let who = Who {
        name: account.name.clone(),
        role,
        rights: caller.rights(),
        projects: projects
            .into_iter()
            .map(|(id, name)| (name, format!("/p/{}{}", project_id_text(id), super::PREFIX)))
            .collect(),
    };
    let frame = Frame { who: Some(who), ..frame(parts, manager, &token) };
    Ok(Signed {
        manager: manager.clone(),
        page: page.clone(),
        frame,
        caller,
        session,
        account,
        need: PhantomData,
    })
}

/// The session that a browser brings, if it is good.
async fn session(
    headers: &HeaderMap,
    manager: &Manager,
) -> Result<Option<(SessionToken, PageSession)>, Response> {
    let Some(token) = cookies::value(headers, cookies::SESSION).and_then(SessionToken::parse) else {
        return Ok(None);
    };
    match manager.page_session(&token).await {
        Ok(session) => Ok(Some((token, session))),
        Err(Error::Refused(Refusal::Unauthorized)) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// What stands around a page for whoever has this token.
fn frame(parts: &Parts, manager: &Manager, token: &SessionToken) -> Frame {
    let project = manager.project();
    let base = base(parts);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Frame {
        look: Look::of(&parts.headers),
        here: format!("{base}{}", if path == "/" { "" } else { path }),
        base,
        form_token: token.form_token(),
        project: project.name.clone(),
        zone: project.time_zone.clone(),
        who: None,
        part: "",
        said: Said::of(&parts.headers),
    }
}

/// Where to sign in; whoever asked for a part of a page is sent there as a whole.
fn to_sign_in(parts: &Parts) -> Response {
    let address = format!("{}/sign-in", base(parts));
    if is_part(&parts.headers) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if let Ok(value) = HeaderValue::try_from(address) {
            response.headers_mut().insert("hx-redirect", value);
        }
        return response;
    }
    Redirect::to(&address).into_response()
}

fn failed(error: Error) -> Response {
    Failure::from(error).into_response()
}
