//! The library of a token's maker: loaded once a process, and started anew when it has lost its tokens.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use zeroize::Zeroizing;

use super::TokenError;
use super::connection::OpenSession;

/// Between two starts of a library, which every token behind it notices.
const START_PAUSE: Duration = Duration::from_secs(5);

/// Libraries that this process has loaded: PKCS#11 is initialised once a process, whoever uses it there.
static MODULES: Mutex<Vec<Arc<Module>>> = Mutex::new(Vec::new());

/// A library, and what all who use it share.
pub(super) struct Module {
    path: PathBuf,
    library: RwLock<Library>,
    /// Sessions that nobody uses at present, with the labels of their tokens; as many as there ever were signatures at
    /// the same time.
    idle: Mutex<Vec<(String, OpenSession)>>,
    /// Labels of tokens, and PINs that they refused.
    refused: Mutex<Vec<(String, Zeroizing<String>)>>,
}

/// A library that is loaded.
pub(super) struct Library {
    pub(super) pkcs11: Pkcs11,
    /// Which of its starts this is.
    pub(super) start: u64,
    started_at: Instant,
}

impl Module {
    /// The module in this file, loaded and initialised.
    pub(super) fn load(path: &Path) -> Result<Arc<Self>, TokenError> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = modules.iter().find(|module| module.path == path) {
            return Ok(Arc::clone(module));
        }
        let failed = |error: Pkcs11Error| TokenError::Module {
            module: path.display().to_string(),
            cause: error.to_string(),
        };
        let pkcs11 = Pkcs11::new(path).map_err(failed)?;
        initialize(&pkcs11).map_err(failed)?;
        let library = RwLock::new(Library { pkcs11, start: 0, started_at: Instant::now() });
        let (idle, refused) = (Mutex::default(), Mutex::default());
        let module = Arc::new(Self { path: path.to_owned(), library, idle, refused });
        modules.push(Arc::clone(&module));
        Ok(module)
    }

    /// The library, which stays started for as long as this is held.
    pub(super) fn library(&self) -> RwLockReadGuard<'_, Library> {
        self.library.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the library anew unless somebody has done so since `start`; whether another attempt is worth while.
    pub(super) fn start_anew(&self, start: u64) -> bool {
        let mut library = self.library.write().unwrap_or_else(PoisonError::into_inner);
        if library.start != start {
            return true;
        }
        if library.started_at.elapsed() < START_PAUSE {
            return false;
        }
        library.start = start.saturating_add(1);
        library.started_at = Instant::now();
        // Before the library ends: the next one gives the numbers of its sessions out again.
        self.idle().clear();
        tracing::warn!(module = %self.path.display(), "the PKCS#11 module is started anew");
        // It may have failed to start the last time.
        let _not_started = library.pkcs11.clone().finalize();
        initialize(&library.pkcs11).is_ok()
    }

    /// A session with a token that nobody uses.
    pub(super) fn take_idle(&self, token: &str) -> Option<OpenSession> {
        let mut idle = self.idle();
        let place = idle.iter().rposition(|(label, _)| label == token)?;
        Some(idle.swap_remove(place).1)
    }

    pub(super) fn keep_idle(&self, token: &str, open: OpenSession) {
        self.idle().push((token.to_owned(), open));
    }

    pub(super) fn close_idle(&self, token: &str) {
        self.idle().retain(|(label, _)| label != token);
    }

    /// Whether the token has refused the PIN, which it does not forgive many times.
    pub(super) fn has_refused(&self, token: &str, pin: &str) -> bool {
        self.refused().iter().any(|(label, refused)| label == token && refused.as_str() == pin)
    }

    pub(super) fn was_refused(&self, token: &str, pin: &Zeroizing<String>) {
        self.refused().push((token.to_owned(), pin.clone()));
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(String, OpenSession)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, Vec<(String, Zeroizing<String>)>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn initialize(pkcs11: &Pkcs11) -> cryptoki::error::Result<()> {
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // Something else in this process was faster.
        Err(Pkcs11Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        other => other,
    }
}
