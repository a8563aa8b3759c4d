//! Finding scenario files.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// A file and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The name of the file without its ending.
    pub name: String,
    /// The file.
    pub file: PathBuf,
}

/// The files that are named; a folder stands for all files `*.toml` in it, in the order of their names.
///
/// # Errors
/// When something is not there, or a folder has no scenario.
pub fn find(named: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = found.len();
            found.extend(folder(path)?);
            ensure!(found.len() > before, "{} has no scenario (*.toml)", path.display());
        } else {
            ensure!(path.is_file(), "{} is not there", path.display());
            found.push(Found { name: name(path), file: path.clone() });
        }
    }
    Ok(found)
}

fn folder(path: &Path) -> Result<Vec<Found>> {
    let entries = std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry?.path();
        if file.extension().is_some_and(|ending| ending == "toml") {
            files.push(Found { name: name(&file), file });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
