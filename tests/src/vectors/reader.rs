//! The reader of a vector: its session with exactly the state and the random octets that the vector gives.

use credential::crypto::{Crypto, Point};
use credential::error::Error;
use credential::id::ProjectId;
use credential::iso7816::StatusWord;
use credential::limits::{MESSAGE_MAX, TICKET_KEY_LIFE_MS};
use credential::message::Instruction;
use credential::object::{HeldRevocationList, Revocations, VerifiedRevocationList};
use credential::reader::{
    Decision, Outcome, Reader, ReaderEnv, ReaderSession, ReaderSettings, ReaderStep, Verdict,
};
use credential::secret::Secret;
use credential::time::{Instant, Now, UnixTime};
use credential::transport::Transport;
use serde::Deserialize;

use super::blocks::{ReaderBlock, keys_of};
use super::check::same;
use super::script::Script;

/// What a device can bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// What has arrived at the manager.
    ReportAcknowledgement,
    /// Room for a report.
    ReportRoom,
    /// A revocation list.
    RevocationList,
    /// A time token.
    TimeToken,
}

/// A reader in the middle of its tap.
pub struct VectorReader<C: Crypto> {
    reader: Reader<C>,
    session: ReaderSession<C>,
    list: HeldRevocationList<MESSAGE_MAX>,
    now: Now,
    rng: Script,
    wants_time: bool,
    contents: Option<Vec<u8>>,
    /// Up to where the manager says that it has everything.
    pub acknowledged_up_to: Option<u32>,
    denied_user_ids: Vec<String>,
    /// The decision, once it is made.
    pub decision: Option<Decision>,
    /// What the owner of the reader said to it.
    pub verdict: Verdict,
}

/// What a reader does with an answer.
#[derive(Debug)]
pub enum Did {
    /// It sends a command.
    Sent(Instruction, Vec<u8>),
    /// The tap is over.
    Finished {
        /// What it used of what was brought.
        used: Vec<Item>,
        /// Key material for what comes after the tap.
        exporter: Secret<32>,
        /// The report that follows.
        report: Option<(Instruction, Vec<u8>)>,
    },
    /// The report was kept, or not.
    Reported(bool),
    /// It gives up.
    Failed(Error),
}

impl ReaderBlock {
    /// Whether the reader of this implementation can be this one: it gives two tickets or none, and takes
    /// acknowledgements up to the reassembly cap.
    pub fn is_ours(&self) -> bool {
        matches!(self.tickets_issued, 0 | 2) && self.longest_ack == MESSAGE_MAX.saturating_sub(16)
    }
}

impl<C: Crypto> VectorReader<C> {
    /// A reader that has just begun a tap.
    ///
    /// # Errors
    /// What of the block does not make a reader.
    pub fn begin(crypto: C, block: &ReaderBlock, transport: Transport) -> Result<Self, String> {
        let refused = |error: credential::error::ObjectError| error.to_string();
        let issuers =
            keys_of(&block.issuer_keys, ProjectId(block.project.array()?))?.ok_or("no issuer keys")?;
        let mut list = HeldRevocationList::empty();
        if let Some(octets) = &block.revocation_list {
            let held = VerifiedRevocationList::verify(&crypto, &octets.0, &issuers).map_err(refused)?;
            list.replace(&held).map_err(refused)?;
        }
        same("list_version", list.version(), block.list_version)?;
        let settings = ReaderSettings {
            certificate: block.certificate.array()?,
            issuers,
            tickets: block.tickets_issued != 0,
            report_key: block.report_key.as_ref().map(|key| key.array().map(Point)).transpose()?,
        };
        let unix = (block.clock != 0).then_some(UnixTime(block.clock));
        let (mut rng, now) = random_octets(block)?;
        // The reader starts with the older ticket key, and has the newer one after a day.
        let start = Now { instant: Instant(0), unix };
        let scalar = Secret::new(block.secret.array()?);
        let mut reader = Reader::new(crypto, &scalar, settings, &mut rng, start).map_err(refused)?;
        let instant = Instant(TICKET_KEY_LIFE_MS);
        reader.prepare(&mut rng, Now { instant, unix });
        let nonces: usize = block.nonces.iter().map(|nonce| nonce.0.len()).sum();
        let nonces = nonces + block.report.as_ref().map_or(0, |report| report.nonce.0.len());
        same("random octets left", rng.left(), nonces)?;
        let now = Now { instant: now, unix };
        let mut session = ReaderSession::new();
        session.begin(transport, now);
        Ok(Self {
            reader,
            session,
            list,
            now,
            rng,
            wants_time: block.wants_time,
            contents: block.report.as_ref().map(|report| report.contents.0.clone()),
            acknowledged_up_to: None,
            denied_user_ids: block.denied_user_ids.clone(),
            decision: None,
            verdict: Verdict::Stands,
        })
    }

    /// Takes an answer; what was decided is told at once.
    ///
    /// # Errors
    /// When the random octets did not do, or an object that was brought could not be used.
    pub fn receive(&mut self, data: &[u8], status: StatusWord) -> Result<Did, String> {
        let mut data = data.to_vec();
        let mut out = vec![0; MESSAGE_MAX];
        let mut env = ReaderEnv {
            now: self.now,
            rng: &mut self.rng,
            revocations: &self.list,
            wants_time: self.wants_time,
            has_report: self.contents.is_some(),
        };
        let mut step = self.session.receive(&mut self.reader, &mut env, &mut data, status, &mut out);
        if let Ok(ReaderStep::Decided(decision)) = step {
            self.verdict = verdict(&self.denied_user_ids, &decision);
            self.decision = Some(decision);
            step = self.session.conclude(&self.reader, &mut env, self.verdict, &mut out);
        }
        let did = match step {
            Ok(ReaderStep::Send { instruction, length }) => {
                out.truncate(length);
                Did::Sent(instruction, out)
            }
            Ok(ReaderStep::Finished { brought, exporter }) => {
                let mut used = Vec::new();
                if let Some(acknowledged) = brought.acknowledged {
                    self.acknowledged_up_to = Some(acknowledged.up_to);
                    used.push(Item::ReportAcknowledgement);
                }
                let mut report = None;
                if brought.report_room.is_some() {
                    used.push(Item::ReportRoom);
                    let contents = self.contents.clone().unwrap_or_default();
                    let fill = &mut |room: &mut [u8]| match room.get_mut(..contents.len()) {
                        Some(room) => {
                            room.copy_from_slice(&contents);
                            contents.len()
                        }
                        None => 0,
                    };
                    let sent = self.session.report(&self.reader, &mut env, fill, &mut out);
                    if let Some(ReaderStep::Send { instruction, length }) =
                        sent.map_err(|error| error.to_string())?
                    {
                        out.truncate(length);
                        report = Some((instruction, out));
                    }
                }
                if let Some(list) = brought.revocation_list {
                    self.list.replace(&list).map_err(|error| error.to_string())?;
                    used.push(Item::RevocationList);
                }
                if let Some(token) = brought.time_token {
                    self.now.unix =
                        Some(token.forward_from(self.now.unix).map_err(|error| error.to_string())?);
                    used.push(Item::TimeToken);
                }
                used.sort();
                Did::Finished { used, exporter, report }
            }
            Ok(ReaderStep::Reported { kept }) => Did::Reported(kept),
            Ok(ReaderStep::Decided(_)) => return Err("decided twice".to_owned()),
            Err(error) => Did::Failed(error),
        };
        let goes_on = matches!(did, Did::Sent(..) | Did::Finished { report: Some(_), .. });
        if !goes_on && !self.session.is_idle() {
            return Err("not idle at the end".to_owned());
        }
        self.rng.kept()?;
        Ok(did)
    }

    /// The link is gone.
    pub fn reset(&mut self) {
        self.session.reset();
    }

    /// The version of the list that it holds.
    pub fn list_version(&self) -> u32 {
        self.list.version()
    }

    /// Its clock, 0 = none.
    pub fn clock(&self) -> u32 {
        self.now.unix.map_or(0, |time| time.0)
    }

    /// The result that the device is told, if there is one.
    pub fn result(&self) -> Option<u8> {
        let decision = self.decision.as_ref()?;
        Some(match (&decision.outcome, self.verdict) {
            (Outcome::Grant(_), Verdict::Stands) => 0,
            (Outcome::Grant(_), Verdict::Refused) => 6,
            (Outcome::Deny(reason), _) => reason.code(),
        })
    }
}

/// The owner refuses whom its list names; a decision that denies names nobody.
fn verdict(denied_user_ids: &[String], decision: &Decision) -> Verdict {
    match &decision.outcome {
        Outcome::Grant(user_id) if denied_user_ids.iter().any(|denied| denied == user_id.as_str()) => {
            Verdict::Refused
        }
        _ => Verdict::Stands,
    }
}

/// All that the reader will draw, in order, and the instant of the tap: its ticket key is then of the right age.
fn random_octets(block: &ReaderBlock) -> Result<(Script, Instant), String> {
    let [newer, older] = block.ticket_keys.as_slice() else {
        return Err("this reader has two ticket keys".to_owned());
    };
    let [ephemeral] = block.ephemerals.as_slice() else {
        return Err("a reader has one ephemeral key in a tap".to_owned());
    };
    let mut rng = Script::default();
    rng.add(&older.array::<32>()?);
    rng.add(&ephemeral.array::<32>()?);
    rng.add(&newer.array::<32>()?);
    for nonce in &block.nonces {
        rng.add(&nonce.array::<12>()?);
    }
    if let Some(report) = &block.report {
        rng.add(&report.nonce.array::<12>()?);
    }
    let lifetime_ms = u64::from(block.ticket_lifetime_s).saturating_mul(1000);
    let replaced_ms = TICKET_KEY_LIFE_MS.saturating_mul(3);
    let at = replaced_ms.checked_sub(lifetime_ms).filter(|at| *at >= TICKET_KEY_LIFE_MS);
    Ok((rng, Instant(at.ok_or("no ticket lives for longer than two days")?)))
}
