//! Putting a message together.

use std::fmt;
use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use super::address::{AddressError, address};
use super::picture::qr_code;
use super::rendering::Rendered;
use super::{Language, picture};
use crate::domain::{ProjectId, UnixTime, project_id_text};

/// What every message id of a manager begins with.
const ID_PREFIX: &str = "ostiary.";

/// The name of a mail in its message id and in its bounce address.
///
/// It stays the same however often the mail is tried, so that whoever gets a mail twice sees that it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageId(pub(crate) Uuid);

/// A mail before it is put together.
pub(crate) struct Letter<'a> {
    pub(crate) project: ProjectId,
    pub(crate) id: MessageId,
    /// The message id as it was fixed when the mail was first tried, with angle brackets.
    pub(crate) message_id: &'a str,
    pub(crate) from: &'a str,
    pub(crate) from_name: &'a str,
    pub(crate) reply_to: Option<&'a str>,
    /// Where reports go; the sender if there is none.
    pub(crate) bounces_to: Option<&'a str>,
    pub(crate) to: &'a str,
    pub(crate) to_name: &'a str,
    pub(crate) date: UnixTime,
    pub(crate) language: Language,
    pub(crate) rendered: &'a Rendered,
    /// What the QR code says, if there is to be one.
    pub(crate) link: Option<&'a str>,
}

/// A message that is ready to be sent.
#[derive(Clone)]
pub(crate) struct Composed {
    pub(crate) id: MessageId,
    pub(crate) sender: Address,
    pub(crate) recipient: Address,
    /// Header and body with CR LF.
    pub(crate) octets: Vec<u8>,
}

impl MessageId {
    /// With angle brackets, as in a header.
    pub(crate) fn text(self, domain: &str) -> String {
        format!("<{}@{domain}>", self.local())
    }

    /// The first such id in a text that may have anything around it.
    pub(crate) fn find(text: &str) -> Option<Self> {
        text.match_indices(ID_PREFIX).find_map(|(place, prefix)| {
            let digits = text.get(place.checked_add(prefix.len())?..)?.get(..32)?;
            Uuid::try_parse(digits).ok().map(Self)
        })
    }

    fn local(self) -> String {
        format!("{ID_PREFIX}{}", self.0.simple())
    }

    /// The address to which reports on the mail go: `bounces@x` becomes `bounces+ostiary.…@x`.
    pub(super) fn bounce_address(self, bounces_to: &str) -> Result<Address, AddressError> {
        let (user, domain) = bounces_to.rsplit_once('@').ok_or(AddressError)?;
        address(&format!("{user}+{}@{domain}", self.local()))
    }
}

/// Puts a mail together: both parts, the QR code, the headers.
///
/// The same letter gives the same octets.
///
/// # Errors
/// [`AddressError`] when one of the addresses is none that mail can be sent to.
pub(crate) fn compose(letter: &Letter<'_>) -> Result<Composed, AddressError> {
    let from = address(letter.from)?;
    let recipient = address(letter.to)?;
    let sender = match letter.bounces_to {
        Some(bounces_to) => letter.id.bounce_address(bounces_to)?,
        None => from.clone(),
    };
    let date = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::from(letter.date.0)));
    let list_id = format!("<{}.doors.{}>", project_id_text(letter.project), from.domain());
    let mut builder = Message::builder()
        .date(date.unwrap_or(SystemTime::UNIX_EPOCH))
        .from(Mailbox::new(display_name(letter.from_name), from))
        .to(Mailbox::new(display_name(letter.to_name), recipient.clone()))
        .subject(&letter.rendered.subject)
        .message_id(Some(letter.message_id.to_owned()))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("List-Id", &list_id))
        .raw_header(header("Content-Language", letter.language.name()));
    if let Some(reply_to) = letter.reply_to {
        builder = builder.reply_to(Mailbox::new(None, address(reply_to)?));
    }
    let message = builder.multipart(parts(letter)).map_err(|_| AddressError)?;
    Ok(Composed { id: letter.id, sender, recipient, octets: message.formatted() })
}

fn parts(letter: &Letter<'_>) -> MultiPart {
    let Letter { id, rendered, link, .. } = letter;
    let boundary = |name: &str| format!("=_{name}_{}", id.0.simple());
    let alternative = MultiPart::alternative()
        .boundary(boundary("alternative"))
        .singlepart(SinglePart::plain(rendered.plain.clone()));
    let Some(picture) = link.and_then(qr_code) else {
        return alternative.singlepart(SinglePart::html(rendered.html.clone()));
    };
    let picture::Picture { png, side_px } = picture;
    let content_id = format!("qr.{}@ostiary", id.0.simple());
    let place = format!("src=\"cid:{content_id}\" width=\"{side_px}\" height=\"{side_px}\"");
    let html = rendered.html.replace("src=\"cid:qr\"", &place);
    let related = MultiPart::related().boundary(boundary("related")).singlepart(SinglePart::html(html));
    let Ok(kind) = ContentType::parse("image/png") else { return alternative.multipart(related) };
    let attachment = Attachment::new_inline_with_name(content_id, "invitation.png".to_owned());
    alternative.multipart(related.singlepart(attachment.body(png, kind)))
}

/// A name without what could end a line; none if there is nothing left of it.
fn display_name(name: &str) -> Option<String> {
    let shown: String = name.chars().filter(|character| !character.is_control()).collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composed").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
