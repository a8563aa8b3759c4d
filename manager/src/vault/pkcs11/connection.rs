//! Sessions with a token: opened when one is needed, kept for the next signature, and thrown away when they fail.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use super::{TokenAccess, TokenError, find_private_key};

/// Modules that this process has loaded: PKCS#11 is initialised once a process, whoever uses it there.
static MODULES: Mutex<Vec<(PathBuf, Pkcs11)>> = Mutex::new(Vec::new());

/// The way to one token.
pub(super) struct Connection {
    module: Pkcs11,
    token: String,
    pin: Zeroizing<String>,
    /// Sessions that nobody uses at present; as many as there ever were signatures at the same time.
    idle: Mutex<Vec<OpenSession>>,
    pin_refused: AtomicBool,
}

/// A session that is logged in, and the keys that it has found.
pub(super) struct OpenSession {
    pub(super) session: Session,
    keys: HashMap<Vec<u8>, ObjectHandle>,
}

impl Connection {
    pub(super) fn new(access: &TokenAccess) -> Result<Self, TokenError> {
        Ok(Self {
            module: module(&access.module)?,
            token: access.token.clone(),
            pin: access.pin.clone(),
            idle: Mutex::new(Vec::new()),
            pin_refused: AtomicBool::new(false),
        })
    }

    /// Does something in a session. What fails in a session of earlier times is tried once more in a new one: the
    /// token may have been away since.
    pub(super) fn with<T>(
        &self,
        work: impl Fn(&mut OpenSession) -> cryptoki::error::Result<T>,
    ) -> Result<T, TokenError> {
        let kept = self.idle().pop();
        if let Some(mut open) = kept
            && let Ok(done) = work(&mut open)
        {
            self.idle().push(open);
            return Ok(done);
        }
        // The other sessions have seen the same fault, or will.
        self.idle().clear();
        let mut open = self.open()?;
        let done = work(&mut open).map_err(|error| TokenError::from_pkcs11(&error))?;
        self.idle().push(open);
        Ok(done)
    }

    fn open(&self) -> Result<OpenSession, TokenError> {
        if self.pin_refused.load(Ordering::SeqCst) {
            return Err(TokenError::Pin);
        }
        let session = match self.session() {
            Err(Some(Pkcs11Error::Pkcs11(RvError::CryptokiNotInitialized, _))) => {
                initialize(&self.module).map_err(|error| TokenError::from_pkcs11(&error))?;
                self.session()
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
                self.pin_refused.fetch_or(error == TokenError::Pin, Ordering::SeqCst);
                return Err(error);
            }
        }
        Ok(OpenSession { session, keys: HashMap::new() })
    }

    /// A session with the token; the error is `None` where no token has the label.
    fn session(&self) -> Result<Session, Option<Pkcs11Error>> {
        let slot = self.slot().map_err(Some)?.ok_or(None)?;
        self.module.open_rw_session(slot).map_err(Some)
    }

    fn slot(&self) -> cryptoki::error::Result<Option<Slot>> {
        for slot in self.module.get_slots_with_token()? {
            // A slot whose token cannot be asked is not the one.
            if self.module.get_token_info(slot).is_ok_and(|token| token.label().trim_end() == self.token) {
                return Ok(Some(slot));
            }
        }
        Ok(None)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<OpenSession>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The module in this file, loaded and initialised.
fn module(path: &Path) -> Result<Pkcs11, TokenError> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, module)) = modules.iter().find(|(known, _)| known == path) {
        return Ok(module.clone());
    }
    let failed = |error: Pkcs11Error| TokenError::Module {
        module: path.display().to_string(),
        cause: error.to_string(),
    };
    let module = Pkcs11::new(path).map_err(failed)?;
    initialize(&module).map_err(failed)?;
    modules.push((path.to_owned(), module.clone()));
    Ok(module)
}

fn initialize(module: &Pkcs11) -> cryptoki::error::Result<()> {
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Something else in this process was faster.
        Err(Pkcs11Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}
