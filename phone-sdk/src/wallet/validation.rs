//! What a card shows that no copy of it can: a link that is new every half minute, and that its manager answers.
//!
//! Source: `docs/ACTIVATION.md#showing-that-a-card-is-valid`

use std::fmt;

use credential::time::UnixTime;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{CardId, Wallet};
use crate::error::{Error, Misuse};

/// Seconds for which a code holds. Spec: RFC 6238 §4.1, X.
const STEP_S: u32 = 30;
/// Codes have so many digits.
const DIGITS: usize = 8;
const MODULUS: u32 = 100_000_000;

/// A link at which anybody can see whether a card is valid, to be shown as a QR code.
#[derive(Clone, PartialEq, Eq)]
pub struct ValidationLink {
    /// The link.
    pub url: String,
    /// What the phone's clock said when it was made.
    pub now: UnixTime,
    /// Since when it is the one to show, by that clock.
    pub since: UnixTime,
    /// When the next one is to be shown in its place, by that clock.
    pub until: UnixTime,
}

impl Wallet {
    /// The link of a card at this moment; `None` for a card whose manager tells nobody, and without a clock.
    ///
    /// It is good for a minute or two, so that whoever has a picture of the screen has nothing soon.
    ///
    /// # Errors
    /// [`Misuse::NoSuchCard`] when there is none of this id.
    pub fn validation_link(&self, id: CardId) -> Result<Option<ValidationLink>, Error> {
        let now = self.now();
        let vault = self.core.vault();
        let card = vault.document().card(id).ok_or(Misuse::NoSuchCard)?;
        let (Some(validation), Some(now)) = (&card.validation, now) else { return Ok(None) };
        let ahead_s = vault.document().project(card.project).map_or(0, |project| project.clock_ahead_s);
        // Manager and phone have to mean the same half minute, however wrong the phone's clock is.
        let managers = u32::try_from(i64::from(now.0).saturating_sub(ahead_s)).unwrap_or(now.0);
        let elapsed_s = managers % STEP_S;
        let code = code(&validation.secret, u64::from(managers / STEP_S));
        let since = UnixTime(now.0.saturating_sub(elapsed_s));
        Ok(Some(ValidationLink {
            url: format!("{}/v/{}/{code}", card.base, validation.reference),
            now,
            since,
            until: UnixTime(since.0.saturating_add(STEP_S)),
        }))
    }

    /// What the phone's clock says.
    pub(crate) fn now(&self) -> Option<UnixTime> {
        self.core.ports.clock.now().unix
    }
}

/// The code of a step. Spec: RFC 4226 §5.3, with HMAC-SHA-256 as RFC 6238 §1.2 allows.
fn code(secret: &[u8], step: u64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(&step.to_be_bytes());
    let hash: [u8; 32] = mac.finalize().into_bytes().into();
    let offset = usize::from(hash.last().map_or(0, |last| last & 0xF));
    let cut = hash.get(offset..).and_then(|rest| rest.first_chunk::<4>()).copied().unwrap_or_default();
    let number = (u32::from_be_bytes(cut) & 0x7FFF_FFFF) % MODULUS;
    format!("{number:0DIGITS$}")
}

impl fmt::Debug for ValidationLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValidationLink").field("until", &self.until).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        // Source: RFC 6238, appendix B, SHA256.
        let secret = b"12345678901234567890123456789012";
        for (time, expected) in [
            (59, "46119246"),
            (1_111_111_109, "68084774"),
            (1_111_111_111, "67062674"),
            (1_234_567_890, "91819424"),
            (2_000_000_000, "90698825"),
            (20_000_000_000, "77737706"),
        ] {
            assert_eq!(code(secret, time / 30), expected, "{time}");
        }
    }
}
