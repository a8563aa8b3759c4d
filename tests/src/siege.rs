//! A manager that is killed while phones and administrators ask it for everything at once.
//!
//! Those who ask remember what they were told, and hold the manager to it after every restart.

pub mod campaign;
pub mod gate;
pub mod importer;
pub mod inspection;
pub mod ledger;
pub mod resident;
pub mod visitor;
pub mod watcher;
