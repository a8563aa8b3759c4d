//! Cookies: the session, what was just said, and how the page is to look. All of them are for this host and all of its
//! paths, over TLS or loopback, and no script reads them.

use axum::http::{HeaderMap, HeaderValue, header};
use base64ct::{Base64UrlUnpadded, Encoding};

/// The session's secret; before signing in, a secret that forms are bound to.
pub(super) const SESSION: &str = "__Host-ostiary";
/// What was just done, to be said on the next page.
pub(super) const SAID: &str = "__Host-ostiary-said";
/// Light or dark.
pub(super) const THEME: &str = "__Host-ostiary-theme";
/// The language.
pub(super) const LANGUAGE: &str = "__Host-ostiary-language";

/// A year, in seconds.
const YEAR_S: u32 = 365 * 24 * 3600;

/// The value of a cookie.
pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// A cookie until the browser is closed.
pub(super) fn set(name: &str, value: &str) -> HeaderValue {
    made(format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax"))
}

/// A cookie for a year.
pub(super) fn set_for_long(name: &str, value: &str) -> HeaderValue {
    made(format!("{name}={value}; Path=/; Max-Age={YEAR_S}; Secure; HttpOnly; SameSite=Lax"))
}

/// Takes a cookie away.
pub(super) fn clear(name: &str) -> HeaderValue {
    made(format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"))
}

/// Text as the value of a cookie.
pub(super) fn encoded(text: &str) -> String {
    Base64UrlUnpadded::encode_string(text.as_bytes())
}

/// Undoes [`encoded`].
pub(super) fn decoded(value: &str) -> Option<String> {
    String::from_utf8(Base64UrlUnpadded::decode_vec(value).ok()?).ok()
}

fn made(text: String) -> HeaderValue {
    // Names are ours, and values are base64url or words of ours.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; __Host-ostiary-said=x; b=2"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-ostiary=secret"));
        assert_eq!(value(&headers, SESSION), Some("secret"));
        assert_eq!(value(&headers, SAID), Some("x"));
        assert_eq!(value(&headers, THEME), None);
    }

    #[test]
    fn what_is_said_comes_back() {
        assert_eq!(decoded(&encoded("Grüße; a=b")).as_deref(), Some("Grüße; a=b"));
        assert_eq!(decoded("not base64!"), None);
    }
}
