//! The way to a token: sessions, opened anew when the token was away.

use std::collections::HashMap;
use std::sync::Arc;

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::module::{Module, initialize};
use super::{TokenAccess, TokenError, find_private_key};

/// The way to one token.
pub(super) struct Connection {
    module: Arc<Module>,
    token: String,
    pin: Zeroizing<String>,
}

/// A session that is logged in, and the keys that it has found.
pub(super) struct OpenSession {
    pub(super) session: Session,
    keys: HashMap<Vec<u8>, ObjectHandle>,
}

impl Connection {
    pub(super) fn new(access: &TokenAccess) -> Result<Self, TokenError> {
        let (token, pin) = (access.token.clone(), access.pin.clone());
        Ok(Self { module: Module::load(&access.module)?, token, pin })
    }

    /// Does something in a session; `None` where it does not find what it needs.
    ///
    /// What fails in a session of earlier times is tried once more in a new one, and what fails there in a library that
    /// was started anew: the token may have been away since, and a library need not look for tokens again until then.
    pub(super) fn with<T>(
        &self,
        work: impl Fn(&mut OpenSession) -> cryptoki::error::Result<Option<T>>,
    ) -> Result<Option<T>, TokenError> {
        let (start, done) = self.attempt(&work);
        match done {
            Err(error) if error.is_passing() && self.module.start_anew(start) => self.attempt(&work).1,
            other => other,
        }
    }

    /// One attempt, and the start of the library that it was made with.
    fn attempt<T>(
        &self,
        work: &impl Fn(&mut OpenSession) -> cryptoki::error::Result<Option<T>>,
    ) -> (u64, Result<Option<T>, TokenError>) {
        // Nobody starts the library anew while it is called.
        let library = self.module.library();
        let (start, pkcs11) = (library.start, &library.pkcs11);
        if let Some(mut open) = self.module.take_idle(&self.token)
            && let Ok(Some(done)) = work(&mut open)
        {
            self.module.keep_idle(&self.token, open);
            return (start, Ok(Some(done)));
        }
        // The other sessions have seen the same fault, or will.
        self.module.close_idle(&self.token);
        let done = self.open(pkcs11).and_then(|mut open| {
            let done = work(&mut open).map_err(|error| TokenError::from_pkcs11(&error))?;
            self.module.keep_idle(&self.token, open);
            Ok(done)
        });
        (start, done)
    }

    fn open(&self, pkcs11: &Pkcs11) -> Result<OpenSession, TokenError> {
        if self.module.has_refused(&self.token, &self.pin) {
            return Err(TokenError::Pin);
        }
        let session = match self.session(pkcs11) {
            Err(Some(Pkcs11Error::Pkcs11(RvError::CryptokiNotInitialized, _))) => {
                initialize(pkcs11).map_err(|error| TokenError::from_pkcs11(&error))?;
                self.session(pkcs11)
            }
            other => other,
        };
        let session = session.map_err(|error| match error {
            Some(error) => TokenError::from_pkcs11(&error),
            None => TokenError::NotThere(self.token.clone()),
        })?;
        let pin = AuthPin::from(self.pin.as_str().to_owned());
        match session.login(UserType::User, Some(&pin)) {
            Ok(()) | Err(Pkcs11Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => {
                let error = TokenError::from_pkcs11(&error);
                if error == TokenError::Pin {
                    self.module.was_refused(&self.token, &self.pin);
                }
                return Err(error);
            }
        }
        Ok(OpenSession { session, keys: HashMap::new() })
    }

    /// A session with the token; the error is `None` where no token has the label.
    fn session(&self, pkcs11: &Pkcs11) -> Result<Session, Option<Pkcs11Error>> {
        let slot = self.slot(pkcs11).map_err(Some)?.ok_or(None)?;
        pkcs11.open_rw_session(slot).map_err(Some)
    }

    fn slot(&self, pkcs11: &Pkcs11) -> cryptoki::error::Result<Option<Slot>> {
        for slot in pkcs11.get_slots_with_token()? {
            // A slot whose token cannot be asked is not the one.
            if pkcs11.get_token_info(slot).is_ok_and(|token| token.label().trim_end() == self.token) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }
}

impl OpenSession {
    /// The private key with an identifier, if the token holds it.
    pub(super) fn private_key(&mut self, id: &[u8]) -> cryptoki::error::Result<Option<ObjectHandle>> {
        if let Some(handle) = self.keys.get(id) {
            return Ok(Some(*handle));
        }
        let found = find_private_key(&self.session, id)?;
        if let Some(handle) = found {
            self.keys.insert(id.to_vec(), handle);
        }
        Ok(found)
    }
}
