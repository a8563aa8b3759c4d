//! Who sent a request that came through proxies: RFC 7239, and the older X-Forwarded-For.

use std::net::{IpAddr, SocketAddr};

use super::Network;

/// The header in which the operator's proxies say for whom they ask. Only one is believed, since a proxy that writes the
/// one lets through what a stranger wrote into the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Forwarding {
    /// `X-Forwarded-For: 203.0.113.9, 10.0.0.1`.
    #[default]
    XForwardedFor,
    /// `Forwarded: for=203.0.113.9, for="[2001:db8::1]:4711"`.
    Forwarded,
}

impl Forwarding {
    /// The name of the header.
    pub(crate) const fn header(self) -> &'static str {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
    }
}

/// Who sent a request that `peer` handed over, where `values` are those of the header, in order.
///
/// Each proxy appends whom it heard, so the list is read from its end for as long as the operator's own proxies say it;
/// what is before the first stranger could be anything.
pub(crate) fn sender<'a>(
    peer: IpAddr,
    trusted: &[Network],
    forwarding: Forwarding,
    values: impl DoubleEndedIterator<Item = &'a str>,
) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(address));
    let mut sender = peer.to_canonical();
    for heard in values.rev().flat_map(|value| value.rsplit(',')) {
        if !is_trusted(sender) {
            break;
        }
        // A proxy that will not say whom it heard is the one to count.
        let Some(address) = address(heard, forwarding) else { break };
        sender = address.to_canonical();
    }
    sender
}

fn address(heard: &str, forwarding: Forwarding) -> Option<IpAddr> {
    let node = match forwarding {
        Forwarding::XForwardedFor => heard.trim(),
        Forwarding::Forwarded => heard.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"'))
        })?,
    };
    let with_port = || node.parse::<SocketAddr>().map(|address| address.ip()).ok();
    let bracketed = || node.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    node.parse().ok().or_else(with_port).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(peer: &str, forwarding: Forwarding, values: &[&str]) -> String {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        sender(peer.parse().unwrap(), &trusted, forwarding, values.iter().copied()).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(heard("203.0.113.9", Forwarding::XForwardedFor, &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(heard("10.0.0.1", Forwarding::XForwardedFor, &[]), "10.0.0.1");
    }

    #[test]
    fn the_last_stranger_in_the_list_is_the_sender() {
        let forwarding = Forwarding::XForwardedFor;
        assert_eq!(heard("10.0.0.1", forwarding, &["198.51.100.1, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(heard("10.0.0.1", forwarding, &["198.51.100.1, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(heard("10.0.0.1", forwarding, &["198.51.100.1", "203.0.113.9 ,10.0.0.2"]), "203.0.113.9");
        assert_eq!(heard("::1", forwarding, &["2001:db8::7"]), "2001:db8::7");
        assert_eq!(heard("10.0.0.1", forwarding, &["203.0.113.9, nonsense"]), "10.0.0.1");
        assert_eq!(heard("10.0.0.1", forwarding, &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn the_forms_of_rfc_7239_are_read() {
        let forwarding = Forwarding::Forwarded;
        assert_eq!(heard("10.0.0.1", forwarding, &["for=203.0.113.9;proto=https"]), "203.0.113.9");
        assert_eq!(heard("10.0.0.1", forwarding, &["by=x; For=\"[2001:db8::7]:4711\""]), "2001:db8::7");
        assert_eq!(heard("10.0.0.1", forwarding, &["for=\"203.0.113.9:80\", for=10.0.0.2"]), "203.0.113.9");
        assert_eq!(heard("10.0.0.1", forwarding, &["for=203.0.113.9, for=_hidden"]), "10.0.0.1");
    }
}
