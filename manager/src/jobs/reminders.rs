//! Reminding the holders of invitations, and telling them when one is over.

use super::{Next, Stop};
use crate::error::Error;
use crate::manager::Manager;

pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error> {
    if stop.is_requested() || manager.remind().await? {
        return Ok(Next::Again);
    }
    Ok(Next::Usual)
}
