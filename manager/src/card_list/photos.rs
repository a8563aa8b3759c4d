//! Photos of cards in a ZIP archive: nothing of it is ever written to a disk, and nothing is unpacked beyond its limits.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::CardListError;
use crate::domain::shortened;
use crate::photo::PHOTO_OCTETS_MAX;

/// How the name of a list ends.
const LIST: &str = ".csv";
/// Files in an archive, at most.
const FILES_MAX: usize = 5_000;
/// Octets of all that are unpacked together, at most: 512 MiB.
const UNPACKED_MAX: u64 = 512 * 1024 * 1024;

/// An archive whose files are as they should be, by their names without folders, in small letters.
pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    files: BTreeMap<String, usize>,
    unpacked: u64,
}

impl Archive {
    /// Looks at an archive; nothing is unpacked yet.
    pub(crate) fn open(octets: Vec<u8>) -> Result<Self, Vec<CardListError>> {
        let wrong = |text: String| vec![CardListError::file(format!("the archive of photos: {text}"))];
        let mut zip =
            ZipArchive::new(Cursor::new(octets)).map_err(|_| wrong("this is no ZIP archive".to_owned()))?;
        if zip.len() > FILES_MAX {
            return Err(wrong(format!("it has {} files, and may have {FILES_MAX}", zip.len())));
        }
        let (mut errors, mut files) = (Vec::new(), BTreeMap::new());
        for place in 0..zip.len() {
            // Without the key of an encrypted file, its name can be read this way only.
            let Ok(file) = zip.by_index_raw(place) else {
                errors.extend(wrong(format!("file {} cannot be read", place.saturating_add(1))));
                continue;
            };
            let Ok(name) = file.name().map(std::borrow::Cow::into_owned) else {
                errors.extend(wrong(format!("the name of file {} cannot be read", place.saturating_add(1))));
                continue;
            };
            let shown = shortened(&name);
            if file.is_dir() || name.starts_with("__MACOSX/") || name.ends_with(".DS_Store") {
                continue;
            }
            let is_odd = name.contains(['\\', '\0', ':'])
                || name.starts_with('/')
                || name.split('/').any(|part| part == ".." || part == ".");
            if is_odd {
                errors
                    .extend(wrong(format!("{shown:?} is no name of a photo: it points out of the archive")));
            } else if file.encrypted() {
                errors.extend(wrong(format!("{shown:?} is encrypted")));
            } else if file.size() > u64::try_from(PHOTO_OCTETS_MAX).unwrap_or(u64::MAX) {
                errors.extend(wrong(format!(
                    "{shown:?} has {} octets, and may have {PHOTO_OCTETS_MAX}",
                    file.size()
                )));
            } else {
                let base = name.rsplit('/').next().unwrap_or(&name).to_lowercase();
                if files.insert(base, place).is_some() {
                    errors.extend(wrong(format!("{shown:?} is there twice")));
                }
            }
        }
        if errors.is_empty() { Ok(Self { zip, files, unpacked: 0 }) } else { Err(errors) }
    }

    /// The name of the photo that is called so, or by a card ID with one of the usual endings.
    pub(crate) fn named(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let endings = ["", ".jpg", ".jpeg", ".png", ".webp"].map(|ending| format!("{name}{ending}"));
        endings.into_iter().find(|name| self.files.contains_key(name))
    }

    /// How many photos there are.
    pub(crate) fn photos(&self) -> usize {
        self.files.keys().filter(|name| !name.ends_with(LIST)).count()
    }

    /// The octets of the one list that lies beside the photos.
    pub(crate) fn list(&mut self) -> Result<Vec<u8>, String> {
        let lists: Vec<String> = self.files.keys().filter(|name| name.ends_with(LIST)).cloned().collect();
        match lists.as_slice() {
            [one] => self.unpack(one),
            lists => {
                Err(format!("the archive has {} files that end with {LIST}, and needs one", lists.len()))
            }
        }
    }

    /// The octets of a photo, whatever its header says of their number.
    pub(crate) fn unpack(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let place = *self.files.get(name).ok_or("there is no such file in the archive")?;
        let file = self.zip.by_index(place).map_err(|_| "this cannot be unpacked".to_owned())?;
        let most = u64::try_from(PHOTO_OCTETS_MAX).unwrap_or(u64::MAX);
        let mut octets = Vec::new();
        let read = file.take(most.saturating_add(1)).read_to_end(&mut octets);
        read.map_err(|_| "this cannot be unpacked".to_owned())?;
        if octets.len() > PHOTO_OCTETS_MAX {
            return Err(format!("this has more than {PHOTO_OCTETS_MAX} octets"));
        }
        self.unpacked = self.unpacked.saturating_add(u64::try_from(octets.len()).unwrap_or(u64::MAX));
        if self.unpacked > UNPACKED_MAX {
            return Err(format!("all photos together have more than {UNPACKED_MAX} octets"));
        }
        Ok(octets)
    }
}
