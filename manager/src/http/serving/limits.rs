//! What clients may use up.

use std::time::Duration;

/// Limits of one client and of all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at the same time; one more is closed at once.
    pub connections: usize,
    /// For how long a client may take to send the head of a request, and for how long a connection may be idle.
    pub header_timeout: Duration,
    /// For how long a client may take for the TLS handshake.
    pub handshake_timeout: Duration,
    /// For how long a client may take nothing of an answer.
    pub write_timeout: Duration,
    /// Headers of a request.
    pub headers: usize,
    /// Octets of the head of a request.
    pub header_octets: usize,
    /// For how long the manager goes on serving after it was told to stop, with its readiness off.
    pub drain_delay: Duration,
    /// For how long requests that are under way may go on after that.
    pub grace: Duration,
}

impl Default for Limits {
    /// A thousand connections, since each may hold a buffer; a quarter of a minute for a slow phone's request.
    fn default() -> Self {
        Self {
            connections: 1024,
            header_timeout: Duration::from_secs(15),
            handshake_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            headers: 64,
            header_octets: 32 * 1024,
            drain_delay: Duration::ZERO,
            grace: Duration::from_secs(10),
        }
    }
}
