//! Imports that are being applied: each goes on in the manager, whoever waits for it, and can be looked at.
//!
//! Known to the process that applies them only: another one shows the plan as not applied until it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;
use uuid::Uuid;

use crate::acts::Progress;
use crate::domain::{Actor, Counts, ProjectId};
use crate::error::Error;
use crate::manager::Manager;

/// For how long whoever applies an import waits for it before being shown how far it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// Imports that are known at a time, before those that are over are forgotten although nobody has looked.
const KNOWN_MAX: usize = 100;

/// The imports that are being applied, and what came of those that nobody has been told of.
#[derive(Clone, Default)]
pub(super) struct Applying(Arc<Mutex<Works>>);

/// By project and plan: nobody looks at what another project does.
type Works = HashMap<(ProjectId, Uuid), Work>;

struct Work {
    progress: Arc<Progress>,
    outcome: Option<Result<Counts, Error>>,
}

/// Where an import stands.
pub(super) enum Standing {
    /// It is applied: so much of so much is done.
    Going(usize, usize),
    /// It was applied, or not; told only once.
    Over(Result<Counts, Error>),
}

impl Applying {
    /// Applies a plan; what came of it, or nothing where it takes longer. One that is being applied is not begun again.
    pub(super) async fn apply(
        &self,
        manager: &Manager,
        actor: Actor,
        plan: Uuid,
        confirmed: bool,
    ) -> Option<Result<Counts, Error>> {
        let key = (manager.project_id(), plan);
        let progress = Arc::new(Progress::default());
        let work = Work { progress: Arc::clone(&progress), outcome: None };
        {
            let mut known = self.known();
            if known.get(&key).is_some_and(|work| work.outcome.is_none()) {
                return None;
            }
            if known.len() >= KNOWN_MAX {
                known.retain(|_, work| work.outcome.is_none());
            }
            known.insert(key, work);
        }
        let (here, manager) = (self.clone(), manager.clone());
        let task = tokio::spawn(async move {
            let outcome = manager.apply_watched_import(actor, plan, confirmed, &progress).await;
            if let Some(work) = here.known().get_mut(&key) {
                work.outcome = Some(outcome);
            }
        });
        let _done = timeout(PATIENCE, task).await;
        match self.look(key.0, plan) {
            Some(Standing::Over(outcome)) => Some(outcome),
            _ => None,
        }
    }

    /// Where a plan of a project stands that is being applied, or was.
    pub(super) fn look(&self, project: ProjectId, plan: Uuid) -> Option<Standing> {
        let key = (project, plan);
        let mut known = self.known();
        let work = known.get_mut(&key)?;
        match work.outcome.take() {
            Some(outcome) => {
                known.remove(&key);
                Some(Standing::Over(outcome))
            }
            None => {
                let (done, all) = work.progress.of();
                Some(Standing::Going(done, all))
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Works> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
