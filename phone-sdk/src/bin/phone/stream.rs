//! A tap on a TCP connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use credential::transport::Transport;
use phone_sdk::port::UserPresence;
use phone_sdk::{StreamClosed, StreamPresenter, TapEvent, Wallet};

/// As long as a door may take for anything.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Connects, and answers until the tap is over or the door closes the connection.
pub(crate) fn tap(
    wallet: &Wallet,
    presence: Arc<dyn UserPresence>,
    door: SocketAddr,
) -> io::Result<Vec<TapEvent>> {
    let mut connection = TcpStream::connect_timeout(&door, TIMEOUT)?;
    connection.set_nodelay(true)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    connection.set_write_timeout(Some(TIMEOUT))?;
    let mut presenter = wallet.stream(presence, Transport::Tcp);
    let mut events = Vec::new();
    let carried = carry(&mut connection, &mut presenter, &mut events);
    presenter.closed();
    events.extend(std::iter::from_fn(|| presenter.poll_event()));
    // What the tap has told says more than how the connection went down after it.
    if events.is_empty() { carried.map(|()| events) } else { Ok(events) }
}

fn carry(
    connection: &mut TcpStream,
    presenter: &mut StreamPresenter,
    events: &mut Vec<TapEvent>,
) -> io::Result<()> {
    let closed = |StreamClosed| io::Error::from(io::ErrorKind::ConnectionAborted);
    connection.write_all(&presenter.opened().map_err(closed)?)?;
    let mut octets = [0; 4096];
    loop {
        let count = connection.read(&mut octets)?;
        if count == 0 {
            return Ok(());
        }
        let answer = presenter.received(octets.get(..count).unwrap_or_default()).map_err(closed)?;
        connection.write_all(&answer)?;
        events.extend(std::iter::from_fn(|| presenter.poll_event()));
        // A door that has something to report goes on, and closes when it is done.
        if events.iter().any(|event| matches!(event, TapEvent::Finished(tap) if !tap.takes_report)) {
            // The door closes once it has the acknowledgement.
            let _closed = connection.read(&mut octets);
            return Ok(());
        }
    }
}
