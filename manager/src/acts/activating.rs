//! Activation: from an invitation and a proof of a key to a credential.
//!
//! Spec: docs/ACTIVATION.md#activation

use credential::object::IssuerKeys;
use uuid::Uuid;

use super::cards::{InstalledCard, Invited, Judgement, requirements};
use crate::domain::{
    Act, Actor, HolderGives, Invitation, InvitationCode, Redemption, Requirements, Turn, UnixTime, User,
    UserStatus, WRONG_ANSWERS_MAX, after, redemption,
};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::proof::{self, CHALLENGE_OCTETS};
use crate::random;
use crate::store::{CardRow, Challenge, CredentialRow, Device, Holders, Purpose, Transaction};

/// For how long a challenge can be answered, in seconds.
pub(super) const CHALLENGE_LIFE_S: u32 = 300;
/// The share of a credential's life after which it is renewed: one third.
const RENEW_AFTER_SHARE: u32 = 3;
/// After how many seconds a phone is asked to renew at the earliest, where its card ends before its credential would.
const RENEW_AFTER_LEAST_S: u32 = 3600;

/// A challenge that a device has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeGiven {
    /// Random octets to be signed.
    pub challenge: [u8; CHALLENGE_OCTETS],
    /// The first second at which it is no longer good.
    pub expires_at: UnixTime,
}

/// A device's answer to the challenge of an invitation.
#[derive(Clone, Debug)]
pub struct Activation {
    /// The invitation.
    pub code: InvitationCode,
    /// The challenge that was given for it.
    pub challenge: [u8; CHALLENGE_OCTETS],
    /// The key that the device made, a compressed point.
    pub public_key: [u8; 33],
    /// The proof of that key, r ‖ s with low s.
    pub signature: [u8; 64],
    /// What the holder calls the device.
    pub device_name: String,
    /// What the device runs.
    pub platform: String,
    /// What the holder gives, where a card asks for it.
    pub holder: HolderGives,
}

/// What a device gets at activation and at renewal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceAnswer {
    /// Names the device.
    pub device: Uuid,
    /// Its holder, as the manager knows the holder now; `None` for a device that has a card alone.
    pub user: Option<User>,
    /// The signed credential; `None` for a device that has a card alone.
    pub credential: Option<Vec<u8>>,
    /// The card that it shows.
    pub card: Option<InstalledCard>,
    /// Every key that the project signs with, signed with, or will sign with.
    pub issuer_keys: IssuerKeys,
    /// The newest revocation list.
    pub revocation_list: Option<Vec<u8>>,
    /// A signed token of the present time.
    pub time_token: [u8; 78],
    /// The present time.
    pub server_time: UnixTime,
    /// When a third of the credential's life has passed.
    pub renew_after: UnixTime,
}

/// An invitation that may be answered, and how.
struct Admitted {
    invitation: Invitation,
    invited: Invited,
    redemption: Redemption,
    challenge: Challenge,
}

impl Manager {
    /// Gives a challenge for an invitation, and says what the holder has to give.
    ///
    /// # Errors
    /// [`Refusal::InvitationUnknown`], [`Refusal::InvitationExpired`], [`Refusal::InvitationVoid`],
    /// [`Refusal::InvitationUsed`].
    pub async fn activation_challenge(
        &self,
        code: &InvitationCode,
    ) -> Result<(ChallengeGiven, Requirements), Error> {
        let (project, now) = (self.project_id(), self.now());
        let mut tx = self.read().await?;
        let (invitation, invited) = self.invitation_of(&mut tx, &code.hash()).await?;
        let redemption = redemption(&invitation, None, now);
        refuse(redemption)?;
        let has_credential = matches!(invited, Invited::User(_));
        let asked = match self.invited_card(&mut tx, invited).await? {
            // Whoever has redeemed it gets the answer again, and gave everything before.
            Some(card) if redemption != Redemption::First => {
                let card = Some(card.shown.template_name);
                Requirements { card, has_credential, ..Requirements::default() }
            }
            Some(card) => requirements(&card, has_credential),
            None => Requirements { has_credential, ..Requirements::default() },
        };
        drop(tx);
        let (challenge, given) = self.new_challenge()?;
        let mut tx = self.write_beside().await?;
        tx.invitation_opened(invited.holders(), project, &code.hash(), now).await?;
        tx.insert_challenge(project, &challenge, Purpose::Activation, invitation.id, given.expires_at)
            .await?;
        tx.commit().await?;
        Ok((given, asked))
    }

    /// Redeems an invitation for the key that the device proves.
    ///
    /// The same key gets the same answer again for 24 hours; every other key is refused.
    ///
    /// # Errors
    /// The refusals of [`Manager::activation_challenge`], [`Refusal::ChallengeUnknown`], [`Refusal::ProofInvalid`],
    /// [`Refusal::DeviceRevoked`], [`Refusal::UserSuspended`]; where a card asks for it [`Refusal::AnswersWrong`],
    /// [`Refusal::CardLocked`], [`Refusal::TermsNotAccepted`], [`Refusal::PhotoMissing`], [`Refusal::PhotoRefused`].
    pub async fn activate(&self, activation: Activation) -> Result<DeviceAnswer, Error> {
        let project = self.project_id();
        // Looked up once before the proof is verified, so that nobody can make the manager compute without a code.
        let mut tx = self.read().await?;
        let admitted = self.admit(&mut tx, &activation).await?;
        let card = match admitted.redemption {
            Redemption::First => self.invited_card(&mut tx, admitted.invited).await?,
            _ => None,
        };
        drop(tx);
        let Activation { challenge, public_key, signature, .. } = &activation;
        let proven = proof::activation_holds(challenge, public_key, &activation.code.hash(), signature);
        let challenge_hash = proof::hash(challenge);
        let judgement = match card.filter(|_| proven) {
            Some(card) => Some(self.judge_holder(card, &activation.holder).await?),
            None => None,
        };

        let mut tx = self.write().await?;
        let admitted = self.admit(&mut tx, &activation).await?;
        if !proven {
            tx.spend_challenge(project, &challenge_hash, None).await?;
            self.count_wrong_answer(&mut tx, &activation.code, admitted.invited, &admitted.invitation)
                .await?;
            tx.commit().await?;
            return Err(Refusal::ProofInvalid.into());
        }
        let passed = match (admitted.redemption, judgement) {
            (Redemption::First, Some(judgement)) => {
                match self.pass(&mut tx, &judgement, &activation.holder).await? {
                    Ok(card) => Some((card, judgement)),
                    Err(refusal) => {
                        tx.spend_challenge(project, &challenge_hash, None).await?;
                        tx.commit().await?;
                        return Err(refusal.into());
                    }
                }
            }
            // A card that the user got since it was looked at is asked for with the next challenge.
            (Redemption::First, None) if self.invited_card(&mut tx, admitted.invited).await?.is_some() => {
                return Err(Refusal::ChallengeUnknown.into());
            }
            _ => None,
        };
        if admitted.challenge == Challenge::Fresh {
            tx.spend_challenge(project, &challenge_hash, Some(&proof::hash(public_key))).await?;
        }
        let answer = match admitted.redemption {
            Redemption::Again(device) => match admitted.invited {
                Invited::User(_) => self.answer_again(&mut tx, device).await?,
                Invited::Card(_) => self.answer_card(&mut tx, device).await?,
            },
            _ => self.redeem(&mut tx, &activation, admitted.invited, passed).await?,
        };
        tx.commit().await?;
        metrics::counter!("ostiary_activations_total").increment(1);
        Ok(answer)
    }

    /// Whether the invitation and the challenge are such that a right proof would be answered.
    async fn admit(&self, tx: &mut Transaction, activation: &Activation) -> Result<Admitted, Error> {
        let (project, now) = (self.project_id(), self.now());
        let key_hash = proof::hash(&activation.public_key);
        let (invitation, invited) = self.invitation_of(tx, &activation.code.hash()).await?;
        let redemption = redemption(&invitation, Some(&key_hash), now);
        refuse(redemption)?;
        let challenge_hash = proof::hash(&activation.challenge);
        let challenge =
            tx.challenge(project, &challenge_hash, Purpose::Activation, invitation.id, now).await?;
        let again = matches!(redemption, Redemption::Again(_));
        match challenge {
            Some(challenge @ Challenge::Fresh) => Ok(Admitted { invitation, invited, redemption, challenge }),
            Some(challenge @ Challenge::Answered(by)) if again && by == key_hash => {
                Ok(Admitted { invitation, invited, redemption, challenge })
            }
            _ => Err(Refusal::ChallengeUnknown.into()),
        }
    }

    /// The invitation with this secret, and whom or what it is for.
    async fn invitation_of(
        &self,
        tx: &mut Transaction,
        secret_hash: &[u8; 32],
    ) -> Result<(Invitation, Invited), Error> {
        let project = self.project_id();
        if let Some(invitation) = tx.invitation(Holders::Users, project, secret_hash).await? {
            let user = invitation.user;
            return Ok((invitation, Invited::User(user)));
        }
        let invitation =
            tx.invitation(Holders::Cards, project, secret_hash).await?.ok_or(Refusal::InvitationUnknown)?;
        let card = invitation.user;
        Ok((invitation, Invited::Card(card)))
    }

    async fn redeem(
        &self,
        tx: &mut Transaction,
        activation: &Activation,
        invited: Invited,
        passed: Option<(CardRow, Judgement)>,
    ) -> Result<DeviceAnswer, Error> {
        let (project, now) = (self.project_id(), self.now());
        let user = match invited {
            Invited::User(user) => user,
            Invited::Card(card) => return self.redeem_card(tx, activation, card, passed).await,
        };
        let (user, next) = self.turn(tx, user, Turn::Redeem).await?;
        let device = Device {
            id: self.ids().next(now),
            user: user.id,
            public_key: activation.public_key,
            name: activation.device_name.clone(),
            platform: activation.platform.clone(),
            is_revoked: false,
        };
        let key_hash = proof::hash(&device.public_key);
        if !tx
            .redeem_invitation(Holders::Users, project, &activation.code.hash(), &key_hash, device.id, now)
            .await?
        {
            return Err(Refusal::InvitationUsed.into());
        }
        tx.insert_device(project, &device, now).await?;
        tx.set_user_status(project, user.id, next, now).await?;
        let subject = user.id.to_string();
        tx.record(project, now, Actor::Device(device.id), Act::DeviceActivated, subject, String::new())
            .await?;
        if let Some((card, judgement)) = passed {
            self.install(tx, card, device.id, judgement).await?;
        }
        let credential = self.issue_credential(tx, &device, &user).await?;
        self.answer(tx, credential).await
    }

    async fn answer_again(&self, tx: &mut Transaction, device: Uuid) -> Result<DeviceAnswer, Error> {
        let project = self.project_id();
        let device = tx.device(project, device).await?.ok_or(Refusal::DeviceUnknown)?;
        if device.is_revoked {
            return Err(Refusal::DeviceRevoked.into());
        }
        let user = self.present_user(tx, device.user).await?;
        if user.status == UserStatus::Suspended {
            return Err(Refusal::UserSuspended.into());
        }
        let credential = match tx.newest_credential(project, device.id).await? {
            Some(credential) => credential,
            None => self.issue_credential(tx, &device, &user).await?,
        };
        self.answer(tx, credential).await
    }

    async fn count_wrong_answer(
        &self,
        tx: &mut Transaction,
        code: &InvitationCode,
        invited: Invited,
        invitation: &Invitation,
    ) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        if let Invited::Card(card) = invited {
            if tx.count_wrong_answer(Holders::Cards, project, &code.hash(), WRONG_ANSWERS_MAX).await? {
                let (subject, detail) = (card.to_string(), format!("invitation {}", invitation.id));
                tx.record(project, now, Actor::Manager, Act::CardInvitationVoided, subject, detail).await?;
            }
            return Ok(());
        }
        if tx.count_wrong_answer(Holders::Users, project, &code.hash(), WRONG_ANSWERS_MAX).await? {
            let (_, next) = self.turn(tx, invitation.user, Turn::VoidInvitation).await?;
            tx.set_user_status(project, invitation.user, next, now).await?;
            let (subject, detail) = (invitation.user.to_string(), format!("invitation {}", invitation.id));
            tx.record(project, now, Actor::Manager, Act::InvitationVoided, subject, detail).await?;
        }
        Ok(())
    }

    pub(super) async fn give_challenge(
        &self,
        purpose: Purpose,
        subject: Uuid,
    ) -> Result<ChallengeGiven, Error> {
        let (hash, given) = self.new_challenge()?;
        let mut tx = self.write_beside().await?;
        tx.insert_challenge(self.project_id(), &hash, purpose, subject, given.expires_at).await?;
        tx.commit().await?;
        Ok(given)
    }

    /// A new challenge and the hash under which it is kept.
    fn new_challenge(&self) -> Result<([u8; 32], ChallengeGiven), Error> {
        let challenge: [u8; CHALLENGE_OCTETS] = random::octets()?;
        let expires_at = after(self.now(), CHALLENGE_LIFE_S);
        Ok((proof::hash(&challenge), ChallengeGiven { challenge, expires_at }))
    }

    /// Makes a credential with a new serial for a device; where its card ends earlier, the credential does too, and a card
    /// that has ended leaves the last one as it is.
    pub(super) async fn issue_credential(
        &self,
        tx: &mut Transaction,
        device: &Device,
        user: &User,
    ) -> Result<CredentialRow, Error> {
        let project = self.project_id();
        let card = tx.card_on_device(project, device.id).await?;
        let end = card.and_then(|card| card.shown.expires_at);
        if end.is_some_and(|end| end <= self.now()) {
            // Perhaps not for good: whoever renews the card lets the phone go on.
            return Ok(tx.newest_credential(project, device.id).await?.ok_or(Refusal::UserSuspended)?);
        }
        let serial = tx.next_serial(project).await?;
        let credential = self.sign_credential(serial, device, user, end).await?;
        tx.insert_credential(project, &credential).await?;
        Ok(credential)
    }

    /// Everything that a device gets beside its credential.
    pub(super) async fn answer(
        &self,
        tx: &mut Transaction,
        credential: CredentialRow,
    ) -> Result<DeviceAnswer, Error> {
        let (project, now) = (self.project_id(), self.now());
        let device = tx.device(project, credential.device).await?.ok_or(Refusal::DeviceUnknown)?;
        let user = tx.user(project, device.user, now).await?.ok_or(Refusal::UserUnknown)?;
        let list = tx.revocation_list(project).await?.map(|(_, octets)| octets);
        let card = self.installed_card(tx, device.id).await?;
        let mut answer = self.answer_with(user, &credential, list).await?;
        if card.as_ref().is_some_and(|card| card.card.expires_at == Some(credential.not_after)) {
            // Near the end of a card there is less to renew, and a phone does not ask all the time.
            let left_s = credential.not_after.0.saturating_sub(now.0);
            answer.renew_after = after(now, (left_s / RENEW_AFTER_SHARE).max(RENEW_AFTER_LEAST_S));
        }
        Ok(DeviceAnswer { card, ..answer })
    }

    /// The same, with what was looked up before.
    pub(super) async fn answer_with(
        &self,
        user: User,
        credential: &CredentialRow,
        revocation_list: Option<Vec<u8>>,
    ) -> Result<DeviceAnswer, Error> {
        let now = self.now();
        let issuer = self.issuer();
        let life_s = self.project().credential_life_s;
        let left_at_renewal_s = life_s.saturating_sub(life_s / RENEW_AFTER_SHARE);
        Ok(DeviceAnswer {
            device: credential.device,
            user: Some(user),
            card: None,
            renew_after: UnixTime(credential.not_after.0.saturating_sub(left_at_renewal_s)),
            credential: Some(credential.octets.clone()),
            revocation_list,
            issuer_keys: issuer.keys().clone(),
            time_token: issuer.time_token(now).await?,
            server_time: now,
        })
    }

    /// Everything that a device gets that has a card alone.
    pub(super) async fn answer_without_credential(
        &self,
        device: Uuid,
        card: InstalledCard,
        revocation_list: Option<Vec<u8>>,
    ) -> Result<DeviceAnswer, Error> {
        let (now, issuer) = (self.now(), self.issuer());
        let life_s = self.project().credential_life_s;
        Ok(DeviceAnswer {
            device,
            user: None,
            credential: None,
            card: Some(card),
            issuer_keys: issuer.keys().clone(),
            revocation_list,
            time_token: issuer.time_token(now).await?,
            server_time: now,
            renew_after: after(now, life_s / RENEW_AFTER_SHARE),
        })
    }
}

/// Refuses whatever cannot be redeemed.
fn refuse(redemption: Redemption) -> Result<(), Refusal> {
    match redemption {
        Redemption::First | Redemption::Again(_) => Ok(()),
        Redemption::Used => Err(Refusal::InvitationUsed),
        Redemption::Expired => Err(Refusal::InvitationExpired),
        Redemption::Void => Err(Refusal::InvitationVoid),
    }
}
