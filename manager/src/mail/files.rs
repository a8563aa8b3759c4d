//! Messages as files, for somebody or something else to send.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::message::Composed;
use super::transport::Delivery;

/// Writes a message as `ID.eml`, which appears only when it is whole.
///
/// Written twice, it is still one file.
pub(super) async fn write(dir: PathBuf, message: &Composed) -> Delivery {
    let name = format!("{}.eml", message.id.0);
    let octets = message.octets.clone();
    let written = tokio::task::spawn_blocking(move || write_now(&dir, &name, &octets)).await;
    match written {
        Ok(Ok(())) => Delivery::Sent,
        Ok(Err(error)) => {
            tracing::error!(%error, "a mail could not be written to the outbox directory");
            Delivery::Broken("file".to_owned())
        }
        Err(_) => Delivery::Broken("stopping".to_owned()),
    }
}

fn write_now(dir: &Path, name: &str, octets: &[u8]) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)?;
    let unfinished = dir.join(format!(".{name}"));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(&unfinished, dir.join(name))
}
