//! The manager as its users meet it: over HTTP on a loopback port, and as a library.

mod activation;
mod api;
mod audit;
mod csv_files;
mod imports;
mod readers;
mod renewal;
mod revocation;
mod support;
