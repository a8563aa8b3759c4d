//! The life of an issuer key: made, known everywhere, signing, no longer signing, no longer accepted.

use serde::Serialize;
use utoipa::ToSchema;

use super::ids::UnixTime;

/// Keys that are prepared, active or retiring at the same time: what readers and phones have room for.
pub const ISSUER_KEYS_MAX: usize = credential::limits::ISSUER_KEYS_MAX;

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IssuerKeyState)]
pub enum KeyState {
    /// Given to readers and phones, and not signing yet.
    Prepared,
    /// Signs everything that is made now; exactly one key does.
    Active,
    /// Signs nothing new but configurations for readers that know no newer key; what it signed is accepted.
    Retiring,
    /// Not accepted by anybody who has a newer configuration.
    Retired,
}

/// An issuer key as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = IssuerKey)]
pub struct KeyStanding {
    /// The number that signed objects name it by; never used for another key.
    pub index: u8,
    /// Where it is in its life.
    pub state: KeyState,
    /// The public key in base64url.
    pub public_key: String,
    /// Whether the private key is in a PKCS#11 token and not sealed in the database.
    pub in_token: bool,
    /// When it was made.
    #[schema(value_type = u32)]
    pub created_at: UnixTime,
    /// When it began to sign.
    #[schema(value_type = Option<u32>)]
    pub activated_at: Option<UnixTime>,
    /// When it ceased to sign.
    #[schema(value_type = Option<u32>)]
    pub deactivated_at: Option<UnixTime>,
    /// When it ceased to be accepted.
    #[schema(value_type = Option<u32>)]
    pub retired_at: Option<UnixTime>,
    /// Readers that have fetched no configuration that goes with its state, by number: without the key while it is
    /// prepared, with a certificate by it while it is retiring.
    pub readers_behind: Vec<u32>,
    /// Phones with a credential in force that hold them up: not renewed since the key was made while it is prepared,
    /// with a credential by it while it is retiring.
    pub phones_behind: u64,
    /// When the last of those phones has renewed or its credential has expired, if there are any.
    #[schema(value_type = Option<u32>)]
    pub phones_until: Option<UnixTime>,
}

impl KeyState {
    /// The name in API and store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }

    /// Undoes [`KeyState::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Prepared, Self::Active, Self::Retiring, Self::Retired]
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// Whether what it signed is to be believed.
    pub const fn is_accepted(self) -> bool {
        !matches!(self, Self::Retired)
    }
}

impl KeyStanding {
    /// What keeps the key from its next state, in words; `None` when nothing does.
    pub fn held_up_by(&self) -> Option<String> {
        let readers = match self.readers_behind.as_slice() {
            [] => None,
            [reader] => Some(format!("reader {reader} has not fetched its newest configuration")),
            [first, others @ ..] => Some(format!(
                "reader {first} and {} others have not fetched their newest configurations",
                others.len()
            )),
        };
        let phones = self.phones_until.map(|until| {
            let phones = self.phones_behind;
            match self.state {
                KeyState::Prepared => format!(
                    "{phones} phones have not renewed since it was made (the last will have by {})",
                    until.0
                ),
                _ => format!(
                    "{phones} phones hold credentials that it signed (the last expires at {})",
                    until.0
                ),
            }
        });
        match (readers, phones) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => Some(one),
            (Some(readers), Some(phones)) => Some(format!("{readers}, and {phones}")),
        }
    }
}

/// The number of a new key: the lowest that no key ever had, so that nobody takes it for an older key.
pub fn next_index(taken: &[u8]) -> Option<u8> {
    (0..=u8::MAX).find(|index| !taken.contains(index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_never_given_twice() {
        assert_eq!(next_index(&[]), Some(0));
        assert_eq!(next_index(&[0, 2, 1]), Some(3));
        assert_eq!(next_index(&(0..=u8::MAX).collect::<Vec<_>>()), None);
    }

    #[test]
    fn what_holds_a_key_up_is_told_in_words() {
        let mut key = KeyStanding {
            index: 1,
            state: KeyState::Prepared,
            public_key: String::new(),
            in_token: false,
            created_at: UnixTime(1),
            activated_at: None,
            deactivated_at: None,
            retired_at: None,
            readers_behind: Vec::new(),
            phones_behind: 0,
            phones_until: None,
        };
        assert_eq!(key.held_up_by(), None);
        key.readers_behind = vec![3, 4, 5];
        (key.phones_behind, key.phones_until) = (2, Some(UnixTime(77)));
        assert_eq!(
            key.held_up_by().unwrap(),
            "reader 3 and 2 others have not fetched their newest configurations, and 2 phones have not renewed since \
             it was made (the last will have by 77)"
        );
    }
}
