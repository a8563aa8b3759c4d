//! What octets may be, and which of it they are.

use clap::ValueEnum;
use serde::Serialize;

use super::field::{Field, Wrong};
use super::{apdu, link, object};

/// What octets are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A command APDU.
    Command,
    /// A response APDU, or a message from a device.
    Response,
    /// A message from a reader over GATT or a stream.
    Message,
    /// A GATT segment.
    Segment,
    /// A frame of an L2CAP channel or a TCP connection.
    Frame,
    /// A reader certificate.
    Certificate,
    /// A credential.
    Credential,
    /// A revocation list.
    RevocationList,
    /// A time token.
    TimeToken,
    /// A reader configuration after it was opened.
    Configuration,
    /// A reader configuration as it travels.
    SealedConfiguration,
    /// A report as it travels.
    Report,
    /// An acknowledgement of reports.
    Acknowledgement,
    /// The manufacturer data of an advertisement.
    Announcement,
}

/// Octets that were decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decoded {
    /// What they were taken for.
    pub kind: Kind,
    /// Which one of that kind.
    pub name: String,
    /// What is in them.
    pub fields: Vec<Field>,
}

/// Everything that the octets may be, the likeliest first.
///
/// A report is not told from random octets and has to be asked for.
pub fn decode(octets: &[u8]) -> Vec<Decoded> {
    let kinds = Kind::value_variants().iter().filter(|kind| **kind != Kind::Report);
    let mut found: Vec<_> = kinds.filter_map(|kind| decode_as(octets, *kind).ok()).collect();
    found.sort_by_key(Decoded::doubt);
    found
}

impl Decoded {
    /// How easily other octets would be taken for this, 0 for what has a form of its own.
    fn doubt(&self) -> u8 {
        let is_understood = self.fields.iter().any(|field| !field.fields.is_empty());
        match self.kind {
            // Each octet below 40 begins a segment from the middle of a message.
            Kind::Segment | Kind::Frame | Kind::Response if !is_understood => 3,
            Kind::SealedConfiguration => 2,
            Kind::Response | Kind::Acknowledgement | Kind::Announcement => 1,
            _ => 0,
        }
    }
}

/// The octets as this kind.
///
/// # Errors
/// [`Wrong`] says at which field they are something else.
pub fn decode_as(octets: &[u8], kind: Kind) -> Result<Decoded, Wrong> {
    let named = |name: &str, fields: Result<Vec<Field>, Wrong>| Ok((name.to_owned(), fields?));
    let (name, fields) = match kind {
        Kind::Command => apdu::command(octets),
        Kind::Response => apdu::response(octets, None),
        Kind::Message => apdu::message(octets),
        Kind::Segment => link::segment(octets),
        Kind::Frame => link::frame(octets),
        Kind::Certificate => named("reader certificate", object::certificate(octets, 0)),
        Kind::Credential => named("credential", object::credential(octets, 0)),
        Kind::RevocationList => named("revocation list", object::revocation_list(octets, 0)),
        Kind::TimeToken => named("time token", object::time_token(octets, 0)),
        Kind::Configuration => named("reader configuration", object::configuration(octets, 0)),
        Kind::SealedConfiguration => {
            named("reader configuration, sealed", object::sealed_configuration(octets, 0))
        }
        Kind::Report => named("report, sealed", object::sealed_report(octets, 0)),
        Kind::Acknowledgement => named("acknowledgement", object::acknowledgement(octets, 0)),
        Kind::Announcement => named("announcement", object::announcement(octets, 0)),
    }?;
    Ok(Decoded { kind, name, fields })
}
