//! What each side has before a tap, as the vectors say it.

use credential::crypto::Point;
use credential::id::{IssuerIndex, ProjectId};
use credential::object::{IssuerKey, IssuerKeys};
use serde::Deserialize;

use super::octets::Octets;

/// An issuer key of some project.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerKeyBlock {
    project: Octets,
    index: u8,
    point: Octets,
}

/// A reader before a tap.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderBlock {
    /// Its project, 8 octets.
    pub project: Octets,
    /// Whom it trusts.
    pub issuer_keys: Vec<IssuerKeyBlock>,
    /// Its id.
    pub id: u32,
    /// The scalar of its certified key.
    pub secret: Octets,
    /// Its certificate.
    pub certificate: Octets,
    /// Unix seconds, 0 = no clock.
    pub clock: u32,
    /// The first seals, all open.
    pub ticket_keys: Vec<Octets>,
    /// Tickets in an OUTCOME that grants.
    pub tickets_issued: usize,
    /// Two days less the age of the first ticket key.
    pub ticket_lifetime_s: u32,
    /// The list that it holds.
    pub revocation_list: Option<Octets>,
    /// The version of that list.
    pub list_version: u32,
    /// Whom its owner refuses.
    pub denied_user_ids: Vec<String>,
    /// The longest ACK plaintext that it takes, octets.
    pub longest_ack: usize,
    /// Whether it asks for a time token.
    pub wants_time: bool,
    /// The key that it reports to.
    pub report_key: Option<Octets>,
    /// What it has to report.
    pub report: Option<ReportBlock>,
    /// Scalars of its ephemeral keys.
    pub ephemerals: Vec<Octets>,
    /// Nonces of the tickets that it gives.
    pub nonces: Vec<Octets>,
}

/// A report before it is sealed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportBlock {
    /// 12 octets.
    pub nonce: Octets,
    /// What is sealed.
    pub contents: Octets,
}

/// A ticket that a device holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketBlock {
    /// The reader that gave it.
    pub reader_id: u32,
    /// 72 octets.
    pub ticket: Octets,
    /// Its secret.
    pub psk: Octets,
    /// The first second at which it is not live.
    pub expires: u32,
}

/// A device before a tap.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceBlock {
    /// Its project, 8 octets.
    pub project: Octets,
    /// Whom it trusts.
    pub issuer_keys: Vec<IssuerKeyBlock>,
    /// Unix seconds.
    pub now: u32,
    /// The user presence given: 0 none, 1 unlocked, 2 verified.
    pub presence: u8,
    /// Its credential.
    pub credential: Option<Octets>,
    /// The scalar of the holder key.
    pub holder_secret: Octets,
    /// The list that it holds and brings.
    pub revocation_list: Option<Octets>,
    /// The token that it brings.
    pub time_token: Option<Octets>,
    /// The longest report that it takes.
    pub report_room: Option<u16>,
    /// The acknowledgement that it brings.
    pub report_acknowledgement: Option<Octets>,
    /// Tickets.
    pub tickets: Vec<TicketBlock>,
    /// What it answers to SELECT.
    pub select_response: Octets,
    /// Scalars of its ephemeral keys, one for each HELLO.
    pub ephemerals: Vec<Octets>,
    /// 88 octets for each HELLO.
    pub fillers: Vec<Octets>,
}

/// The keys of one project among `blocks`; `None` if there is none.
///
/// # Errors
/// Octets of another length, or keys that no verifier may hold together.
pub fn keys_of(blocks: &[IssuerKeyBlock], project: ProjectId) -> Result<Option<IssuerKeys>, String> {
    let mut keys = Vec::new();
    for block in blocks {
        if block.project.array()? == project.0 {
            keys.push(IssuerKey { index: IssuerIndex(block.index), point: Point(block.point.array()?) });
        }
    }
    if keys.is_empty() {
        return Ok(None);
    }
    IssuerKeys::new(project, &keys).map(Some).ok_or_else(|| "no such set of issuer keys".to_owned())
}

/// The keys of each project among `blocks`.
///
/// # Errors
/// As [`keys_of`].
pub fn keys_of_all(blocks: &[IssuerKeyBlock]) -> Result<Vec<IssuerKeys>, String> {
    let mut all: Vec<IssuerKeys> = Vec::new();
    for block in blocks {
        let project = ProjectId(block.project.array()?);
        if all.iter().all(|keys| keys.project() != project) {
            all.extend(keys_of(blocks, project)?);
        }
    }
    Ok(all)
}

/// The project that an object names, if it is long enough to name one.
pub fn project_in(object: &[u8]) -> Option<ProjectId> {
    object.get(1..9).and_then(|octets| octets.try_into().ok()).map(ProjectId)
}

/// The keys with which a verifier of the project that `object` names checks it; the first ones if it has none.
///
/// # Errors
/// As [`keys_of`], and when there are no keys at all.
pub fn keys_for(blocks: &[IssuerKeyBlock], object: &[u8]) -> Result<IssuerKeys, String> {
    let all = keys_of_all(blocks)?;
    let named = project_in(object).and_then(|project| all.iter().find(|keys| keys.project() == project));
    named.or(all.first()).cloned().ok_or_else(|| "no issuer keys".to_owned())
}
