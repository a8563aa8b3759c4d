//! The form of a card: what stands on it, and what its holder is asked.

use std::collections::BTreeMap;

use crate::domain::{
    BarcodeSource, Card, CardContent, CardDesign, ExpiryRule, FieldDesign, FieldKind, SecurityAnswer, Side,
    check_content, complained_of, end_as_read,
};
use crate::page::fields::Fields;
use crate::page::form::Field;
use crate::page::frame::Frame;

/// Fields that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
}

/// What a form says of a card, in the form in which it is kept.
pub(super) struct Content {
    pub(super) card_id: String,
    pub(super) fields: BTreeMap<String, String>,
    pub(super) barcode_value: Option<String>,
    pub(super) unique_identifier: Option<String>,
    pub(super) questions: Vec<SecurityAnswer>,
    pub(super) expires: Option<String>,
    pub(super) time_zone: Option<String>,
    pub(super) email: Option<String>,
}

impl Content {
    /// What a form brought; a question without an answer is left as it is.
    pub(super) fn read(design: &CardDesign, sent: &Fields) -> Self {
        let some =
            |name: &str| Some(sent.text(name).trim()).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        let value = |(_, field): (Side, &FieldDesign)| {
            (field.key.clone(), sent.text(&name_of(&field.key)).trim().to_owned())
        };
        let answer = |place: u8| SecurityAnswer {
            question: sent.text(&question(place)).to_owned(),
            answer: sent.text(&answer(place)).to_owned(),
        };
        let is_said = |given: &SecurityAnswer| !given.question.is_empty() || !given.answer.is_empty();
        Self {
            card_id: sent.text("card_id").trim().to_owned(),
            fields: design.fields().map(value).collect(),
            barcode_value: some("barcode_value"),
            unique_identifier: some("unique_identifier"),
            questions: (0..design.identity.questions).map(answer).filter(is_said).collect(),
            expires: some("expires"),
            time_zone: some("time_zone"),
            email: some("email"),
        }
    }

    /// Everything that is wrong with it, as the template has it; `questions` is how many the card has.
    pub(super) fn wrong(&self, design: &CardDesign, questions: usize) -> Vec<String> {
        let content = CardContent {
            card_id: &self.card_id,
            fields: &self.fields,
            barcode_value: self.barcode_value.as_deref(),
            unique_identifier: self.unique_identifier.as_deref(),
            questions,
            email: self.email.as_deref(),
        };
        check_content(design, &content).err().unwrap_or_default()
    }
}

/// What stands in the form of a card that there is.
pub(super) fn of_card(card: &Card, user: &str) -> Fields {
    let mut values = Fields::default();
    let mut set = |name: &str, value: &str| values = values.replacing(name, value);
    set("card_id", &card.card_id);
    for (key, value) in &card.fields {
        set(&name_of(key), value);
    }
    set("barcode_value", card.barcode_value.as_deref().unwrap_or_default());
    set("unique_identifier", card.unique_identifier.as_deref().unwrap_or_default());
    for (place, text) in (0..).zip(&card.questions) {
        set(&question(place), text);
    }
    set("email", card.email.as_deref().unwrap_or_default());
    set("user", user);
    values
}

/// The form with what stands in it, and what is wrong with it; `card` is the card that there is already.
pub(super) fn form(
    f: &Frame,
    design: &CardDesign,
    values: &Fields,
    wrong: &[String],
    card: Option<&Card>,
) -> Vec<Group> {
    let wrong_with = |name: &str| {
        let mine = wrong.iter().filter(|text| complained_of(design, text).as_deref() == Some(name));
        mine.map(|text| f.known(text)).collect::<Vec<_>>().join("; ")
    };
    let text = |name: String, label: String| {
        let (value, wrong) = (values.text(&name).to_owned(), wrong_with(&name));
        Field::text(name, label, value).wrong(wrong)
    };
    let of = |field: &FieldDesign| {
        let shown = text(name_of(&field.key), field.label.clone()).of_kind(kind(field.kind), "off");
        if field.required { shown } else { shown.optional() }
    };
    let mut front = vec![text("card_id".to_owned(), f.t("Card number").to_owned())];
    front.extend(design.front.iter().chain(&design.secondary).map(of));
    if design.barcode.as_ref().is_some_and(|barcode| barcode.source == BarcodeSource::Own) {
        front.push(text("barcode_value".to_owned(), f.t("Value of the barcode").to_owned()));
    }
    let mut groups = vec![Group { title: f.t("Front"), fields: front }];
    if !design.back.is_empty() {
        groups.push(Group { title: f.t("Back"), fields: design.back.iter().map(of).collect() });
    }
    groups.push(Group { title: f.t("When it ends"), fields: end(f, design, values, card) });
    let mut holder = vec![
        text("email".to_owned(), f.t("E-mail address").to_owned())
            .of_kind("email", "off")
            .optional()
            .hinted(f.t("Where the invitation goes; to the user's address if it is left empty.")),
        text("user".to_owned(), f.t("User").to_owned()).optional().hinted(
            f.t("E-mail address or user ID of the user whose card it is: one phone then holds both."),
        ),
    ];
    if design.identity.unique_identifier {
        let hint = f.t("What the holder is asked for at the installation, and nobody else knows.");
        holder.push(text("unique_identifier".to_owned(), f.t("Unique identifier").to_owned()).hinted(hint));
    }
    for place in 0..design.identity.questions {
        let number = u32::from(place).saturating_add(1);
        let asked = text(question(place), f.with("Security question {}", number));
        let answered = text(answer(place), f.with("Answer {}", number));
        if card.is_some() {
            holder.push(asked.optional());
            holder.push(
                answered.optional().hinted(f.t("Nobody sees it again; left empty, it stays as it is.")),
            );
        } else {
            holder.push(asked);
            holder.push(answered);
        }
    }
    groups.push(Group { title: f.t("For its holder"), fields: holder });
    groups
}

fn end(f: &Frame, design: &CardDesign, values: &Fields, card: Option<&Card>) -> Vec<Field> {
    let text = |name: &'static str, label: &'static str| Field::text(name, label, values.text(name));
    let by_rule = match (card, design.expiry.rule) {
        (Some(card), _) => {
            let zone = card.time_zone.as_deref().unwrap_or(&f.zone);
            let end = card.expires_at.and_then(|at| end_as_read(at, zone));
            end.map_or(String::new(), |end| f.with("Now: {}. Left empty, it stays so.", end))
        }
        (None, ExpiryRule::Imported) => String::new(),
        (None, _) => f.t("Left empty, it ends as the template says.").to_owned(),
    };
    let day = f.t("A day, 2027-09-30, which counts to its end, or a local time, 2027-09-30T12:00.");
    let expires = text("expires", f.t("Ends")).hinted(format!("{day} {by_rule}").trim_end());
    let is_needed = card.is_none() && design.wants_end();
    vec![
        if is_needed { expires } else { expires.optional() },
        text("time_zone", f.t("Time zone"))
            .optional()
            .hinted(f.with("That of the project, {}, if it is left empty.", &f.zone)),
    ]
}

/// The names of everything in the form, with what stands in it.
pub(super) fn brought(design: &CardDesign, sent: &Fields) -> Vec<(String, String)> {
    let own = ["card_id", "barcode_value", "unique_identifier", "expires", "time_zone", "email", "user"];
    let names = own.into_iter().map(ToOwned::to_owned);
    let names = names.chain(design.fields().map(|(_, field)| name_of(&field.key)));
    let asked = (0..design.identity.questions).flat_map(|place| [question(place), answer(place)]);
    let with_value = |name: String| {
        let value = sent.text(&name).to_owned();
        (name, value)
    };
    names.chain(asked).map(with_value).filter(|(_, value)| !value.is_empty()).collect()
}

/// The name of the input of a field.
pub(super) fn name_of(key: &str) -> String {
    format!("field:{key}")
}

fn question(place: u8) -> String {
    format!("question-{place}")
}

fn answer(place: u8) -> String {
    format!("answer-{place}")
}

/// What kind of input the browser shows; numbers are text, since zeros at their beginning stay.
const fn kind(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text | FieldKind::Number => "text",
        FieldKind::Date => "date",
        FieldKind::Email => "email",
        FieldKind::Phone => "tel",
        FieldKind::Url => "url",
    }
}
