//! Reports on messages that did not arrive (RFC 3464, RFC 6533).

use mail_parser::{HeaderValue, Message, MessageParser, MimeHeaders, PartType};
use uuid::Uuid;

use super::message::MessageId;

/// Octets of a report that are read.
pub(crate) const REPORT_MAX: usize = 1024 * 1024;

/// What a message that came back says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    pub(crate) about: MessageId,
    /// What became of the mail.
    pub verdict: BounceVerdict,
    /// The status (RFC 3463), such as `5.1.1`.
    pub status: Option<String>,
}

/// What became of a mail that is reported on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BounceVerdict {
    /// It will not arrive.
    Failed,
    /// It has not arrived yet.
    Delayed,
    /// It arrived, or went to somewhere that does not report.
    Arrived,
}

impl Bounce {
    /// The mail that it is about.
    pub(crate) const fn mail(&self) -> Uuid {
        self.about.0
    }

    /// Reads a report; `None` if it is none, or none about a mail of a manager.
    ///
    /// The mail is the one of which the report holds the message id or, failing that, the one to whose bounce address
    /// the report was sent.
    pub fn read(octets: &[u8]) -> Option<Self> {
        let octets = octets.get(..octets.len().min(REPORT_MAX))?;
        let message = MessageParser::default().parse(octets)?;
        let mut about = None;
        let mut recipients = Vec::new();
        visit(&message, &mut |part_of, index| {
            let Some(part) = part_of.parts.get(index) else { return };
            let kind = part.content_type().map(|kind| {
                let subtype = kind.subtype().unwrap_or_default();
                format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
            });
            match kind.as_deref() {
                Some("message/delivery-status" | "message/global-delivery-status") => {
                    recipients.extend(statuses(part_of, index));
                }
                Some("text/rfc822-headers" | "message/global-headers") => {
                    about = about.or_else(|| MessageId::find(&text_of(part_of, index)));
                }
                Some("message/rfc822" | "message/global") => {
                    if let PartType::Message(original) = &part.body {
                        about = about.or_else(|| original.message_id().and_then(MessageId::find));
                    } else {
                        about = about.or_else(|| MessageId::find(&text_of(part_of, index)));
                    }
                }
                _ => {}
            }
        });
        let about = about.or_else(|| sent_to(&message))?;
        let worst = recipients.into_iter().max_by_key(|(verdict, _)| verdict.weight())?;
        Some(Self { about, verdict: worst.0, status: worst.1 })
    }
}

impl BounceVerdict {
    /// A mail has one recipient; if a report has more, the worst that is said counts.
    const fn weight(self) -> u8 {
        match self {
            Self::Arrived => 0,
            Self::Delayed => 1,
            Self::Failed => 2,
        }
    }

    /// Spec: RFC 3464 §2.3.3.
    fn of_action(action: &str) -> Option<Self> {
        match action.trim().to_ascii_lowercase().as_str() {
            "failed" => Some(Self::Failed),
            "delayed" => Some(Self::Delayed),
            "delivered" | "relayed" | "expanded" => Some(Self::Arrived),
            _ => None,
        }
    }
}

/// Calls `see` with every part of a message.
fn visit<'m>(message: &'m Message<'m>, see: &mut impl FnMut(&'m Message<'m>, usize)) {
    for index in 0..message.parts.len() {
        see(message, index);
    }
}

/// What is said of each recipient (RFC 3464 §2.3).
fn statuses(message: &Message<'_>, index: usize) -> Vec<(BounceVerdict, Option<String>)> {
    let text = text_of(message, index).replace("\r\n", "\n");
    let groups = text.split("\n\n").map(|group| {
        let field = |name: &str| {
            group.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        let verdict = field("action").and_then(|action| BounceVerdict::of_action(&action))?;
        Some((verdict, field("status").and_then(|status| status_code(&status))))
    });
    groups.flatten().collect()
}

/// `5.1.1` of `5.1.1 (no such user)`; nothing else is let through.
fn status_code(text: &str) -> Option<String> {
    let code: String = text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    (code.len() <= 9 && code.split('.').count() == 3).then_some(code)
}

/// The octets of a part as they were sent, decoded.
fn text_of(message: &Message<'_>, index: usize) -> String {
    let Some(part) = message.parts.get(index) else { return String::new() };
    match &part.body {
        PartType::Text(text) | PartType::Html(text) => text.to_string(),
        PartType::Binary(octets) | PartType::InlineBinary(octets) => {
            String::from_utf8_lossy(octets).into_owned()
        }
        PartType::Message(inner) => String::from_utf8_lossy(&inner.raw_message).into_owned(),
        PartType::Multipart(_) => String::new(),
    }
}

/// The mail whose bounce address a report was sent to.
fn sent_to(message: &Message<'_>) -> Option<MessageId> {
    ["Delivered-To", "X-Original-To", "Envelope-To", "To"].into_iter().find_map(|name| {
        message.header_values(name).find_map(|value| match value {
            HeaderValue::Text(text) => MessageId::find(text),
            HeaderValue::TextList(texts) => texts.iter().find_map(|text| MessageId::find(text)),
            HeaderValue::Address(addresses) => {
                addresses.iter().find_map(|address| address.address().and_then(MessageId::find))
            }
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests;
