//! Tickets: what makes the next tap at a door fast, without the reader storing anything for it.
//!
//! Spec: `docs/PROTOCOL.md#tickets`

use rand_core::CryptoRng;

use crate::crypto::Crypto;
use crate::id::{Serial, UserId};
use crate::limits::TICKET_KEY_LIFE_MS;
use crate::secret::Secret;
use crate::time::{Instant, Now, UnixTime};
use crate::wire::{Cursor, Writer};

const NONCE_OCTETS: usize = 12;
const CONTENTS_OCTETS: usize = 44;
const AAD: &[u8] = b"ostiary/1 ticket";

/// A sealed ticket: to a device 72 octets without a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub [u8; Self::OCTETS]);

impl Ticket {
    /// Octets of a ticket.
    pub const OCTETS: usize = 72;
}

/// A ticket with its secret, as a device keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldTicket {
    /// What is presented.
    pub ticket: Ticket,
    /// The secret that proves it.
    pub psk: Secret<32>,
}

/// What a reader finds in a ticket of its own.
pub(crate) struct TicketContents {
    pub(crate) serial: Serial,
    pub(crate) not_after: UnixTime,
    pub(crate) user_id: UserId,
}

/// The reader's ticket keys: in RAM only, renewed daily, the previous one kept for a day.
pub(crate) struct TicketKeys {
    current: Secret<32>,
    made_at: Instant,
    previous: Option<Secret<32>>,
}

impl TicketKeys {
    pub(crate) fn new(rng: &mut dyn CryptoRng, now: Instant) -> Self {
        Self { current: fresh(rng), made_at: now, previous: None }
    }

    /// Makes a new key when the current one is a day old, and forgets those that are two days old.
    pub(crate) fn rotate(&mut self, rng: &mut dyn CryptoRng, now: Instant) {
        let age = now.0.saturating_sub(self.made_at.0);
        if age < TICKET_KEY_LIFE_MS {
            return;
        }
        let retired = core::mem::replace(&mut self.current, fresh(rng));
        self.previous = (age < TICKET_KEY_LIFE_MS.saturating_mul(2)).then_some(retired);
        self.made_at = now;
    }

    /// Seals a ticket and says for how many seconds it is of use: as long as it opens, and not longer than the
    /// credential has left.
    pub(crate) fn seal<C: Crypto>(
        &self,
        crypto: &C,
        rng: &mut dyn CryptoRng,
        now: Now,
        contents: &TicketContents,
    ) -> (HeldTicket, u32) {
        let mut ticket = [0; Ticket::OCTETS];
        let mut nonce = [0; NONCE_OCTETS];
        rng.fill_bytes(&mut nonce);
        let mut plaintext = contents.encode();
        let tag = crypto.seal(&seal_key(crypto, &self.current), &nonce, AAD, plaintext.expose_mut());
        let mut writer = Writer::new(&mut ticket);
        let written =
            writer.put(&nonce).and_then(|()| writer.put(plaintext.expose())).and_then(|()| writer.put(&tag));
        debug_assert!(written.is_ok(), "12, 44 and 16 octets make a ticket");
        let age_ms = now.instant.0.saturating_sub(self.made_at.0);
        let opens_ms = TICKET_KEY_LIFE_MS.saturating_mul(2).saturating_sub(age_ms);
        let left_s = now.unix.map_or(0, |unix| contents.not_after.0.saturating_sub(unix.0));
        let lifetime_s = u32::try_from(opens_ms / 1000).unwrap_or(u32::MAX).min(left_s);
        let ticket = Ticket(ticket);
        (HeldTicket { psk: psk(crypto, &self.current, &ticket), ticket }, lifetime_s)
    }

    /// Opens a ticket that this reader sealed: at most two keys are tried, however many users there are.
    pub(crate) fn open<C: Crypto>(
        &self,
        crypto: &C,
        ticket: &Ticket,
    ) -> Option<(TicketContents, Secret<32>)> {
        let keys = [Some(&self.current), self.previous.as_ref()];
        keys.into_iter()
            .flatten()
            .find_map(|key| Some((open(crypto, key, ticket)?, psk(crypto, key, ticket))))
    }
}

impl TicketContents {
    fn encode(&self) -> Secret<CONTENTS_OCTETS> {
        let mut octets = Secret::zero();
        let mut writer = Writer::new(octets.expose_mut());
        let written = writer
            .put(&self.serial.0.to_be_bytes())
            .and_then(|()| writer.put(&self.not_after.0.to_be_bytes()))
            .and_then(|()| writer.put(&self.user_id.padded()));
        debug_assert!(written.is_ok(), "8, 4 and 32 octets are the contents");
        octets
    }

    fn decode(octets: &Secret<CONTENTS_OCTETS>) -> Option<Self> {
        let mut cursor = Cursor::new(octets.expose());
        Some(Self {
            serial: Serial(cursor.u64().ok()?),
            not_after: UnixTime(cursor.u32().ok()?),
            user_id: UserId::from_padded(&cursor.array().ok()?).ok()?,
        })
    }
}

fn open<C: Crypto>(crypto: &C, key: &Secret<32>, ticket: &Ticket) -> Option<TicketContents> {
    let mut cursor = Cursor::new(&ticket.0);
    let nonce = cursor.array::<NONCE_OCTETS>().ok()?;
    let mut contents = Secret::new(cursor.array::<CONTENTS_OCTETS>().ok()?);
    let tag = cursor.array().ok()?;
    crypto.open(&seal_key(crypto, key), &nonce, AAD, contents.expose_mut(), &tag).ok()?;
    TicketContents::decode(&contents)
}

fn seal_key<C: Crypto>(crypto: &C, key: &Secret<32>) -> Secret<32> {
    crypto.expand(key, &[b"ostiary/1 ticket seal"])
}

fn psk<C: Crypto>(crypto: &C, key: &Secret<32>, ticket: &Ticket) -> Secret<32> {
    crypto.expand(key, &[b"ostiary/1 ticket secret", &ticket.0])
}

fn fresh(rng: &mut dyn CryptoRng) -> Secret<32> {
    let mut key = Secret::zero();
    rng.fill_bytes(key.expose_mut());
    key
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::crypto::RustCrypto;

    const NOT_AFTER: UnixTime = UnixTime(604_800);

    fn contents() -> TicketContents {
        TicketContents { serial: Serial(7), not_after: NOT_AFTER, user_id: UserId::new(b"0004711").unwrap() }
    }

    fn at(ms: u64) -> Now {
        Now { instant: Instant(ms), unix: Some(UnixTime(0)) }
    }

    #[test]
    fn a_ticket_does_not_outlive_its_credential() {
        let mut rng = StdRng::seed_from_u64(1);
        let keys = TicketKeys::new(&mut rng, Instant(0));
        let last_minute = Now { unix: Some(UnixTime(NOT_AFTER.0 - 60)), ..at(0) };
        assert_eq!(keys.seal(&RustCrypto, &mut rng, last_minute, &contents()).1, 60);
    }

    #[test]
    fn a_ticket_opens_for_its_reader_with_the_secret_that_was_handed_out() {
        let mut rng = StdRng::seed_from_u64(1);
        let keys = TicketKeys::new(&mut rng, Instant(0));
        let (held, lifetime_s) = keys.seal(&RustCrypto, &mut rng, at(1_000), &contents());
        assert_eq!(lifetime_s, 2 * 86_400 - 1);
        let (opened, psk) = keys.open(&RustCrypto, &held.ticket).unwrap();
        assert_eq!(
            (opened.serial, opened.not_after, opened.user_id),
            (Serial(7), NOT_AFTER, contents().user_id)
        );
        assert_eq!(psk, held.psk);
        assert!(TicketKeys::new(&mut rng, Instant(0)).open(&RustCrypto, &held.ticket).is_none());
    }

    #[test]
    fn every_bit_flip_of_a_ticket_is_refused() {
        let mut rng = StdRng::seed_from_u64(1);
        let keys = TicketKeys::new(&mut rng, Instant(0));
        let (held, _) = keys.seal(&RustCrypto, &mut rng, at(0), &contents());
        for bit in 0..Ticket::OCTETS * 8 {
            let mut flipped = held.ticket;
            flipped.0[bit / 8] ^= 1 << (bit % 8);
            assert!(keys.open(&RustCrypto, &flipped).is_none());
        }
    }

    #[test]
    fn a_ticket_opens_for_a_day_after_its_key_was_replaced_and_no_longer() {
        let mut rng = StdRng::seed_from_u64(1);
        let day = TICKET_KEY_LIFE_MS;
        let mut keys = TicketKeys::new(&mut rng, Instant(0));
        let (held, _) = keys.seal(&RustCrypto, &mut rng, at(0), &contents());
        keys.rotate(&mut rng, Instant(day - 1));
        assert!(keys.previous.is_none());
        keys.rotate(&mut rng, Instant(day));
        assert!(keys.open(&RustCrypto, &held.ticket).is_some());
        keys.rotate(&mut rng, Instant(2 * day));
        assert!(keys.open(&RustCrypto, &held.ticket).is_none());
    }

    #[test]
    fn a_reader_that_slept_for_two_days_keeps_no_old_key() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut keys = TicketKeys::new(&mut rng, Instant(0));
        let (held, _) = keys.seal(&RustCrypto, &mut rng, at(0), &contents());
        keys.rotate(&mut rng, Instant(2 * TICKET_KEY_LIFE_MS));
        assert!(keys.open(&RustCrypto, &held.ticket).is_none());
    }
}
