//! The two peers of a tap: a door with everything a reader has, and a phone with everything a device has.

use credential::crypto::Crypto;
use credential::device::{Answer, DeviceEnv, DeviceEvent, DeviceSession};
use credential::error::Error;
use credential::iso7816::StatusWord;
use credential::limits::{COMMAND_MAX, MESSAGE_MAX};
use credential::message::Instruction;
use credential::object::{HeldRevocationList, Presence, VerifiedTimeToken};
use credential::reader::{Decision, Reader, ReaderEnv, ReaderSession, ReaderStep, Verdict};
use credential::report::Acknowledged;
use credential::time::Now;
use credential::transport::Transport;
use rand::rngs::StdRng;

use crate::wallet::MemoryWallet;

/// The list that a test's reader holds.
pub type HeldList = HeldRevocationList<2048>;

/// A door: what a reader has, its session and its list.
pub struct Door<C: Crypto> {
    /// Key, certificate, tickets.
    pub reader: Reader<C>,
    /// The session.
    pub session: ReaderSession<C>,
    /// The revocation list held.
    pub list: HeldList,
    /// Whether it asks for a time token.
    pub wants_time: bool,
    /// What the owner says to a grant.
    pub verdict: Verdict,
    /// The contents of a report to hand over.
    pub to_report: Option<Vec<u8>>,
}

/// A phone: a wallet and its session.
pub struct Phone<C: Crypto> {
    /// The backend.
    pub crypto: C,
    /// What it holds.
    pub wallet: MemoryWallet,
    /// The session.
    pub session: DeviceSession<C>,
    /// The presence that its holder has given.
    pub presence: Presence,
}

/// What a door does next.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "none lives longer than a step")]
pub enum DoorStep {
    /// It sends this.
    Send(Instruction, Vec<u8>),
    /// It has decided; [`Door::conclude`] follows.
    Decided(Decision),
    /// The tap is over; what was brought and taken.
    Finished {
        /// Version of the list.
        list: Option<u32>,
        /// The time token.
        time: Option<VerifiedTimeToken>,
        /// What the manager says has arrived.
        acknowledged: Option<Acknowledged>,
        /// The report that follows.
        report: Option<(Instruction, Vec<u8>)>,
    },
    /// The device has kept the report, or not.
    Reported(bool),
}

impl<C: Crypto> Door<C> {
    /// A door without a list that agrees with every decision.
    pub fn new(reader: Reader<C>) -> Self {
        Self {
            reader,
            session: ReaderSession::new(),
            list: HeldList::empty(),
            wants_time: false,
            verdict: Verdict::Stands,
            to_report: None,
        }
    }

    /// Begins a tap: SELECT is sent, or the link is up.
    pub fn begin(&mut self, transport: Transport, now: Now, rng: &mut StdRng) {
        self.reader.prepare(rng, now);
        self.session.begin(transport, now);
    }

    /// Hands the door a response; a list that is brought replaces the one held.
    ///
    /// # Errors
    /// As the session's.
    pub fn receive(
        &mut self,
        now: Now,
        rng: &mut StdRng,
        mut data: Vec<u8>,
        status: StatusWord,
    ) -> Result<DoorStep, Error> {
        let mut out = vec![0; COMMAND_MAX];
        let (wants_time, has_report) = (self.wants_time, self.to_report.is_some());
        let mut env = ReaderEnv { now, rng, revocations: &self.list, wants_time, has_report };
        let step = self.session.receive(&mut self.reader, &mut env, &mut data, status, &mut out)?;
        match step {
            ReaderStep::Send { instruction, length } => {
                out.truncate(length);
                Ok(DoorStep::Send(instruction, out))
            }
            ReaderStep::Decided(decision) => Ok(DoorStep::Decided(decision)),
            ReaderStep::Finished { brought, .. } => {
                let report = brought.report_room.map(|_| self.to_report.clone().unwrap_or_default());
                let report = report.map(|contents| {
                    let mut out = vec![0; MESSAGE_MAX];
                    let fill = &mut |room: &mut [u8]| {
                        room.get_mut(..contents.len()).map_or(0, |room| {
                            room.copy_from_slice(&contents);
                            contents.len()
                        })
                    };
                    match self.session.report(&self.reader, &mut env, fill, &mut out)? {
                        Some(ReaderStep::Send { instruction, length }) => {
                            out.truncate(length);
                            Ok::<_, Error>(Some((instruction, out)))
                        }
                        _ => Ok(None),
                    }
                });
                let report = report.transpose()?.flatten();
                let list = brought.revocation_list.map(|list| {
                    self.list.replace(&list).expect("a list that is brought is newer and fits");
                    list.version()
                });
                let (time, acknowledged) = (brought.time_token, brought.acknowledged);
                Ok(DoorStep::Finished { list, time, acknowledged, report })
            }
            ReaderStep::Reported { kept } => Ok(DoorStep::Reported(kept)),
        }
    }

    /// Tells the device the decision, as the owner sees it.
    ///
    /// # Errors
    /// As the session's.
    pub fn conclude(&mut self, now: Now, rng: &mut StdRng) -> Result<DoorStep, Error> {
        let mut out = vec![0; COMMAND_MAX];
        let (wants_time, has_report) = (self.wants_time, self.to_report.is_some());
        let mut env = ReaderEnv { now, rng, revocations: &self.list, wants_time, has_report };
        let step = self.session.conclude(&self.reader, &mut env, self.verdict, &mut out)?;
        let ReaderStep::Send { instruction, length } = step else {
            return Ok(DoorStep::Finished { list: None, time: None, acknowledged: None, report: None });
        };
        out.truncate(length);
        Ok(DoorStep::Send(instruction, out))
    }
}

impl<C: Crypto> Phone<C> {
    /// A locked phone.
    pub fn new(crypto: C, wallet: MemoryWallet) -> Self {
        Self { crypto, wallet, session: DeviceSession::new(), presence: Presence::None }
    }

    /// Hands a command to the device and signs if asked to.
    pub fn answer(
        &mut self,
        now: Now,
        rng: &mut StdRng,
        instruction: u8,
        mut data: Vec<u8>,
    ) -> (Vec<u8>, StatusWord, Option<DeviceEvent>) {
        let mut out = vec![0; MESSAGE_MAX];
        let mut env = DeviceEnv { now, rng, wallet: &mut self.wallet, presence: self.presence };
        let answer = self.session.receive(&self.crypto, &mut env, instruction, &mut data, &mut out);
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Sign(request) => {
                let signature = self.wallet.sign(&request);
                let mut env = DeviceEnv { now, rng, wallet: &mut self.wallet, presence: self.presence };
                self.session.resume(&self.crypto, &mut env, Some(&signature), &mut out)
            }
        };
        out.truncate(reply.length);
        (out, reply.status, reply.event)
    }
}
