//! Where attacks happen: two doors and an honest user, who has to be able to tap after each of them.

use credential::crypto::RustCrypto;
use credential::error::{Error, PeerMisbehaved};
use credential::iso7816::StatusWord;
use credential::message::Instruction;
use credential::reader::{Decision, DenyReason, Outcome, Path};
use credential::transport::Transport;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::pair::{Door, DoorStep, Phone, Tap, tap};
use crate::raw::{RawDevice, SELECT_RESPONSE};
use crate::world::{CRYPTO, World, at_ms};

/// User ID of the honest user.
pub const VICTIM: &str = "VICTIM";
/// User ID of the attacker, where he has one.
pub const ATTACKER: &str = "ATTACKER";

/// How a reader ends that the phone does not answer.
pub const REFUSED: Error =
    Error::PeerMisbehaved(PeerMisbehaved::Status(StatusWord::SECURITY_STATUS_NOT_SATISFIED.0));

/// A site with two doors and an honest user.
pub struct Site {
    /// The project.
    pub world: World,
    /// Reader 7.
    pub door: Door<RustCrypto>,
    /// Reader 8.
    pub other_door: Door<RustCrypto>,
    /// The phone of the honest user.
    pub victim: Phone<RustCrypto>,
    /// The source of all randomness.
    pub rng: StdRng,
}

impl Site {
    /// A site that is the same in every run.
    pub fn new() -> Self {
        let mut world = World::new(1);
        let door = Door::new(world.reader(CRYPTO, 7));
        let other_door = Door::new(world.reader(CRYPTO, 8));
        let victim = Phone::new(CRYPTO, world.phone(VICTIM).0);
        Self { world, door, other_door, victim, rng: StdRng::seed_from_u64(2) }
    }

    /// The victim taps the first door, with nobody in between.
    pub fn honest_tap(&mut self) -> Tap {
        tap(&mut self.door, &mut self.victim, Transport::Nfc, at_ms(0), &mut self.rng)
    }

    /// A phone taps the first door.
    pub fn tap_of(&mut self, phone: &mut Phone<RustCrypto>) -> Tap {
        tap(&mut self.door, phone, Transport::Nfc, at_ms(0), &mut self.rng)
    }

    /// After the attack everything works as before.
    ///
    /// # Panics
    /// When it does not.
    pub fn assert_unharmed(&mut self) {
        assert!(self.door.session.is_idle());
        let tap = self.honest_tap();
        assert_eq!(granted(tap.decision.as_ref()).map(|(user_id, _)| user_id), Some(VICTIM.into()));
        assert_eq!(tap.report.expect("the victim is told").result, Ok(()));
    }

    /// A phone of the site that belongs to the attacker.
    pub fn attacker(&mut self) -> Phone<RustCrypto> {
        Phone::new(CRYPTO, self.world.phone(ATTACKER).0)
    }
}

/// Who was granted, and how.
pub fn granted(decision: Option<&Decision>) -> Option<(String, Path)> {
    match decision {
        Some(Decision { outcome: Outcome::Grant(user_id), path, .. }) => {
            Some((user_id.as_str().into(), *path))
        }
        _ => None,
    }
}

/// Nobody is named, and there is no evidence that could be held against anybody.
///
/// # Panics
/// When there is.
pub fn assert_not_accepted(decision: Option<&Decision>) {
    let decision = decision.expect("a decision");
    assert_eq!(decision.outcome, Outcome::Deny(DenyReason::NotAccepted));
    assert_eq!((decision.path, decision.serial, &decision.receipt), (Path::Full, None, &None));
}

/// Answers SELECT and HELLO of a door by hand and takes its CONFIRM.
///
/// # Panics
/// When the door does something else.
pub fn offer_by_hand(door: &mut Door<RustCrypto>, rng: &mut StdRng) -> RawDevice {
    door.begin(Transport::Nfc, at_ms(0), rng);
    let Ok(DoorStep::Send(Instruction::Hello, hello)) =
        door.receive(at_ms(0), rng, SELECT_RESPONSE.to_vec(), StatusWord::NORMAL)
    else {
        panic!("HELLO follows SELECT");
    };
    let (mut device, offer) = RawDevice::offer(rng, &hello);
    let Ok(DoorStep::Send(Instruction::Confirm, confirm)) =
        door.receive(at_ms(0), rng, offer, StatusWord::NORMAL)
    else {
        panic!("CONFIRM follows a ticket that does not open");
    };
    device.confirm(&confirm);
    device
}

/// What the door decides on this PROOF; the device is not told.
pub fn decided(door: &mut Door<RustCrypto>, rng: &mut StdRng, proof: Vec<u8>) -> Option<Decision> {
    match door.receive(at_ms(0), rng, proof, StatusWord::NORMAL) {
        Ok(DoorStep::Decided(decision)) => {
            door.session.reset();
            Some(decision)
        }
        _ => None,
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}
