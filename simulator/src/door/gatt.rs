//! A place for a Bluetooth peripheral that another program plays: it connects once for each link, and every attribute
//! value has its length before it, two octets, high one first.
//!
//! The first value says the ATT MTU (two octets); then the program passes on what the phone writes, and gets what the
//! reader notifies.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use credential::ble::segment::AttMtu;
use reader_firmware::door::Arrival;
use serde_json::Value;

use super::served::{ServedDoor, Visit};

/// For how long a phone may be silent.
const TIMEOUT: Duration = Duration::from_secs(2);

/// One tap; the phone speaks first.
pub(super) fn tap(door: &mut ServedDoor, mut connection: TcpStream) -> Vec<Value> {
    let Ok(att_mtu) = arrived(&mut connection) else { return Vec::new() };
    let mut out = Vec::new();
    let mut visit = door.visit(Arrival::Gatt(att_mtu), &mut out);
    // However the connection ends, the door has seen what it has seen.
    let _ended = carry(&mut connection, &mut visit, &mut out);
    visit.leave()
}

fn arrived(connection: &mut TcpStream) -> io::Result<AttMtu> {
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    let value = read(connection)?;
    let att_mtu = value.try_into().ok().and_then(|octets| AttMtu::new(u16::from_be_bytes(octets)).ok());
    att_mtu.ok_or_else(|| io::Error::other("the first value is an ATT MTU"))
}

fn carry(connection: &mut TcpStream, visit: &mut Visit<'_>, out: &mut Vec<Vec<u8>>) -> io::Result<()> {
    while !visit.is_over() {
        for value in out.drain(..) {
            let length = u16::try_from(value.len()).map_err(io::Error::other)?;
            connection.write_all(&[&length.to_be_bytes(), value.as_slice()].concat())?;
        }
        let value = read(connection)?;
        visit.received(&value, out);
    }
    Ok(())
}

fn read(connection: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    connection.read_exact(&mut length)?;
    let mut value = vec![0; usize::from(u16::from_be_bytes(length))];
    connection.read_exact(&mut value)?;
    Ok(value)
}
