//! A TCP connection that carries whole messages.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use credential::ble::stream::{FRAME_HEADER, FrameDecoder, encode_frame};

/// As long as a tap may take: nothing that is awaited comes later.
const TIMEOUT: Duration = Duration::from_secs(10);

/// One connection.
pub struct Wire {
    stream: TcpStream,
    decoder: FrameDecoder,
    /// What was read and not yet decoded.
    input: Vec<u8>,
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::over(TcpStream::connect_timeout(&address, TIMEOUT)?)
    }

    /// Takes over a connection.
    ///
    /// # Errors
    /// Those of the connection.
    pub fn over(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        Ok(Self { stream, decoder: FrameDecoder::new(), input: Vec::new() })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// Those of the connection, and when the message cannot be framed.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let mut frame = vec![0; message.len().saturating_add(FRAME_HEADER)];
        let length = encode_frame(message, &mut frame).map_err(io::Error::other)?;
        self.stream.write_all(frame.get(..length).unwrap_or_default())
    }

    /// The next message, or `None` when the other side closed.
    ///
    /// # Errors
    /// Those of the connection, and frames that do not come out.
    pub fn receive(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut input = self.input.as_slice();
            let message = self.decoder.next_message(&mut input).map_err(io::Error::other)?;
            let message = message.map(<[u8]>::to_vec);
            let taken = self.input.len().saturating_sub(input.len());
            self.input.drain(..taken);
            if message.is_some() {
                return Ok(message);
            }
            let mut read = [0; 512];
            let count = self.stream.read(&mut read)?;
            if count == 0 {
                return Ok(None);
            }
            self.input.extend_from_slice(read.get(..count).unwrap_or_default());
        }
    }
}
