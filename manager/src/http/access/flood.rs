//! Floods: how much one address may ask for without a token.
//!
//! Counted in the memory of each process; what must not be forgotten, the wrong answers to an invitation, is counted in
//! the database.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::problem::Problem;
use crate::http::settings::{FloodLimits, HttpSettings};
use crate::network;

/// Addresses that are remembered before those are forgotten that have been quiet.
const REMEMBERED: usize = 50_000;

/// A kind of request without a token.
pub(crate) trait Flood: Send + Sync + 'static {
    /// How many of it one address may send in a minute.
    fn limit(limits: &FloodLimits) -> u32;
    /// Its place among the counters.
    const PLACE: usize;
}

/// Every kind with a counter of its own, by the name of its limit.
macro_rules! counted {
    ($($kind:ident: $limit:ident,)+) => {
        /// The order of the counters.
        #[derive(Clone, Copy)]
        enum Place {
            $($kind,)+
        }

        $(
            #[doc = concat!("[`FloodLimits::", stringify!($limit), "`].")]
            pub(crate) struct $kind;

            impl Flood for $kind {
                const PLACE: usize = Place::$kind as usize;
                fn limit(limits: &FloodLimits) -> u32 {
                    limits.$limit
                }
            }
        )+

        fn counters(limits: &FloodLimits) -> Vec<Option<DefaultKeyedRateLimiter<IpAddr>>> {
            vec![$(counter::<$kind>(limits)),+]
        }
    };
}

counted! {
    Activating: activation,
    Renewing: renewal,
    Fetching: fetch,
    WrongToken: wrong_tokens,
    SigningIn: sign_in,
    Validating: validation,
}

/// Whoever asks how the process is, as often as it likes.
pub(crate) struct Probing;

impl Flood for Probing {
    const PLACE: usize = usize::MAX;
    fn limit(_: &FloodLimits) -> u32 {
        0
    }
}

/// The counters of all kinds.
#[derive(Clone)]
pub(crate) struct Floods {
    settings: Arc<HttpSettings>,
    counters: Arc<[Option<DefaultKeyedRateLimiter<IpAddr>>]>,
}

impl Floods {
    pub(crate) fn new(settings: Arc<HttpSettings>) -> Self {
        let counters = counters(&settings.limits).into();
        Self { settings, counters }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// A problem that says when to come again, if there were too many.
    pub(crate) fn count<F: Flood>(&self, parts: &Parts) -> Result<(), Problem> {
        let Some(counter) = self.counters.get(F::PLACE).and_then(Option::as_ref) else { return Ok(()) };
        if counter.len() > REMEMBERED {
            counter.retain_recent();
        }
        counter.check_key(&self.sender(parts)).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            Problem::too_many_requests(wait.saturating_add(Duration::from_millis(999)).as_secs().max(1))
        })
    }

    /// Who counts as the sender; of an IPv6 address, the network that one subscriber has.
    fn sender(&self, parts: &Parts) -> IpAddr {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip());
        let HttpSettings { trusted_proxies, forwarding, .. } = self.settings.as_ref();
        let values: Vec<&str> = parts
            .headers
            .get_all(forwarding.header())
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        match network::sender(peer, trusted_proxies, *forwarding, values.into_iter()) {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
            v4 => v4,
        }
    }
}

fn counter<F: Flood>(limits: &FloodLimits) -> Option<DefaultKeyedRateLimiter<IpAddr>> {
    NonZeroU32::new(F::limit(limits)).map(|limit| RateLimiter::keyed(Quota::per_minute(limit)))
}
