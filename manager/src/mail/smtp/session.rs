//! One connection for one message after the other.

use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use tokio::time::timeout;

use super::server::{Security, SmtpServer};
use crate::mail::message::Composed;
use crate::mail::transport::Delivery;

/// How passwords are shown to a server; only over TLS.
const MECHANISMS: [Mechanism; 2] = [Mechanism::Plain, Mechanism::Login];
/// The server closes the connection (RFC 5321 §3.8).
const CLOSING: &str = "421";
/// After the last octet of a message a server may do what takes long, before it takes the message.
const PATIENCE_AT_THE_END: u32 = 2;

/// A connection to a server, made when the first message is sent, and again after it broke.
pub(crate) struct SmtpSession {
    server: SmtpServer,
    connection: Option<AsyncSmtpConnection>,
}

/// Why a command was not taken.
enum Failure {
    /// No answer, or none that can be read: the connection is of no use any more.
    Connection(&'static str),
    /// A 4xx answer.
    Transient(String),
    /// A 5xx answer.
    Permanent(String),
}

/// A message that was not taken, and whether the connection can take others.
struct Refused {
    delivery: Delivery,
    is_usable: bool,
}

impl SmtpSession {
    pub(crate) fn new(server: &SmtpServer) -> Self {
        Self { server: server.clone(), connection: None }
    }

    /// Sends a message; a connection that broke in between is made anew once.
    pub(crate) async fn send(&mut self, message: &Composed) -> Delivery {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => match self.connect().await {
                Ok(connection) => connection,
                Err(reason) => return Delivery::Broken(reason),
            },
        };
        let (delivery, mut is_usable) = match transmit(&mut connection, message, self.server.timeout).await {
            Ok(()) => (Delivery::Sent, true),
            Err(Refused { delivery, is_usable }) => (delivery, is_usable),
        };
        if is_usable && delivery != Delivery::Sent {
            // The server waits for the next message after this.
            is_usable = patiently(self.server.timeout, connection.command(Rset)).await.is_ok();
        }
        if is_usable {
            self.connection = Some(connection);
        }
        delivery
    }

    /// Says good-bye.
    pub(crate) async fn close(self) {
        if let Some(mut connection) = self.connection {
            let _gone = patiently(self.server.timeout, connection.quit()).await;
        }
    }

    /// Connects, protects the connection and authenticates.
    async fn connect(&self) -> Result<AsyncSmtpConnection, String> {
        let server = &self.server;
        let hello = ClientId::default();
        let tls = match server.security {
            Security::None => None,
            Security::Tls | Security::StartTls => Some(self.tls().map_err(|_| "tls".to_owned())?),
        };
        let at_once = tls.clone().filter(|_| server.security == Security::Tls);
        let place = (server.host.as_str(), server.port);
        let connected =
            AsyncSmtpConnection::connect_tokio1(place, Some(server.timeout), &hello, at_once, None);
        let mut connection = patiently(server.timeout, connected).await.map_err(Failure::of_connection)?;
        if let Some(tls) = tls.filter(|_| server.security == Security::StartTls) {
            let upgraded = connection.starttls(tls, &hello);
            patiently(server.timeout, upgraded).await.map_err(|_| "tls".to_owned())?;
        }
        if let (Some(user), Some(password)) = (&server.user, &server.password) {
            let credentials = Credentials::new(user.clone(), password.to_string());
            let proven = connection.auth(&MECHANISMS, &credentials);
            patiently(server.timeout, proven).await.map_err(Failure::of_authentication)?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, SmtpError> {
        let mut builder = TlsParameters::builder(self.server.host.clone());
        if let Some(pem) = &self.server.certificates {
            builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
        }
        builder.build_rustls()
    }
}

/// Says who sends what to whom, and then the message.
async fn transmit(
    connection: &mut AsyncSmtpConnection,
    message: &Composed,
    limit: Duration,
) -> Result<(), Refused> {
    let mut options = Vec::new();
    let (sender, recipient): (&str, &str) = (message.sender.as_ref(), message.recipient.as_ref());
    if !sender.is_ascii() || !recipient.is_ascii() {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Err(Refused::rejected("no SMTPUTF8"));
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    if !message.octets.is_ascii() {
        if !connection.server_info().supports_feature(Extension::EightBitMime) {
            return Err(Refused::rejected("no 8BITMIME"));
        }
        options.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    // A sender that is refused is refused for every message: that is not the fault of this one.
    let mail = connection.command(Mail::new(Some(message.sender.clone()), options));
    patiently(limit, mail).await.map_err(Failure::of_sender)?;
    let rcpt = connection.command(Rcpt::new(message.recipient.clone(), Vec::new()));
    patiently(limit, rcpt).await.map_err(Failure::of_message)?;
    patiently(limit, connection.command(Data)).await.map_err(Failure::of_message)?;
    let end = limit.saturating_mul(PATIENCE_AT_THE_END);
    patiently(end, connection.message(&message.octets)).await.map_err(Failure::of_message)?;
    Ok(())
}

/// Waits for an answer, but not for ever.
async fn patiently<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, Failure> {
    match timeout(limit, answer).await {
        Ok(answer) => answer.map_err(|error| Failure::new(&error)),
        Err(_) => Err(Failure::Connection("timeout")),
    }
}

impl Failure {
    fn new(error: &SmtpError) -> Self {
        let Some(code) = error.status() else {
            let is_tls = error.is_tls() || mentions_tls(error);
            return Self::Connection(if error.is_timeout() {
                "timeout"
            } else if is_tls {
                "tls"
            } else {
                "connection"
            });
        };
        let mut class = code.to_string();
        let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        if let Some(status) = enhanced_status(&said) {
            class = format!("{class} {status}");
        }
        if error.is_permanent() { Self::Permanent(class) } else { Self::Transient(class) }
    }

    fn class(self) -> String {
        match self {
            Self::Connection(class) => class.to_owned(),
            Self::Transient(class) | Self::Permanent(class) => class,
        }
    }

    fn of_connection(self) -> String {
        self.class()
    }

    fn of_authentication(self) -> String {
        match self {
            Self::Connection(class) => class.to_owned(),
            Self::Transient(class) | Self::Permanent(class) => format!("authentication {class}"),
        }
    }

    fn of_sender(self) -> Refused {
        let delivery = match self {
            Self::Connection(class) => Delivery::Broken(class.to_owned()),
            Self::Transient(class) | Self::Permanent(class) => Delivery::Broken(format!("sender {class}")),
        };
        Refused { delivery, is_usable: false }
    }

    /// A connection that breaks within a message may do so because of the message, so others go on without it.
    fn of_message(self) -> Refused {
        match self {
            Self::Connection(class) => {
                Refused { delivery: Delivery::Deferred(class.to_owned()), is_usable: false }
            }
            Self::Transient(class) if class.starts_with(CLOSING) => {
                Refused { delivery: Delivery::Broken(class), is_usable: false }
            }
            Self::Transient(class) => Refused { delivery: Delivery::Deferred(class), is_usable: true },
            Self::Permanent(class) => Refused { delivery: Delivery::Rejected(class), is_usable: true },
        }
    }
}

impl Refused {
    fn rejected(class: &str) -> Self {
        Self { delivery: Delivery::Rejected(class.to_owned()), is_usable: true }
    }
}

/// Whether TLS is somewhere among the causes of a network error.
fn mentions_tls(error: &SmtpError) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let io = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if io.is_some_and(|inner| inner.is::<rustls::Error>()) || cause.is::<rustls::Error>() {
            return true;
        }
        source = cause.source();
    }
    false
}

/// The enhanced status code (RFC 3463) that an answer begins with.
fn enhanced_status(said: &str) -> Option<&str> {
    let first = said.split_whitespace().next()?;
    let mut numbers = first.split('.');
    let class = numbers.next().filter(|class| matches!(*class, "2" | "4" | "5"));
    let is_number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    let (subject, detail) = (numbers.next()?, numbers.next()?);
    (class.is_some() && is_number(subject) && is_number(detail) && numbers.next().is_none()).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_code_is_kept_of_what_a_server_says() {
        assert_eq!(enhanced_status("5.1.1 <anna@x.example> is unknown"), Some("5.1.1"));
        assert_eq!(enhanced_status("4.7.123"), Some("4.7.123"));
        for other in ["", "No such user", "5.1", "5.1.1.1 x", "6.1.1 x", "5.a.1", "5.1.1234"] {
            assert_eq!(enhanced_status(other), None, "{other}");
        }
    }
}
