//! Folders whose lists are applied by themselves.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use manager::domain::{Mode, Project, project_id_text};
use manager::{Manager, WatchedFolder};

use super::importing;

#[derive(Clone, Debug, Args)]
pub(crate) struct WatchArguments {
    /// Folder whose lists of people (*.csv) are applied as they appear; with the id or the name of a project and = before
    /// it for another project than the first; may be given more than once.
    #[arg(long, env = "OSTIARY_WATCH", value_name = "[PROJECT=]FOLDER", value_delimiter = ',')]
    watch: Vec<String>,
    /// What such a list means: replace, add-and-update or add-only.
    #[arg(long, env = "OSTIARY_WATCH_MODE", value_name = "MODE", default_value = "replace", value_parser = importing::mode)]
    watch_mode: Mode,
}

impl WatchArguments {
    /// The manager with these folders.
    pub(super) async fn apply(&self, manager: Manager) -> anyhow::Result<Manager> {
        if self.watch.is_empty() {
            return Ok(manager);
        }
        let projects = manager.projects().await?;
        let mut folders = Vec::with_capacity(self.watch.len());
        for text in &self.watch {
            folders.push(self.folder(text, &manager, &projects)?);
        }
        let of: HashSet<_> = folders.iter().map(|folder| folder.project.0).collect();
        let places: HashSet<_> = folders.iter().map(|folder| &folder.folder).collect();
        if of.len() < folders.len() || places.len() < folders.len() {
            bail!("--watch: each project has one folder, and each folder one project");
        }
        Ok(manager.with_watched(folders))
    }

    fn folder(&self, text: &str, manager: &Manager, projects: &[Project]) -> anyhow::Result<WatchedFolder> {
        // A name of a folder with = in it is one.
        let (project, folder) = match text.split_once('=').filter(|_| !PathBuf::from(text).is_dir()) {
            None => (manager.project().id, text),
            Some((named, folder)) => {
                let is_meant = |project: &&Project| {
                    project.name == named || project_id_text(project.id).eq_ignore_ascii_case(named)
                };
                let found = projects.iter().find(is_meant);
                (found.with_context(|| format!("--watch: there is no project {named:?}"))?.id, folder)
            }
        };
        let folder = PathBuf::from(folder);
        let folder = folder.canonicalize().with_context(|| format!("--watch {}", folder.display()))?;
        if !folder.is_dir() {
            bail!("--watch: {} is no folder", folder.display());
        }
        Ok(WatchedFolder { mode: self.watch_mode, ..WatchedFolder::new(project, folder) })
    }
}
