//! Style, scripts and pictures: compiled in, named by their hash, and kept by browsers for a year.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

use super::site::Page;
use crate::domain::hex;

/// A file that is compiled in.
struct Asset {
    name: &'static str,
    kind: &'static str,
    octets: &'static [u8],
}

const ASSETS: [Asset; 4] = [
    Asset {
        name: "page.css",
        kind: "text/css; charset=utf-8",
        octets: include_bytes!("../../assets/page.css"),
    },
    Asset {
        name: "page.js",
        kind: "text/javascript; charset=utf-8",
        octets: include_bytes!("../../assets/page.js"),
    },
    Asset {
        name: "htmx.js",
        kind: "text/javascript; charset=utf-8",
        octets: include_bytes!("../../assets/htmx-2.0.11.min.js"),
    },
    Asset { name: "icon.svg", kind: "image/svg+xml", octets: include_bytes!("../../assets/icon.svg") },
];

/// The names with their hashes, in the order of [`ASSETS`].
static HASHED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let hash = |asset: &Asset| hex(&Sha256::digest(asset.octets)).chars().take(16).collect::<String>();
    ASSETS.iter().map(|asset| format!("{}-{}", hash(asset), asset.name)).collect()
});

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/assets/{name}", get(asset))
}

/// The name under which a file is served.
pub(super) fn hashed(name: &str) -> &'static str {
    let place = ASSETS.iter().position(|asset| asset.name == name);
    place.and_then(|place| HASHED.get(place)).map_or("none", String::as_str)
}

async fn asset(Path(name): Path<String>) -> Response {
    let found = ASSETS.iter().zip(HASHED.iter()).find(|(_, hashed)| **hashed == name);
    match found {
        Some((asset, _)) => {
            let headers = [
                (header::CONTENT_TYPE, asset.kind),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ];
            (headers, asset.octets).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
