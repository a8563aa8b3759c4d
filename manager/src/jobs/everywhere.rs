//! The work of all projects of an installation, also of those that are made meanwhile.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::domain::ProjectId;
use crate::error::Error;
use crate::manager::Manager;

/// How often projects are looked for that another process made.
const LOOK: Duration = Duration::from_secs(10);

impl Manager {
    /// Does what comes due in every project of the installation until `stopped` says so; see [`Manager::work_until`].
    pub async fn work_for_all_until(&self, mut stopped: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let mut known = HashSet::new();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let told = stopped.clone();
        loop {
            tokio::select! {
                // An error means that the other half is gone, which is a reason to stop as well.
                _ = stopped.wait_for(|stop| *stop) => break,
                _ = look.tick() => {}
            }
            match self.projects_beside(&known).await {
                Ok(projects) => {
                    for project in projects {
                        known.insert(project.project_id());
                        let told = told.clone();
                        tasks.spawn(async move { project.work_until(told).await });
                    }
                }
                Err(error) => tracing::error!(%error, "the projects to work for could not be looked up"),
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// The projects that are not known yet; one that cannot be opened does not keep the others waiting.
    async fn projects_beside(&self, known: &HashSet<ProjectId>) -> Result<Vec<Self>, Error> {
        let mut found = Vec::new();
        for project in self.projects().await? {
            if known.contains(&project.id) {
                continue;
            }
            match self.of_project(project.id).await {
                Ok(manager) => found.push(manager),
                Err(error) => {
                    let project = crate::domain::project_id_text(project.id);
                    tracing::error!(%project, %error, "a project cannot be opened");
                }
            }
        }
        Ok(found)
    }
}
