//! The audit log: the newest entries, a search, and whether the chain holds.

use askama::Template;
use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;

use super::access::Signed;
use super::failure::Answer;
use super::fields::Fields;
use super::frame::{Frame, show};
use super::site::Page;
use crate::acts::AuditFilter;
use crate::domain::AuditEntry;
use crate::http::access::need::AuditRead;

/// Entries on a page.
const SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct Log {
    f: Frame,
    entries: Vec<AuditEntry>,
    act: String,
    subject: String,
    good: String,
    bad: String,
    next: Option<String>,
}

pub(super) fn routes() -> Router<Page> {
    Router::new().route("/audit", get(log))
}

async fn log(signed: Signed<AuditRead>, RawQuery(query): RawQuery) -> Answer {
    let manager = signed.manager();
    let f = signed.frame().clone().at("audit");
    let asked = Fields::parse(query.unwrap_or_default().as_bytes());
    let filter = AuditFilter {
        act: asked.some("act").map(|text| text.trim().to_owned()),
        subject: asked.some("subject").map(|text| text.trim().to_owned()),
        ..AuditFilter::default()
    };
    let is_search = filter != AuditFilter::default();
    let after = match asked.text("after").parse() {
        Ok(after) => after,
        // Without a search, the newest.
        Err(_) if !is_search => manager.audit_length().await?.saturating_sub(u64::from(SHOWN)),
        Err(_) => 0,
    };
    let mut entries = manager.audit_entries(&filter, after, SHOWN).await?;
    let is_full = u32::try_from(entries.len()).is_ok_and(|count| count == SHOWN);
    let goes_on = is_full && (is_search || asked.some("after").is_some());
    let next = entries.last().filter(|_| goes_on).map(|last| {
        format!("{}/audit?{}", f.base, asked.replacing("after", &last.sequence.to_string()).encoded())
    });
    entries.reverse();
    let (mut good, mut bad) = (String::new(), String::new());
    if asked.is_set("verify") {
        match manager.verify_audit_from(None).await? {
            Ok((last, _)) => {
                good = f.with("The log holds: {} entries, none changed, removed or added.", last)
            }
            Err(error) => bad = f.known(&error.to_string()).to_owned(),
        }
    }
    show(&Log {
        entries,
        act: filter.act.unwrap_or_default(),
        subject: filter.subject.unwrap_or_default(),
        good,
        bad,
        next,
        f,
    })
}
