//! Streams: an L2CAP channel or TCP. Octets in, octets out.

use core::fmt;

use credential::application::DeviceIncoming;
use credential::ble::stream::{FRAME_HEADER, FrameDecoder, encode_frame};
use credential::ble::{MESSAGE_CAP, SERVICE};
use credential::time::Instant;
use credential::transport::Transport;
use zeroize::Zeroizing;

use super::event::{TapEvent, TapFailure};
use super::{Presenter, Reply};

/// A phone that talks to one reader over a stream at a time.
pub struct StreamPresenter {
    presenter: Presenter,
    transport: Transport,
    decoder: FrameDecoder,
    frame: Zeroizing<Vec<u8>>,
}

/// The stream cannot go on and is to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamClosed;

impl StreamPresenter {
    pub(crate) fn new(presenter: Presenter, transport: Transport) -> Self {
        let frame = Zeroizing::new(vec![0; MESSAGE_CAP.saturating_add(FRAME_HEADER)]);
        Self { presenter, transport, decoder: FrameDecoder::new(), frame }
    }

    /// The stream is open: returns what to send first, for the device opens the session.
    ///
    /// # Errors
    /// [`StreamClosed`] when no session can be opened.
    pub fn opened(&mut self) -> Result<Vec<u8>, StreamClosed> {
        self.decoder.reset();
        let reply = self.presenter.connect(SERVICE, self.transport).ok_or(StreamClosed)?;
        self.frame(reply)
    }

    /// Takes octets as they come and returns what to send, which may be nothing yet.
    ///
    /// # Errors
    /// [`StreamClosed`] when the reader does not keep to the rules; the tap is forgotten.
    pub fn received(&mut self, mut octets: &[u8]) -> Result<Vec<u8>, StreamClosed> {
        let mut out = Vec::new();
        loop {
            let mut message = match self.decoder.next_message(&mut octets) {
                Ok(Some(message)) => Zeroizing::new(message.to_vec()),
                Ok(None) => return Ok(out),
                Err(_) => {
                    self.presenter.note(TapEvent::Failed(TapFailure::Framing));
                    self.presenter.forget();
                    return Err(StreamClosed);
                }
            };
            let reply = self.presenter.receive(DeviceIncoming::Message(&mut message));
            out.extend(self.frame(reply)?);
        }
    }

    /// The stream is closed: a tap under way is forgotten.
    pub fn closed(&mut self) {
        self.presenter.lost(TapFailure::LinkLost);
        self.decoder.reset();
    }

    /// Forgets a tap that the reader broke off without a word.
    ///
    /// # Errors
    /// [`StreamClosed`] when there was one; close the stream.
    pub fn expire(&mut self) -> Result<(), StreamClosed> {
        if self.presenter.expire() { Err(StreamClosed) } else { Ok(()) }
    }

    /// When to call [`StreamPresenter::expire`]; `None` while no tap is under way.
    pub fn poll_at(&self) -> Option<Instant> {
        self.presenter.poll_at()
    }

    /// What has happened since it was last asked, oldest first.
    pub fn poll_event(&mut self) -> Option<TapEvent> {
        self.presenter.poll_event()
    }

    fn frame(&mut self, reply: Reply) -> Result<Vec<u8>, StreamClosed> {
        let message = self.presenter.octets(reply);
        let length = encode_frame(message, &mut self.frame).map_err(|_| StreamClosed)?;
        self.frame.get(..length).map(<[u8]>::to_vec).ok_or(StreamClosed)
    }
}

impl fmt::Display for StreamClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream is to be closed")
    }
}

impl core::error::Error for StreamClosed {}
