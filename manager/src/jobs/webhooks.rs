//! Telling endpoints what happened.

use super::{Next, Stop};
use crate::error::Error;
use crate::manager::Manager;

pub(super) async fn run(manager: &Manager, stop: &Stop) -> Result<Next, Error> {
    manager.deliver_events(stop).await
}
