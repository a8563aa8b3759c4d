//! How much one address may ask for.

use clap::{Args, ValueEnum};
use manager::network::{Forwarding, Network};
use manager::{FloodLimits, HttpSettings};

#[derive(Debug, Args)]
pub(crate) struct FloodArguments {
    /// Address or range of a proxy that is believed when it says for whom it asks; may be given more than once.
    #[arg(long, env = "OSTIARY_TRUSTED_PROXY", value_name = "RANGE", value_delimiter = ',')]
    trusted_proxy: Vec<Network>,
    /// Header in which the proxies say so.
    #[arg(long, env = "OSTIARY_FORWARDED_HEADER", value_name = "HEADER", default_value = "x-forwarded-for")]
    forwarded_header: ForwardedHeader,
    /// Requests for activation that one address may send in a minute; 0 is no limit.
    #[arg(long, env = "OSTIARY_LIMIT_ACTIVATION", value_name = "NUMBER", default_value_t = FloodLimits::SERVED.activation)]
    limit_activation: u32,
    /// Requests for renewal that one address may send in a minute; 0 is no limit.
    #[arg(long, env = "OSTIARY_LIMIT_RENEWAL", value_name = "NUMBER", default_value_t = FloodLimits::SERVED.renewal)]
    limit_renewal: u32,
    /// Lists, time tokens and pages that one address may fetch in a minute; 0 is no limit.
    #[arg(long, env = "OSTIARY_LIMIT_FETCH", value_name = "NUMBER", default_value_t = FloodLimits::SERVED.fetch)]
    limit_fetch: u32,
    /// Wrong API tokens that one address may send in a minute; 0 is no limit.
    #[arg(long, env = "OSTIARY_LIMIT_WRONG_TOKENS", value_name = "NUMBER", default_value_t = FloodLimits::SERVED.wrong_tokens)]
    limit_wrong_tokens: u32,
    /// Tries to sign in to the administrators' page that one address may make in a minute; 0 is no limit.
    #[arg(long, env = "OSTIARY_LIMIT_SIGN_IN", value_name = "NUMBER", default_value_t = FloodLimits::SERVED.sign_in)]
    limit_sign_in: u32,
    /// Cards that one address may check in a minute by the codes that phones show; 0 is no limit.
    #[arg(long, env = "OSTIARY_LIMIT_VALIDATION", value_name = "NUMBER", default_value_t = FloodLimits::SERVED.validation)]
    limit_validation: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ForwardedHeader {
    /// X-Forwarded-For.
    XForwardedFor,
    /// Forwarded (RFC 7239).
    Forwarded,
}

impl FloodArguments {
    pub(super) fn settings(&self) -> HttpSettings {
        HttpSettings {
            trusted_proxies: self.trusted_proxy.clone(),
            forwarding: match self.forwarded_header {
                ForwardedHeader::XForwardedFor => Forwarding::XForwardedFor,
                ForwardedHeader::Forwarded => Forwarding::Forwarded,
            },
            limits: FloodLimits {
                activation: self.limit_activation,
                renewal: self.limit_renewal,
                fetch: self.limit_fetch,
                wrong_tokens: self.limit_wrong_tokens,
                sign_in: self.limit_sign_in,
                validation: self.limit_validation,
            },
        }
    }
}
