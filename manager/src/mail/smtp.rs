//! Sending over SMTP (RFC 5321) with TLS (RFC 8314) and authentication (RFC 4954).

mod server;
mod session;

pub use server::{SmtpServer, SmtpServerError};
pub(super) use session::SmtpSession;
