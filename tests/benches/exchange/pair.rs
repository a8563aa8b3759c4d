//! A reader and a device joined in memory, through the real sessions, each timed by itself.

use std::rc::Rc;
use std::time::Duration;

use credential::crypto::{Crypto, Digest, Signer, SoftwareSigner};
use credential::device::{Answer, CredentialHandle, DeviceEnv, DeviceSession, Reply, Wallet};
use credential::id::{IssuerIndex, ProjectId, ReaderId, Serial, UserId};
use credential::iso7816::StatusWord;
use credential::limits::{COMMAND_MAX, MESSAGE_MAX};
use credential::message::Instruction;
use credential::object::{Credential, HeldRevocationList, IssuerKeys, Presence, VerifiedCertificate};
use credential::reader::{Decision, Outcome, Path, Reader, ReaderEnv, ReaderSession, ReaderStep, Verdict};
use credential::secret::Secret;
use credential::ticket::HeldTicket;
use credential::time::{UnixTime, Validity};
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::world::{START, WEEK_S, World, at_ms};

use crate::harness::timed;

/// A door and the software of a phone; whose phone it is comes with each tap.
pub(crate) struct Pair<C: Crypto> {
    /// The reader.
    pub(crate) reader: Reader<C>,
    reader_session: ReaderSession<C>,
    list: HeldRevocationList<2048>,
    /// The device's backend.
    pub(crate) device: C,
    device_session: DeviceSession<C>,
    rng: StdRng,
}

/// What a phone holds: one credential, and tickets of the one reader there is.
pub(crate) struct Card {
    issuers: Rc<IssuerKeys>,
    credential: Vec<u8>,
    /// Live tickets.
    pub(crate) tickets: Vec<HeldTicket>,
    /// Certificates that were verified before; `None` for a phone that does not remember, as by default.
    pub(crate) verified: Option<Vec<Digest>>,
}

/// How long each part of a tap took.
#[derive(Clone, Copy, Default)]
pub(crate) struct Times {
    /// The reader before the tap: its ephemeral key.
    pub(crate) idle: Duration,
    /// The reader from the device's first octets to its decision.
    pub(crate) to_decision: Duration,
    /// The reader after its decision.
    pub(crate) after_decision: Duration,
    /// The device, its signature included.
    pub(crate) device: Duration,
}

impl Times {
    /// The reader's share.
    pub(crate) fn reader(self) -> Duration {
        self.idle + self.to_decision + self.after_decision
    }

    /// Both shares.
    pub(crate) fn both(self) -> Duration {
        self.reader() + self.device
    }
}

/// One message on its way.
struct Message {
    octets: [u8; MESSAGE_MAX],
    length: usize,
}

impl<C: Crypto> Pair<C> {
    /// A new reader of `world`, each side on a backend of its own.
    pub(crate) fn new(world: &mut World, backend: impl Fn() -> C) -> Self {
        Self {
            reader: world.reader(backend(), 1),
            reader_session: ReaderSession::new(),
            list: HeldRevocationList::empty(),
            device: backend(),
            device_session: DeviceSession::new(),
            rng: StdRng::seed_from_u64(1),
        }
    }

    /// A whole tap, which has to be granted on `path`.
    pub(crate) fn tap<S: Signer>(&mut self, card: &mut Card, holder: &S, path: Path) -> Times {
        let idle = self.prepare();
        let (decision, times) = self.decide(card, holder);
        assert_eq!(decision.path, path);
        assert!(matches!(decision.outcome, Outcome::Grant(_)), "{decision:?}");
        let after = self.conclude(card);
        Times { idle, after_decision: after.after_decision, device: times.device + after.device, ..times }
    }

    /// The reader's idle work.
    pub(crate) fn prepare(&mut self) -> Duration {
        timed(|| self.reader.prepare(&mut self.rng, at_ms(0))).1
    }

    /// A tap up to the reader's decision.
    pub(crate) fn decide<S: Signer>(&mut self, card: &mut Card, holder: &S) -> (Decision, Times) {
        let mut times = Times::default();
        self.reader_session.begin(Transport::Nfc, at_ms(0));
        let mut command = Message { octets: [0; MESSAGE_MAX], length: 0 };
        let mut response = Message { octets: [0; MESSAGE_MAX], length: 0 };
        let (selected, time) = timed(|| self.device_session.select(Transport::Nfc, at_ms(0)));
        times.device += time;
        response.octets[..selected.len()].copy_from_slice(&selected);
        response.length = selected.len();
        loop {
            let mut env = reader_env(&mut self.rng, &self.list);
            let data = &mut response.octets[..response.length];
            let out = &mut command.octets[..COMMAND_MAX];
            let (step, time) = timed(|| {
                self.reader_session.receive(&mut self.reader, &mut env, data, StatusWord::NORMAL, out)
            });
            times.to_decision += time;
            let instruction = match step.expect("the reader goes on") {
                ReaderStep::Send { instruction, length } => {
                    command.length = length;
                    instruction
                }
                ReaderStep::Decided(decision) => return (decision, times),
                ReaderStep::Finished { .. } | ReaderStep::Reported { .. } => {
                    unreachable!("a tap does not end before its decision")
                }
            };
            times.device += self.answer(card, holder, instruction, &mut command, &mut response);
        }
    }

    /// The rest of a tap.
    pub(crate) fn conclude(&mut self, card: &mut Card) -> Times {
        let mut command = Message { octets: [0; MESSAGE_MAX], length: 0 };
        let mut response = Message { octets: [0; MESSAGE_MAX], length: 0 };
        let mut env = reader_env(&mut self.rng, &self.list);
        let out = &mut command.octets[..COMMAND_MAX];
        let (step, told) =
            timed(|| self.reader_session.conclude(&self.reader, &mut env, Verdict::Stands, out));
        let Ok(ReaderStep::Send { instruction, length }) = step else { unreachable!("the device is told") };
        command.length = length;
        let device = self.answer(card, &NoSigner, instruction, &mut command, &mut response);
        let mut env = reader_env(&mut self.rng, &self.list);
        let (data, out) = (&mut response.octets[..response.length], &mut command.octets[..]);
        let (step, finished) =
            timed(|| self.reader_session.receive(&mut self.reader, &mut env, data, StatusWord::NORMAL, out));
        assert!(matches!(step, Ok(ReaderStep::Finished { .. })), "{step:?}");
        Times { after_decision: told + finished, device, ..Times::default() }
    }

    fn answer<S: Signer>(
        &mut self,
        card: &mut Card,
        holder: &S,
        instruction: Instruction,
        command: &mut Message,
        response: &mut Message,
    ) -> Duration {
        let data = &mut command.octets[..command.length];
        let out = &mut response.octets;
        let (reply, time) = timed(|| {
            let mut env =
                DeviceEnv { now: at_ms(0), rng: &mut self.rng, wallet: card, presence: Presence::None };
            match self.device_session.receive(&self.device, &mut env, instruction.code(), data, out) {
                Answer::Reply(reply) => reply,
                Answer::Sign(request) => {
                    let signature = holder.sign(&[request.message()]).ok().expect("a software key signs");
                    self.device_session.resume(&self.device, &mut env, Some(&signature.0), out)
                }
            }
        });
        let Reply { status, length, event } = reply;
        assert_eq!(status, StatusWord::NORMAL, "{event:?}");
        response.length = length;
        time
    }
}

fn reader_env<'a>(rng: &'a mut StdRng, list: &'a HeldRevocationList<2048>) -> ReaderEnv<'a> {
    ReaderEnv { now: at_ms(0), rng, revocations: list, wants_time: false, has_report: false }
}

impl Card {
    /// Issues a credential for the user with this number; returns the scalar of the holder key too.
    pub(crate) fn issue(world: &mut World, issuers: &Rc<IssuerKeys>, user: usize) -> (Self, Secret<32>) {
        let (holder, scalar) = SoftwareSigner::generate(&mut world.rng).unwrap();
        (Self::issue_to(world, &world.issuer, issuers, user, &holder), scalar)
    }

    /// Issues a credential to a holder key of any make.
    pub(crate) fn issue_to(
        world: &World,
        issuer: &impl Signer,
        issuers: &Rc<IssuerKeys>,
        user: usize,
        holder: &impl Signer,
    ) -> Self {
        let credential = Credential {
            project: world.project,
            issuer: IssuerIndex(0),
            serial: Serial(1 + u64::try_from(user).unwrap()),
            validity: Validity { not_before: UnixTime(START.0 - 60), not_after: UnixTime(START.0 + WEEK_S) },
            holder_key: holder.public_key(),
            user_id: UserId::new(format!("{user:07}").as_bytes()).unwrap(),
        };
        let credential = credential.issue(issuer).ok().unwrap().to_vec();
        Self { issuers: Rc::clone(issuers), credential, tickets: Vec::with_capacity(2), verified: None }
    }
}

impl Wallet for Card {
    fn issuers(&self, project: ProjectId) -> Option<&IssuerKeys> {
        Some(&*self.issuers).filter(|issuers| issuers.project() == project)
    }

    fn is_reader_revoked(&self, _: ProjectId, _: ReaderId) -> bool {
        false
    }

    fn choose(&self, _: &VerifiedCertificate) -> Option<CredentialHandle> {
        Some(CredentialHandle(0))
    }

    fn credential(&self, _: CredentialHandle) -> Option<&[u8]> {
        Some(&self.credential)
    }

    fn has_verified(&self, fingerprint: &Digest) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.contains(fingerprint))
    }

    fn note_verified(&mut self, fingerprint: &Digest) {
        if let Some(verified) = self.verified.as_mut().filter(|verified| !verified.contains(fingerprint)) {
            verified.push(*fingerprint);
        }
    }

    fn take_ticket(&mut self, _: CredentialHandle, _: ReaderId, _: UnixTime) -> Option<HeldTicket> {
        self.tickets.pop()
    }

    fn keep_ticket(&mut self, _: CredentialHandle, _: ReaderId, ticket: HeldTicket, _: UnixTime) {
        // The newest two: a phone that keeps all of them would only grow.
        if self.tickets.len() == 2 {
            self.tickets.remove(0);
        }
        self.tickets.push(ticket);
    }

    fn revocation_list(&self, _: ProjectId, _: u32, _: usize) -> Option<&[u8]> {
        None
    }

    fn time_token(&self, _: ProjectId) -> Option<&[u8]> {
        None
    }
}

/// For the part of a tap in which nothing is signed.
pub(crate) struct NoSigner;

impl Signer for NoSigner {
    type Error = ();

    fn public_key(&self) -> credential::crypto::Point {
        unreachable!("nobody asks")
    }

    fn sign(&self, _: &[&[u8]]) -> Result<credential::crypto::Signature, ()> {
        Err(())
    }
}
