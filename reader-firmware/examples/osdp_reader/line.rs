//! The line to the panel.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use libosdp::{Channel, ChannelError};

/// A socket in the place of a wire.
pub(crate) struct Line(pub(crate) UnixStream);

impl Channel for Line {
    fn get_id(&self) -> i32 {
        0
    }

    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ChannelError> {
        self.0.read(buf).map_err(|error| blame(&error))
    }

    fn write(&mut self, buf: &[u8]) -> Result<usize, ChannelError> {
        self.0.write(buf).map_err(|error| blame(&error))
    }

    fn flush(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
}

fn blame(error: &std::io::Error) -> ChannelError {
    match error.kind() {
        ErrorKind::WouldBlock => ChannelError::WouldBlock,
        _ => ChannelError::TransportError,
    }
}
