//! A door and a phone, each of which can be told to seal something else.

use credential::crypto::Crypto;
use credential::device::{Answer, DeviceEnv, DeviceSession, Reply};
use credential::iso7816::StatusWord;
use credential::limits::{COMMAND_MAX, MESSAGE_MAX};
use credential::message::Instruction;
use credential::object::Presence;
use credential::reader::{
    Decision, Outcome, Reader, ReaderEnv, ReaderSession, ReaderSettings, ReaderStep, Verdict,
};
use credential::secret::Secret;
use credential::time::UnixTime;
use credential::transport::Transport;

use super::super::remembering::sign;
use super::super::stage::{Draws, FORGED_VERSION};
use super::super::substituting::Substituting;
use crate::pair::{HeldList, Phone};
use crate::world::{START, World, at_ms, report_point};

const USER_ID: &str = "0004711";

/// The door, the phone, and what the phone may bring.
pub(super) struct Scene {
    pub(super) world: World,
    pub(super) settings: ReaderSettings,
    pub(super) genuine_list: Vec<u8>,
    pub(super) forged_list: Vec<u8>,
    pub(super) token: Vec<u8>,
    pub(super) reader_crypto: Substituting,
    pub(super) phone: Phone<Substituting>,
    /// What the holder key signed last.
    pub(super) signature: [u8; 64],
    scalar: Secret<32>,
    reader: Reader<Substituting>,
    session: ReaderSession<Substituting>,
    draws: Draws,
}

/// An instruction and its data.
pub(super) type Command = (Instruction, Vec<u8>);

/// What the door makes of an answer.
pub(super) enum Heard {
    Send(Command),
    Decided(Box<Decision>),
    /// Version of the list that was brought, and whether a token was.
    Finished {
        list: Option<u32>,
        token: bool,
    },
    Failed,
}

impl Scene {
    pub(super) fn new() -> Self {
        let mut world = World::new(6);
        let scalar = world.scalar();
        let reader_crypto = Substituting::default();
        let key = reader_crypto.public_point(&reader_crypto.agreement_key(&scalar).unwrap());
        let certificate = world.certificate(7, key, Presence::None).issue(&world.issuer).unwrap();
        let settings = ReaderSettings {
            certificate,
            issuers: world.issuers(),
            tickets: true,
            report_key: Some(report_point()),
        };
        let (wallet, serial) = world.phone(USER_ID);
        let mut forger = World::new(99);
        forger.project = world.project;
        let mut draws = Draws::new(1);
        let reader = Reader::new(reader_crypto.clone(), &scalar, settings.clone(), &mut draws, at_ms(0));
        Self {
            genuine_list: world.revocation_list(2, &[serial], &[]),
            forged_list: forger.revocation_list(FORGED_VERSION, &[serial], &[]),
            token: world.time_token(UnixTime(START.0 + 60)),
            phone: Phone::new(Substituting::default(), wallet),
            signature: [0; 64],
            reader: reader.unwrap(),
            session: ReaderSession::new(),
            world,
            settings,
            reader_crypto,
            scalar,
            draws,
        }
    }

    /// A door that was just started, and a phone with nothing but its credential.
    pub(super) fn reset(&mut self) {
        self.seal_nothing_else();
        self.draws = Draws::new(1);
        let (crypto, settings) = (self.reader_crypto.clone(), self.settings.clone());
        self.reader = Reader::new(crypto, &self.scalar, settings, &mut self.draws, at_ms(0)).unwrap();
        self.session = ReaderSession::new();
        self.phone.session = DeviceSession::new();
        let wallet = &mut self.phone.wallet;
        wallet.tickets.clear();
        (wallet.list, wallet.time_token) = (None, None);
    }

    pub(super) fn seal_nothing_else(&self) {
        self.reader_crypto.seal_instead(None);
        self.phone.crypto.seal_instead(None);
    }

    /// A tap up to what the door makes of OFFER.
    pub(super) fn until_offer(&mut self) -> Heard {
        self.session.begin(Transport::Nfc, at_ms(0));
        let selected = self.phone.session.select(Transport::Nfc, at_ms(0)).to_vec();
        let Heard::Send((instruction, hello)) = self.door_hears(selected) else {
            panic!("SELECT leads to HELLO")
        };
        let (offer, _) = self.phone_hears(instruction, hello);
        self.door_hears(offer)
    }

    /// A tap on the full path, up to CONFIRM.
    pub(super) fn until_confirm(&mut self) -> Command {
        let Heard::Send(confirm) = self.until_offer() else { panic!("there is no ticket") };
        confirm
    }

    /// A tap on the full path, up to the decision.
    pub(super) fn until_decided(&mut self) {
        let (instruction, confirm) = self.until_confirm();
        let (proof, _) = self.phone_hears(instruction, confirm);
        self.decision(proof);
    }

    /// What the door decides about a PROOF.
    pub(super) fn decision(&mut self, proof: Vec<u8>) -> Decision {
        match self.door_hears(proof) {
            Heard::Decided(decision) => *decision,
            _ => panic!("a PROOF that opens leads to a decision"),
        }
    }

    /// OUTCOME.
    pub(super) fn conclude(&mut self) -> Command {
        let mut out = vec![0; COMMAND_MAX];
        let list = HeldList::empty();
        let mut env = ReaderEnv {
            now: at_ms(0),
            rng: &mut self.draws,
            revocations: &list,
            wants_time: true,
            has_report: true,
        };
        match self.session.conclude(&self.reader, &mut env, Verdict::Stands, &mut out) {
            Ok(ReaderStep::Send { instruction, length }) => (instruction, out[..length].to_vec()),
            _ => panic!("a decision can be told"),
        }
    }

    pub(super) fn phone_hears(&mut self, instruction: Instruction, mut data: Vec<u8>) -> (Vec<u8>, Reply) {
        let mut out = vec![0; MESSAGE_MAX];
        let phone = &mut self.phone;
        let rng = &mut self.draws;
        let mut env = DeviceEnv { now: at_ms(0), rng, wallet: &mut phone.wallet, presence: Presence::None };
        let answer = phone.session.receive(&phone.crypto, &mut env, instruction.code(), &mut data, &mut out);
        let reply = match answer {
            Answer::Reply(reply) => reply,
            Answer::Sign(request) => {
                self.signature = sign(&phone.wallet, &request);
                let rng = &mut self.draws;
                let mut env =
                    DeviceEnv { now: at_ms(0), rng, wallet: &mut phone.wallet, presence: Presence::None };
                phone.session.resume(&phone.crypto, &mut env, Some(&self.signature), &mut out)
            }
        };
        out.truncate(reply.length);
        (out, reply)
    }

    pub(super) fn door_hears(&mut self, mut data: Vec<u8>) -> Heard {
        let mut out = vec![0; COMMAND_MAX];
        let list = HeldList::empty();
        let mut env = ReaderEnv {
            now: at_ms(0),
            rng: &mut self.draws,
            revocations: &list,
            wants_time: true,
            has_report: true,
        };
        let status = StatusWord::NORMAL;
        match self.session.receive(&mut self.reader, &mut env, &mut data, status, &mut out) {
            Ok(ReaderStep::Send { instruction, length }) => {
                Heard::Send((instruction, out[..length].to_vec()))
            }
            Ok(ReaderStep::Decided(decision)) => Heard::Decided(Box::new(decision)),
            Ok(ReaderStep::Finished { brought, .. }) => Heard::Finished {
                list: brought.revocation_list.map(|list| list.version()),
                token: brought.time_token.is_some(),
            },
            Ok(ReaderStep::Reported { .. }) => panic!("nothing was reported"),
            Err(_) => {
                assert!(self.session.is_idle());
                Heard::Failed
            }
        }
    }

    /// After whatever went before, a clean tap is granted.
    pub(super) fn clean_tap(&mut self) {
        self.phone.wallet.tickets.clear();
        self.draws = Draws::new(2);
        let (instruction, confirm) = self.until_confirm();
        let (proof, _) = self.phone_hears(instruction, confirm);
        let decision = self.decision(proof);
        assert!(matches!(&decision.outcome, Outcome::Grant(granted) if granted.as_str() == USER_ID));
    }
}
