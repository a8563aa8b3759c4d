//! Taps over TCP with the second implementation, in a process of its own.

pub mod cast;
pub mod python;
pub mod wire;

use std::io;

use credential::ble::CommandMessage;
use credential::crypto::Crypto;
use credential::device::DeviceEvent;
use credential::iso7816::{ResponseApdu, StatusWord};
use credential::limits::MESSAGE_MAX;
use credential::message::Instruction;
use credential::reader::{ReaderEnv, ReaderStep};
use credential::time::Now;
use credential::transport::Transport;
use rand::rngs::StdRng;

use crate::pair::{Door, Phone, Tap};
use wire::Wire;

/// One tap at `door` on a connection just made.
///
/// # Errors
/// When the connection ends before the tap, or the session fails.
pub fn reader_tap<C: Crypto>(
    door: &mut Door<C>,
    wire: &mut Wire,
    now: Now,
    rng: &mut StdRng,
) -> io::Result<Tap> {
    let mut tap = Tap::default();
    door.reader.prepare(rng, now);
    door.session.begin(Transport::Tcp, now);
    loop {
        let message = wire.receive()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let response = ResponseApdu::decode(&message).map_err(io::Error::other)?;
        let (mut data, status) = (response.data.to_vec(), response.status);
        let mut out = [0; MESSAGE_MAX];
        let mut env = ReaderEnv {
            now,
            rng,
            revocations: &door.list,
            wants_time: door.wants_time,
            has_report: door.to_report.is_some(),
        };
        let mut step = door
            .session
            .receive(&mut door.reader, &mut env, &mut data, status, &mut out)
            .map_err(io::Error::other)?;
        if let ReaderStep::Decided(decision) = step {
            tap.decision = Some(decision);
            step = door
                .session
                .conclude(&door.reader, &mut env, door.verdict, &mut out)
                .map_err(io::Error::other)?;
        }
        match step {
            ReaderStep::Send { instruction, length } => {
                send_command(wire, instruction, out.get(..length).unwrap_or_default())?;
            }
            ReaderStep::Finished { brought, .. } => {
                tap.time_taken = brought.time_token;
                tap.acknowledged = brought.acknowledged;
                let takes_report = brought.report_room.is_some();
                if let Some(list) = brought.revocation_list {
                    door.list.replace(&list).map_err(io::Error::other)?;
                    tap.list_taken = Some(list.version());
                }
                let Some(contents) = door.to_report.as_ref().filter(|_| takes_report) else { return Ok(tap) };
                let fill = &mut |room: &mut [u8]| {
                    room.get_mut(..contents.len()).map_or(0, |room| {
                        room.copy_from_slice(contents);
                        contents.len()
                    })
                };
                let mut env =
                    ReaderEnv { now, rng, revocations: &door.list, wants_time: false, has_report: true };
                let sent =
                    door.session.report(&door.reader, &mut env, fill, &mut out).map_err(io::Error::other)?;
                let Some(ReaderStep::Send { instruction, length }) = sent else { return Ok(tap) };
                send_command(wire, instruction, out.get(..length).unwrap_or_default())?;
            }
            ReaderStep::Reported { kept } => {
                tap.reported = Some(kept);
                return Ok(tap);
            }
            ReaderStep::Decided(_) => return Err(io::Error::other("decided twice")),
        }
    }
}

/// One tap of `phone` on a connection just made, until the reader closes it.
///
/// # Errors
/// When the connection breaks, or brings what is not a command.
pub fn device_tap<C: Crypto>(
    phone: &mut Phone<C>,
    wire: &mut Wire,
    now: Now,
    rng: &mut StdRng,
) -> io::Result<Tap> {
    let mut tap = Tap::default();
    let opening = phone.session.select(Transport::Tcp, now);
    send_response(wire, &opening, StatusWord::NORMAL)?;
    while let Some(message) = wire.receive()? {
        let command = CommandMessage::decode(&message).map_err(io::Error::other)?;
        let (data, status, event) = phone.answer(now, rng, command.ins, command.data.to_vec());
        send_response(wire, &data, status)?;
        match event {
            Some(DeviceEvent::Finished(report)) => tap.report = Some(report),
            Some(DeviceEvent::Refused(refused)) => tap.refused = Some(refused),
            Some(DeviceEvent::Reported { kept }) => tap.kept = Some(kept),
            Some(DeviceEvent::Failed(error)) => tap.device_error = Some(error),
            None => {}
        }
    }
    Ok(tap)
}

fn send_command(wire: &mut Wire, instruction: Instruction, data: &[u8]) -> io::Result<()> {
    wire.send(&[&[instruction.code()], data].concat())
}

fn send_response(wire: &mut Wire, data: &[u8], status: StatusWord) -> io::Result<()> {
    wire.send(&[data, &status.to_be_bytes()].concat())
}
