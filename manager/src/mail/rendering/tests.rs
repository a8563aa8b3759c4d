use super::*;

fn with_plain(plain: &str) -> MailText {
    MailText { plain: plain.to_owned(), ..MailText::standard(MailKind::Invitation, Language::En) }
}

fn checked(text: &MailText) -> Result<(), TextError> {
    check(MailKind::Invitation, Language::En, text)
}

#[test]
fn every_standard_text_can_be_filled_in_and_has_what_it_needs() {
    for kind in MailKind::ALL {
        for language in Language::ALL {
            let text = MailText::standard(kind, language);
            assert_eq!(check(kind, language, &text), Ok(()), "{kind:?} {language:?}");
            let rendered = render(&text, &sample(kind, language), language).unwrap();
            for part in [&rendered.subject, &rendered.plain, &rendered.html] {
                assert!(!part.contains("{{") && !part.contains("{%"), "{kind:?} {language:?}: {part}");
            }
        }
    }
}

#[test]
fn what_a_user_is_called_cannot_become_html_or_a_header() {
    let text = MailText {
        subject: "Key of {{ name }}".to_owned(),
        ..MailText::standard(MailKind::Invitation, Language::En)
    };
    let name = "<script>\r\nBcc: a@b.example\r\n\r\n&\"".to_owned();
    let fields = MailFields { name: name.clone(), ..sample(MailKind::Invitation, Language::En) };
    let rendered = render(&text, &fields, Language::En).unwrap();
    assert_eq!(rendered.subject, "Key of <script> Bcc: a@b.example &\"");
    assert!(rendered.plain.contains(&name));
    assert!(!rendered.html.contains("<script>"), "{}", rendered.html);
    assert!(rendered.html.contains("&lt;script&gt;"), "{}", rendered.html);
}

#[test]
fn a_name_that_looks_like_a_placeholder_stays_a_name() {
    let text = with_plain("{{ name }} {{ link }} {{ code }}");
    let fields = MailFields { name: "{{ code }}".to_owned(), ..sample(MailKind::Invitation, Language::En) };
    assert!(render(&text, &fields, Language::En).unwrap().plain.starts_with("{{ code }} "));
}

#[test]
fn a_text_without_the_link_or_the_code_is_refused() {
    let missing = |part, placeholder| Err(TextError::Missing { part, placeholder });
    assert_eq!(checked(&with_plain("{{ code }}")), missing("plain text", "link"));
    assert_eq!(checked(&with_plain("{{ link }}")), missing("plain text", "code"));
    let standard = MailText::standard(MailKind::Invitation, Language::En);
    assert_eq!(
        checked(&MailText { html: "<p>{{ code }}</p>".to_owned(), ..standard.clone() }),
        missing("HTML", "link")
    );
    assert_eq!(checked(&MailText { html: "{{ link }}{{ code }}".to_owned(), ..standard }), Ok(()));
}

#[test]
fn what_is_not_well_formed_is_named_by_its_line() {
    let malformed = |plain: &str| match checked(&with_plain(plain)) {
        Err(TextError::Malformed { part: "plain text", line, problem }) => (line, problem),
        other => panic!("{other:?}"),
    };
    assert_eq!(malformed("{{ link }} {{ code }}\n{{ lnk }}").0, 2);
    assert_eq!(malformed("a\n\n{% if %}").0, 3);
    assert_eq!(malformed("{{ changes }}").1, "a placeholder that this kind of mail does not have");
    let loops = "{% for a in link %}{% for b in link %}{% for c in link %}{% for d in link %}x{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
    assert_eq!(malformed(loops).1, "a loop that takes too long");
    let message = checked(&with_plain("{{ lnk }}")).unwrap_err().to_string();
    assert_eq!(message, "the plain text, line 1: a placeholder that this kind of mail does not have");
}

#[test]
fn a_part_that_is_empty_or_too_long_is_refused() {
    assert_eq!(checked(&with_plain(" \n")), Err(TextError::Empty("plain text")));
    assert_eq!(checked(&with_plain(&"x".repeat(TEXT_MAX + 1))), Err(TextError::TooLong("plain text")));
    let standard = MailText::standard(MailKind::Invitation, Language::En);
    let long = MailText { subject: "x".repeat(SUBJECT_MAX + 1), ..standard };
    assert_eq!(checked(&long), Err(TextError::TooLong("subject")));
}
