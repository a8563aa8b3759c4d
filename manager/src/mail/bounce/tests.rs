use uuid::Uuid;

use super::*;
const MAIL: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0042);

fn id() -> MessageId {
    MessageId(MAIL)
}

/// A report as Postfix writes it, about the mail with a message id, sent to an address.
fn report(to: &str, per_recipient: &str, original: &str) -> Vec<u8> {
    format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nTo: {to}\r\n\
         Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"B\"\r\n\r\n\
         --B\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry.\r\n\r\n\
         --B\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example\r\nArrival-Date: Sun, 22 Nov 2026 21:00:00 +0000 (UTC)\r\n\r\n\
         {per_recipient}\r\n\
         --B\r\n{original}\r\n--B--\r\n"
    )
    .into_bytes()
}

fn failed() -> &'static str {
    "Final-Recipient: rfc822; anna@x.example\r\nOriginal-Recipient: rfc822;anna@x.example\r\nAction: failed\r\n\
     Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 <anna@x.example>: no such\r\n user here\r\n"
}

fn whole_original() -> String {
    let id = id().text("doors.example");
    format!("Content-Type: message/rfc822\r\n\r\nMessage-ID: {id}\r\nSubject: Your key\r\n\r\nHello\r\n")
}

#[test]
fn a_report_with_the_whole_mail_names_it() {
    let bounce = Bounce::read(&report("bounces@doors.example", failed(), &whole_original())).unwrap();
    let expected = Bounce { about: id(), verdict: BounceVerdict::Failed, status: Some("5.1.1".to_owned()) };
    assert_eq!(bounce, expected);
}

#[test]
fn a_report_with_only_the_headers_names_the_mail() {
    let id_text = id().text("doors.example");
    let original =
        format!("Content-Type: text/rfc822-headers\r\n\r\nSubject: x\r\nMessage-Id: {id_text}\r\n");
    let bounce = Bounce::read(&report("bounces@doors.example", failed(), &original)).unwrap();
    assert_eq!(bounce.about, id());
}

#[test]
fn a_report_without_the_mail_is_known_by_its_address() {
    let to = id().bounce_address_text();
    let bounce = Bounce::read(&report(&to, failed(), "Content-Type: text/plain\r\n\r\ngone\r\n")).unwrap();
    assert_eq!(bounce.about, id());
    assert_eq!(bounce.verdict, BounceVerdict::Failed);
}

#[test]
fn a_delay_is_no_failure_and_a_delivery_is_none_either() {
    for (action, verdict) in [
        ("delayed", BounceVerdict::Delayed),
        ("Delivered", BounceVerdict::Arrived),
        ("relayed", BounceVerdict::Arrived),
        ("FAILED", BounceVerdict::Failed),
    ] {
        let said =
            format!("Final-Recipient: rfc822; a@b.example\r\nAction: {action}\r\nStatus: 4.4.1 (x)\r\n");
        let bounce = Bounce::read(&report("b@doors.example", &said, &whole_original())).unwrap();
        assert_eq!((bounce.verdict, bounce.status.as_deref()), (verdict, Some("4.4.1")), "{action}");
    }
}

#[test]
fn the_worst_that_is_said_counts() {
    let said = format!(
        "Final-Recipient: rfc822; a@b.example\r\nAction: delayed\r\nStatus: 4.0.0\r\n\r\n{}",
        failed()
    );
    let bounce = Bounce::read(&report("b@doors.example", &said, &whole_original())).unwrap();
    assert_eq!(bounce.verdict, BounceVerdict::Failed);
}

#[test]
fn what_is_no_report_about_our_mail_is_none() {
    let holiday = format!(
        "From: anna@x.example\r\nTo: {}\r\nAuto-Submitted: auto-replied\r\nSubject: Away\r\n\r\nI am away.\r\n",
        id().bounce_address_text()
    );
    assert_eq!(Bounce::read(holiday.as_bytes()), None, "an automatic answer");
    let foreign = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <1@elsewhere.example>\r\n\r\nHello\r\n";
    assert_eq!(Bounce::read(&report("b@doors.example", failed(), foreign)), None, "another's mail");
    for nonsense in [&b""[..], b"\0\0\0", b"--B", &[0xFF; 300]] {
        assert_eq!(Bounce::read(nonsense), None);
    }
}

#[test]
fn a_report_that_is_cut_off_anywhere_is_survived() {
    let whole = report("bounces@doors.example", failed(), &whole_original());
    for length in 0..whole.len() {
        let _read = Bounce::read(&whole[..length]);
    }
}

#[test]
fn a_message_id_is_found_in_other_text() {
    assert_eq!(MessageId::find(&format!("x ostiary.no {}", id().text("d.example"))), Some(id()));
    for other in ["", "ostiary.", "ostiary.0190", "ostiary.0190000000007000 80000000000000042"] {
        assert_eq!(MessageId::find(other), None, "{other}");
    }
}

impl MessageId {
    fn bounce_address_text(self) -> String {
        self.bounce_address("bounces@doors.example").unwrap().to_string()
    }
}
