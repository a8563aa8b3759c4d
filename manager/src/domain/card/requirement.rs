//! What a holder has to give to install a card.

use std::fmt;

use super::design::Terms;

/// What a holder has to give to install a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// What people call the kind of card; `None` where the invitation brings none.
    pub card: Option<String>,
    /// Whether the answer has a credential too.
    pub has_credential: bool,
    /// Whether the unique identifier is asked for.
    pub unique_identifier: bool,
    /// The security questions.
    pub questions: Vec<String>,
    /// What has to be accepted.
    pub terms: Option<Terms>,
    /// Whether a photo is asked for.
    pub photo: Option<PhotoWanted>,
}

/// A photo that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhotoWanted {
    /// Whether the card is not installed without one.
    pub required: bool,
    /// Whether it is shown only once an administrator has approved it.
    pub needs_approval: bool,
}

/// What a holder gives.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HolderGives {
    /// The unique identifier.
    pub unique_identifier: String,
    /// The answers, in the order of the questions.
    pub answers: Vec<String>,
    /// The version of the terms that the holder accepts.
    pub terms: Option<String>,
    /// A photo, as JPEG, PNG or WebP.
    pub photo: Option<Vec<u8>>,
}

impl Requirements {
    /// The names of what has to be given or known; a client that does not know one of them cannot go on.
    ///
    /// Spec: docs/ACTIVATION.md#what-the-holder-gives
    pub fn names(&self) -> Vec<&'static str> {
        let names = [
            ("card", self.card.is_some() && !self.has_credential),
            ("unique_identifier", self.unique_identifier),
            ("answers", !self.questions.is_empty()),
            ("terms", self.terms.is_some()),
            ("photo", self.photo.is_some_and(|photo| photo.required)),
        ];
        names.into_iter().filter(|(_, is_asked)| *is_asked).map(|(name, _)| name).collect()
    }

    /// Whether the holder has to say who it is.
    pub const fn asks_identity(&self) -> bool {
        self.unique_identifier || !self.questions.is_empty()
    }
}

impl fmt::Debug for HolderGives {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HolderGives(..)")
    }
}
