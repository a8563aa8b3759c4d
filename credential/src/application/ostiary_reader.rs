//! The exchange of this crate behind the reader's seam.

use super::reader::{ReaderAction, ReaderApplication, ReaderIncoming, ReaderOutgoing};
use crate::ble::{SERVICE, Uuid};
use crate::crypto::Crypto;
use crate::error::{ApiMisuse, DecodeError, Error};
use crate::iso7816::{Aid, CommandHeader, StatusWord};
use crate::message::Instruction;
use crate::reader::{Reader, ReaderEnv, ReaderSession, ReaderStep, Verdict};
use crate::time::{Instant, Now};
use crate::transport::Transport;
use crate::wire::NoRoom;

/// Class of the commands after SELECT.
const CLA: u8 = 0x80;

/// A reader and its session as one application.
pub struct OstiaryReader<C: Crypto> {
    reader: Reader<C>,
    session: ReaderSession<C>,
    /// Whether commands travel as APDUs in this tap.
    apdus: bool,
}

impl<C: Crypto> OstiaryReader<C> {
    /// Offers the exchange for `reader`.
    pub const fn new(reader: Reader<C>) -> Self {
        Self { reader, session: ReaderSession::new(), apdus: true }
    }

    /// The reader, for its settings.
    pub const fn reader(&self) -> &Reader<C> {
        &self.reader
    }

    /// The reader, to configure it anew.
    pub const fn reader_mut(&mut self) -> &mut Reader<C> {
        &mut self.reader
    }

    fn outgoing(
        &self,
        instruction: Instruction,
        length: usize,
        out: &mut [u8],
    ) -> Result<ReaderOutgoing, Error> {
        let ins = instruction.code();
        if self.apdus {
            let header = CommandHeader { cla: CLA, ins, p1: 0, p2: 0 };
            return Ok(ReaderOutgoing { header: Some(header), length });
        }
        let end = length.checked_add(1).filter(|end| *end <= out.len()).ok_or(NoRoom)?;
        out.copy_within(..length, 1);
        *out.first_mut().ok_or(NoRoom)? = ins;
        Ok(ReaderOutgoing { header: None, length: end })
    }
}

impl<C: Crypto> ReaderApplication for OstiaryReader<C> {
    fn aid(&self) -> Aid {
        Aid::OSTIARY
    }

    fn service(&self) -> Option<Uuid> {
        Some(SERVICE)
    }

    fn prepare(&mut self, env: &mut ReaderEnv<'_>) {
        self.reader.prepare(env.rng, env.now);
    }

    fn begin(&mut self, transport: Transport, now: Now) {
        self.apdus = !transport.device_opens();
        self.session.begin(transport, now);
    }

    fn receive<'m>(
        &mut self,
        env: &mut ReaderEnv<'_>,
        incoming: ReaderIncoming<'m>,
        out: &mut [u8],
    ) -> Result<ReaderAction<'m>, Error> {
        let (data, status) = match incoming {
            ReaderIncoming::Apdu { data, status } => (data, status),
            ReaderIncoming::Message(message) => {
                let (data, status) = message.split_last_chunk_mut::<2>().ok_or(DecodeError::Truncated)?;
                (data, StatusWord::from_be_bytes(*status))
            }
        };
        match self.session.receive(&mut self.reader, env, data, status, out)? {
            ReaderStep::Send { instruction, length } => {
                self.outgoing(instruction, length, out).map(ReaderAction::Send)
            }
            ReaderStep::Decided(decision) => Ok(ReaderAction::Decided(decision)),
            ReaderStep::Finished { brought, .. } => Ok(ReaderAction::Finished(brought)),
            ReaderStep::Reported { kept } => Ok(ReaderAction::Reported { kept }),
        }
    }

    fn conclude(
        &mut self,
        env: &mut ReaderEnv<'_>,
        verdict: Verdict,
        out: &mut [u8],
    ) -> Result<ReaderOutgoing, Error> {
        match self.session.conclude(&self.reader, env, verdict, out)? {
            ReaderStep::Send { instruction, length } => self.outgoing(instruction, length, out),
            ReaderStep::Decided(_) | ReaderStep::Finished { .. } | ReaderStep::Reported { .. } => {
                Err(Error::ApiMisuse(ApiMisuse::OutOfOrder))
            }
        }
    }

    fn report(
        &mut self,
        env: &mut ReaderEnv<'_>,
        fill: &mut dyn FnMut(&mut [u8]) -> usize,
        out: &mut [u8],
    ) -> Result<Option<ReaderOutgoing>, Error> {
        // Room for the instruction of a message is kept in front of the data.
        let room = out.len().saturating_sub(1);
        let data_out = out.get_mut(..room).unwrap_or_default();
        match self.session.report(&self.reader, env, fill, data_out)? {
            Some(ReaderStep::Send { instruction, length }) => {
                self.outgoing(instruction, length, out).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn extended_length(&self) -> bool {
        self.session.extended_length()
    }

    fn poll_at(&self) -> Option<Instant> {
        self.session.poll_at()
    }

    fn expire(&mut self, now: Instant) -> Result<(), Error> {
        self.session.expire(now)
    }

    fn reset(&mut self) {
        self.session.reset();
    }
}
