//! Which server, and how.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use lettre::transport::smtp::client::Certificate;
use zeroize::Zeroizing;

/// For how long an answer of the server may take, unless the address says otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The longest time that an address may give the server for an answer, in seconds.
const TIMEOUT_MAX_S: u64 = 300;

/// What a certificate in PEM begins with.
const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// A server that takes mail.
///
/// Its address is `smtps://USER@HOST:465` (TLS from the first octet), `smtp://USER@HOST:587` (TLS by STARTTLS, which is
/// demanded) or `smtp+insecure://HOST:25` (no TLS and no user, for a relay on the same machine); user and port may be
/// left out, and `?timeout=SECONDS` may follow.
#[derive(Clone)]
pub struct SmtpServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) user: Option<String>,
    pub(super) password: Option<Zeroizing<String>>,
    pub(super) certificates: Option<Vec<u8>>,
    pub(super) timeout: Duration,
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    Tls,
    StartTls,
    None,
}

/// Why a text is not the address of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpServerError {
    /// It is of another form.
    #[error("the mail server's address is not of the form smtps://USER@HOST:465 or smtp://USER@HOST:587")]
    Form,
    /// It has a password in it, which would be seen where addresses are seen.
    #[error("the mail server's address has a password in it; keep the password in a file of its own")]
    Password,
    /// It has a user, and would send the password without protection.
    #[error("smtp+insecure:// has no protection for a password; use smtps:// or smtp:// with a user")]
    Unprotected,
    /// There is a user and no password, or the other way round.
    #[error("the mail server's address has to have a user if there is a password, and the other way round")]
    Incomplete,
    /// The certificates of authorities are not PEM.
    #[error("the file with certificates of authorities is not PEM")]
    Certificates,
}

impl SmtpServer {
    /// The same server with the password of its user and, if they are not those of the system, the certificates (PEM)
    /// of the authorities that it is trusted by.
    ///
    /// # Errors
    /// [`SmtpServerError::Incomplete`], [`SmtpServerError::Certificates`].
    pub fn with_secrets(
        self,
        password: Option<Zeroizing<String>>,
        certificates: Option<Vec<u8>>,
    ) -> Result<Self, SmtpServerError> {
        if self.user.is_some() != password.is_some() {
            return Err(SmtpServerError::Incomplete);
        }
        if let Some(pem) = &certificates {
            // Text without any certificate is PEM without certificates to the reader below.
            let has_one = pem.windows(CERTIFICATE.len()).any(|window| window == CERTIFICATE);
            if !has_one || Certificate::from_pem(pem).is_err() {
                return Err(SmtpServerError::Certificates);
            }
        }
        Ok(Self { password, certificates, ..self })
    }

    /// Whether the address names a user, who needs a password.
    pub const fn has_user(&self) -> bool {
        self.user.is_some()
    }
}

impl FromStr for SmtpServer {
    type Err = SmtpServerError;

    fn from_str(text: &str) -> Result<Self, SmtpServerError> {
        let form = SmtpServerError::Form;
        let (scheme, rest) = text.trim().split_once("://").ok_or(form.clone())?;
        let (security, standard_port) = match scheme {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            "smtp+insecure" => (Security::None, 25),
            _ => return Err(form),
        };
        let (rest, timeout) = match rest.split_once("?timeout=") {
            None => (rest, TIMEOUT),
            Some((rest, seconds)) => {
                let seconds = seconds.parse().ok().filter(|seconds| (1..=TIMEOUT_MAX_S).contains(seconds));
                (rest, Duration::from_secs(seconds.ok_or(form.clone())?))
            }
        };
        // Users are e-mail addresses often enough, so the last @ counts.
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, rest),
        };
        let place = place.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && !port.contains(']') => {
                (host, port.parse().map_err(|_| form.clone())?)
            }
            _ => (place, standard_port),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let is_named = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-' | b':');
        if host.is_empty() || !host.bytes().all(is_named) {
            return Err(form);
        }
        if user.is_some_and(|user| user.contains(':')) {
            return Err(SmtpServerError::Password);
        }
        if user.is_some_and(|user| user.is_empty() || user.chars().any(char::is_control)) {
            return Err(form);
        }
        if user.is_some() && security == Security::None {
            return Err(SmtpServerError::Unprotected);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            security,
            user: user.map(str::to_owned),
            password: None,
            certificates: None,
            timeout,
        })
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SmtpServer {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_says_how_the_connection_is_protected() {
        let server = parse("smtps://doors@example.org@mail.example.org");
        assert_eq!(
            (server.host.as_str(), server.port, server.security),
            ("mail.example.org", 465, Security::Tls)
        );
        assert_eq!(server.user.as_deref(), Some("doors@example.org"));
        let server = parse("smtp://doors@mail.example.org:2525?timeout=5");
        assert_eq!((server.port, server.security, server.timeout.as_secs()), (2525, Security::StartTls, 5));
        let server = parse("smtp+insecure://[::1]:25");
        assert_eq!((server.host.as_str(), server.port, server.security), ("::1", 25, Security::None));
        assert_eq!(parse("smtp+insecure://[::1]").host, "::1");
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        let error = |text: &str| text.parse::<SmtpServer>().unwrap_err();
        for bad in [
            "mail.example.org",
            "http://x",
            "smtp://",
            "smtp://x:99999",
            "smtp://x?timeout=0",
            "smtps://a b",
            "smtps://@x",
        ] {
            assert_eq!(error(bad), SmtpServerError::Form, "{bad}");
        }
        assert_eq!(error("smtps://me:secret@x"), SmtpServerError::Password);
        assert_eq!(error("smtp+insecure://me@x"), SmtpServerError::Unprotected);
    }

    #[test]
    fn a_user_has_a_password_and_nobody_else_has() {
        let password = || Some(Zeroizing::new("secret".to_owned()));
        assert!(parse("smtps://me@x").with_secrets(password(), None).is_ok());
        assert!(matches!(parse("smtps://me@x").with_secrets(None, None), Err(SmtpServerError::Incomplete)));
        assert!(matches!(
            parse("smtps://x").with_secrets(password(), None),
            Err(SmtpServerError::Incomplete)
        ));
        let shown = format!("{:?}", parse("smtps://me@x").with_secrets(password(), None));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_file_that_is_not_pem_is_refused() {
        let wrong = parse("smtps://x").with_secrets(None, Some(b"hello".to_vec()));
        assert!(matches!(wrong, Err(SmtpServerError::Certificates)), "{wrong:?}");
    }
}
