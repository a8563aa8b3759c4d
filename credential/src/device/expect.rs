//! One type for each message that a device awaits; each is consumed by the message.

use super::event::{RefusedReader, SigningRequest, TapReport};
use super::session::DeviceEnv;
use super::wallet::{CredentialHandle, Wallet};
use crate::crypto::{Crypto, Point, Signature, TAG_OCTETS};
use crate::error::{ApiMisuse, DecodeError, Error, ObjectError};
use crate::id::{ProjectId, ReaderId};
use crate::message::CONFIRM_OCTETS;
use crate::message::ack::{Ack, ITEM_OVERHEAD, REPORT_ROOM_OCTETS};
use crate::message::hello::{Hello, time_code};
use crate::message::offer::Offer;
use crate::message::outcome::OutcomeMessage;
use crate::message::proof::{Proof, tap_message};
use crate::message::received::Received;
use crate::message::select::SelectResponse;
use crate::object::{IssuerKey, IssuerKeys, ReaderCertificate, VerifiedCertificate};
use crate::reader::Path;
use crate::report::REPORT_OVERHEAD;
use crate::schedule::{BINDER_OCTETS, Channel, FastSecret, FullSecret, Transcript, binder};
use crate::secret::Secret;
use crate::ticket::Ticket;
use crate::time::UnixTime;
use crate::transport::Transport;
use crate::wire::{NoRoom, exactly};

/// SELECT was answered.
pub(super) struct ExpectHello {
    pub(super) transport: Transport,
}

/// OFFER was sent: CONFIRM follows, or OUTCOME if the reader took the ticket.
pub(super) struct ExpectConfirm<C: Crypto> {
    h4: Transcript,
    ephemeral: C::AgreementKey,
    reader_ephemeral: Point,
    reader_key: Point,
    hello_time: Option<UnixTime>,
    answer: AnswerKind,
}

/// Whether OFFER was meant.
enum AnswerKind {
    /// To a genuine reader, with the secret of the ticket if there was one.
    Genuine(Presented, Option<Secret<32>>),
    /// Random octets: whatever follows is refused.
    Decoy,
}

/// Who presents what to whom.
#[derive(Clone, Copy)]
pub(super) struct Presented {
    project: ProjectId,
    reader: ReaderId,
    credential: CredentialHandle,
}

/// The holder key was asked to sign.
pub(super) struct AwaitSignature {
    h5: Transcript,
    channel: Channel,
    presented: Presented,
}

/// PROOF was sent.
pub(super) struct ExpectOutcome {
    before: Transcript,
    channel: Channel,
    presented: Presented,
    path: Path,
}

/// ACK was sent and said that a report would be taken.
pub(super) struct ExpectReport {
    h8: Transcript,
    channel: Channel,
    presented: Presented,
    room: usize,
}

impl ExpectHello {
    /// Answers every HELLO of the right form; for a reader that is refused, with random octets.
    pub(super) fn hello<C: Crypto>(
        self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        data: &[u8],
        out: &mut [u8],
    ) -> Result<(ExpectConfirm<C>, usize, Option<RefusedReader>), Error> {
        let hello = Hello::decode(data)?;
        hello.check_supported()?;
        let h3 = Transcript::begin(crypto, self.transport, &SelectResponse::OURS).then(crypto, &[data]);
        // The same work in the same order for every reader: what is only for genuine ones comes after it.
        let judged = judge(crypto, env, &hello);
        let ephemeral = crypto.generate(env.rng).map_err(|_| Error::ApiMisuse(ApiMisuse::RandomSource))?;
        let filler = Filler::draw(env);
        let point = crypto.public_point(&ephemeral);
        let ticket = match (&judged, env.now.unix) {
            (Ok(presented), Some(now)) => env.wallet.take_ticket(presented.credential, presented.reader, now),
            _ => None,
        };
        let presented_ticket = ticket.as_ref().map_or(filler.ticket, |held| held.ticket);
        let hb = h3.then(crypto, &[&point.0, &presented_ticket.0]);
        // Without a ticket the same work is done under a secret that nobody uses.
        let psk = ticket.as_ref().map_or(Secret::zero(), |held| held.psk.clone());
        let bound = binder(crypto, &psk, hb);
        let binder = if ticket.is_some() { *bound.expose() } else { filler.binder };
        let offer = Offer { ephemeral: point, ticket: presented_ticket, binder };
        let length = offer.encode(out)?;
        let h4 = h3.then(crypto, &[out.get(..length).unwrap_or_default()]);
        let reader_key =
            ReaderCertificate::decode(&hello.certificate).map(|certificate| certificate.public_key);
        let (answer, refused) = match judged {
            Ok(presented) => (AnswerKind::Genuine(presented, ticket.map(|held| held.psk)), None),
            Err(refused) => (AnswerKind::Decoy, Some(refused)),
        };
        let expect = ExpectConfirm {
            h4,
            ephemeral,
            reader_ephemeral: hello.ephemeral,
            reader_key: reader_key.unwrap_or(hello.ephemeral),
            hello_time: hello.time,
            answer,
        };
        Ok((expect, length, refused))
    }
}

impl<C: Crypto> ExpectConfirm<C> {
    /// Checks the proof of the certified key and asks for a signature.
    pub(super) fn confirm(self, crypto: &C, data: &[u8]) -> Result<(AwaitSignature, SigningRequest), Error> {
        let tag: &[u8; CONFIRM_OCTETS] = exactly(data)?;
        let ee = crypto.agree(&self.ephemeral, &self.reader_ephemeral).map_err(|_| Error::AuthFailed)?;
        let es = crypto.agree(&self.ephemeral, &self.reader_key).map_err(|_| Error::AuthFailed)?;
        let secret = FullSecret::derive(crypto, self.h4, &ee, &es);
        let holds = secret.confirmation(crypto, self.h4) == Secret::new(*tag);
        let AnswerKind::Genuine(presented, _) = self.answer else { return Err(Error::AuthFailed) };
        if !holds {
            return Err(Error::AuthFailed);
        }
        let h5 = self.h4.then(crypto, &[data]);
        let message = tap_message(presented.reader, time_code(self.hello_time), h5.hash());
        let request = SigningRequest::new(presented.credential, &message).ok_or(NoRoom)?;
        Ok((AwaitSignature { h5, channel: secret.channel(crypto), presented }, request))
    }

    /// The reader took the ticket.
    pub(super) fn fast_outcome(
        self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        data: &mut [u8],
        out: &mut [u8],
    ) -> Result<(TapReport, usize, Option<ExpectReport>), Error> {
        let _: &[u8; OutcomeMessage::OCTETS] = exactly(data)?;
        let ee = crypto.agree(&self.ephemeral, &self.reader_ephemeral).map_err(|_| Error::AuthFailed)?;
        let (presented, psk) = match self.answer {
            AnswerKind::Genuine(presented, Some(psk)) => (Some(presented), psk),
            AnswerKind::Genuine(_, None) | AnswerKind::Decoy => (None, Secret::zero()),
        };
        let channel = FastSecret::derive(crypto, self.h4, &psk, &ee).channel(crypto);
        let presented = presented.ok_or(Error::AuthFailed)?;
        let expect = ExpectOutcome { before: self.h4, channel, presented, path: Path::Fast };
        expect.outcome(crypto, env, data, out)
    }
}

impl AwaitSignature {
    /// Sends credential and signature, sealed.
    pub(super) fn proof<C: Crypto>(
        mut self,
        crypto: &C,
        wallet: &dyn Wallet,
        signature: Signature,
        out: &mut [u8],
    ) -> Result<(ExpectOutcome, usize), Error> {
        let credential =
            wallet.credential(self.presented.credential).ok_or(Error::ApiMisuse(ApiMisuse::OutOfOrder))?;
        let out = out.get_mut(..Proof::OCTETS).ok_or(NoRoom)?;
        let (plaintext, tag) = out.split_last_chunk_mut().ok_or(NoRoom)?;
        Proof { signature, credential }.encode(plaintext)?;
        *tag = self.channel.from_device.seal(crypto, self.h5, plaintext)?;
        let h6 = self.h5.then(crypto, &[out]);
        let expect =
            ExpectOutcome { before: h6, channel: self.channel, presented: self.presented, path: Path::Full };
        Ok((expect, Proof::OCTETS))
    }
}

impl ExpectOutcome {
    /// Believes the result, keeps the tickets and brings what the reader wishes for.
    pub(super) fn outcome<C: Crypto>(
        mut self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        data: &mut [u8],
        out: &mut [u8],
    ) -> Result<(TapReport, usize, Option<ExpectReport>), Error> {
        let _: &[u8; OutcomeMessage::OCTETS] = exactly(data)?;
        let h7 = self.before.then(crypto, &[data]);
        let plaintext = self.channel.from_reader.open(crypto, self.before, data)?;
        let outcome = OutcomeMessage::decode(plaintext)?;
        zeroize::Zeroize::zeroize(plaintext);
        let Presented { project, reader, credential } = self.presented;
        keep_tickets(env, credential, reader, &outcome);
        let acknowledgement =
            outcome.has_report.then(|| env.wallet.report_acknowledgement(project, reader)).flatten();
        let mut ack = Ack {
            report_room: outcome.has_report.then(|| env.wallet.report_room(project, reader)).flatten(),
            acknowledgement: acknowledgement.as_ref().map(|held| &held.0),
            ..Ack::default()
        };
        courier(&*env.wallet, project, &outcome, out.len(), &mut ack);
        let length = ack.encode(out)?;
        let report = TapReport {
            project,
            reader,
            credential,
            path: self.path,
            result: outcome.result,
            brought_list: ack.revocation_list.is_some(),
            brought_time: ack.time_token.is_some(),
            takes_report: ack.report_room.is_some(),
            exporter: self.channel.exporter.clone(),
        };
        let tag = self.channel.from_device.seal(crypto, h7, out.get_mut(..length).ok_or(NoRoom)?)?;
        let end = length.checked_add(TAG_OCTETS).ok_or(NoRoom)?;
        let room = ack.report_room;
        out.get_mut(length..end).ok_or(NoRoom)?.copy_from_slice(&tag);
        let h8 = h7.then(crypto, &[out.get(..end).unwrap_or_default()]);
        let (channel, presented) = (self.channel, self.presented);
        let next = room.map(|room| ExpectReport { h8, channel, presented, room: usize::from(room) });
        Ok((report, end, next))
    }
}

impl ExpectReport {
    /// Keeps a report that it cannot read, and says whether it does.
    pub(super) fn report<C: Crypto>(
        mut self,
        crypto: &C,
        env: &mut DeviceEnv<'_>,
        data: &mut [u8],
        out: &mut [u8],
    ) -> Result<(bool, usize), Error> {
        if data.len() > self.room.saturating_add(TAG_OCTETS) {
            return Err(DecodeError::Trailing.into());
        }
        if data.len() <= REPORT_OVERHEAD.saturating_add(TAG_OCTETS) {
            return Err(DecodeError::Truncated.into());
        }
        let h9 = self.h8.then(crypto, &[data]);
        let report = self.channel.from_reader.open(crypto, self.h8, data)?;
        let kept = env.wallet.keep_report(self.presented.project, self.presented.reader, report);
        let out = out.get_mut(..Received::OCTETS).ok_or(NoRoom)?;
        let (plaintext, tag) = out.split_last_chunk_mut().ok_or(NoRoom)?;
        plaintext.copy_from_slice(&Received { kept }.encode());
        *tag = self.channel.from_device.seal(crypto, h9, plaintext)?;
        Ok((kept, Received::OCTETS))
    }
}

/// The device's checks before it answers for real.
fn judge<C: Crypto>(crypto: &C, env: &mut DeviceEnv<'_>, hello: &Hello) -> Result<Presented, RefusedReader> {
    let certificate = ReaderCertificate::decode(&hello.certificate)
        .map_err(|error| RefusedReader::Certificate(error.into()))?;
    let Some(issuers) = env.wallet.issuers(certificate.project) else {
        verify_in_vain(crypto, hello, &certificate);
        return Err(RefusedReader::UnknownProject);
    };
    let Some(now) = env.now.unix else {
        verify_in_vain(crypto, hello, &certificate);
        return Err(RefusedReader::NoClock);
    };
    let fingerprint = VerifiedCertificate::fingerprint(crypto, &hello.certificate, &certificate, issuers);
    let verified = if fingerprint.is_some_and(|fingerprint| env.wallet.has_verified(&fingerprint)) {
        VerifiedCertificate::verified_before(&hello.certificate, now)
    } else {
        VerifiedCertificate::verify(crypto, &hello.certificate, issuers, now)
    };
    if verified == Err(ObjectError::UnknownIssuer) {
        verify_in_vain(crypto, hello, &certificate);
    }
    let verified = verified.map_err(RefusedReader::Certificate)?;
    if let Some(fingerprint) = fingerprint {
        env.wallet.note_verified(&fingerprint);
    }
    let fields = verified.fields();
    if env.wallet.is_reader_revoked(fields.project, fields.reader) {
        return Err(RefusedReader::Revoked);
    }
    let credential = env.wallet.choose(&verified).ok_or(RefusedReader::NoCredential)?;
    if env.wallet.credential(credential).is_none() {
        return Err(RefusedReader::NoCredential);
    }
    if env.presence < fields.presence {
        return Err(RefusedReader::PresenceRequired(fields.presence));
    }
    Ok(Presented { project: fields.project, reader: fields.reader, credential })
}

/// A reader whose signature is not checked costs the time of a check all the same.
fn verify_in_vain<C: Crypto>(crypto: &C, hello: &Hello, certificate: &ReaderCertificate) {
    // The generator of the group: a key that nobody signs readers with.
    const STRANGER: Point = Point([
        0x03, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
        0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96,
    ]);
    let key = IssuerKey { index: certificate.issuer, point: STRANGER };
    if let Some(issuers) = IssuerKeys::new(certificate.project, &[key]) {
        let refused = VerifiedCertificate::verify(
            crypto,
            &hello.certificate,
            &issuers,
            certificate.validity.not_before,
        );
        let _ = core::hint::black_box(refused);
    }
}

/// Random octets in the places of ticket and binder; drawn for every HELLO.
struct Filler {
    ticket: Ticket,
    binder: [u8; BINDER_OCTETS],
}

impl Filler {
    fn draw(env: &mut DeviceEnv<'_>) -> Self {
        let mut filler = Self { ticket: Ticket([0; Ticket::OCTETS]), binder: [0; BINDER_OCTETS] };
        env.rng.fill_bytes(&mut filler.ticket.0);
        env.rng.fill_bytes(&mut filler.binder);
        filler
    }
}

fn keep_tickets(
    env: &mut DeviceEnv<'_>,
    credential: CredentialHandle,
    reader: ReaderId,
    outcome: &OutcomeMessage,
) {
    let Some(now) = env.now.unix else { return };
    for (lifetime_s, held) in &outcome.tickets {
        let not_after = UnixTime(now.0.saturating_add(*lifetime_s));
        env.wallet.keep_ticket(credential, reader, held.clone(), not_after);
    }
}

/// What the device brings, as far as it fits the reader and the output buffer; the small things go first.
fn courier<'w>(
    wallet: &'w dyn Wallet,
    project: ProjectId,
    outcome: &OutcomeMessage,
    room: usize,
    ack: &mut Ack<'w>,
) {
    let mut left = room.saturating_sub(TAG_OCTETS).min(usize::from(outcome.ack_max));
    let mut fits = |octets: usize| {
        let after = left.checked_sub(octets.saturating_add(ITEM_OVERHEAD));
        left = after.unwrap_or(left);
        after.is_some()
    };
    ack.time_token = outcome.wants_time.then(|| wallet.time_token(project)).flatten();
    ack.time_token = ack.time_token.filter(|token| fits(token.len()));
    ack.report_room = ack.report_room.filter(|_| fits(REPORT_ROOM_OCTETS));
    ack.acknowledgement = ack.acknowledgement.filter(|held| fits(held.len()));
    ack.revocation_list = left
        .checked_sub(ITEM_OVERHEAD)
        .and_then(|octets_max| wallet.revocation_list(project, outcome.list_version, octets_max))
        .filter(|list| list.len().saturating_add(ITEM_OVERHEAD) <= left);
}
