//! What is inside the AEAD: PROOF, OUTCOME, ACK and tickets of any octets, sealed with the right keys.

mod scene;

use std::cell::RefCell;

use credential::crypto::Signer;
use credential::device::{DeviceEvent, Reply};
use credential::iso7816::StatusWord;
use credential::object::{VerifiedCredential, VerifiedRevocationList, VerifiedTimeToken};
use credential::reader::{DenyReason, Outcome, Path};

use super::input::Input;
use super::substituting::Substitute;
use crate::world::START;
use scene::{Heard, Scene};

const PROOF_OCTETS: usize = 221;
const OUTCOME_OCTETS: usize = 225;
const TICKET_OCTETS: usize = 44;
const ACK_MAX: usize = 2032;

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::new(Scene::new());
}

/// Never panics, and takes from what a peer sealed exactly what the specification says.
pub fn sealed(octets: &[u8]) {
    SCENE.with_borrow_mut(|scene| {
        scene.reset();
        let mut input = Input::new(octets);
        match input.below(4) {
            0 => scene.proof(&mut input),
            1 => scene.outcome(&mut input),
            2 => scene.ack(&mut input),
            _ => scene.ticket(&mut input),
        }
        scene.clean_tap();
    });
}

impl Scene {
    /// Whatever the phone proves, the door judges it as the specification says and tells the phone so.
    fn proof(&mut self, input: &mut Input<'_>) {
        let substitute = self.proof_substitute(input);
        let (instruction, confirm) = self.until_confirm();
        self.phone.crypto.seal_instead(Some(substitute));
        let (proof, _) = self.phone_hears(instruction, confirm);
        let plaintext = self.phone.crypto.sealed().unwrap();
        self.seal_nothing_else();
        let decision = self.decision(proof);
        let expected = self.judgement(&plaintext);
        match (&decision.outcome, &expected) {
            (Outcome::Grant(granted), Ok(user_id)) => assert_eq!(granted.as_bytes(), user_id),
            (Outcome::Deny(reason), Err(expected)) => assert_eq!(reason, expected),
            _ => panic!("{:?} instead of {expected:?}", decision.outcome),
        }
        let (instruction, outcome) = self.conclude();
        let (_, reply) = self.phone_hears(instruction, outcome);
        assert_eq!(reported(&reply), Some(expected.map(drop)));
    }

    /// Octets of the fuzzer's, or a credential that the issuer signs, behind any signature or the right one.
    fn proof_substitute(&self, input: &mut Input<'_>) -> Substitute {
        let kept = if input.flag() { 64 } else { 0 };
        let mut plaintext = vec![0; kept];
        let (_, genuine) = self.phone.wallet.credential.as_ref().unwrap();
        match input.below(3) {
            0 => plaintext.extend_from_slice(input.rest()),
            1 => {
                let mut credential = genuine.clone();
                input.mutate(&mut credential);
                plaintext.extend_from_slice(&credential);
            }
            _ => {
                let mut body = genuine[..genuine.len() - 64].to_vec();
                input.mutate(&mut body);
                let signature = self.world.issuer.sign(&[b"ostiary credential", &[0], &body]).unwrap();
                plaintext.extend_from_slice(&body);
                plaintext.extend_from_slice(&signature.0);
            }
        }
        plaintext.resize(PROOF_OCTETS, 0);
        if input.flag() {
            plaintext[PROOF_OCTETS - 1] = input.octet();
        }
        Substitute { kept, plaintext }
    }

    /// What the specification says about the plaintext of a PROOF: the user ID, or why not.
    fn judgement(&self, plaintext: &[u8]) -> Result<Vec<u8>, DenyReason> {
        let not_accepted = DenyReason::NotAccepted;
        let (_, rest) = plaintext.split_at(64);
        let length = 125 + usize::from(rest[60]);
        let (credential, padding) = rest.split_at_checked(length).ok_or(not_accepted)?;
        let verified = VerifiedCredential::verify(&self.reader_crypto, credential, &self.settings.issuers);
        let verified = verified.map_err(|_| not_accepted)?;
        let fields = verified.fields();
        let signed = fields.holder_key == self.phone.wallet.holder.public_key()
            && plaintext.starts_with(&self.signature);
        if !signed || padding.iter().any(|octet| *octet != 0) {
            return Err(not_accepted);
        }
        match fields.validity {
            validity if START < validity.not_before => Err(DenyReason::NotYetValid),
            validity if START >= validity.not_after => Err(DenyReason::Expired),
            _ => Ok(fields.user_id.as_bytes().to_vec()),
        }
    }

    /// Whatever the door tells, the phone believes it as far as it is well-formed.
    fn outcome(&mut self, input: &mut Input<'_>) {
        let brings = input.octet();
        self.phone.wallet.list = (brings & 1 != 0).then(|| (2, self.genuine_list.clone()));
        self.phone.wallet.time_token = (brings & 2 != 0).then(|| self.token.clone());
        let mut plaintext = input.rest().to_vec();
        plaintext.resize(OUTCOME_OCTETS, 0);
        self.until_decided();
        let expected = told(&plaintext);
        self.reader_crypto.seal_instead(Some(Substitute { kept: 0, plaintext: plaintext.clone() }));
        let (instruction, outcome) = self.conclude();
        self.seal_nothing_else();
        let (ack, reply) = self.phone_hears(instruction, outcome);
        let Some(result) = expected else {
            assert_eq!(reply.status, StatusWord::SECURITY_STATUS_NOT_SATISFIED);
            return;
        };
        assert_eq!(reported(&reply), Some(result));
        let kept: usize = self.phone.wallet.tickets.values().map(Vec::len).sum();
        assert_eq!(kept, usize::from(plaintext[8]));
        let ack_max = usize::from(u16::from_be_bytes([plaintext[1], plaintext[2]]));
        assert!((16..=16 + ack_max).contains(&ack.len()));
        self.phone.wallet.tickets.clear();
        let step = self.door_hears(ack);
        assert!(matches!(step, Heard::Finished { .. }));
    }

    /// Whatever the phone brings, the door takes only what the issuer signed.
    fn ack(&mut self, input: &mut Input<'_>) {
        let plaintext = self.ack_plaintext(input);
        self.until_decided();
        let (instruction, outcome) = self.conclude();
        // A list of this length makes an ACK of the length that is to be sealed instead.
        self.phone.wallet.list = plaintext.len().checked_sub(3).map(|octets| (u32::MAX, vec![0; octets]));
        let expected = brought(&plaintext);
        self.phone.crypto.seal_instead(Some(Substitute { kept: 0, plaintext }));
        let (ack, _) = self.phone_hears(instruction, outcome);
        self.seal_nothing_else();
        match (self.door_hears(ack), expected) {
            (Heard::Failed, None) => {}
            (Heard::Finished { list, token }, Some(expected)) => {
                let (crypto, issuers) = (&self.reader_crypto, &self.settings.issuers);
                let genuine = expected.list.and_then(|octets| {
                    let verified = VerifiedRevocationList::verify(crypto, &octets, issuers).ok();
                    verified.map(|list| list.version()).filter(|version| *version > 0)
                });
                assert_eq!(list, genuine);
                let genuine = expected.token.is_some_and(|octets| {
                    let verified = VerifiedTimeToken::verify(crypto, &octets, issuers);
                    verified.is_ok_and(|token| token.fields().time > START)
                });
                assert_eq!(token, genuine);
            }
            _ => panic!("an ACK is taken exactly if it is well-formed"),
        }
    }

    /// Items of all kinds, genuine, forged, changed and cut, or octets of the fuzzer's.
    fn ack_plaintext(&self, input: &mut Input<'_>) -> Vec<u8> {
        let mut plaintext = Vec::new();
        if input.flag() {
            plaintext.extend_from_slice(input.rest());
        }
        while let Some(action) = input.action() {
            let mut item = match action % 4 {
                0 => self.genuine_list.clone(),
                1 => self.token.clone(),
                2 => self.forged_list.clone(),
                _ => input.string().to_vec(),
            };
            if action & 0x80 != 0 {
                input.mutate(&mut item);
            }
            plaintext.push(1 + (action >> 2) % 5);
            plaintext.extend_from_slice(&u16::try_from(item.len()).unwrap().to_be_bytes());
            plaintext.extend_from_slice(&item);
        }
        plaintext.truncate(ACK_MAX);
        // One or two octets are less than an item; the phone's own ACK cannot be as short.
        if (1..3).contains(&plaintext.len()) {
            plaintext.resize(3, 0);
        }
        plaintext
    }

    /// Whatever stands in a ticket that the door sealed, it grants by it or asks for a PROOF.
    fn ticket(&mut self, input: &mut Input<'_>) {
        let mut contents = input.take(TICKET_OCTETS).to_vec();
        contents.resize(TICKET_OCTETS, 0);
        self.until_decided();
        self.reader_crypto.seal_instead(Some(Substitute { kept: 0, plaintext: contents.clone() }));
        let (instruction, outcome) = self.conclude();
        self.seal_nothing_else();
        let (ack, _) = self.phone_hears(instruction, outcome);
        self.door_hears(ack);

        let not_after = u32::from_be_bytes([contents[8], contents[9], contents[10], contents[11]]);
        let user_id: Vec<u8> = contents[12..].iter().copied().take_while(|octet| *octet != 0).collect();
        let padding = &contents[12 + user_id.len()..];
        let printable = user_id.iter().all(|octet| (0x20..=0x7E).contains(octet));
        let good = printable && !user_id.is_empty() && padding.iter().all(|octet| *octet == 0);
        match self.until_offer() {
            Heard::Decided(decision) => {
                assert!(good && START.0 < not_after && decision.path == Path::Fast);
                assert!(
                    matches!(&decision.outcome, Outcome::Grant(granted) if granted.as_bytes() == user_id)
                );
                let (instruction, outcome) = self.conclude();
                let (_, reply) = self.phone_hears(instruction, outcome);
                assert_eq!(reported(&reply), Some(Ok(())));
            }
            Heard::Send((instruction, confirm)) => {
                assert!(!good || START.0 >= not_after);
                let (proof, _) = self.phone_hears(instruction, confirm);
                self.decision(proof);
            }
            _ => panic!("an OFFER leads to a decision or to CONFIRM"),
        }
    }
}

/// The result that the app was told.
fn reported(reply: &Reply) -> Option<Result<(), DenyReason>> {
    match &reply.event {
        Some(DeviceEvent::Finished(report)) => Some(report.result),
        _ => None,
    }
}

/// What the specification makes of the plaintext of an OUTCOME: the result; `None` if it is not well-formed.
fn told(plaintext: &[u8]) -> Option<Result<(), DenyReason>> {
    let tickets = usize::from(plaintext[8]);
    let padding = plaintext.get(9 + 108 * tickets..)?;
    let denied = plaintext[0] != 0;
    if (denied && tickets > 0) || padding.iter().any(|octet| *octet != 0) {
        return None;
    }
    Some(match plaintext[0] {
        0 => Ok(()),
        1 => Err(DenyReason::NotAccepted),
        2 => Err(DenyReason::Expired),
        3 => Err(DenyReason::NotYetValid),
        4 => Err(DenyReason::Revoked),
        5 => Err(DenyReason::NoClock),
        6 => Err(DenyReason::Refused),
        other => Err(DenyReason::Unknown(other)),
    })
}

/// The items of an ACK.
#[derive(Default)]
struct Items {
    list: Option<Vec<u8>>,
    token: Option<Vec<u8>>,
    room: Option<Vec<u8>>,
    acknowledgement: Option<Vec<u8>>,
}

/// What the specification makes of the plaintext of an ACK; `None` if it is not well-formed.
fn brought(mut plaintext: &[u8]) -> Option<Items> {
    let mut items = Items::default();
    while let Some((kind, rest)) = plaintext.split_first() {
        let (length, rest) = rest.split_first_chunk()?;
        let (item, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        let place = match kind {
            1 => &mut items.list,
            2 => &mut items.token,
            3 if item.len() == 2 => &mut items.room,
            4 if item.len() == 28 => &mut items.acknowledgement,
            _ => return None,
        };
        if place.replace(item.to_vec()).is_some() {
            return None;
        }
        plaintext = rest;
    }
    Some(items)
}
