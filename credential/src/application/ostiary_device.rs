//! The exchange of this crate behind the device's seam.

use super::device::{DeviceAction, DeviceApplication, DeviceIncoming};
use crate::ble::{SERVICE, Uuid};
use crate::crypto::Crypto;
use crate::device::{Answer, DeviceEnv, DeviceSession, Reply};
use crate::error::Error;
use crate::iso7816::{Aid, StatusWord};
use crate::time::{Instant, Now};
use crate::transport::Transport;
use crate::wire::{NoRoom, Writer};

/// Class of the commands after SELECT.
const CLA: u8 = 0x80;

/// A device session as an application.
pub struct OstiaryDevice<C: Crypto> {
    crypto: C,
    session: DeviceSession<C>,
    /// Whether commands travel as APDUs in this tap.
    apdus: bool,
}

impl<C: Crypto> OstiaryDevice<C> {
    /// Offers the exchange on the backend `crypto`.
    pub const fn new(crypto: C) -> Self {
        Self { crypto, session: DeviceSession::new(), apdus: true }
    }

    fn action(&self, reply: Reply, out: &mut [u8]) -> DeviceAction {
        let Reply { status, mut length, event } = reply;
        if !self.apdus {
            length = with_status(out, length, status);
        }
        DeviceAction::Reply { length, status, event }
    }

    fn refusal(&mut self, status: StatusWord, out: &mut [u8]) -> DeviceAction {
        self.session.reset();
        self.action(Reply { status, length: 0, event: None }, out)
    }
}

impl<C: Crypto> DeviceApplication for OstiaryDevice<C> {
    fn aid(&self) -> Aid {
        Aid::OSTIARY
    }

    fn service(&self) -> Option<Uuid> {
        Some(SERVICE)
    }

    fn open(&mut self, transport: Transport, now: Now, out: &mut [u8]) -> Result<usize, Error> {
        self.apdus = !transport.device_opens();
        let mut writer = Writer::new(out);
        writer.put(&self.session.select(transport, now))?;
        if !self.apdus {
            writer.put(&StatusWord::NORMAL.to_be_bytes())?;
        }
        Ok(writer.length())
    }

    fn receive(
        &mut self,
        env: &mut DeviceEnv<'_>,
        incoming: DeviceIncoming<'_>,
        out: &mut [u8],
    ) -> DeviceAction {
        let (ins, data) = match incoming {
            DeviceIncoming::Apdu { header, .. } if header.cla != CLA => {
                return self.refusal(StatusWord::CLASS_NOT_SUPPORTED, out);
            }
            DeviceIncoming::Apdu { header, .. } if (header.p1, header.p2) != (0, 0) => {
                return self.refusal(StatusWord::INCORRECT_PARAMETERS, out);
            }
            DeviceIncoming::Apdu { header, data } => (header.ins, data),
            DeviceIncoming::Message(message) => match message.split_first_mut() {
                Some((ins, data)) => (*ins, data),
                None => return self.refusal(StatusWord::WRONG_LENGTH, out),
            },
        };
        // Room for the status word of a message is kept behind the data.
        let room = out.len().saturating_sub(2);
        let data_out = out.get_mut(..room).unwrap_or_default();
        match self.session.receive(&self.crypto, env, ins, data, data_out) {
            Answer::Reply(reply) => self.action(reply, out),
            Answer::Sign(request) => DeviceAction::Sign(request),
        }
    }

    fn resume(
        &mut self,
        env: &mut DeviceEnv<'_>,
        signature: Option<&[u8; 64]>,
        out: &mut [u8],
    ) -> DeviceAction {
        let reply = self.session.resume(&self.crypto, env, signature, out);
        self.action(reply, out)
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

/// Puts the status word behind the data; a buffer without room for it gets the status word alone.
fn with_status(out: &mut [u8], length: usize, status: StatusWord) -> usize {
    let put = |out: &mut [u8], at: usize| {
        let mut writer = Writer::new(out.get_mut(at..).ok_or(NoRoom)?);
        writer.put(&status.to_be_bytes())?;
        Ok::<_, NoRoom>(at.saturating_add(2))
    };
    put(out, length).or_else(|NoRoom| put(out, 0)).unwrap_or(0)
}
