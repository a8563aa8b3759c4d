//! Passkeys (WebAuthn), which prove who signs in without a name or a password.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, RequestChallengeResponse, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

use super::ceremonies::Whom;
use super::enrolling::Newcomer;
use super::sessions::{NewSession, Visitor};
use crate::domain::{Account, Act, Actor, PasskeySummary};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{StoreError, Transaction};

/// Passkeys that an account has at most.
const PASSKEYS_MAX: usize = 20;

/// A passkey that is about to be made.
#[derive(Serialize, Deserialize)]
struct Making {
    whom: Whom,
    state: PasskeyRegistration,
}

/// The side of the manager at this address, if passkeys can be made for it: browsers make none for IP addresses.
pub(crate) fn relying_party(page_url: &str, name: &str) -> Option<Webauthn> {
    let origin = Url::parse(page_url).ok()?;
    let domain = origin.domain()?.to_owned();
    // A port of loopback belongs to whoever took it; elsewhere the origin is told to the octet.
    let is_loopback = domain == "localhost";
    let builder = WebauthnBuilder::new(&domain, &origin).ok()?.rp_name(name).allow_any_port(is_loopback);
    builder.build().ok()
}

impl Manager {
    /// Begins to make the first passkey of somebody who opened a link.
    ///
    /// # Errors
    /// [`Refusal::SignInLinkInvalid`], [`Refusal::AccountTaken`], [`Refusal::Administrator`].
    pub(crate) async fn begin_first_passkey(
        &self,
        party: &Webauthn,
        newcomer: &Newcomer,
    ) -> Result<(String, Value), Error> {
        let whom = self.welcome(newcomer).await?;
        let account = whom.with_link().ok_or(Refusal::CeremonyOver)?;
        self.begin_making(party, whom, &account).await
    }

    /// Begins to make one more passkey of somebody who is signed in.
    ///
    /// # Errors
    /// [`Refusal::PasskeyRefused`].
    pub(crate) async fn begin_passkey(
        &self,
        party: &Webauthn,
        (account, session): (Uuid, Uuid),
    ) -> Result<(String, Value), Error> {
        let mut tx = self.read().await?;
        let row = tx.account(account).await?.ok_or(Refusal::CeremonyOver)?;
        if tx.passkeys(account).await?.len() >= PASSKEYS_MAX {
            return Err(Refusal::PasskeyRefused.into());
        }
        drop(tx);
        self.begin_making(party, Whom::Known { account, session }, &row.account).await
    }

    async fn begin_making(
        &self,
        party: &Webauthn,
        whom: Whom,
        account: &Account,
    ) -> Result<(String, Value), Error> {
        let started = party.start_passkey_registration(whom.account(), &account.email, &account.name, None);
        let (options, state) = started.map_err(|_| Refusal::PasskeyRefused)?;
        let mut options = serde_json::to_value(options).map_err(|_| Refusal::PasskeyRefused)?;
        // It has to be found again without a name that somebody types.
        if let Some(Value::Object(wanted)) = options.pointer_mut("/publicKey/authenticatorSelection") {
            wanted.insert("residentKey".to_owned(), json!("required"));
            wanted.insert("requireResidentKey".to_owned(), json!(true));
        }
        Ok((self.begin_ceremony(&Making { whom, state }).await?, options))
    }

    /// Keeps a passkey that was made, and signs its holder in.
    ///
    /// # Errors
    /// [`Refusal::CeremonyOver`], [`Refusal::PasskeyRefused`].
    pub(crate) async fn finish_passkey(
        &self,
        party: &Webauthn,
        ceremony: &str,
        made: &RegisterPublicKeyCredential,
        visitor: &Visitor,
    ) -> Result<NewSession, Error> {
        let Making { whom, state } = self.take_ceremony(ceremony).await?;
        let passkey = party.finish_passkey_registration(made, &state).map_err(|_| Refusal::PasskeyRefused)?;
        let credential: [u8; 32] = Sha256::digest(passkey.cred_id()).into();
        let json = serde_json::to_string(&passkey).map_err(|_| StoreError::Corrupt("passkey"))?;
        let now = self.now();
        let mut tx = self.write().await?;
        if tx.passkey(&credential).await?.is_some() {
            return Err(Refusal::PasskeyRefused.into());
        }
        let (account, session) = self.settle(&mut tx, whom).await?;
        let name = visitor.browser();
        let summary = PasskeySummary { id: self.ids().next(now), name, created_at: now, last_used_at: None };
        tx.insert_passkey(account.id, &summary, &credential, &json).await?;
        let session = self.begin_session(&mut tx, account.id, session, visitor).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Asks for a passkey, of whomever.
    ///
    /// # Errors
    /// [`Refusal::PasskeyRefused`].
    pub(crate) async fn ask_for_passkey(
        &self,
        party: &Webauthn,
    ) -> Result<(String, RequestChallengeResponse), Error> {
        let asked = party.start_discoverable_authentication();
        let (mut options, state) = asked.map_err(|_| Refusal::PasskeyRefused)?;
        // The visitor has pressed the button: the browser asks now, and not when a field is filled in.
        options.mediation = None;
        Ok((self.begin_ceremony(&state).await?, options))
    }

    /// Signs in whoever has the passkey.
    ///
    /// # Errors
    /// [`Refusal::CeremonyOver`], [`Refusal::PasskeyRefused`].
    pub(crate) async fn sign_in_with_passkey(
        &self,
        party: &Webauthn,
        ceremony: &str,
        answer: &PublicKeyCredential,
        visitor: &Visitor,
    ) -> Result<NewSession, Error> {
        let state: DiscoverableAuthentication = self.take_ceremony(ceremony).await?;
        let (named, credential) =
            party.identify_discoverable_authentication(answer).map_err(|_| Refusal::PasskeyRefused)?;
        let mut tx = self.write().await?;
        let known = tx.passkey(&Sha256::digest(credential).into()).await?;
        let (account, id, json) = known.ok_or(Refusal::PasskeyRefused)?;
        let mut passkey: Passkey = serde_json::from_str(&json).map_err(|_| StoreError::Corrupt("passkey"))?;
        if named != account {
            return Err(Refusal::PasskeyRefused.into());
        }
        let result = match party.finish_discoverable_authentication_v2(answer, state, &passkey) {
            Ok(result) => result,
            Err(WebauthnError::CredentialPossibleCompromise) => {
                self.suspect(tx, account, id).await?;
                return Err(Refusal::PasskeyRefused.into());
            }
            Err(_) => return Err(Refusal::PasskeyRefused.into()),
        };
        passkey.update_credential(&result);
        let json = serde_json::to_string(&passkey).map_err(|_| StoreError::Corrupt("passkey"))?;
        tx.passkey_used(account, id, &json, self.now()).await?;
        let session = self.begin_session(&mut tx, account, self.ids().next(self.now()), visitor).await?;
        tx.commit().await?;
        Ok(session)
    }

    /// Writes down that the counter of a passkey fell, as it does when there are two of what there should be one of.
    async fn suspect(&self, mut tx: Transaction, account: Uuid, passkey: Uuid) -> Result<(), Error> {
        let (project, now) = (self.project_id(), self.now());
        let acting = tx.acting_as(account, project).await?;
        let subject =
            acting.map_or_else(|| "unknown".to_owned(), |(administrator, _)| administrator.to_string());
        let (act, detail) = (Act::PasskeySuspected, format!("passkey {passkey}"));
        tx.record(project, now, Actor::Manager, act, subject, detail).await?;
        tx.commit().await?;
        tracing::warn!(%passkey, "the counter of a passkey fell: there may be a copy of it");
        Ok(())
    }

    /// The passkeys of an account, oldest first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn passkeys(&self, account: Uuid) -> Result<Vec<PasskeySummary>, Error> {
        Ok(self.read().await?.passkeys(account).await?)
    }

    /// Takes a passkey away from an account that has another way to sign in.
    ///
    /// # Errors
    /// [`Refusal::LastSignIn`], [`Refusal::PasskeyRefused`] when there is no such passkey.
    pub(crate) async fn remove_passkey(
        &self,
        (account, session): (Uuid, Uuid),
        passkey: Uuid,
    ) -> Result<(), Error> {
        let mut tx = self.write().await?;
        let row = tx.account(account).await?.ok_or(Refusal::CeremonyOver)?;
        if tx.passkeys(account).await?.len() <= 1 && !row.account.has_password {
            return Err(Refusal::LastSignIn.into());
        }
        if !tx.delete_passkey(account, passkey).await? {
            return Err(Refusal::PasskeyRefused.into());
        }
        self.note_change(&mut tx, account, session).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_made_for_names_and_not_for_numbers() {
        assert!(relying_party("https://doors.example", "Doors").is_some());
        assert!(relying_party("http://localhost:8080", "Doors").is_some());
        for none in ["https://192.0.2.1", "http://127.0.0.1:8080", "nonsense"] {
            assert!(relying_party(none, "Doors").is_none(), "{none}");
        }
    }
}
