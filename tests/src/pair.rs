//! A reader and a device joined in memory: one tap, step by step, with every message in reach.

use credential::crypto::Crypto;
use credential::device::{Answer, DeviceEnv, DeviceEvent, DeviceSession, TapReport};
use credential::error::Error;
use credential::iso7816::StatusWord;
use credential::limits::{COMMAND_MAX, MESSAGE_MAX};
use credential::message::Instruction;
use credential::object::{HeldRevocationList, Presence, VerifiedTimeToken};
use credential::reader::{Decision, Reader, ReaderEnv, ReaderSession, ReaderStep, Verdict};
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

/// One message pair as it went over the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanged {
    /// Instruction of the command; `None` for the opening of the session.
    pub instruction: Option<Instruction>,
    /// Command data.
    pub command: Vec<u8>,
    /// Response data.
    pub response: Vec<u8>,
    /// Status word of the response.
    pub status: StatusWord,
}

/// What came of a tap.
#[derive(Debug, Default)]
pub struct Tap {
    /// The reader's decision.
    pub decision: Option<Decision>,
    /// Message pairs before the decision, the opening included.
    pub pairs_to_decision: usize,
    /// What the device was told.
    pub report: Option<TapReport>,
    /// Why the device refused the reader.
    pub refused: Option<credential::device::RefusedReader>,
    /// Version of the list that was brought and taken.
    pub list_taken: Option<u32>,
    /// The time token that was brought and taken.
    pub time_taken: Option<VerifiedTimeToken>,
    /// Why the reader gave up.
    pub reader_error: Option<Error>,
    /// Why the device gave up.
    pub device_error: Option<Error>,
    /// All messages.
    pub messages: Vec<Exchanged>,
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
        }
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

/// A tap under way, driven message by message; the decision and what follows it are separate steps.
#[derive(Default)]
pub struct Drive {
    /// The message pair that the reader has not seen yet.
    pub pending: Option<Exchanged>,
    /// Set when the reader has decided and the device has not been told.
    pub decision: Option<Decision>,
    /// Everything so far.
    pub tap: Tap,
}

impl Drive {
    /// Selects the device.
    pub fn begin<C: Crypto>(door: &mut Door<C>, phone: &mut Phone<C>, now: Now, rng: &mut StdRng) -> Self {
        Self::begin_on(door, phone, Transport::Nfc, (now, now), rng)
    }

    fn begin_on<C: Crypto>(
        door: &mut Door<C>,
        phone: &mut Phone<C>,
        transport: Transport,
        (reader_now, device_now): (Now, Now),
        rng: &mut StdRng,
    ) -> Self {
        door.reader.prepare(rng, reader_now);
        door.session.begin(transport, reader_now);
        let response = phone.session.select(transport, device_now).to_vec();
        let opening =
            Exchanged { instruction: None, command: Vec::new(), response, status: StatusWord::NORMAL };
        Self { pending: Some(opening), ..Self::default() }
    }

    /// Lets the reader handle the pending response, or tell its decision; then the device answers.
    ///
    /// Returns `false` when the tap is over.
    pub fn step<C: Crypto>(
        &mut self,
        door: &mut Door<C>,
        phone: &mut Phone<C>,
        now: Now,
        rng: &mut StdRng,
    ) -> bool {
        self.step_at(door, phone, (now, now), rng)
    }

    fn step_at<C: Crypto>(
        &mut self,
        door: &mut Door<C>,
        phone: &mut Phone<C>,
        (reader_now, device_now): (Now, Now),
        rng: &mut StdRng,
    ) -> bool {
        let command = match self.reader_step(door, reader_now, rng) {
            Ok(Some(command)) => command,
            Ok(None) => return self.decision.is_some(),
            Err(error) => {
                self.tap.reader_error = Some(error);
                return false;
            }
        };
        let (instruction, command) = command;
        let (response, status, event) = phone.answer(device_now, rng, instruction.code(), command.clone());
        match event {
            Some(DeviceEvent::Refused(refused)) => self.tap.refused = Some(refused),
            Some(DeviceEvent::Finished(report)) => self.tap.report = Some(report),
            Some(DeviceEvent::Failed(error)) => self.tap.device_error = Some(error),
            None => {}
        }
        self.pending = Some(Exchanged { instruction: Some(instruction), command, response, status });
        true
    }

    /// The next command, if there is one yet.
    fn reader_step<C: Crypto>(
        &mut self,
        door: &mut Door<C>,
        now: Now,
        rng: &mut StdRng,
    ) -> Result<Option<(Instruction, Vec<u8>)>, Error> {
        let mut out = vec![0; COMMAND_MAX];
        let mut env = ReaderEnv { now, rng, revocations: &door.list, wants_time: door.wants_time };
        if let Some(decision) = self.decision.take() {
            self.tap.decision = Some(decision);
            let step = door.session.conclude(&door.reader, &mut env, door.verdict, &mut out)?;
            return Ok(sent(&step, &out));
        }
        let Some(mut pair) = self.pending.take() else { return Ok(None) };
        self.tap.messages.push(pair.clone());
        let step =
            door.session.receive(&mut door.reader, &mut env, &mut pair.response, pair.status, &mut out)?;
        let next = sent(&step, &out);
        match step {
            ReaderStep::Send { .. } => {}
            ReaderStep::Decided(decision) => {
                self.tap.pairs_to_decision = self.tap.messages.len();
                self.decision = Some(decision);
            }
            ReaderStep::Finished { brought, .. } => {
                self.tap.time_taken = brought.time_token;
                let Some(list) = brought.revocation_list else { return Ok(None) };
                door.list.replace(&list).expect("a list that is brought is newer and fits");
                self.tap.list_taken = Some(list.version());
            }
        }
        Ok(next)
    }
}

/// Runs a whole tap.
pub fn tap<C: Crypto>(
    door: &mut Door<C>,
    phone: &mut Phone<C>,
    transport: Transport,
    now: Now,
    rng: &mut StdRng,
) -> Tap {
    tap_with(door, phone, transport, (now, now), rng, |_| {})
}

/// Runs a whole tap with a clock for each side (reader, device), letting `meddle` change each response before the
/// reader sees it.
pub fn tap_with<C: Crypto>(
    door: &mut Door<C>,
    phone: &mut Phone<C>,
    transport: Transport,
    nows: (Now, Now),
    rng: &mut StdRng,
    mut meddle: impl FnMut(&mut Exchanged),
) -> Tap {
    let mut drive = Drive::begin_on(door, phone, transport, nows, rng);
    loop {
        if let Some(pending) = drive.pending.as_mut() {
            meddle(pending);
        }
        if !drive.step_at(door, phone, nows, rng) {
            return drive.tap;
        }
    }
}

fn sent(step: &ReaderStep<'_>, out: &[u8]) -> Option<(Instruction, Vec<u8>)> {
    match step {
        ReaderStep::Send { instruction, length } => Some((*instruction, out.get(..*length)?.to_vec())),
        ReaderStep::Decided(_) | ReaderStep::Finished { .. } => None,
    }
}
