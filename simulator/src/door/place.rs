//! The directory of a door.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use credential::secret::Secret;
use reader_firmware::enrolment;
use zeroize::Zeroizing;

const KEY: &str = "door.key";
const CONFIGURATION: &str = "configuration";
const FLASH: &str = "flash";

/// Where a door keeps what it may not forget.
pub(super) struct Place {
    dir: PathBuf,
}

impl Place {
    pub(super) fn open(dir: &Path) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The flash of a door on an emulated board.
    pub(super) fn flash(&self) -> PathBuf {
        self.dir.join(FLASH)
    }

    pub(super) fn is_enrolled(&self) -> bool {
        self.dir.join(CONFIGURATION).exists()
    }

    /// The door's key, made here at the first start; it never leaves this directory.
    pub(super) fn key(&self) -> Result<Secret<32>> {
        let path = self.dir.join(KEY);
        match fs::read(&path).map(Zeroizing::new) {
            Ok(octets) => {
                let scalar = octets.as_slice().try_into().map(Secret::new);
                scalar.ok().with_context(|| format!("{} is not a key of 32 octets", path.display()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                ensure!(
                    !self.is_enrolled(),
                    "{} is gone; enrol the door again in a new directory",
                    path.display()
                );
                let scalar = enrolment::make_key(&mut rand::rng())?;
                write_private(&path, scalar.expose())?;
                Ok(scalar)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    pub(super) fn configuration(&self) -> Result<Vec<u8>> {
        let path = self.dir.join(CONFIGURATION);
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    pub(super) fn keep_configuration(&self, sealed: &[u8]) -> Result<()> {
        write_private(&self.dir.join(CONFIGURATION), sealed)
    }
}

fn write_private(path: &Path, octets: &[u8]) -> Result<()> {
    use std::io::Write;
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(octets)?;
    Ok(file.sync_all()?)
}
