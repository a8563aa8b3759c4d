//! Who acts.

use std::fmt;

use uuid::Uuid;

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// An administrator who came with a token.
    Administrator {
        /// Who.
        administrator: Uuid,
        /// With which token.
        token: Uuid,
    },
    /// An administrator who is signed in to the page.
    SignedIn {
        /// Who.
        administrator: Uuid,
        /// In which session.
        session: Uuid,
    },
    /// Whoever can run commands on the manager's machine.
    Operator,
    /// A device, proven by its key.
    Device(Uuid),
    /// The manager itself, when a time has come.
    Manager,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Administrator { administrator, token } => {
                write!(f, "administrator {administrator} token {token}")
            }
            Self::SignedIn { administrator, session } => {
                write!(f, "administrator {administrator} session {session}")
            }
            Self::Operator => f.write_str("operator"),
            Self::Device(id) => write!(f, "device {id}"),
            Self::Manager => f.write_str("manager"),
        }
    }
}
