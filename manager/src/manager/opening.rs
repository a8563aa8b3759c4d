//! Opening an installation and the projects in it.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::opened::Opened;
use super::{Manager, Shared};
use crate::clock::Clock;
use crate::domain::{Project, ProjectId, parse_project_id};
use crate::error::{DirectoryError, Error, Refusal};
use crate::keyring::blocking;
use crate::mail::MailOptions;
use crate::pulse::Pulse;
use crate::random::IdSource;
use crate::store::{Home, Store};
use crate::vault::{Keeper, Unlock};

impl Manager {
    /// Opens the oldest project in `home`.
    ///
    /// # Errors
    /// [`Error::Directory`] where there is none, [`Error::Vault`] when `unlock` does not open its issuer keys,
    /// [`Error::Store`] when the database cannot be reached.
    pub async fn open(home: impl Into<Home>, unlock: &Unlock, clock: impl Clock) -> Result<Self, Error> {
        Self::open_one(home.into(), unlock, clock, |projects| projects.first().map(|project| project.id))
            .await
    }

    /// Opens the only project in `home`, or the one that is meant by its id or its name.
    ///
    /// # Errors
    /// Those of [`Manager::open`], [`Refusal::ProjectUnknown`], and [`Refusal::ProjectNeeded`] where there is more than
    /// one and none is named.
    pub async fn open_project(
        home: impl Into<Home>,
        named: Option<&str>,
        unlock: &Unlock,
        clock: impl Clock,
    ) -> Result<Self, Error> {
        let mut refusal = Refusal::ProjectUnknown;
        let opened = Self::open_one(home.into(), unlock, clock, |projects| match (named, projects) {
            (Some(named), _) => find(projects, named),
            (None, [project]) => Some(project.id),
            (None, _) => {
                let names = projects.iter().map(|project| project.name.clone()).collect::<Vec<_>>();
                refusal = Refusal::ProjectNeeded(names.join(", "));
                None
            }
        });
        match opened.await {
            Err(Error::Refused(Refusal::ProjectUnknown)) => Err(refusal.into()),
            other => other,
        }
    }

    /// The manager of another project of the installation, also of one that another process made.
    ///
    /// # Errors
    /// [`Refusal::ProjectUnknown`], [`Error::Vault`] when what opened this project does not open that one.
    pub async fn of_project(&self, id: ProjectId) -> Result<Self, Error> {
        // Held while a project is opened, so that nothing is opened twice.
        let mut projects = self.shared.projects.lock().await;
        let opened = match projects.get(&id) {
            Some(opened) => Arc::clone(opened),
            None => {
                let opened = Arc::new(open_one(&self.shared.store, id, &self.shared.unlock).await?);
                projects.insert(id, Arc::clone(&opened));
                opened
            }
        };
        Ok(Self { opened, ..self.clone() })
    }

    /// All projects of the installation, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn projects(&self) -> Result<Vec<Project>, Error> {
        Ok(self.shared.store.read().await?.projects().await?)
    }

    async fn open_one(
        home: Home,
        unlock: &Unlock,
        clock: impl Clock,
        choose: impl FnOnce(&[Project]) -> Option<ProjectId>,
    ) -> Result<Self, Error> {
        let empty = || DirectoryError::Empty(home.to_string());
        if home.file().is_some_and(|file| !file.exists()) {
            return Err(empty().into());
        }
        let store = Store::open(&home).await?;
        let all = store.read().await?.projects().await?;
        if all.is_empty() {
            return Err(empty().into());
        }
        let id = choose(&all).ok_or(Refusal::ProjectUnknown)?;
        let opened = Arc::new(open_one(&store, id, unlock).await?);
        let projects = Mutex::new(HashMap::from([(id, Arc::clone(&opened))]));
        let (unlock, ids) = (unlock.clone(), IdSource::new());
        let shared = Shared { store, unlock, clock: Box::new(clock), ids, pulse: Pulse::default(), projects };
        let mail_options = Arc::new(MailOptions::in_directory(home.directory()));
        Ok(Self {
            shared: Arc::new(shared),
            opened,
            http_settings: Arc::default(),
            mail_options,
            webhook_options: Arc::default(),
            watched: Arc::default(),
            once: None,
        })
    }
}

async fn open_one(store: &Store, id: ProjectId, unlock: &Unlock) -> Result<Opened, Error> {
    let row = store.read().await?.vault(id).await?.ok_or(Refusal::ProjectUnknown)?;
    let unlock = unlock.clone();
    let keeper = Arc::new(blocking(move || Keeper::open(&unlock, &row)).await?);
    Opened::read(&mut store.read().await?, id, keeper).await
}

/// The project of this id or of this name.
fn find(projects: &[Project], named: &str) -> Option<ProjectId> {
    let id = parse_project_id(named);
    let is_meant = |project: &&Project| Some(project.id) == id || project.name == named;
    projects.iter().find(is_meant).map(|project| project.id)
}
