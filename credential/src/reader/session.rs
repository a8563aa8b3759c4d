//! One tap after another on the reader's side: plain states outside, one type a state inside.

use rand_core::CryptoRng;

use super::Reader;
use super::decision::{Brought, Decision, Verdict};
use super::expect::{
    Decided, ExpectAck, ExpectOffer, ExpectProof, ExpectReceived, ExpectSelected, MayReport, Offered,
};
use crate::crypto::Crypto;
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::iso7816::StatusWord;
use crate::limits::{RESPONSE_TIMEOUT_MS, TAP_TIMEOUT_MS};
use crate::message::Instruction;
use crate::object::Revocations;
use crate::secret::Secret;
use crate::time::{Instant, Now};
use crate::transport::Transport;

/// What a reader's session needs from outside at each step.
pub struct ReaderEnv<'a> {
    /// Both clocks.
    pub now: Now,
    /// Randomness for ephemeral keys and tickets.
    pub rng: &'a mut dyn CryptoRng,
    /// The revocation list held.
    pub revocations: &'a dyn Revocations,
    /// Whether the device is asked to bring a time token.
    pub wants_time: bool,
    /// Whether the reader has something to report.
    pub has_report: bool,
}

/// What a reader does next.
#[derive(Debug)]
pub enum ReaderStep<'m> {
    /// Send this instruction with the first `length` octets of the output buffer as data.
    Send {
        /// The instruction.
        instruction: Instruction,
        /// Octets of data.
        length: usize,
    },
    /// Act on the decision, then call [`ReaderSession::conclude`]. Nothing waits for the device any more.
    Decided(Decision),
    /// The tap is over and the session is idle; where the device takes a report, [`ReaderSession::report`] may follow.
    Finished {
        /// What the device brought.
        brought: Brought<'m>,
        /// Key material for a protocol that continues the tap.
        exporter: Secret<32>,
    },
    /// The device has answered the report.
    Reported {
        /// Whether it will carry it to the manager.
        kept: bool,
    },
}

/// One tap after another; idle in between.
///
/// A session never blocks. Whatever goes wrong leaves it idle and ready for the next tap.
pub struct ReaderSession<C: Crypto> {
    state: State<C>,
    /// Whether the device of this tap takes APDUs of extended length.
    extended_length: bool,
    /// The longest command data that it takes.
    longest_command: u16,
    respond_by: Instant,
    finish_by: Instant,
}

enum State<C: Crypto> {
    Idle,
    Selected(ExpectSelected),
    Offer(ExpectOffer<C>),
    Proof(ExpectProof),
    Decided(Decided<C>),
    Ack(ExpectAck),
    /// As good as idle: the tap is over.
    MayReport(MayReport),
    Received(ExpectReceived),
}

impl<C: Crypto> ReaderSession<C> {
    /// An idle session.
    pub const fn new() -> Self {
        Self {
            state: State::Idle,
            extended_length: false,
            longest_command: 0,
            respond_by: Instant(0),
            finish_by: Instant(0),
        }
    }

    /// Begins a tap.
    ///
    /// On NFC the caller has sent SELECT; elsewhere the link is up and the device speaks first.
    /// A tap that was under way is forgotten.
    pub fn begin(&mut self, transport: Transport, now: Now) {
        self.extended_length = false;
        self.finish_by = now.instant.after_ms(TAP_TIMEOUT_MS);
        self.await_response(State::Selected(ExpectSelected { transport }), now);
    }

    /// Takes the device's answer; `data` is used as working space. `out` has room for
    /// [`COMMAND_MAX`](crate::limits::COMMAND_MAX) octets.
    ///
    /// # Errors
    /// [`Error`] by blame; the session is then idle.
    pub fn receive<'m>(
        &mut self,
        reader: &mut Reader<C>,
        env: &mut ReaderEnv<'_>,
        data: &'m mut [u8],
        status: StatusWord,
        out: &mut [u8],
    ) -> Result<ReaderStep<'m>, Error> {
        let state = core::mem::replace(&mut self.state, State::Idle);
        if matches!(state, State::MayReport(_)) {
            return Err(Error::PeerMisbehaved(PeerMisbehaved::OutOfOrder));
        }
        if env.now.instant >= self.deadline() {
            return Err(Error::TimedOut);
        }
        if status != StatusWord::NORMAL && !matches!(state, State::Idle | State::Decided(_)) {
            return Err(Error::PeerMisbehaved(PeerMisbehaved::Status(status.0)));
        }
        match state {
            State::Selected(expect) => self.selected(expect, reader, env, data, out),
            State::Offer(expect) => self.offered(expect, reader, env, data, out),
            State::Proof(expect) => self.proved(expect, reader, env, data),
            State::Ack(expect) => self.acknowledged(expect, reader, env, data),
            State::Received(expect) => {
                expect.received(reader, data).map(|kept| ReaderStep::Reported { kept })
            }
            State::Idle | State::Decided(_) | State::MayReport(_) => {
                Err(Error::PeerMisbehaved(PeerMisbehaved::OutOfOrder))
            }
        }
    }

    /// Tells the device the result, after a [`ReaderStep::Decided`]; returns the octets of OUTCOME in `out`.
    ///
    /// # Errors
    /// [`ApiMisuse::OutOfOrder`] when there is nothing to tell; the session is then idle.
    pub fn conclude(
        &mut self,
        reader: &Reader<C>,
        env: &mut ReaderEnv<'_>,
        verdict: Verdict,
        out: &mut [u8],
    ) -> Result<ReaderStep<'static>, Error> {
        let State::Decided(decided) = core::mem::replace(&mut self.state, State::Idle) else {
            return Err(Error::ApiMisuse(ApiMisuse::OutOfOrder));
        };
        let (next, length) = decided.outcome(reader, env, verdict, out)?;
        self.await_response(State::Ack(next), env.now);
        Ok(ReaderStep::Send { instruction: Instruction::Outcome, length })
    }

    /// Hands a report to the device, after a [`ReaderStep::Finished`] that says it takes one; `out` has room for
    /// [`REPORT_MAX`](crate::limits::REPORT_MAX) octets and a tag, or the report is shorter.
    ///
    /// `fill` writes the contents of the report and returns their length, 0 for none: then `None` is returned.
    ///
    /// # Errors
    /// [`ApiMisuse::OutOfOrder`] when the device takes no report; the session is then idle.
    pub fn report(
        &mut self,
        reader: &Reader<C>,
        env: &mut ReaderEnv<'_>,
        fill: &mut dyn FnMut(&mut [u8]) -> usize,
        out: &mut [u8],
    ) -> Result<Option<ReaderStep<'static>>, Error> {
        let State::MayReport(may) = core::mem::replace(&mut self.state, State::Idle) else {
            return Err(Error::ApiMisuse(ApiMisuse::OutOfOrder));
        };
        let longest_command = usize::from(self.longest_command);
        let Some((next, length)) = may.report(reader, env, longest_command, fill, out)? else {
            return Ok(None);
        };
        self.await_response(State::Received(next), env.now);
        Ok(Some(ReaderStep::Send { instruction: Instruction::Report, length }))
    }

    /// When to call [`ReaderSession::expire`]; `None` while idle.
    pub fn poll_at(&self) -> Option<Instant> {
        (!self.is_idle()).then(|| self.deadline())
    }

    /// Gives up a tap whose time is over.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when there was one.
    pub fn expire(&mut self, now: Instant) -> Result<(), Error> {
        match self.poll_at() {
            Some(deadline) if now >= deadline => {
                self.reset();
                Err(Error::TimedOut)
            }
            _ => Ok(()),
        }
    }

    /// Forgets the tap: the card left the field, or the link is gone.
    pub fn reset(&mut self) {
        self.state = State::Idle;
    }

    /// Whether no tap is under way.
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::MayReport(_))
    }

    /// Whether the device of this tap takes APDUs of extended length.
    pub const fn extended_length(&self) -> bool {
        self.extended_length
    }

    // These are not inlined for the sake of small stacks: what the one keeps there, the others need not carry.
    #[inline(never)]
    fn selected<'m>(
        &mut self,
        expect: ExpectSelected,
        reader: &mut Reader<C>,
        env: &mut ReaderEnv<'_>,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<ReaderStep<'m>, Error> {
        let (next, length, device) = expect.selected(reader, env, data, out)?;
        self.extended_length = device.extended_length();
        self.longest_command = device.longest_command();
        self.await_response(State::Offer(next), env.now);
        Ok(ReaderStep::Send { instruction: Instruction::Hello, length })
    }

    #[inline(never)]
    fn acknowledged<'m>(
        &mut self,
        expect: ExpectAck,
        reader: &Reader<C>,
        env: &ReaderEnv<'_>,
        data: &'m mut [u8],
    ) -> Result<ReaderStep<'m>, Error> {
        let (brought, exporter, may_report) = expect.ack(reader, env, data)?;
        self.state = may_report.map_or(State::Idle, State::MayReport);
        Ok(ReaderStep::Finished { brought, exporter })
    }

    #[inline(never)]
    fn offered<'m>(
        &mut self,
        expect: ExpectOffer<C>,
        reader: &Reader<C>,
        env: &ReaderEnv<'_>,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<ReaderStep<'m>, Error> {
        match expect.offer(reader, env, data, out)? {
            Offered::Fast(decision, decided) => {
                self.state = State::Decided(decided);
                Ok(ReaderStep::Decided(decision))
            }
            Offered::Full(next, length) => {
                self.await_response(State::Proof(next), env.now);
                Ok(ReaderStep::Send { instruction: Instruction::Confirm, length })
            }
        }
    }

    #[inline(never)]
    fn proved<'m>(
        &mut self,
        expect: ExpectProof,
        reader: &mut Reader<C>,
        env: &ReaderEnv<'_>,
        data: &mut [u8],
    ) -> Result<ReaderStep<'m>, Error> {
        let (decision, decided) = expect.proof(reader, env, data)?;
        self.state = State::Decided(decided);
        Ok(ReaderStep::Decided(decision))
    }

    fn await_response(&mut self, state: State<C>, now: Now) {
        self.state = state;
        self.respond_by = now.instant.after_ms(RESPONSE_TIMEOUT_MS);
    }

    fn deadline(&self) -> Instant {
        self.respond_by.min(self.finish_by)
    }
}

impl<C: Crypto> Default for ReaderSession<C> {
    fn default() -> Self {
        Self::new()
    }
}
