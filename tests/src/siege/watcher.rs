//! A reader's gateway that fetches the revocation list again and again.

use std::num::Saturating;

use super::gate::Kind;
use super::ledger::Ledger;
use super::visitor::{Over, Visitor};
use crate::service::http::Request;

/// Fetches the list until it is over, and holds each against what was said before it was asked for; how many there
/// were.
pub fn watch(mut visitor: Visitor<'_>, ledger: &Ledger, project: &str) -> u64 {
    let _guard = visitor.gate().guard();
    let request = Request::get(&format!("/v1/projects/{project}/revocation-list"), None);
    let mut lists = Saturating(0);
    while let Ok(()) = look(&mut visitor, ledger, &request) {
        lists += 1;
    }
    lists.0
}

fn look(visitor: &mut Visitor<'_>, ledger: &Ledger, request: &Request) -> Result<(), Over> {
    if visitor.gate().is_over() {
        return Err(Over);
    }
    let demand = ledger.demand();
    let (answer, _) = visitor.insist(Kind::Reading, request)?;
    if answer.status == 200 {
        ledger.listed(&answer.body, &demand);
    } else {
        assert!(answer.is_problem("revocation-list-none"), "{}", answer.text());
        assert!(demand.version == 0 && demand.revoked.is_empty(), "the list is gone");
    }
    Ok(())
}
