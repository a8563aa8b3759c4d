//! A slot for virtual cards: the card connects, and every message has its length before it, two octets, high one
//! first; those of one octet are about the card (01 on, 00 off), all others are APDUs.
//!
//! This is what the driver `vpcd` of the virtual smart card project speaks, so that the same phone works in both.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use credential::iso7816::FrontEnd;
use reader_firmware::door::Arrival;
use serde_json::Value;

use super::served::{ServedDoor, Visit};

/// For how long a card may be silent.
const TIMEOUT: Duration = Duration::from_secs(2);
const ON: [u8; 1] = [0x01];
const OFF: [u8; 1] = [0x00];

/// One tap; the door speaks first.
pub(super) fn tap(door: &mut ServedDoor, mut connection: TcpStream) -> Vec<Value> {
    let mut out = Vec::new();
    let mut visit = door.visit(Arrival::Nfc(FrontEnd::SHORT), &mut out);
    // However the connection ends, the door has seen what it has seen.
    let _ended = carry(&mut connection, &mut visit, &mut out);
    visit.leave()
}

fn carry(connection: &mut TcpStream, visit: &mut Visit<'_>, out: &mut Vec<Vec<u8>>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    send(connection, &ON)?;
    while !visit.is_over() {
        let Some(apdu) = out.pop() else { break };
        send(connection, &apdu)?;
        let mut length = [0; 2];
        connection.read_exact(&mut length)?;
        let mut response = vec![0; usize::from(u16::from_be_bytes(length))];
        connection.read_exact(&mut response)?;
        visit.received(&response, out);
    }
    send(connection, &OFF)
}

fn send(connection: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    connection.write_all(&[&length.to_be_bytes(), message].concat())
}
