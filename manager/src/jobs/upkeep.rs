//! Forgetting what has expired, and ending deletions.

use super::{Next, Stop};
use crate::error::Error;
use crate::manager::Manager;

pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error> {
    if stop.is_requested() {
        return Ok(Next::Again);
    }
    manager.keep_up().await?;
    Ok(Next::Usual)
}
