//! HTTP over TLS, for every platform that has no client of its own.

use std::io::ErrorKind;
use std::time::Duration;

use ureq::http::Response;
use ureq::{Agent, Body, Error};

use super::{HttpClient, HttpFailure, HttpRequest, HttpResponse};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const WHOLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A revocation list of some hundred thousand entries.
const BODY_OCTETS_MAX: u64 = 2 << 20;

/// A blocking client: TLS 1.2 and 1.3 with the root certificates that browsers trust, no redirections.
pub struct TlsClient {
    agent: Agent,
    /// For this computer itself, which no proxy can reach.
    direct: Agent,
}

impl TlsClient {
    /// A client that gives up a connection after 10 s and a request after 30 s.
    pub fn new() -> Self {
        let builder = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .timeout_connect(Some(CONNECT_TIMEOUT))
                .timeout_global(Some(WHOLE_TIMEOUT))
                .user_agent(concat!("ostiary-phone-sdk/", env!("CARGO_PKG_VERSION")))
        };
        let agent = Agent::new_with_config(builder().build());
        let direct = Agent::new_with_config(builder().proxy(None).build());
        Self { agent, direct }
    }
}

impl Default for TlsClient {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient for TlsClient {
    fn send(&self, request: &HttpRequest<'_>) -> Result<HttpResponse, HttpFailure> {
        // The wallet lets plain HTTP through for loopback only.
        let agent = if request.url.starts_with("http:") { &self.direct } else { &self.agent };
        let answer = match request.json {
            Some(json) => agent.post(request.url).content_type("application/json").send(json),
            None => {
                let get = agent.get(request.url);
                match request.if_none_match {
                    Some(etag) => get.header("if-none-match", etag).call(),
                    None => get.call(),
                }
            }
        };
        let mut answer: Response<Body> = answer.map_err(blame)?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(BODY_OCTETS_MAX).read_to_vec().map_err(blame)?;
        Ok(HttpResponse { status, body })
    }
}

fn blame(error: Error) -> HttpFailure {
    match error {
        Error::Timeout(_) => HttpFailure::TimedOut,
        Error::BadUri(_) | Error::InvalidProxyUrl => HttpFailure::Address,
        Error::Tls(_) | Error::Pem(_) | Error::Rustls(_) => HttpFailure::NotTrusted,
        // A handshake that fails while octets are read or written arrives in this form.
        Error::Io(error) if error.kind() == ErrorKind::InvalidData => HttpFailure::NotTrusted,
        Error::Io(_) | Error::HostNotFound | Error::ConnectionFailed => HttpFailure::Unreachable,
        _ => HttpFailure::Invalid,
    }
}
