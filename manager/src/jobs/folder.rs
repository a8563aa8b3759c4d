//! Applying lists that lie in a watched folder.

use std::time::{Duration, Instant};

use super::{Next, Stop};
use crate::error::Error;
use crate::manager::Manager;

/// After this time a run takes no more lists, so that it ends before it is cut off.
const BUDGET: Duration = Duration::from_secs(60);

pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error> {
    let Some(folder) = manager.watched_folder() else { return Ok(Next::Usual) };
    let began = Instant::now();
    for claimed in manager.left_over(&folder).await? {
        manager.apply_list(&folder, &claimed).await?;
    }
    while !stop.is_requested() && began.elapsed() < BUDGET {
        let Some(claimed) = manager.take_list(&folder).await? else { return Ok(Next::Usual) };
        manager.apply_list(&folder, &claimed).await?;
    }
    Ok(Next::Again)
}
