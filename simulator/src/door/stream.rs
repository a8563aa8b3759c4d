//! Phones on TCP.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reader_firmware::door::Arrival;
use serde_json::Value;

use super::served::{ServedDoor, Visit};

/// For how long a phone may be silent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// One tap; the phone speaks first.
pub(super) fn tap(door: &mut ServedDoor, mut connection: TcpStream) -> Vec<Value> {
    let mut out = Vec::new();
    let mut visit = door.visit(Arrival::Tcp, &mut out);
    // However the connection ends, the door has seen what it has seen.
    let _ended = carry(&mut connection, &mut visit, &mut out);
    visit.leave()
}

fn carry(connection: &mut TcpStream, visit: &mut Visit<'_>, out: &mut Vec<Vec<u8>>) -> io::Result<()> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    let mut octets = [0; 4096];
    while !visit.is_over() {
        for frame in out.drain(..) {
            connection.write_all(&frame)?;
        }
        let count = connection.read(&mut octets)?;
        if count == 0 {
            return Ok(());
        }
        visit.received(octets.get(..count).unwrap_or_default(), out);
    }
    Ok(())
}
