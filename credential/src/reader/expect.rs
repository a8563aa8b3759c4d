//! One type for each message that a reader awaits; each is consumed by the message.
//!
//! None of these functions is inlined into its caller: the space that one of them takes on a small stack is then free
//! for the others.

use heapless::Vec;

use super::Reader;
use super::decision::{Brought, Decision, DenyReason, Outcome, Path, Receipt, Verdict};
use super::session::ReaderEnv;
use crate::crypto::{Crypto, InvalidKey, Point, TAG_OCTETS};
use crate::error::{ApiMisuse, Error, PeerMisbehaved};
use crate::id::Serial;
use crate::limits::{MESSAGE_MAX, REPORT_MAX};
use crate::message::CONFIRM_OCTETS;
use crate::message::ack::Ack;
use crate::message::hello::{Hello, time_code};
use crate::message::offer::Offer;
use crate::message::outcome::OutcomeMessage;
use crate::message::proof::{Proof, tap_message};
use crate::message::received::Received;
use crate::message::select::SelectResponse;
use crate::object::{VerifiedCredential, VerifiedRevocationList, VerifiedTimeToken};
use crate::report::Acknowledgement;
use crate::schedule::{Channel, FastSecret, FullSecret, Transcript, binder};
use crate::secret::Secret;
use crate::ticket::TicketContents;
use crate::time::{OutsideValidity, UnixTime};
use crate::transport::Transport;
use crate::wire::{NoRoom, exactly};

/// SELECT was sent, or the link is up.
pub(super) struct ExpectSelected {
    pub(super) transport: Transport,
}

/// HELLO was sent.
pub(super) struct ExpectOffer<C: Crypto> {
    h3: Transcript,
    ephemeral: C::AgreementKey,
    hello_time: Option<UnixTime>,
}

/// CONFIRM was sent.
pub(super) struct ExpectProof {
    h5: Transcript,
    channel: Channel,
    hello_time: Option<UnixTime>,
}

/// The decision is made and the device has not been told.
pub(super) struct Decided<C: Crypto> {
    keys: DecidedKeys<C>,
    result: Result<TicketContents, DenyReason>,
}

enum DecidedKeys<C: Crypto> {
    Full {
        h6: Transcript,
        channel: Channel,
    },
    /// The ECDH that the decision did not need is still to come.
    Fast {
        h4: Transcript,
        psk: Secret<32>,
        ephemeral: C::AgreementKey,
        device: Point,
    },
}

/// OUTCOME was sent.
pub(super) struct ExpectAck {
    h7: Transcript,
    channel: Channel,
    /// Whether the device was asked to take a report.
    wished: bool,
}

/// ACK opened and the device takes a report, if there is one.
pub(super) struct MayReport {
    h8: Transcript,
    channel: Channel,
    room: usize,
}

/// REPORT was sent.
pub(super) struct ExpectReceived {
    h9: Transcript,
    channel: Channel,
}

/// Where an OFFER leads.
#[expect(clippy::large_enum_variant, reason = "no heap to put the larger one on, and neither lives long")]
pub(super) enum Offered<C: Crypto> {
    Fast(Decision, Decided<C>),
    Full(ExpectProof, usize),
}

impl ExpectSelected {
    /// Answers the device's versions and limits with HELLO.
    #[inline(never)]
    pub(super) fn selected<C: Crypto>(
        self,
        reader: &mut Reader<C>,
        env: &mut ReaderEnv<'_>,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<(ExpectOffer<C>, usize, SelectResponse), Error> {
        let data: &[u8; SelectResponse::OCTETS] = exactly(data)?;
        let response = SelectResponse::decode(data)?;
        response.negotiate()?;
        reader.prepare(env.rng, env.now);
        let ephemeral = reader.ephemeral.take().ok_or(Error::ApiMisuse(ApiMisuse::RandomSource))?;
        let point = reader.crypto.public_point(&ephemeral);
        let hello = Hello::new(env.now.unix, reader.settings.certificate, point);
        let length = hello.encode(out)?;
        let h2 = Transcript::begin(&reader.crypto, self.transport, data);
        let h3 = h2.then(&reader.crypto, &[out.get(..length).unwrap_or_default()]);
        let expect = ExpectOffer { h3, ephemeral, hello_time: env.now.unix };
        Ok((expect, length, response))
    }
}

impl<C: Crypto> ExpectOffer<C> {
    /// Decides by the ticket if it holds, else answers with CONFIRM.
    #[inline(never)]
    pub(super) fn offer(
        self,
        reader: &Reader<C>,
        env: &ReaderEnv<'_>,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<Offered<C>, Error> {
        let offer = Offer::decode(data)?;
        let h4 = self.h3.then(&reader.crypto, &[data]);
        if let Some((contents, psk)) = self.accepted_ticket(reader, env, &offer) {
            let decision = Decision {
                outcome: Outcome::Grant(contents.user_id.clone()),
                path: Path::Fast,
                serial: Some(contents.serial),
                receipt: None,
            };
            let keys = DecidedKeys::Fast { h4, psk, ephemeral: self.ephemeral, device: offer.ephemeral };
            return Ok(Offered::Fast(decision, Decided { keys, result: Ok(contents) }));
        }
        let crypto = &reader.crypto;
        let [ee, es] = crypto.agree_both([&self.ephemeral, &reader.key], &offer.ephemeral)?;
        let secret = FullSecret::derive(crypto, h4, &ee, &es);
        let tag = secret.confirmation(crypto, h4);
        out.get_mut(..CONFIRM_OCTETS).ok_or(NoRoom)?.copy_from_slice(tag.expose());
        let expect = ExpectProof {
            h5: h4.then(crypto, &[tag.expose()]),
            channel: secret.channel(crypto),
            hello_time: self.hello_time,
        };
        Ok(Offered::Full(expect, CONFIRM_OCTETS))
    }

    /// The ticket's contents and secret, if every condition of the fast path holds.
    fn accepted_ticket(
        &self,
        reader: &Reader<C>,
        env: &ReaderEnv<'_>,
        offer: &Offer,
    ) -> Option<(TicketContents, Secret<32>)> {
        if !reader.settings.tickets {
            return None;
        }
        let (contents, psk) = reader.tickets.open(&reader.crypto, &offer.ticket)?;
        let hb = self.h3.then(&reader.crypto, &[&offer.ephemeral.0, &offer.ticket.0]);
        let bound = binder(&reader.crypto, &psk, hb) == Secret::new(offer.binder);
        let live = env.now.unix.is_some_and(|now| now < contents.not_after);
        (bound && live && !env.revocations.is_revoked(contents.serial)).then_some((contents, psk))
    }
}

impl ExpectProof {
    /// Judges credential and device signature.
    #[inline(never)]
    pub(super) fn proof<C: Crypto>(
        mut self,
        reader: &mut Reader<C>,
        env: &ReaderEnv<'_>,
        data: &mut [u8],
    ) -> Result<(Decision, Decided<C>), Error> {
        let _: &[u8; Proof::OCTETS] = exactly(data)?;
        let h6 = self.h5.then(&reader.crypto, &[data]);
        let plaintext = self.channel.from_device.open(&reader.crypto, self.h5, data)?;
        let proof = Proof::decode(plaintext).ok();
        let judged =
            proof.and_then(|proof| self.judge(reader, env, &proof)).unwrap_or_else(Judged::not_accepted);
        let keys = DecidedKeys::Full { h6, channel: self.channel };
        let decision = Decision {
            outcome: match &judged.result {
                Ok(contents) => Outcome::Grant(contents.user_id.clone()),
                Err(reason) => Outcome::Deny(*reason),
            },
            path: Path::Full,
            serial: judged.serial,
            receipt: judged.receipt,
        };
        Ok((decision, Decided { keys, result: judged.result }))
    }

    fn judge<C: Crypto>(
        &self,
        reader: &mut Reader<C>,
        env: &ReaderEnv<'_>,
        proof: &Proof<'_>,
    ) -> Option<Judged> {
        let credential = verify_credential(reader, proof.credential)?;
        let receipt = self.verify_device(reader, &credential, proof)?;
        let fields = credential.fields();
        let result = match env.now.unix {
            None => Err(DenyReason::NoClock),
            Some(now) => match fields.validity.contains(now) {
                Err(OutsideValidity::NotYetValid) => Err(DenyReason::NotYetValid),
                Err(OutsideValidity::Expired) => Err(DenyReason::Expired),
                Ok(()) if env.revocations.is_revoked(fields.serial) => Err(DenyReason::Revoked),
                Ok(()) => Ok(TicketContents {
                    serial: fields.serial,
                    not_after: fields.validity.not_after,
                    user_id: fields.user_id.clone(),
                }),
            },
        };
        Some(Judged { result, serial: Some(fields.serial), receipt: Some(receipt) })
    }

    fn verify_device<C: Crypto>(
        &self,
        reader: &Reader<C>,
        credential: &VerifiedCredential,
        proof: &Proof<'_>,
    ) -> Option<Receipt> {
        let message = tap_message(reader.id, time_code(self.hello_time), self.h5.hash());
        let key = &credential.fields().holder_key;
        reader.crypto.verify(key, &[&message], &proof.signature).ok()?;
        Some(Receipt {
            reader: reader.id,
            time: self.hello_time,
            transcript: *self.h5.hash(),
            signature: proof.signature,
            credential: Vec::from_slice(proof.credential).ok()?,
        })
    }
}

impl<C: Crypto> Decided<C> {
    /// Tells the device.
    #[inline(never)]
    pub(super) fn outcome(
        self,
        reader: &Reader<C>,
        env: &mut ReaderEnv<'_>,
        verdict: Verdict,
        out: &mut [u8],
    ) -> Result<(ExpectAck, usize), Error> {
        let crypto = &reader.crypto;
        let (before, mut channel) = match self.keys {
            DecidedKeys::Full { h6, channel } => (h6, channel),
            DecidedKeys::Fast { h4, psk, ephemeral, device } => {
                let ee = crypto.agree(&ephemeral, &device)?;
                (h4, FastSecret::derive(crypto, h4, &psk, &ee).channel(crypto))
            }
        };
        // Strangers carry no reports: the device has shown a credential of the project, or its ticket.
        let genuine = !matches!(self.result, Err(DenyReason::NotAccepted));
        let granted = match verdict {
            Verdict::Stands => self.result,
            Verdict::Refused => self.result.and(Err(DenyReason::Refused)),
        };
        let mut message = outcome_message(reader, env, granted);
        message.has_report = genuine && reader.reports.is_some() && env.has_report;
        let wished = message.has_report;
        let out = out.get_mut(..OutcomeMessage::OCTETS).ok_or(NoRoom)?;
        let (plaintext, tag) = out.split_last_chunk_mut().ok_or(NoRoom)?;
        message.encode(plaintext)?;
        *tag = channel.from_reader.seal(crypto, before, plaintext)?;
        let h7 = before.then(crypto, &[out]);
        Ok((ExpectAck { h7, channel, wished }, OutcomeMessage::OCTETS))
    }
}

impl ExpectAck {
    /// Verifies what the device brought.
    #[inline(never)]
    pub(super) fn ack<'m, C: Crypto>(
        mut self,
        reader: &Reader<C>,
        env: &ReaderEnv<'_>,
        data: &'m mut [u8],
    ) -> Result<(Brought<'m>, Secret<32>, Option<MayReport>), Error> {
        let h8 = self.h7.then(&reader.crypto, &[data]);
        let plaintext = self.channel.from_device.open(&reader.crypto, self.h7, data)?;
        let ack = Ack::decode(plaintext)?;
        // A device that was not asked takes none, whatever it says.
        let report_room = ack.report_room.filter(|_| self.wished);
        let acknowledged =
            ack.acknowledgement.and_then(|octets| reader.acknowledged(&Acknowledgement(*octets)));
        let (crypto, issuers) = (&reader.crypto, &reader.settings.issuers);
        let revocation_list = ack
            .revocation_list
            .and_then(|octets| VerifiedRevocationList::verify(crypto, octets, issuers).ok())
            .filter(|list| list.version() > env.revocations.version());
        let time_token = ack
            .time_token
            .and_then(|octets| VerifiedTimeToken::verify(crypto, octets, issuers).ok())
            .filter(|token| token.forward_from(env.now.unix).is_ok());
        let exporter = self.channel.exporter.clone();
        let may_report =
            report_room.map(|room| MayReport { h8, channel: self.channel, room: usize::from(room) });
        Ok((Brought { revocation_list, time_token, acknowledged, report_room }, exporter, may_report))
    }
}

impl MayReport {
    /// Seals a report to the manager, and that to the device; `None` if there is nothing to report.
    pub(super) fn report<C: Crypto>(
        mut self,
        reader: &Reader<C>,
        env: &mut ReaderEnv<'_>,
        longest_command: usize,
        fill: &mut dyn FnMut(&mut [u8]) -> usize,
        out: &mut [u8],
    ) -> Result<Option<(ExpectReceived, usize)>, Error> {
        let crypto = &reader.crypto;
        let keys = reader.reports.as_ref().ok_or(Error::ApiMisuse(ApiMisuse::OutOfOrder))?;
        let room = longest_command.min(out.len()).min(MESSAGE_MAX).saturating_sub(TAG_OCTETS);
        let room = room.min(self.room).min(REPORT_MAX);
        let report = out.get_mut(..room).unwrap_or_default();
        let Some(length) = keys.seal(crypto, env.rng, fill, report) else { return Ok(None) };
        let tag = self.channel.from_reader.seal(crypto, self.h8, out.get_mut(..length).ok_or(NoRoom)?)?;
        let end = length.checked_add(TAG_OCTETS).ok_or(NoRoom)?;
        out.get_mut(length..end).ok_or(NoRoom)?.copy_from_slice(&tag);
        let h9 = self.h8.then(crypto, &[out.get(..end).unwrap_or_default()]);
        Ok(Some((ExpectReceived { h9, channel: self.channel }, end)))
    }
}

impl ExpectReceived {
    /// Whether the device has kept the report.
    pub(super) fn received<C: Crypto>(mut self, reader: &Reader<C>, data: &mut [u8]) -> Result<bool, Error> {
        let _: &[u8; Received::OCTETS] = exactly(data)?;
        let plaintext = self.channel.from_device.open(&reader.crypto, self.h9, data)?;
        Ok(Received::decode(plaintext)?.kept)
    }
}

/// What the full path found out about a genuine credential; there is nothing to say of any other.
struct Judged {
    result: Result<TicketContents, DenyReason>,
    serial: Option<Serial>,
    receipt: Option<Receipt>,
}

impl Judged {
    const fn not_accepted() -> Self {
        Self { result: Err(DenyReason::NotAccepted), serial: None, receipt: None }
    }
}

fn verify_credential<C: Crypto>(reader: &mut Reader<C>, octets: &[u8]) -> Option<VerifiedCredential> {
    let hash = reader.crypto.sha256(&[octets]);
    if reader.cache.contains(&hash) {
        return VerifiedCredential::verified_before(octets).ok();
    }
    let verified = VerifiedCredential::verify(&reader.crypto, octets, &reader.settings.issuers).ok()?;
    reader.cache.insert(hash);
    Some(verified)
}

fn outcome_message<C: Crypto>(
    reader: &Reader<C>,
    env: &mut ReaderEnv<'_>,
    result: Result<TicketContents, DenyReason>,
) -> OutcomeMessage {
    let mut tickets = Vec::new();
    if let Ok(contents) = &result
        && reader.settings.tickets
    {
        while !tickets.is_full() {
            let (held, lifetime_s) = reader.tickets.seal(&reader.crypto, env.rng, env.now, contents);
            let _ = tickets.push((lifetime_s, held));
        }
    }
    OutcomeMessage {
        result: result.map(drop),
        ack_max: u16::try_from(MESSAGE_MAX.saturating_sub(CONFIRM_OCTETS)).unwrap_or(u16::MAX),
        list_version: env.revocations.version(),
        wants_time: env.wants_time,
        has_report: false,
        tickets,
    }
}

impl From<NoRoom> for Error {
    fn from(NoRoom: NoRoom) -> Self {
        Self::ApiMisuse(ApiMisuse::BufferTooSmall)
    }
}

impl From<InvalidKey> for Error {
    fn from(InvalidKey: InvalidKey) -> Self {
        Self::PeerMisbehaved(PeerMisbehaved::InvalidPoint)
    }
}
