//! A device of the attacker's own making, with what was stolen or forged in it.

use credential::crypto::{RustCrypto, Signer, SoftwareSigner};
use credential::device::{Answer, CredentialHandle, DeviceEnv, DeviceSession, Wallet};
use credential::id::{ProjectId, ReaderId};
use credential::limits::MESSAGE_MAX;
use credential::object::{IssuerKeys, Presence, VerifiedCertificate};
use credential::ticket::HeldTicket;
use credential::time::{Now, UnixTime};
use credential::transport::Transport;
use rand::rngs::StdRng;

use super::bench::NORMAL;

/// What the attacker has.
pub(super) struct Loot {
    /// The site's issuer keys, which every phone knows.
    pub(super) issuers: IssuerKeys,
    /// A credential, forged or somebody else's.
    pub(super) credential: Vec<u8>,
    /// A ticket with its secret, which is presented as often as anybody wants it.
    pub(super) ticket: Option<HeldTicket>,
}

/// The attacker's device.
pub(super) struct Thief {
    loot: Loot,
    signer: SoftwareSigner,
    session: DeviceSession<RustCrypto>,
    rng: StdRng,
}

impl Thief {
    pub(super) fn new(loot: Loot, signer: SoftwareSigner, rng: StdRng) -> Self {
        Self { loot, signer, session: DeviceSession::new(), rng }
    }

    /// Answers a command APDU of a door.
    pub(super) fn answer(&mut self, apdu: &[u8], now: Now) -> Option<Vec<u8>> {
        const INS_SELECT: u8 = 0xA4;
        let instruction = *apdu.get(1)?;
        if instruction == INS_SELECT {
            return Some([&self.session.select(Transport::Nfc, now)[..], &NORMAL].concat());
        }
        let length = usize::from(*apdu.get(4)?);
        let mut data = apdu.get(5..length.checked_add(5)?)?.to_vec();
        let mut out = vec![0; MESSAGE_MAX];
        let mut env =
            DeviceEnv { now, rng: &mut self.rng, wallet: &mut self.loot, presence: Presence::Verified };
        let reply = match self.session.receive(&RustCrypto, &mut env, instruction, &mut data, &mut out) {
            Answer::Reply(reply) => reply,
            Answer::Sign(request) => {
                let signature = self.signer.sign(&[request.message()]).ok()?;
                let mut env = DeviceEnv {
                    now,
                    rng: &mut self.rng,
                    wallet: &mut self.loot,
                    presence: Presence::Verified,
                };
                self.session.resume(&RustCrypto, &mut env, Some(&signature.0), &mut out)
            }
        };
        out.truncate(reply.length);
        out.extend(reply.status.to_be_bytes());
        Some(out)
    }
}

impl Wallet for Loot {
    fn issuers(&self, project: ProjectId) -> Option<&IssuerKeys> {
        Some(&self.issuers).filter(|issuers| issuers.project() == project)
    }

    fn is_reader_revoked(&self, _: ProjectId, _: ReaderId) -> bool {
        false
    }

    fn choose(&self, _: &VerifiedCertificate) -> Option<CredentialHandle> {
        Some(CredentialHandle(1))
    }

    fn credential(&self, _: CredentialHandle) -> Option<&[u8]> {
        Some(&self.credential)
    }

    fn take_ticket(&mut self, _: CredentialHandle, _: ReaderId, _: UnixTime) -> Option<HeldTicket> {
        self.ticket.clone()
    }

    fn keep_ticket(&mut self, _: CredentialHandle, _: ReaderId, _: HeldTicket, _: UnixTime) {}

    fn revocation_list(&self, _: ProjectId, _: u32, _: usize) -> Option<&[u8]> {
        None
    }

    fn time_token(&self, _: ProjectId) -> Option<&[u8]> {
        None
    }
}
