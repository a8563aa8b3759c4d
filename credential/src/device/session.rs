//! One tap after another on the device's side: every command gets an answer, whatever it is.

use rand_core::CryptoRng;

use super::event::{DeviceEvent, RefusedReader, SigningRequest, TapReport};
use super::expect::{AwaitSignature, ExpectConfirm, ExpectHello, ExpectOutcome, ExpectReport};
use super::wallet::Wallet;
use crate::crypto::{Crypto, Signature};
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::iso7816::StatusWord;
use crate::limits::TAP_TIMEOUT_MS;
use crate::message::Instruction;
use crate::message::select::SelectResponse;
use crate::object::Presence;
use crate::time::{Instant, Now};
use crate::transport::Transport;

/// What a device's session needs from outside at each step.
pub struct DeviceEnv<'a> {
    /// Both clocks.
    pub now: Now,
    /// Randomness for ephemeral keys and decoys.
    pub rng: &'a mut dyn CryptoRng,
    /// What the phone holds.
    pub wallet: &'a mut dyn Wallet,
    /// The user presence that has been given for this tap.
    pub presence: Presence,
}

/// What a device answers with.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Send this now.
    Reply(Reply),
    /// Have the holder key sign, then call [`DeviceSession::resume`].
    Sign(SigningRequest),
}

/// A response, and what the app may want to know.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status word.
    pub status: StatusWord,
    /// Octets of data in the output buffer.
    pub length: usize,
    /// What happened.
    pub event: Option<DeviceEvent>,
}

/// One tap after another; between taps it waits for SELECT.
///
/// To a reader that cannot pass CONFIRM every device looks the same.
pub struct DeviceSession<C: Crypto> {
    state: State<C>,
    forget_at: Instant,
}

enum State<C: Crypto> {
    Idle,
    Hello(ExpectHello),
    Confirm(ExpectConfirm<C>),
    Signature(AwaitSignature),
    Outcome(ExpectOutcome),
    /// The tap is over.
    Report(ExpectReport),
}

impl<C: Crypto> DeviceSession<C> {
    /// A session that waits for SELECT.
    pub const fn new() -> Self {
        Self { state: State::Idle, forget_at: Instant(0) }
    }

    /// SELECT came, or the link that the device opens is up: returns the response data.
    ///
    /// A tap that was under way is forgotten.
    pub fn select(&mut self, transport: Transport, now: Now) -> [u8; 6] {
        self.enter(State::Hello(ExpectHello { transport }), now);
        SelectResponse::OURS
    }

    /// Takes a command after SELECT and says what to answer; `data` is used as working space.
    ///
    /// `out` has room for the longest response: [`MESSAGE_MAX`](crate::limits::MESSAGE_MAX) octets to be a courier,
    /// 253 at the least.
    pub fn receive(
        &mut self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        instruction: u8,
        data: &mut [u8],
        out: &mut [u8],
    ) -> Answer {
        let state = self.take_state(env.now.instant);
        match self.step(crypto, env, state, Instruction::from_code(instruction), data, out) {
            Ok(answer) => answer,
            Err(error) => failed(error),
        }
    }

    /// Goes on after [`Answer::Sign`] with the holder key's signature; `None` if it could not sign.
    ///
    /// r ‖ s as the key store gave it: s is made low here.
    pub fn resume(
        &mut self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        signature: Option<&[u8; 64]>,
        out: &mut [u8],
    ) -> Reply {
        let state = self.take_state(env.now.instant);
        match self.proof(crypto, env, state, signature, out) {
            Ok(length) => Reply { status: StatusWord::NORMAL, length, event: None },
            Err(error) => failure(error),
        }
    }

    /// When [`DeviceSession::expire`] will forget the tap; `None` when there is nothing to forget.
    pub fn poll_at(&self) -> Option<Instant> {
        (!matches!(self.state, State::Idle)).then_some(self.forget_at)
    }

    /// Forgets a tap that the reader broke off without a word.
    ///
    /// # Errors
    /// [`Error::TimedOut`] when there was one.
    pub fn expire(&mut self, now: Instant) -> Result<(), Error> {
        if now < self.forget_at {
            return Ok(());
        }
        let over = self.is_idle();
        self.reset();
        if over { Ok(()) } else { Err(Error::TimedOut) }
    }

    /// Forgets the tap: the field or the link is gone.
    pub fn reset(&mut self) {
        self.state = State::Idle;
    }

    /// Whether no tap is under way.
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Report(_))
    }

    fn step(
        &mut self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        state: State<C>,
        instruction: Option<Instruction>,
        data: &mut [u8],
        out: &mut [u8],
    ) -> Result<Answer, Error> {
        let Some(instruction) = instruction else {
            return Err(Error::PeerMisbehaved(PeerMisbehaved::UnknownInstruction));
        };
        match (state, instruction) {
            (State::Hello(expect), Instruction::Hello) => {
                let (next, length, refused) = expect.hello(crypto, env, data, out)?;
                self.enter(State::Confirm(next), env.now);
                Ok(offered(length, refused))
            }
            (State::Confirm(expect), Instruction::Confirm) => {
                let (next, request) = expect.confirm(crypto, data)?;
                self.enter(State::Signature(next), env.now);
                Ok(Answer::Sign(request))
            }
            (State::Confirm(expect), Instruction::Outcome) => {
                let told = expect.fast_outcome(crypto, env, data, out)?;
                Ok(self.finished(told, env.now))
            }
            (State::Outcome(expect), Instruction::Outcome) => {
                let told = expect.outcome(crypto, env, data, out)?;
                Ok(self.finished(told, env.now))
            }
            (State::Report(expect), Instruction::Report) => {
                let (kept, length) = expect.report(crypto, env, data, out)?;
                let event = Some(DeviceEvent::Reported { kept });
                Ok(Answer::Reply(Reply { status: StatusWord::NORMAL, length, event }))
            }
            _ => Err(Error::PeerMisbehaved(PeerMisbehaved::OutOfOrder)),
        }
    }

    fn proof(
        &mut self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        state: State<C>,
        signature: Option<&[u8; 64]>,
        out: &mut [u8],
    ) -> Result<usize, Error> {
        let State::Signature(expect) = state else { return Err(Error::ApiMisuse(ApiMisuse::OutOfOrder)) };
        let signature = signature.ok_or(Error::AuthFailed)?;
        let signature = Signature::normalized(signature).map_err(|_| Error::AuthFailed)?;
        let (next, length) = expect.proof(crypto, &*env.wallet, signature, out)?;
        self.enter(State::Outcome(next), env.now);
        Ok(length)
    }

    fn finished(
        &mut self,
        (report, length, next): (TapReport, usize, Option<ExpectReport>),
        now: Now,
    ) -> Answer {
        if let Some(next) = next {
            self.enter(State::Report(next), now);
        }
        let event = Some(DeviceEvent::Finished(report));
        Answer::Reply(Reply { status: StatusWord::NORMAL, length, event })
    }

    fn take_state(&mut self, now: Instant) -> State<C> {
        let state = core::mem::replace(&mut self.state, State::Idle);
        if now >= self.forget_at { State::Idle } else { state }
    }

    fn enter(&mut self, state: State<C>, now: Now) {
        self.state = state;
        self.forget_at = now.instant.after_ms(TAP_TIMEOUT_MS);
    }
}

impl<C: Crypto> Default for DeviceSession<C> {
    fn default() -> Self {
        Self::new()
    }
}

fn offered(length: usize, refused: Option<RefusedReader>) -> Answer {
    let event = refused.map(DeviceEvent::Refused);
    Answer::Reply(Reply { status: StatusWord::NORMAL, length, event })
}

fn failed(error: Error) -> Answer {
    Answer::Reply(failure(error))
}

fn failure(error: Error) -> Reply {
    Reply { status: StatusWord::from(error), length: 0, event: Some(DeviceEvent::Failed(error)) }
}
