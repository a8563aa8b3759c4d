//! What was asked of somebody who signs in, and waits for the answer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::{Account, CEREMONY_LIFE_S, after, from_base64url, to_base64url};
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::random;
use crate::store::StoreError;

/// For whom something new to sign in with is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Whom {
    /// Somebody who opened a sign-in link.
    Newcomer {
        /// The account to be.
        account: Uuid,
        /// What people call its holder.
        name: String,
        /// With which e-mail address its holder signs in.
        email: String,
        /// The hash of the link's code.
        code: [u8; 32],
    },
    /// The holder of an account who has lost what it takes to sign in, and opened a new sign-in link.
    Returning {
        /// The account.
        account: Uuid,
        /// What people call its holder.
        name: String,
        /// With which e-mail address its holder signs in.
        email: String,
        /// The hash of the link's code.
        code: [u8; 32],
    },
    /// The holder of an account, who is signed in.
    Known {
        /// The account.
        account: Uuid,
        /// In which session.
        session: Uuid,
    },
}

impl Whom {
    /// The account, which is there or will be.
    pub(super) const fn account(&self) -> Uuid {
        match self {
            Self::Newcomer { account, .. }
            | Self::Returning { account, .. }
            | Self::Known { account, .. } => *account,
        }
    }
}

impl Whom {
    /// The account as it will be, of somebody who opened a sign-in link.
    pub(super) fn with_link(&self) -> Option<Account> {
        match self.clone() {
            Self::Newcomer { account: id, name, email, .. }
            | Self::Returning { account: id, name, email, .. } => {
                Some(Account { id, name, email, has_password: false })
            }
            Self::Known { .. } => None,
        }
    }
}

impl Manager {
    /// Keeps what waits for an answer, sealed; the name under which the answer comes.
    pub(super) async fn begin_ceremony<T: Serialize>(&self, state: &T) -> Result<String, Error> {
        let name: [u8; 32] = random::octets()?;
        let json = serde_json::to_vec(state).map_err(|_| StoreError::Corrupt("ceremony"))?;
        let sealed = self.vault().seal(b"ceremony", &json)?;
        let now = self.now();
        let mut tx = self.write_beside().await?;
        let lives = (now, after(now, CEREMONY_LIFE_S));
        tx.insert_ceremony(&Sha256::digest(name).into(), &to_base64url(&sealed), lives).await?;
        tx.commit().await?;
        Ok(to_base64url(&name))
    }

    /// Takes what waits for this answer; it is gone then.
    pub(super) async fn take_ceremony<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        let octets: [u8; 32] = from_base64url(name).ok_or(Refusal::CeremonyOver)?;
        let mut tx = self.write_beside().await?;
        let state = tx.take_ceremony(&Sha256::digest(octets).into(), self.now()).await?;
        tx.commit().await?;
        let sealed = state.ok_or(Refusal::CeremonyOver)?;
        use base64ct::{Base64UrlUnpadded, Encoding};
        let sealed = Base64UrlUnpadded::decode_vec(&sealed).map_err(|_| StoreError::Corrupt("ceremony"))?;
        // What another project sealed does not open here.
        let json = self.vault().open(b"ceremony", &sealed).map_err(|_| Refusal::CeremonyOver)?;
        Ok(serde_json::from_slice(&json).map_err(|_| Refusal::CeremonyOver)?)
    }
}
