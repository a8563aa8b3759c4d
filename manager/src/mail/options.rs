//! What an installation sets about mail; projects may have their own.

use std::path::{Path, PathBuf};

use super::Transport;

/// How mail leaves and comes back where a project does not say otherwise.
#[derive(Clone, Debug)]
pub struct MailOptions {
    /// The directory of the installation.
    pub directory: PathBuf,
    /// How mail leaves.
    pub transport: Transport,
    /// The address that mail is from.
    pub from_address: Option<String>,
    /// A Maildir with reports on mail that did not arrive.
    pub bounces: Option<PathBuf>,
}

impl MailOptions {
    /// Mail lies in the directory `outbox` of an installation's directory; nothing comes back.
    pub fn in_directory(dir: &Path) -> Self {
        let transport = Transport::Files(dir.join("outbox"));
        Self { directory: dir.to_owned(), transport, from_address: None, bounces: None }
    }
}
