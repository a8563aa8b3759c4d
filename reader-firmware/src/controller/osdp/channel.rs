//! A channel that notes whether something was received.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use libosdp::{Channel, ChannelError};

/// Whether something was received since it was last asked.
pub(super) struct Received(Arc<AtomicBool>);

impl Received {
    pub(super) fn take(&self) -> bool {
        let received = self.0.load(Ordering::Relaxed);
        self.0.store(false, Ordering::Relaxed);
        received
    }
}

pub(super) struct Counted {
    channel: Box<dyn Channel>,
    received: Arc<AtomicBool>,
}

impl Counted {
    pub(super) fn new(channel: Box<dyn Channel>) -> (Self, Received) {
        let received = Arc::new(AtomicBool::new(false));
        (Self { channel, received: Arc::clone(&received) }, Received(received))
    }
}

impl Channel for Counted {
    fn get_id(&self) -> i32 {
        self.channel.get_id()
    }

    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ChannelError> {
        let octets = self.channel.read(buf)?;
        if octets > 0 {
            self.received.store(true, Ordering::Relaxed);
        }
        Ok(octets)
    }

    fn write(&mut self, buf: &[u8]) -> Result<usize, ChannelError> {
        self.channel.write(buf)
    }

    fn flush(&mut self) -> Result<(), ChannelError> {
        self.channel.flush()
    }

    fn close(&mut self) -> Result<(), ChannelError> {
        self.channel.close()
    }
}
