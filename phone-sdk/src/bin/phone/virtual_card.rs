//! A tap as a card in a virtual slot.
//!
//! The slot listens (`vpcd` of the virtual smart card project, port 35963, or `simulator door`), the card connects.
//! Every message has its length before it, two octets, high one first.
//! A message of one octet to the card is about the card: 00 off, 01 on, 02 reset, 04 asks for the ATR.
//! Every other is a command APDU, and its response goes back.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use phone_sdk::port::UserPresence;
use phone_sdk::{Deactivation, NfcPresenter, TapEvent, Wallet};

/// As long as the slot may be silent.
const TIMEOUT: Duration = Duration::from_secs(60);

/// T=1, no historical octets.
///
/// Spec: ISO/IEC 7816-3 §8.2
const ATR: [u8; 4] = [0x3B, 0x80, 0x01, 0x81];

/// Puts the phone into the slot, and takes it out when a tap is over.
pub(crate) fn tap(
    wallet: &Wallet,
    presence: Arc<dyn UserPresence>,
    slot: SocketAddr,
) -> io::Result<Vec<TapEvent>> {
    let mut connection = TcpStream::connect_timeout(&slot, TIMEOUT)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    let mut presenter = wallet.nfc(presence);
    let mut events = Vec::new();
    let carried = carry(&mut connection, &mut presenter, &mut events);
    presenter.deactivated(Deactivation::LinkLoss);
    events.extend(std::iter::from_fn(|| presenter.poll_event()));
    if events.is_empty() { carried.map(|()| events) } else { Ok(events) }
}

fn carry(
    connection: &mut TcpStream,
    presenter: &mut NfcPresenter,
    events: &mut Vec<TapEvent>,
) -> io::Result<()> {
    while let Some(message) = receive(connection)? {
        match message.as_slice() {
            [0x04] => send(connection, &ATR)?,
            // Before a tap a slot may switch the card off as often as it likes.
            [0x00 | 0x02] => {
                presenter.deactivated(Deactivation::LinkLoss);
                events.extend(std::iter::from_fn(|| presenter.poll_event()));
                if !events.is_empty() {
                    break;
                }
            }
            [] | [_] => {}
            apdu => send(connection, &presenter.process_command(apdu))?,
        }
        events.extend(std::iter::from_fn(|| presenter.poll_event()));
        if is_finished(events) {
            break;
        }
    }
    Ok(())
}

/// Whether the tap is over, and so is the report that may follow it.
fn is_finished(events: &[TapEvent]) -> bool {
    events.iter().any(|event| matches!(event, TapEvent::Finished(tap) if !tap.takes_report))
}

/// The next message; `None` when the slot is gone.
fn receive(connection: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 2];
    match connection.read_exact(&mut length) {
        Err(error) if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
            return Ok(None);
        }
        read => read?,
    }
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    connection.read_exact(&mut message)?;
    Ok(Some(message))
}

fn send(connection: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    connection.write_all(&[&length.to_be_bytes(), message].concat())
}
