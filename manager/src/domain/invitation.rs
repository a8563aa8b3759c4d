//! When an invitation can be redeemed, and by whom.

use uuid::Uuid;

use super::ids::{UnixTime, after};

/// Wrong answers after which an invitation is void.
pub const WRONG_ANSWERS_MAX: u32 = 5;

/// For how long the device that redeemed an invitation may ask for the answer again, in seconds.
const REPEAT_LIFE_S: u32 = 24 * 3600;

/// An invitation as it is stored: without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Identifies the invitation.
    pub id: Uuid,
    /// Who is invited; for an invitation to a card alone, the card.
    pub user: Uuid,
    /// What became of it.
    pub state: InvitationState,
    /// The first second at which it is no longer valid.
    pub expires_at: UnixTime,
}

/// What became of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationState {
    /// It waits for a device.
    Open,
    /// A device has redeemed it.
    Redeemed {
        /// When.
        at: UnixTime,
        /// SHA-256 of the device's public key.
        key_hash: [u8; 32],
        /// The device.
        device: Uuid,
    },
    /// Replaced, withdrawn, or voided by wrong answers.
    Void,
}

/// What a device with a certain key gets for an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It may redeem the invitation.
    First,
    /// It has redeemed the invitation and may have the answer again.
    Again(Uuid),
    /// Another key has redeemed it, or it was too long ago.
    Used,
    /// Its time is over.
    Expired,
    /// It is void.
    Void,
}

/// Decides what `invitation` gives at `now` to the device whose key has the hash `key_hash`.
///
/// `None` stands for a device that has not shown its key yet: it is let through wherever some key would be.
pub fn redemption(invitation: &Invitation, key_hash: Option<&[u8; 32]>, now: UnixTime) -> Redemption {
    match &invitation.state {
        InvitationState::Void => Redemption::Void,
        InvitationState::Open if now >= invitation.expires_at => Redemption::Expired,
        InvitationState::Open => Redemption::First,
        InvitationState::Redeemed { at, key_hash: bound, device } => {
            if now < after(*at, REPEAT_LIFE_S) && key_hash.is_none_or(|hash| hash == bound) {
                Redemption::Again(*device)
            } else {
                Redemption::Used
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRY: UnixTime = UnixTime(1_000);

    fn invitation(state: InvitationState) -> Invitation {
        Invitation { id: Uuid::nil(), user: Uuid::nil(), state, expires_at: EXPIRY }
    }

    #[test]
    fn an_open_invitation_is_good_until_its_last_second() {
        let open = invitation(InvitationState::Open);
        assert_eq!(redemption(&open, Some(&[1; 32]), UnixTime(999)), Redemption::First);
        assert_eq!(redemption(&open, Some(&[1; 32]), EXPIRY), Redemption::Expired);
        assert_eq!(redemption(&invitation(InvitationState::Void), None, UnixTime(0)), Redemption::Void);
    }

    #[test]
    fn a_redeemed_invitation_answers_its_own_key_for_a_day() {
        let device = Uuid::from_u128(7);
        let used = invitation(InvitationState::Redeemed { at: UnixTime(900), key_hash: [1; 32], device });
        let day = 24 * 3600;
        assert_eq!(redemption(&used, Some(&[1; 32]), UnixTime(900 + day - 1)), Redemption::Again(device));
        assert_eq!(redemption(&used, None, UnixTime(901)), Redemption::Again(device));
        assert_eq!(redemption(&used, Some(&[2; 32]), UnixTime(901)), Redemption::Used);
        assert_eq!(redemption(&used, Some(&[1; 32]), UnixTime(900 + day)), Redemption::Used);
    }
}
