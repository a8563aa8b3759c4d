//! How messages leave.

use std::path::PathBuf;

use super::files;
use super::message::Composed;
use super::smtp::{SmtpServer, SmtpSession};

/// Where messages go.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Each message becomes a file in this directory, which is made when it is needed.
    Files(PathBuf),
    /// A server that sends them on.
    Smtp(Box<SmtpServer>),
}

/// A transport in use, for one message after the other.
pub(crate) enum Channel {
    Files(PathBuf),
    Smtp(Box<SmtpSession>),
}

/// What became of a message.
///
/// The reasons are classes such as `550 5.1.1` or `tls`, never what a server said, which may have addresses in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It was taken.
    Sent,
    /// It was not taken, and may be taken later.
    Deferred(String),
    /// It will never be taken.
    Rejected(String),
    /// What it was about is over, so it was not tried.
    Dropped(String),
    /// Nothing is taken here, whatever the message.
    Broken(String),
}

impl Transport {
    /// Makes ready to send.
    pub(crate) fn open(&self) -> Channel {
        match self {
            Self::Files(dir) => Channel::Files(dir.clone()),
            Self::Smtp(server) => Channel::Smtp(Box::new(SmtpSession::new(server))),
        }
    }
}

impl Channel {
    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &Composed) -> Delivery {
        match self {
            Self::Files(dir) => files::write(dir.clone(), message).await,
            Self::Smtp(session) => session.send(message).await,
        }
    }

    /// Says good-bye.
    pub(crate) async fn close(self) {
        if let Self::Smtp(session) = self {
            session.close().await;
        }
    }
}
