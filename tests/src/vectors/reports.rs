//! `reports.json`: reports and acknowledgements between one reader and its manager.

use credential::crypto::{Crypto, Point};
use credential::error::DecodeError;
use credential::id::{ProjectId, ReaderId};
use credential::report::{Acknowledgement, Entry, REPORT_OVERHEAD, ReportContents, ReportKeys};
use credential::secret::Secret;
use serde::Deserialize;

use super::check::{Checked, same, same_octets};
use super::octets::Octets;
use super::script::Script;

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    #[serde(rename = "about")]
    _about: String,
    project: Octets,
    reader_id: u32,
    reader_secret: Octets,
    report_secret: Octets,
    report_key: Octets,
    secret: Octets,
    sealing_key: Octets,
    acknowledging_key: Octets,
    /// Reports.
    pub cases: Vec<ReportCase>,
    /// Acknowledgements.
    pub acknowledgements: Vec<AcknowledgementCase>,
}

/// A report that a manager reads, or refuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportCase {
    /// The name.
    pub name: String,
    report: Octets,
    contents: Option<Octets>,
    expect: String,
    entries: Option<Vec<EntryBlock>>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryBlock {
    sequence: u32,
    time: u32,
    kind: u8,
    body: Octets,
}

/// An acknowledgement that a reader believes, or not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgementCase {
    /// The name.
    pub name: String,
    octets: Octets,
    holds: bool,
}

/// The keys as the reader and as the manager derive them.
pub struct BothKeys {
    reader: ReportKeys,
    manager: ReportKeys,
}

impl Reports {
    /// Derives the keys on both sides, and once more line for line.
    ///
    /// # Panics
    /// When they do not come out.
    pub fn keys<C: Crypto>(&self, crypto: &C) -> BothKeys {
        self.derived(crypto).expect("the keys come out as in the file")
    }

    fn derived<C: Crypto>(&self, crypto: &C) -> Result<BothKeys, String> {
        let key = |octets: &Octets| {
            crypto.agreement_key(&Secret::new(octets.array()?)).map_err(|error| error.to_string())
        };
        let (own, report) = (key(&self.reader_secret)?, key(&self.report_secret)?);
        let (project, reader) = (ProjectId(self.project.array()?), ReaderId(self.reader_id));
        let report_key = Point(self.report_key.array()?);
        same("report_key", crypto.public_point(&report), report_key)?;
        let named = [&b"ostiary/1 report\0"[..], &project.0, &reader.0.to_be_bytes()].concat();
        let shared = crypto.agree(&own, &report_key).map_err(|error| error.to_string())?;
        let secret = crypto.extract(&crypto.sha256(&[&named]), &[shared.expose()]);
        same_octets("secret", secret.expose(), &self.secret.0)?;
        let expanded = |label: &[u8]| crypto.expand(&secret, &[label]);
        same_octets("sealing_key", expanded(b"ostiary/1 report seal").expose(), &self.sealing_key.0)?;
        let acknowledging = expanded(b"ostiary/1 report acknowledgement");
        same_octets("acknowledging_key", acknowledging.expose(), &self.acknowledging_key.0)?;
        let derive = |own: &C::AgreementKey, other: &Point| {
            ReportKeys::derive(crypto, own, other, project, reader).map_err(|error| error.to_string())
        };
        Ok(BothKeys {
            reader: derive(&own, &report_key)?,
            manager: derive(&report, &crypto.public_point(&own))?,
        })
    }
}

/// Reads a report as a manager, and seals it again as the reader.
///
/// # Errors
/// What did not come out.
pub fn report<C: Crypto>(crypto: &C, keys: &BothKeys, case: &ReportCase) -> Checked {
    let mut octets = case.report.0.clone();
    let Ok(plaintext) = keys.manager.open(crypto, &mut octets) else {
        return same("expect", case.expect.as_str(), "cannot_open");
    };
    if let Some(contents) = &case.contents {
        same_octets("contents", plaintext, &contents.0)?;
    }
    let read = ReportContents::decode(plaintext);
    let expect = match &read {
        Ok(_) => "valid",
        Err(DecodeError::Truncated) => "truncated",
        Err(DecodeError::Count) => "bad_count",
        Err(DecodeError::NotSorted) => "not_sorted",
        Err(other) => return Err(other.to_string()),
    };
    same("expect", expect, case.expect.as_str())?;
    same("sealed again", sealed(crypto, keys, case)?, case.report.0.clone())?;
    let entries = read.ok().map(|read| read.entries().map(|entry| block(&entry)).collect::<Vec<_>>());
    same("entries", &entries, &case.entries)
}

fn sealed<C: Crypto>(crypto: &C, keys: &BothKeys, case: &ReportCase) -> Result<Vec<u8>, String> {
    let contents = case.contents.as_ref().map_or(&[][..], |contents| &contents.0);
    if contents.is_empty() {
        // A reader makes no report without contents.
        return Ok(case.report.0.clone());
    }
    let mut rng = Script::default();
    rng.add(case.report.0.get(..12).unwrap_or_default());
    let mut out = vec![0; contents.len().saturating_add(REPORT_OVERHEAD)];
    let fill = &mut |room: &mut [u8]| {
        room.copy_from_slice(contents);
        contents.len()
    };
    let length = keys.reader.seal(crypto, &mut rng, fill, &mut out).ok_or("no room")?;
    out.truncate(length);
    Ok(out)
}

/// The entry as it would be written again.
fn block(entry: &Entry<'_>) -> EntryBlock {
    let mut octets = vec![0; 1024];
    let length = entry.encode(&mut octets).unwrap_or(0);
    let body = octets.get(11..length).unwrap_or_default().to_vec();
    let time = entry.time.map_or(0, |time| time.0);
    EntryBlock { sequence: entry.sequence, time, kind: entry.event.kind(), body: Octets(body) }
}

/// Whether the reader believes an acknowledgement, which the manager then makes again.
///
/// # Errors
/// What did not come out.
pub fn acknowledgement<C: Crypto>(crypto: &C, keys: &BothKeys, case: &AcknowledgementCase) -> Checked {
    let given = Acknowledgement(case.octets.array()?);
    let believed = given.verify(crypto, &keys.reader);
    same("holds", believed.is_some(), case.holds)?;
    let again = believed.map(|believed| Acknowledgement::make(crypto, &keys.manager, believed));
    same("made again", again, case.holds.then_some(given))
}
