use mail_parser::{MessageParser, MimeHeaders};

use super::*;
use crate::mail::{MailKind, MailText, render, sample};

const ID: MessageId = MessageId(Uuid::from_u128(42));
const LINK: &str = "https://doors.example/activate#0024H36H2NCSVG04926D25ASKQ*";

fn rendered() -> Rendered {
    let text = MailText::standard(MailKind::Invitation, Language::De);
    render(&text, &sample(MailKind::Invitation, Language::De), Language::De).unwrap()
}

fn letter<'a>(rendered: &'a Rendered, message_id: &'a str) -> Letter<'a> {
    Letter {
        project: ProjectId([7; 8]),
        id: ID,
        message_id,
        from: "doors@example.org",
        from_name: "Türen",
        reply_to: Some("help@example.org"),
        bounces_to: Some("bounces@example.org"),
        to: "anna@bücher.example",
        to_name: "Änne O'Neill",
        date: UnixTime(1_790_000_000),
        language: Language::De,
        rendered,
        link: Some(LINK),
    }
}

#[test]
fn the_same_letter_gives_the_same_octets_and_all_of_them_are_ascii() {
    let (rendered, id) = (rendered(), ID.text("example.org"));
    let first = compose(&letter(&rendered, &id)).unwrap();
    let second = compose(&letter(&rendered, &id)).unwrap();
    assert_eq!(first.octets, second.octets);
    assert!(first.octets.is_ascii());
    assert_eq!(first.recipient.to_string(), "anna@xn--bcher-kva.example");
    let verp = format!("bounces+{}@example.org", ID.local());
    assert_eq!(first.sender.to_string(), verp);
}

#[test]
fn a_mail_has_both_parts_the_picture_and_its_headers() {
    let (rendered, id) = (rendered(), ID.text("example.org"));
    let composed = compose(&letter(&rendered, &id)).unwrap();
    let message = MessageParser::default().parse(&composed.octets).unwrap();
    assert_eq!(format!("<{}>", message.message_id().unwrap()), id);
    assert_eq!(message.subject(), Some(rendered.subject.as_str()));
    assert_eq!(message.from().unwrap().first().unwrap().name(), Some("Türen"));
    assert_eq!(message.to().unwrap().first().unwrap().name(), Some("Änne O'Neill"));
    assert_eq!(message.reply_to().unwrap().first().unwrap().address(), Some("help@example.org"));
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("Content-Language", "de")] {
        assert_eq!(message.header_raw(name).map(str::trim), Some(value), "{name}");
    }
    assert_eq!(message.date().unwrap().to_timestamp(), 1_790_000_000);
    assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), rendered.plain.trim_end());
    let html = message.body_html(0).unwrap();
    let picture = message.attachments().next().unwrap();
    assert!(html.contains(&format!("cid:{}", picture.content_id().unwrap())));
    assert!(picture.contents().starts_with(b"\x89PNG"));
}

#[test]
fn a_name_cannot_add_a_header_or_a_recipient() {
    let (rendered, id) = (rendered(), ID.text("example.org"));
    for name in [
        "A\r\nBcc: eve@x.example",
        "A\nX: y",
        "\" <eve@x.example>, \"A",
        "A\u{2028}B",
        "=?utf-8?q?=0D=0ABcc:_eve?=",
    ] {
        let mut letter = letter(&rendered, &id);
        letter.to_name = name;
        letter.from_name = name;
        let composed = compose(&letter).unwrap();
        let message = MessageParser::default().parse(&composed.octets).unwrap();
        assert!(message.bcc().is_none() && message.header("X").is_none(), "{name:?}");
        let to: Vec<_> = message.to().unwrap().iter().map(|to| to.address().unwrap().to_owned()).collect();
        assert_eq!(to, ["anna@xn--bcher-kva.example"], "{name:?}");
    }
}

#[test]
fn an_address_that_is_none_is_refused() {
    let (rendered, id) = (rendered(), ID.text("example.org"));
    for bad in ["", "anna", "a@b.example\r\nBcc: x@y.example", "a b@c.example"] {
        let mut letter = letter(&rendered, &id);
        letter.to = bad;
        assert!(compose(&letter).is_err(), "{bad:?}");
    }
}
