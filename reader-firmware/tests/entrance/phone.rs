//! A phone as a card, with a device session of its own; and a card that knows nothing.

use credential::application::{DeviceAction, DeviceApplication, DeviceIncoming, OstiaryDevice};
use credential::crypto::RustCrypto;
use credential::device::{DeviceEnv, DeviceEvent};
use credential::iso7816::{Aid, Card, CardStep, INS_SELECT, ResponseApdu, StatusWord};
use credential::object::Presence;
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::wallet::MemoryWallet;
use crate::world::{CRYPTO, at_ms};

/// What answers APDUs.
pub(crate) enum InField {
    /// A phone with our application.
    Phone(Box<Phone>),
    /// A card with other applications.
    Stranger,
}

pub(crate) struct Phone {
    pub(crate) user_id: String,
    pub(crate) wallet: MemoryWallet,
    pub(crate) device: OstiaryDevice<RustCrypto>,
    card: Card,
    rng: StdRng,
}

impl Phone {
    pub(crate) fn new(user_id: &str, wallet: MemoryWallet) -> Self {
        let device = OstiaryDevice::new(CRYPTO);
        let rng = StdRng::seed_from_u64(99);
        Self { user_id: user_id.to_owned(), wallet, device, card: Card::new(), rng }
    }

    pub(crate) fn field_off(&mut self) {
        self.device.reset();
        self.card.reset();
    }

    fn command(&mut self, apdu: &[u8], ms: u64) -> Vec<u8> {
        let mut out = [0; 2_100];
        let (header, mut data) = match self.card.receive(apdu, &mut out).unwrap() {
            CardStep::Transmit(length) => return out[..length].to_vec(),
            CardStep::Command(command) => (command.header, command.data.to_vec()),
        };
        let mut answer = [0; 2_100];
        let (length, status) = if header.ins == INS_SELECT && header.cla == 0 {
            if data == Aid::OSTIARY.as_bytes() {
                (self.device.open(Transport::Nfc, at_ms(ms), &mut answer).unwrap(), StatusWord::NORMAL)
            } else {
                (0, StatusWord::FILE_OR_APPLICATION_NOT_FOUND)
            }
        } else {
            let incoming = DeviceIncoming::Apdu { header, data: &mut data };
            let (length, status, _) = self.act(incoming, ms, &mut answer);
            (length, status)
        };
        let response = ResponseApdu { data: &answer[..length], status };
        let length = self.card.respond(response, &mut out).unwrap();
        out[..length].to_vec()
    }

    pub(crate) fn act(
        &mut self,
        incoming: DeviceIncoming<'_>,
        ms: u64,
        out: &mut [u8],
    ) -> (usize, StatusWord, bool) {
        let holder = self.wallet.holder.clone();
        let (now, presence) = (at_ms(ms), Presence::None);
        let mut env = DeviceEnv { now, rng: &mut self.rng, wallet: &mut self.wallet, presence };
        let mut action = self.device.receive(&mut env, incoming, out);
        if let DeviceAction::Sign(request) = &action {
            let signature = credential::crypto::Signer::sign(&*holder, &[request.message()]).unwrap().0;
            action = self.device.resume(&mut env, Some(&signature), out);
        }
        match action {
            DeviceAction::Reply { length, status, event } => {
                (length, status, matches!(event, Some(DeviceEvent::Finished(_))))
            }
            DeviceAction::Sign(_) => panic!("one signature is enough"),
        }
    }
}

impl InField {
    pub(crate) fn command(&mut self, apdu: &[u8], ms: u64) -> Vec<u8> {
        match self {
            Self::Phone(phone) => phone.command(apdu, ms),
            Self::Stranger => vec![0x6A, 0x82],
        }
    }

    pub(crate) fn field_off(&mut self) {
        if let Self::Phone(phone) = self {
            phone.field_off();
        }
    }
}
