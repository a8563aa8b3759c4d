//! Links: how long what is sent takes, and what becomes of it on the way.

use rand::rngs::StdRng;
use rand::{Rng, RngExt};

/// The kinds of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A card in a field: short APDUs.
    Nfc,
    /// GATT segments.
    Ble,
    /// An L2CAP channel.
    L2cap,
    /// TCP.
    Tcp,
}

/// One end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The door.
    Door,
    /// The phone.
    Phone,
}

/// How a link behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkSettings {
    /// What kind it is.
    pub kind: LinkKind,
    /// From the first contact until the link is up.
    pub connect_us: u64,
    /// What each piece takes at least.
    pub latency_us: u64,
    /// What it may take in addition.
    pub jitter_us: u64,
    /// BLE: pieces move only at multiples of this; 0 for links without such events.
    pub interval_us: u64,
    /// How many bits a second it carries; 0 for as many as anybody sends.
    pub bits_per_second: u64,
    /// Pieces of ten thousand that get lost and have to be sent again.
    pub loss: u32,
    /// Pieces of ten thousand that arrive changed without anybody noticing.
    pub corruption: u32,
    /// BLE: octets of the ATT_MTU.
    pub att_mtu: u16,
}

impl LinkKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Nfc, Self::Ble, Self::L2cap, Self::Tcp];

    /// Its name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nfc => "nfc",
            Self::Ble => "ble",
            Self::L2cap => "l2cap",
            Self::Tcp => "tcp",
        }
    }

    /// How a link of this kind usually behaves.
    pub const fn usual(self) -> LinkSettings {
        let plain = LinkSettings {
            kind: self,
            connect_us: 0,
            latency_us: 0,
            jitter_us: 0,
            interval_us: 0,
            bits_per_second: 0,
            loss: 0,
            corruption: 0,
            att_mtu: 247,
        };
        match self {
            // 106 kbit/s, and what front end and phone take to turn round.
            Self::Nfc => {
                LinkSettings { connect_us: 20_000, latency_us: 1_000, bits_per_second: 106_000, ..plain }
            }
            Self::Ble | Self::L2cap => {
                LinkSettings { connect_us: 100_000, interval_us: 30_000, bits_per_second: 1_000_000, ..plain }
            }
            Self::Tcp => LinkSettings { connect_us: 1_000, latency_us: 500, ..plain },
        }
    }

    /// After how long a lost piece is sent again, and how often at most.
    const fn repeats(self, interval_us: u64) -> (u64, u64) {
        match self {
            // Spec: ISO/IEC 14443-4 §7.5.5.2; the times of a front end.
            Self::Nfc => (5_000, 3),
            // The link layer sends again at the next event, until the supervision timeout of four seconds.
            Self::Ble | Self::L2cap => match 4_000_000_u64.checked_div(interval_us) {
                Some(events) => (interval_us, events),
                None => (interval_us, 100),
            },
            Self::Tcp => (200_000, 15),
        }
    }
}

/// What becomes of a piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// It arrives.
    Arrives(u64, Vec<u8>),
    /// It was sent as often as the link tries; the link is down.
    LinkDown(u64),
}

/// One link while it is up.
pub(super) struct Carrier {
    settings: LinkSettings,
    rng: StdRng,
    /// When it came up: the connection events count from there.
    up_us: u64,
    last_us: [u64; 2],
}

impl Carrier {
    pub(super) const fn new(settings: LinkSettings, rng: StdRng, up_us: u64) -> Self {
        Self { settings, rng, up_us, last_us: [up_us; 2] }
    }

    /// Sends a piece to one end.
    pub(super) fn carry(&mut self, now_us: u64, to: End, mut octets: Vec<u8>) -> Carried {
        let settings = self.settings;
        let bits = u64::try_from(octets.len()).unwrap_or(0).saturating_mul(8);
        let air_us = bits.saturating_mul(1_000_000).checked_div(settings.bits_per_second).unwrap_or(0);
        let jitter_us =
            if settings.jitter_us == 0 { 0 } else { self.rng.random_range(0..=settings.jitter_us) };
        let (again_us, times_max) = settings.kind.repeats(settings.interval_us);
        let sent = now_us.saturating_add(settings.latency_us).saturating_add(air_us);
        let mut at_us = self.event_after(sent.saturating_add(jitter_us));
        let mut times = 0_u64;
        while self.happens(settings.loss) {
            times = times.saturating_add(1);
            at_us = self.event_after(at_us.saturating_add(again_us.saturating_sub(1)));
            if times >= times_max {
                return Carried::LinkDown(at_us);
            }
        }
        let [to_door, to_phone] = &mut self.last_us;
        let last = if to == End::Door { to_door } else { to_phone };
        *last = at_us.max(*last);
        let at_us = *last;
        if self.happens(settings.corruption) {
            let place = self.rng.random_range(0..octets.len().max(1));
            let bit = 1 << self.rng.random_range(0..8_u32);
            if let Some(octet) = octets.get_mut(place) {
                *octet ^= bit;
            }
        }
        Carried::Arrives(at_us, octets)
    }

    /// When the answer to so many requests of the link itself is there: each takes an event there and one back.
    pub(super) fn round_trips(&self, now_us: u64, count: u32) -> u64 {
        (0..count.saturating_mul(2))
            .fold(now_us, |at_us, _| self.event_after(at_us.saturating_add(self.settings.latency_us)))
    }

    /// The first connection event after a moment; the moment itself on links that have none.
    fn event_after(&self, at_us: u64) -> u64 {
        let since = at_us.saturating_sub(self.up_us);
        match since.checked_div(self.settings.interval_us) {
            None => at_us,
            Some(whole) => {
                self.up_us.saturating_add(whole.saturating_add(1).saturating_mul(self.settings.interval_us))
            }
        }
    }

    fn happens(&mut self, of_ten_thousand: u32) -> bool {
        of_ten_thousand > 0 && self.rng.next_u32() % 10_000 < of_ten_thousand
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn carrier(settings: LinkSettings) -> Carrier {
        Carrier::new(settings, StdRng::seed_from_u64(1), 5_000)
    }

    #[test]
    fn a_round_trip_takes_two_connection_intervals() {
        let mut carrier = carrier(LinkKind::Ble.usual());
        let Carried::Arrives(there, _) = carrier.carry(5_000, End::Door, vec![0; 20]) else { panic!("lost") };
        let Carried::Arrives(back, _) = carrier.carry(there, End::Phone, vec![0; 20]) else { panic!("lost") };
        assert_eq!((there, back), (35_000, 65_000));
        assert_eq!(carrier.round_trips(5_000, 1), 65_000);
    }

    #[test]
    fn a_lost_piece_comes_later_and_a_dead_link_goes_down() {
        let lossy = LinkSettings { loss: 5_000, ..LinkKind::Ble.usual() };
        let mut carrier = carrier(lossy);
        let arrivals: Vec<Carried> = (0..50).map(|_| carrier.carry(5_000, End::Door, vec![1])).collect();
        let at = |carried: &Carried| match carried {
            Carried::Arrives(at, _) | Carried::LinkDown(at) => *at,
        };
        assert!(arrivals.iter().all(|carried| matches!(carried, Carried::Arrives(..))));
        assert!(arrivals.is_sorted_by_key(at), "a link keeps the order");
        let dead = LinkSettings { loss: 10_000, ..LinkKind::Nfc.usual() };
        let carried = Carrier::new(dead, StdRng::seed_from_u64(1), 0).carry(0, End::Door, vec![1]);
        assert!(matches!(carried, Carried::LinkDown(_)));
    }

    #[test]
    fn corruption_changes_one_bit() {
        let bad = LinkSettings { corruption: 10_000, ..LinkKind::Tcp.usual() };
        let Carried::Arrives(_, octets) = carrier(bad).carry(0, End::Door, vec![0; 9]) else {
            panic!("lost")
        };
        assert_eq!(octets.iter().map(|octet| octet.count_ones()).sum::<u32>(), 1);
    }
}
