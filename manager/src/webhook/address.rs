//! Where an endpoint may be: nobody who may add one is to reach what only the manager's machine reaches.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::network::Network;

/// Characters of an address.
const URL_MAX: usize = 2000;

/// What is wrong with the address of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookUrlError {
    /// It is none.
    #[error("it is not an address such as https://example.org/hook")]
    Malformed,
    /// It is not protected.
    #[error("it has to begin with https://; http:// is only for the loopback interface")]
    Unprotected,
    /// It has a user or a password in it.
    #[error("it has a user or a password in it; the receiver knows us by the signature")]
    Secret,
    /// It has a fragment, which is never sent.
    #[error("it has a part behind #, which is never sent")]
    Fragment,
}

/// The address of an endpoint, checked as far as that can be done without asking the network.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check(text: &str) -> Result<Url, WebhookUrlError> {
    let url = Url::parse(text).map_err(|_| WebhookUrlError::Malformed)?;
    if text.len() > URL_MAX || !url.has_host() {
        return Err(WebhookUrlError::Malformed);
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(WebhookUrlError::Unprotected),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(WebhookUrlError::Secret);
    }
    if url.fragment().is_some() {
        return Err(WebhookUrlError::Fragment);
    }
    Ok(url)
}

/// The address that stands in the place of a name, if one does.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Whether an endpoint may be at this address.
pub(super) fn is_allowed(address: IpAddr, networks: &[Network]) -> bool {
    let address = address.to_canonical();
    is_public(address) || networks.iter().any(|network| network.contains(address))
}

/// Finds the addresses of names, and leaves out those at which no endpoint may be: the connection is made to one that
/// was judged, whatever the name is said to mean a moment later.
#[derive(Clone, Debug)]
pub(super) struct Resolver {
    pub(super) networks: Vec<Network>,
}

/// All addresses of a name are ones at which no endpoint may be.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the address is not public, and no network that was allowed has it")]
pub(super) struct NotAllowed;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = self.networks.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|found| is_allowed(found.ip(), &networks)).collect();
            if allowed.is_empty() {
                return Err(NotAllowed.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str() == Some("localhost") || literal(url).is_some_and(|address| address.is_loopback())
}

/// Whether the address is one of the public network, by the registries of special addresses (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !is_special_v4(address),
        IpAddr::V6(address) => is_global_v6(address),
    }
}

const fn is_special_v4(address: Ipv4Addr) -> bool {
    matches!(
        address.octets(),
        [0 | 10 | 127, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [192, 168, ..]
            | [198, 18..=19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    )
}

/// Global unicast, without the ranges in it that lead elsewhere: special ones (Teredo among them), documentation, 6to4.
const fn is_global_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let is_special = matches!(
        segments,
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..]
    );
    matches!(segments, [0x2000..=0x3fff, ..]) && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_protected_addresses_are_taken_and_plain_ones_of_the_loopback_interface() {
        for good in [
            "https://example.org/hook?team=7",
            "https://10.0.0.1:8443/",
            "http://127.0.0.1:9000/",
            "http://[::1]/x",
            "http://localhost:1/",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        let cases = [
            ("example.org", WebhookUrlError::Malformed),
            ("", WebhookUrlError::Malformed),
            ("https://", WebhookUrlError::Malformed),
            ("http://example.org/", WebhookUrlError::Unprotected),
            ("http://127.0.0.1.example.org/", WebhookUrlError::Unprotected),
            ("ftp://example.org/", WebhookUrlError::Unprotected),
            ("file:///etc/passwd", WebhookUrlError::Malformed),
            ("https://user:word@example.org/", WebhookUrlError::Secret),
            ("https://example.org/#part", WebhookUrlError::Fragment),
        ];
        for (bad, error) in cases {
            assert_eq!(check(bad).err(), Some(error), "{bad}");
        }
    }

    #[test]
    fn what_is_not_public_has_to_be_allowed() {
        let public = ["93.184.216.34", "2606:2800:220:1::1", "172.32.0.1", "100.128.0.1"];
        let other = [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:0:1::",
            "2001:db8::1",
        ];
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        for text in public {
            assert!(is_allowed(address(text), &[]), "{text}");
        }
        for text in other {
            assert!(!is_allowed(address(text), &[]), "{text}");
        }
        let networks = ["127.0.0.0/8".parse().unwrap()];
        assert!(is_allowed(address("127.0.0.1"), &networks));
        assert!(is_allowed(address("::ffff:127.0.0.1"), &networks));
        assert!(!is_allowed(address("10.1.2.3"), &networks));
    }
}
