//! The manager as its users meet it: over HTTP on a loopback port, and as a library.
//!
//! The modules say `cfg(test)` so that their helpers may fail as tests do.

#[cfg(test)]
mod access;
#[cfg(test)]
mod activation;
#[cfg(test)]
mod administrators;
#[cfg(test)]
mod api;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod card_imports;
#[cfg(test)]
mod card_installation;
#[cfg(test)]
mod card_mail;
#[cfg(test)]
mod card_photos;
#[cfg(test)]
mod card_security;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod database;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod finding;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod jobs;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod page;
#[cfg(test)]
mod page_cards;
#[cfg(test)]
mod page_readers;
#[cfg(test)]
mod page_settings;
#[cfg(test)]
mod page_signing;
#[cfg(test)]
mod projects;
#[cfg(test)]
mod readers;
#[cfg(test)]
mod reminders;
#[cfg(test)]
mod renewal;
#[cfg(test)]
mod repeating;
#[cfg(test)]
mod reports;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod scim;
#[cfg(test)]
mod server_backup;
#[cfg(test)]
mod serving;
#[cfg(test)]
mod support;
#[cfg(test)]
mod undo;
#[cfg(test)]
mod undo_property;
#[cfg(test)]
mod validation;
#[cfg(test)]
mod versions;
#[cfg(test)]
mod watched;
#[cfg(test)]
mod webhooks;
