//! Phones that have a card and no credential: their activation, their renewal and their reset.

use uuid::Uuid;

use super::Judgement;
use crate::acts::{Activation, DeviceAnswer};
use crate::domain::{Act, Actor, CardTurn, next_card_status};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::proof;
use crate::store::{CardRow, Device, Holders, Transaction};

impl Manager {
    /// Redeems an invitation to a card alone.
    pub(in crate::acts) async fn redeem_card(
        &self,
        tx: &mut Transaction,
        activation: &Activation,
        card: Uuid,
        passed: Option<(CardRow, Judgement)>,
    ) -> Result<DeviceAnswer, Error> {
        let (project, now) = (self.project_id(), self.now());
        let (row, judgement) = passed.ok_or(Refusal::ChallengeUnknown)?;
        let device = Device {
            id: self.ids().next(now),
            user: card,
            public_key: activation.public_key,
            name: activation.device_name.clone(),
            platform: activation.platform.clone(),
            is_revoked: false,
        };
        let key_hash = proof::hash(&device.public_key);
        if !tx
            .redeem_invitation(Holders::Cards, project, &activation.code.hash(), &key_hash, device.id, now)
            .await?
        {
            return Err(Refusal::InvitationUsed.into());
        }
        tx.insert_card_device(project, &device, now).await?;
        self.install(tx, row, device.id, judgement).await?;
        self.answer_card(tx, device.id).await
    }

    /// What a phone gets that has a card alone.
    pub(in crate::acts) async fn answer_card(
        &self,
        tx: &mut Transaction,
        device: Uuid,
    ) -> Result<DeviceAnswer, Error> {
        let card = self.installed_card(tx, device).await?.ok_or(Refusal::DeviceRevoked)?;
        let list = tx.revocation_list(self.project_id()).await?.map(|(_, octets)| octets);
        self.answer_without_credential(device, card, list).await
    }

    /// Renews what a phone knows that has a card alone and has proved its key.
    pub(in crate::acts) async fn renew_card(&self, device: Uuid) -> Result<DeviceAnswer, Error> {
        let mut tx = self.read().await?;
        self.answer_card(&mut tx, device).await
    }

    /// Takes note that the holder has removed the card from a phone that has it alone.
    pub(in crate::acts) async fn reset_card(&self, tx: &mut Transaction, device: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let Some(mut row) = tx.card_on_device(project, device).await? else { return Ok(()) };
        let Ok(status) = next_card_status(row.shown.status, CardTurn::Uninstall) else { return Ok(()) };
        row.shown.status = status;
        (row.shown.device, row.shown.installed_at, row.shown.updated_at) = (None, None, now);
        tx.update_card(project, &row).await?;
        let (actor, subject) = (Actor::Device(device), row.shown.id.to_string());
        Ok(tx.record(project, now, actor, Act::CardUninstalled, subject, String::new()).await?)
    }
}
