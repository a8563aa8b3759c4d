//! Whoever comes without being signed in, or to sign in.

use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::{FORM_TOKEN_HEADER, cookies, failed, frame, origin, session};
use crate::acts::{NewSession, Visitor};
use crate::domain::Account;
use crate::http::access::flood::{Flood, SigningIn};
use crate::manager::Manager;
use crate::page::failure::{Failure, is_part};
use crate::page::fields::Fields;
use crate::page::frame::Frame;
use crate::page::site::Page;
use crate::token::SessionToken;

/// Somebody who need not be signed in: proof that a form of such a visitor came from this page, and not in a flood, which
/// is counted as `F` says.
pub(in crate::page) struct Guest<F = SigningIn> {
    page: Page,
    token: SessionToken,
    /// What stands around the answer.
    pub(in crate::page) frame: Frame,
    /// The browser.
    pub(in crate::page) visitor: Visitor,
    /// What a form brought; nothing without one.
    pub(in crate::page) fields: Fields,
    /// The octets of the body, for what is no form.
    pub(in crate::page) body: Bytes,
    /// Who is signed in all the same, and in which session.
    pub(in crate::page) known: Option<(Account, Uuid)>,
    counted: PhantomData<F>,
}

impl<F> Guest<F> {
    /// Does what the page is for.
    pub(in crate::page) const fn manager(&self) -> &Manager {
        self.page.manager()
    }

    /// The page of this project.
    pub(in crate::page) const fn page(&self) -> &Page {
        &self.page
    }

    /// The answer, with which the browser gets the secret that its next form is bound to.
    pub(in crate::page) fn remembering(&self, mut response: Response) -> Response {
        let cookie = cookies::set(cookies::SESSION, &self.token.expose());
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

impl Guest {
    /// The answer to somebody who has signed in: whatever secret the browser came with is forgotten.
    pub(in crate::page) fn signed_in(mut response: Response, session: &NewSession) -> Response {
        let cookie = cookies::set(cookies::SESSION, &session.token.expose());
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

impl<F: Flood> FromRequest<Page> for Guest<F> {
    type Rejection = Response;

    async fn from_request(request: Request, page: &Page) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let sends = parts.method == Method::POST;
        if sends && !origin::is_ours(&parts) {
            return Err(Failure::forged().into_response());
        }
        if sends && let Err(problem) = page.floods().count::<F>(&parts) {
            let (status, text) = problem.into_parts();
            return Err(Failure::new(status, text).into_response());
        }
        let manager = page.manager();
        let brought = cookies::value(&parts.headers, cookies::SESSION).and_then(SessionToken::parse);
        let known = match session(&parts.headers, manager).await? {
            Some((_, session)) => {
                Some((manager.account(session.account).await.map_err(failed)?.0, session.id))
            }
            None => None,
        };
        let token = match brought {
            Some(token) => token,
            None if sends => {
                let text = "The browser sent no cookie. This page needs HTTPS, or http://localhost on this machine, \
                            and cookies.";
                return Err(Failure::new(axum::http::StatusCode::FORBIDDEN, text).into_response());
            }
            None => SessionToken::generate().map_err(|error| failed(error.into()))?,
        };
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let visitor = Visitor { user_agent: user_agent.unwrap_or_default().to_owned() };
        let frame = frame(&parts, manager, &token);
        let told = parts.headers.get(FORM_TOKEN_HEADER).cloned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        let is_form = told.is_none() && !is_part(&parts.headers);
        let body = Bytes::from_request(Request::from_parts(parts, body), page)
            .await
            .map_err(|rejection| Failure::new(rejection.status(), rejection.body_text()).into_response())?;
        let fields = match (sends, is_form) {
            (true, true) => Fields::parse(&body),
            (true, false) => Fields::default(),
            (false, _) => Fields::parse(query.as_bytes()),
        };
        if sends && !origin::is_shown(told.as_ref(), &fields, &frame.form_token) {
            return Err(Failure::forged().into_response());
        }
        Ok(Self { page: page.clone(), token, frame, visitor, fields, body, known, counted: PhantomData })
    }
}
