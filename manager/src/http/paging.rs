//! Pages of lists: each page says with an opaque cursor where the next one begins.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64ct::{Base64UrlUnpadded, Encoding};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::problem::Problem;

/// Entries on a page unless the request says otherwise.
const LIMIT: u32 = 100;
/// Entries that one page has at most.
const LIMIT_MAX: u32 = 1000;

/// Which page, as it is asked for; to be named in the `params` of a list's operation.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The `next` of the page before; without it, the first page is meant.
    #[param(max_length = 1000)]
    cursor: Option<String>,
    /// How many entries at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Which page of a list whose entries are in the order of `K`.
pub(super) struct Page<K> {
    /// The last entry of the page before.
    pub(super) after: Option<K>,
    /// How many entries at most.
    pub(super) limit: u32,
}

/// A place in a list as a cursor.
pub(crate) fn written(place: &impl Serialize) -> String {
    // What cannot be written is no place, and no page gave it.
    Base64UrlUnpadded::encode_string(&serde_json::to_vec(place).unwrap_or_default())
}

/// Undoes [`written`].
pub(crate) fn read<K: DeserializeOwned>(cursor: &str) -> Option<K> {
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(cursor).ok()?).ok()
}

impl<K: Serialize> Page<K> {
    /// The cursor of the next page, unless `entries` are the end of the list.
    pub(super) fn next<T>(&self, entries: &[T], key: impl Fn(&T) -> K) -> Option<String> {
        let is_full = u32::try_from(entries.len()).is_ok_and(|count| count >= self.limit);
        let last = entries.last().filter(|_| is_full)?;
        Some(written(&key(last)))
    }
}

impl<K: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Page<K> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query: Result<_, QueryRejection> = Query::from_request_parts(parts, state).await;
        let Query(PageQuery { cursor, limit }) =
            query.map_err(|rejection| Problem::request_invalid(rejection.body_text()))?;
        let limit = limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::request_invalid(format!("limit is {limit}, and may be 1 to {LIMIT_MAX}")));
        }
        let after = cursor.map(|cursor| {
            read(&cursor)
                .ok_or_else(|| Problem::request_invalid("cursor is not one that a page of this list gave"))
        });
        Ok(Self { after: after.transpose()?, limit })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn page(query: &str) -> Result<Page<(u32, String)>, Problem> {
        let (mut parts, ()) = Request::get(format!("/list?{query}")).body(()).unwrap().into_parts();
        Page::from_request_parts(&mut parts, &()).await
    }

    #[tokio::test]
    async fn a_cursor_leads_to_the_entry_that_it_was_made_of() {
        let entries = [(1, "a".to_owned()), (2, "ü & =".to_owned())];
        let next = page("limit=2").await.unwrap().next(&entries, Clone::clone).unwrap();
        assert_eq!(page(&format!("cursor={next}")).await.unwrap().after, Some(entries[1].clone()));
        assert_eq!(page("limit=3").await.unwrap().next(&entries, Clone::clone), None);
        assert_eq!(page("limit=1").await.unwrap().next(&[], Clone::clone), None);
    }

    #[tokio::test]
    async fn what_no_page_gave_is_refused() {
        for bad in [
            "cursor=",
            "cursor=x",
            "cursor=bnVsbA",
            "cursor=%2B",
            "limit=0",
            "limit=1001",
            "limit=-1",
            "limit=many",
        ] {
            assert!(page(bad).await.is_err(), "{bad}");
        }
    }
}
