//! The manager as a service: the real command in a process of its own, asked over HTTP on loopback.

pub mod binary;
pub mod database;
pub mod http;
pub mod phone;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod token;
