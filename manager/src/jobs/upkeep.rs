//! Forgetting what has expired, and ending deletions.

use super::Next;
use crate::error::Error;
use crate::manager::Manager;

pub(super) async fn run(manager: &Manager) -> Result<Next, Error> {
    manager.keep_up().await?;
    Ok(Next::Usual)
}
