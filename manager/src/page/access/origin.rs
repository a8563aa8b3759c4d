//! Whether a form came from this page: by what the browser says of its origin, and by the token that the page put in it.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use subtle::ConstantTimeEq;

use super::FORM_TOKEN;
use crate::page::fields::Fields;

/// Whether the browser says that the request came from a page of this host. Every browser says so with a form; what says
/// nothing is none.
pub(super) fn is_ours(parts: &Parts) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = text(header::ORIGIN.as_str()).and_then(|origin| Some(origin.split_once("://")?.1));
    origin.is_some() && origin == text(header::HOST.as_str())
}

/// Whether a form, or what a script sent, brings the token of this session.
pub(super) fn is_shown(told: Option<&HeaderValue>, fields: &Fields, expected: &str) -> bool {
    let brought = match told {
        Some(value) => value.as_bytes(),
        None => fields.text(FORM_TOKEN).as_bytes(),
    };
    bool::from(brought.ct_eq(expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn came(headers: &[(&str, &str)]) -> bool {
        let request = headers
            .iter()
            .fold(Request::builder().header("host", "doors.example"), |request, (name, value)| {
                request.header(*name, *value)
            });
        is_ours(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn only_what_the_browser_says_to_come_from_here_does() {
        assert!(came(&[("sec-fetch-site", "same-origin")]));
        assert!(came(&[("origin", "https://doors.example")]));
        for other in [
            &[][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site"), ("origin", "https://doors.example")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://doors.example.evil.example")],
            &[("origin", "null")],
        ] {
            assert!(!came(other), "{other:?}");
        }
    }
}
