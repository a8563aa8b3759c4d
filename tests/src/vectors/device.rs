//! The device of a vector: its session with exactly the state and the random octets that the vector gives.

use credential::crypto::{Crypto, Point, SoftwareSigner};
use credential::device::{Answer, DeviceEnv, DeviceEvent, DeviceSession, SigningRequest};
use credential::id::{ProjectId, ReaderId};
use credential::iso7816::StatusWord;
use credential::limits::MESSAGE_MAX;
use credential::object::{Presence, VerifiedRevocationList};
use credential::report::Acknowledgement;
use credential::secret::Secret;
use credential::ticket::{HeldTicket, Ticket};
use credential::time::{Instant, Now, UnixTime};
use credential::transport::Transport;

use super::blocks::{DeviceBlock, keys_for, keys_of_all, project_in};
use super::check::same_octets;
use super::script::Script;
use crate::wallet::MemoryWallet;

/// A device, its wallet and its random octets.
pub struct VectorDevice<C: Crypto> {
    crypto: C,
    session: DeviceSession<C>,
    now: Now,
    presence: Presence,
    expected_select: Vec<u8>,
    /// What it holds.
    pub wallet: MemoryWallet,
    /// What it will draw.
    pub rng: Script,
    /// What its holder key signed last.
    pub signed: Option<SigningRequest>,
}

/// An answer, and what the app is told.
pub struct Answered {
    /// Response data.
    pub data: Vec<u8>,
    /// Status word.
    pub status: StatusWord,
    /// What happened.
    pub event: Option<DeviceEvent>,
}

impl<C: Crypto> VectorDevice<C> {
    /// A device that waits for SELECT.
    ///
    /// # Errors
    /// What of the block does not make a device.
    pub fn new(crypto: C, block: &DeviceBlock) -> Result<Self, String> {
        let wallet = wallet(&crypto, block)?;
        let presence = match block.presence {
            0 => Presence::None,
            1 => Presence::Unlocked,
            2 => Presence::Verified,
            other => return Err(format!("presence {other}")),
        };
        let mut rng = Script::default();
        if block.ephemerals.len() != block.fillers.len() {
            return Err("each HELLO has an ephemeral key and a filler".to_owned());
        }
        for (ephemeral, filler) in block.ephemerals.iter().zip(&block.fillers) {
            rng.add(&ephemeral.array::<32>()?);
            rng.add(&filler.array::<88>()?);
        }
        let now = Now { instant: Instant(0), unix: (block.now != 0).then_some(UnixTime(block.now)) };
        let expected_select = block.select_response.0.clone();
        let session = DeviceSession::new();
        Ok(Self { crypto, session, now, presence, expected_select, wallet, rng, signed: None })
    }

    /// Begins a session; the data of the SELECT response.
    ///
    /// # Errors
    /// When it is not the one of the block.
    pub fn select(&mut self, transport: Transport) -> Result<Vec<u8>, String> {
        let data = self.session.select(transport, self.now).to_vec();
        same_octets("SELECT response", &data, &self.expected_select)?;
        Ok(data)
    }

    /// Answers a command; the holder key signs at once.
    ///
    /// # Errors
    /// When the random octets did not do.
    pub fn receive(&mut self, instruction: u8, data: &[u8]) -> Result<Answered, String> {
        let mut data = data.to_vec();
        let mut out = vec![0; MESSAGE_MAX];
        let mut env = DeviceEnv {
            now: self.now,
            rng: &mut self.rng,
            wallet: &mut self.wallet,
            presence: self.presence,
        };
        let reply = match self.session.receive(&self.crypto, &mut env, instruction, &mut data, &mut out) {
            Answer::Reply(reply) => reply,
            Answer::Sign(request) => {
                let signature = self.wallet.sign(&request);
                self.signed = Some(request);
                let mut env = DeviceEnv {
                    now: self.now,
                    rng: &mut self.rng,
                    wallet: &mut self.wallet,
                    presence: self.presence,
                };
                self.session.resume(&self.crypto, &mut env, Some(&signature), &mut out)
            }
        };
        self.rng.kept()?;
        out.truncate(reply.length);
        Ok(Answered { data: out, status: reply.status, event: reply.event })
    }

    /// The environment of this device, for an application that has a session of its own.
    pub fn env(&mut self) -> DeviceEnv<'_> {
        DeviceEnv { now: self.now, rng: &mut self.rng, wallet: &mut self.wallet, presence: self.presence }
    }

    /// Tickets that it holds for a reader.
    pub fn tickets(&self, reader: u32) -> &[(HeldTicket, UnixTime)] {
        self.wallet.tickets.get(&ReaderId(reader)).map_or(&[], Vec::as_slice)
    }

    /// Whether agreement with `point` is refused.
    pub fn refuses(&self, point: &[u8]) -> bool {
        let key = self.crypto.agreement_key(&Secret::new([1; 32]));
        let point = point.try_into().map(Point);
        match (key, point) {
            (Ok(key), Ok(point)) => self.crypto.agree(&key, &point).is_err(),
            _ => true,
        }
    }
}

fn wallet<C: Crypto>(crypto: &C, block: &DeviceBlock) -> Result<MemoryWallet, String> {
    let holder =
        SoftwareSigner::new(&Secret::new(block.holder_secret.array()?)).map_err(|error| error.to_string())?;
    let mut wallet = MemoryWallet::empty(holder);
    wallet.issuers = keys_of_all(&block.issuer_keys)?;
    if let Some(octets) = &block.credential {
        wallet.credential = Some((project_in(&octets.0).ok_or("a credential")?, octets.0.clone()));
    }
    if let Some(octets) = &block.revocation_list {
        let version = octets.0.get(10..14).and_then(|octets| octets.try_into().ok());
        wallet.list = Some((version.map(u32::from_be_bytes).ok_or("a list")?, octets.0.clone()));
        // A device brings any list, and believes only one that holds.
        let issuers = keys_for(&block.issuer_keys, &octets.0)?;
        if let Ok(list) = VerifiedRevocationList::verify(crypto, &octets.0, &issuers) {
            wallet.revoked_readers = list.readers().collect();
        }
    }
    wallet.time_token = block.time_token.as_ref().map(|token| token.0.clone());
    wallet.report_room = block.report_room;
    let held = block.report_acknowledgement.as_ref();
    wallet.acknowledgement = held.map(|octets| octets.array().map(Acknowledgement)).transpose()?;
    for held in &block.tickets {
        let ticket = HeldTicket { ticket: Ticket(held.ticket.array()?), psk: Secret::new(held.psk.array()?) };
        wallet.tickets.entry(ReaderId(held.reader_id)).or_default().push((ticket, UnixTime(held.expires)));
    }
    Ok(wallet)
}

/// Makes the device show its credential to readers of `project`, whatever project it is of.
pub fn lie<C: Crypto>(device: &mut VectorDevice<C>, project: ProjectId) {
    if let Some((claimed, _)) = &mut device.wallet.credential {
        *claimed = project;
    }
}
