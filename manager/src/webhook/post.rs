//! Posting an event to an endpoint.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, header};

use super::WebhookOptions;
use super::address::{NotAllowed, Resolver, check, is_allowed, literal};
use super::secret::Secret;
use crate::domain::UnixTime;
use crate::network::Network;

/// For how long an endpoint may take to be reached.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Posts events.
#[derive(Clone, Debug)]
pub(crate) struct Poster {
    client: Client,
    networks: Vec<Network>,
}

/// What is posted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letter<'a> {
    pub(crate) url: &'a str,
    pub(crate) secret: &'a Secret,
    /// The same at every attempt.
    pub(crate) id: &'a str,
    pub(crate) body: &'a str,
    pub(crate) now: UnixTime,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The endpoint took it, with this status.
    Taken(u16),
    /// The endpoint answered, and did not take it.
    Refused(u16),
    /// There was no answer, for a reason of this class.
    Unanswered(&'static str),
}

impl Poster {
    /// One that reaches what the options say.
    ///
    /// # Errors
    /// When the system's certificates cannot be used.
    pub(crate) fn new(options: &WebhookOptions) -> Result<Self, reqwest::Error> {
        let networks = options.networks.clone();
        // Whoever embeds the manager may have chosen another one.
        let _chosen = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("ostiary-manager/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            // A proxy would reach what we must not.
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(options.timeout)
            .pool_max_idle_per_host(0)
            .dns_resolver(Arc::new(Resolver { networks: networks.clone() }))
            .build()?;
        Ok(Self { client, networks })
    }

    /// Posts an event; of the answer, only the status is looked at, and the body is not read.
    pub(crate) async fn post(&self, letter: Letter<'_>) -> Posted {
        let Ok(url) = check(letter.url) else { return Posted::Unanswered("address") };
        // Names are judged when they are resolved; an address is never resolved.
        if literal(&url).is_some_and(|address| !is_allowed(address, &self.networks)) {
            return Posted::Unanswered(NOT_ALLOWED);
        }
        let Letter { secret, id, body, now, .. } = letter;
        let request = self
            .client
            .post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", now.0.to_string())
            .header("webhook-signature", secret.sign(id, now.0, body))
            .body(body.to_owned());
        match request.send().await {
            Ok(response) if response.status().is_success() => Posted::Taken(response.status().as_u16()),
            Ok(response) => Posted::Refused(response.status().as_u16()),
            Err(error) => Posted::Unanswered(class(&error)),
        }
    }
}

const NOT_ALLOWED: &str = "address not allowed";

/// Why there was no answer, without anything of what was said.
fn class(error: &reqwest::Error) -> &'static str {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<NotAllowed>() {
            return NOT_ALLOWED;
        }
        let io = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is::<rustls::Error>() || io.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return "tls";
        }
        cause = inner.source();
    }
    match error {
        error if error.is_timeout() => "timeout",
        error if error.is_connect() => "connection",
        _ => "answer",
    }
}
