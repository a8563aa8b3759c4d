//! Reports: what happened at a reader, for the manager, carried by phones that can neither read nor change it.
//!
//! A reader and its manager share keys that each derives once, from its own private key and the other's public one.
//! A report is sealed under one of them, and the manager's acknowledgement holds under another, so that no phone can
//! make a reader forget what has not arrived.
//!
//! Spec: `docs/PROTOCOL.md#reports`

mod acknowledgement;
mod contents;
mod entry;
mod event;
mod keys;

pub use acknowledgement::{Acknowledged, Acknowledgement};
pub use contents::{CONTENTS_HEAD_OCTETS, ReportContents, write_head};
pub use entry::{ENTRY_HEAD_OCTETS, Entry};
pub use event::{Blame, Event, Evidence};
pub use keys::{REPORT_OVERHEAD, ReportKeys};

#[cfg(test)]
mod tests;
