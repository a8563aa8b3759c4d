//! A request that acts once, however often it is sent: everything that its acts write, and the answer that came of it,
//! are one transaction.

use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::domain::UnixTime;
use crate::error::{Error, Refusal};
use crate::manager::Manager;
use crate::store::{Transaction, Whole};
use crate::token::ApiToken;
use crate::vault::Vault;

/// For how long an answer is kept, in seconds.
pub(crate) const KEPT_S: u32 = 24 * 3600;

/// What the sealed answers are sealed as.
const LABEL: &[u8] = b"ostiary given answer\0";

/// One request with its key, and what its acts have written so far.
pub(crate) struct Once {
    key: AnswerKey,
    /// Tells the request from others under the same key.
    request: [u8; 32],
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    whole: Option<Whole>,
    /// What the same request was answered while this one waited to act.
    meanwhile: Option<Given>,
}

/// Under which an answer is kept: only its hash is stored, and only whoever has the token and the key can open it.
pub(crate) struct AnswerKey {
    hash: [u8; 32],
    vault: Vault,
}

/// What was answered under a key before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// Nothing.
    Nothing,
    /// This, to the same request.
    Answer(Vec<u8>),
    /// Something, to another request.
    Other,
}

impl AnswerKey {
    /// The key that a caller chose, bound to the caller's token.
    pub(crate) fn new(token: &ApiToken, chosen: &str) -> Self {
        let derived = |label: &[u8]| token.derive(label, chosen.as_bytes());
        let hash = *derived(b"ostiary idempotency key\0");
        Self { hash, vault: Vault::with_key(derived(b"ostiary answer key\0")) }
    }
}

impl Once {
    /// For a request that has not acted yet.
    pub(crate) fn new(key: AnswerKey, request: [u8; 32]) -> Self {
        Self { key, request, progress: Mutex::default() }
    }
}

impl Manager {
    /// What was answered to the request before.
    pub(crate) async fn given_answer(&self, once: &Once) -> Result<Given, Error> {
        let mut tx = self.read().await?;
        self.given(&mut tx, once).await
    }

    async fn given(&self, tx: &mut Transaction, once: &Once) -> Result<Given, Error> {
        let since = UnixTime(self.now().0.saturating_sub(KEPT_S));
        let Some((answered, sealed)) = tx.given_answer(self.project_id(), &once.key.hash, since).await?
        else {
            return Ok(Given::Nothing);
        };
        if answered != once.request {
            return Ok(Given::Other);
        }
        Ok(Given::Answer(once.key.vault.open(LABEL, &sealed)?.to_vec()))
    }

    /// Makes what the acts of a request wrote last, together with `answer`; acts that were given up are undone.
    ///
    /// Returns what the same request was answered meanwhile, if it was; then this one has not acted.
    pub(crate) async fn keep_once(
        &self,
        once: &Once,
        answer: Option<&Zeroizing<Vec<u8>>>,
    ) -> Result<Option<Given>, Error> {
        let Progress { whole, meanwhile } = std::mem::take(&mut *once.progress.lock().await);
        if meanwhile.is_some() {
            return Ok(meanwhile);
        }
        let Some(mut tx) = whole.and_then(Whole::into_transaction) else { return Ok(None) };
        if let Some(answer) = answer {
            let (project, now) = (self.project_id(), self.now());
            let since = UnixTime(now.0.saturating_sub(KEPT_S));
            let sealed = once.key.vault.seal(LABEL, answer)?;
            tx.keep_answer(project, &once.key.hash, &once.request, &sealed, since, now).await?;
        }
        tx.commit().await?;
        Ok(None)
    }

    /// A part of what the request does once; `None` outside of such a request.
    ///
    /// # Errors
    /// [`Refusal::AnsweredMeanwhile`] for the loser of two that were sent at the same time: nobody writes to the project
    /// between this look and the commit.
    pub(crate) async fn write_once(&self) -> Result<Option<Transaction>, Error> {
        let Some(once) = self.once() else { return Ok(None) };
        let mut progress = once.progress.lock().await;
        if progress.whole.is_none() {
            let mut tx = self.begin_write().await?;
            match self.given(&mut tx, once).await? {
                Given::Nothing => progress.whole = Whole::new(tx),
                given => {
                    progress.meanwhile = Some(given);
                    return Err(Refusal::AnsweredMeanwhile.into());
                }
            }
        }
        Ok(match &progress.whole {
            Some(whole) => Some(whole.write().await),
            None => None,
        })
    }

    /// What the request has written so far, to be read; `None` if that is nothing.
    pub(crate) async fn read_once(&self) -> Option<Transaction> {
        self.once()?.progress.lock().await.whole.as_ref()?.read()
    }
}
