//! The certificate that the API is served under, read again whenever its files change.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};

/// Why the API cannot be served over TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The file of the certificate has none in it.
    #[error("{0} has no certificate in PEM form")]
    NoCertificate(String),
    /// The file of the private key has none in it.
    #[error("{0} has no private key in PEM form")]
    NoKey(String),
    /// Certificate and private key do not belong together, or are of a kind that TLS does not take.
    #[error("certificate and key do not work together: {0}")]
    Unusable(#[from] rustls::Error),
}

/// Certificate and private key in files.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    loaded: Mutex<Loaded>,
}

#[derive(Clone, Debug)]
struct Loaded {
    config: Arc<ServerConfig>,
    stamp: [Option<(SystemTime, u64)>; 2],
}

impl Tls {
    /// Reads a certificate chain, the server's own first, and its private key, both in PEM form.
    ///
    /// # Errors
    /// [`TlsError`] says which file is wrong and how.
    pub fn from_files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, TlsError> {
        let (certificate, key) = (certificate.into(), key.into());
        let loaded = Loaded { stamp: stamp(&certificate, &key), config: load(&certificate, &key)? };
        Ok(Self { certificate, key, loaded: Mutex::new(loaded) })
    }

    /// The settings for the next connection.
    ///
    /// Files that have changed and are no good, as while one is new and the other old, leave the settings as they are.
    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.certificate, &self.key);
        if stamp != loaded.stamp {
            loaded.stamp = stamp;
            match load(&self.certificate, &self.key) {
                Ok(config) => {
                    loaded.config = config;
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) => tracing::warn!(%error, "the changed TLS certificate is not used"),
            }
        }
        Arc::clone(&loaded.config)
    }
}

/// What tells a changed file from the one that was read.
fn stamp(certificate: &Path, key: &Path) -> [Option<(SystemTime, u64)>; 2] {
    [certificate, key].map(|path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}

fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = |path: &Path| {
        fs::read(path).map_err(|cause| TlsError::File { path: path.display().to_string(), cause })
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| TlsError::NoCertificate(certificate.display().to_string()))?;
    let key_octets = zeroize::Zeroizing::new(read(key)?);
    let private_key =
        PrivateKeyDer::from_pem_slice(&key_octets).map_err(|_| TlsError::NoKey(key.display().to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, private_key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
