//! Applying lists that lie in a watched folder.

use super::{Next, Stop};
use crate::error::Error;
use crate::manager::Manager;

pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error> {
    let Some(folder) = manager.watched_folder() else { return Ok(Next::Usual) };
    for claimed in manager.left_over(&folder).await? {
        manager.apply_list(&folder, &claimed).await?;
    }
    while !stop.is_requested() {
        let Some(claimed) = manager.take_list(&folder).await? else { return Ok(Next::Usual) };
        manager.apply_list(&folder, &claimed).await?;
    }
    Ok(Next::Again)
}
