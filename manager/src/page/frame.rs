//! What stands around every page: language and look, who is signed in, where the page is, what was just said.

use std::fmt::Display;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::failure::Answer;
use super::words::Language;
use super::{PREFIX, assets, cookies, moments};
use crate::domain::{Role, Scope, Scopes, UnixTime};
use crate::http::projects::MountedAt;

/// How the page looks and speaks, as the browser asks for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    pub(super) language: Language,
    /// `light` or `dark`; empty is as the device has it.
    pub(super) theme: &'static str,
}

/// Who is signed in, as the page shows it.
#[derive(Clone, Debug)]
pub(super) struct Who {
    /// What people call the account's holder.
    pub(super) name: String,
    /// What that person is in this project.
    pub(super) role: Role,
    /// What that person may do here.
    pub(super) rights: Scopes,
    /// Names and addresses of the projects that can be switched to.
    pub(super) projects: Vec<(String, String)>,
}

/// What was just done, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Whether something is wrong.
    pub(super) is_error: bool,
    /// For people.
    pub(super) text: String,
}

/// What stands around a page; every template has one as `f`.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) look: Look,
    /// What the addresses of this project's page begin with.
    pub(super) base: String,
    /// What every form brings back.
    pub(super) form_token: String,
    /// The name of the project.
    pub(super) project: String,
    /// Its time zone.
    pub(super) zone: String,
    /// Nobody on the pages before signing in.
    pub(super) who: Option<Who>,
    /// The part of the page, for the navigation.
    pub(super) part: &'static str,
    pub(super) said: Option<Said>,
    /// The address of this page, to come back to.
    pub(super) here: String,
}

impl Look {
    /// What cookies and `Accept-Language` say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let chosen = cookies::value(headers, cookies::LANGUAGE).and_then(Language::from_code);
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let theme = match cookies::value(headers, cookies::THEME) {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        let language = chosen.unwrap_or_else(|| accepted.map_or(Language::default(), Language::accepted));
        Self { language, theme }
    }
}

impl Said {
    /// What the last answer wanted to be said.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = cookies::decoded(cookies::value(headers, cookies::SAID)?)?;
        let (kind, text) = text.split_at_checked(1)?;
        Some(Self { is_error: kind == "!", text: text.to_owned() })
    }
}

impl Frame {
    /// The words in the language of the page.
    pub(super) fn t(&self, english: &'static str) -> &'static str {
        self.look.language.say(english)
    }

    /// Words that are known only as the page runs.
    pub(super) fn known<'t>(&self, english: &'t str) -> &'t str {
        self.look.language.say_known(english)
    }

    /// The words with a value in the place of `{}`.
    pub(super) fn with(&self, english: &'static str, value: impl Display) -> String {
        self.t(english).replacen("{}", &value.to_string(), 1)
    }

    /// The words with two values.
    pub(super) fn with2(&self, english: &'static str, one: impl Display, two: impl Display) -> String {
        let (before, after) = self.t(english).split_once("{}").unwrap_or((self.t(english), ""));
        format!("{before}{one}{}", after.replacen("{}", &two.to_string(), 1))
    }

    /// A moment for people.
    pub(super) fn when(&self, time: &UnixTime) -> String {
        moments::read(*time, &self.zone)
    }

    /// The address of a file of ours.
    pub(super) fn asset(&self, name: &str) -> String {
        format!("{}/assets/{}", self.base, assets::hashed(name))
    }

    /// Whether somebody is signed in who may do this.
    pub(super) fn may(&self, scope: &str) -> bool {
        let scope = Scope::from_name(scope).ok();
        self.who.as_ref().zip(scope).is_some_and(|(who, scope)| who.rights.has(scope))
    }

    /// The part of the page in the navigation.
    #[must_use]
    pub(super) fn at(self, part: &'static str) -> Self {
        Self { part, ..self }
    }

    /// Another page of the project, from its root, which is told what was done.
    pub(super) fn go_saying(&self, path: &str, said: impl AsRef<str>) -> Response {
        self.go_with(path, "+", said.as_ref())
    }

    /// Another page of the project, which is told what is wrong.
    pub(super) fn go_refusing(&self, path: &str, said: impl AsRef<str>) -> Response {
        self.go_with(path, "!", said.as_ref())
    }

    /// Another page of the project.
    pub(super) fn go(&self, path: &str) -> Response {
        let path = if path == "/" { "" } else { path };
        Redirect::to(&format!("{}{path}", self.base)).into_response()
    }

    fn go_with(&self, path: &str, kind: &str, said: &str) -> Response {
        let mut response = self.go(path);
        let said: String = said.chars().take(1000).collect();
        let cookie = cookies::set(cookies::SAID, &cookies::encoded(&format!("{kind}{said}")));
        response.headers_mut().append(header::SET_COOKIE, cookie);
        response
    }
}

/// What the addresses of the page begin with, where it was asked for.
pub(super) fn base(parts: &Parts) -> String {
    let mounted = parts.extensions.get::<MountedAt>().map_or("", |mounted| mounted.0.as_str());
    format!("{mounted}{PREFIX}")
}

/// A page or a part of one.
pub(super) fn show(template: &impl askama::Template) -> Answer {
    Ok(Html(template.render()?).into_response())
}
