//! A template as the form of its designer has it, which need not be whole yet.

use crate::domain::{
    BarcodeDesign, BarcodeSource, CardDesign, ExpiryDesign, ExpiryRule, FieldDesign, FieldKind, HolderPhoto,
    IdentityCheck, Issuance, PhotoDesign, PhotoRule, Side, Symbology, Terms, ValidationDesign,
};
use crate::page::fields::Fields;

/// The sides of a card, in the order in which they are shown.
pub(super) const SIDES: [Side; 3] = [Side::Front, Side::Secondary, Side::Back];
/// Fields of one side that a form may bring; how many there may be is said by the rules of templates.
const ROWS_MAX: usize = 40;
/// The longest key that is made of a label, in characters.
const KEY_MAX: usize = 40;

/// A field of a card in the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) label: String,
    pub(super) kind: FieldKind,
    pub(super) required: bool,
    /// Whether it is told to whoever scans the card.
    pub(super) told: bool,
}

/// What the form of a designer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) name: String,
    /// The fields of front, second row and back.
    pub(super) rows: [Vec<Row>; 3],
    /// Everything else, as text by the name of its field.
    pub(super) rest: Fields,
}

impl Draft {
    /// The draft of a new template: a name on the front, and nothing else.
    pub(super) fn first(label: &str) -> Self {
        let name = Row { label: label.to_owned(), key: "name".to_owned(), required: true, ..Row::default() };
        Self { rows: [vec![name], Vec::new(), Vec::new()], ..Self::default() }
    }

    /// The form of a template.
    pub(super) fn of(design: &CardDesign) -> Self {
        let told = |key: &String| {
            design.validation.as_ref().is_some_and(|validation| validation.fields.contains(key))
        };
        let row = |field: &FieldDesign| Row {
            key: field.key.clone(),
            label: field.label.clone(),
            kind: field.kind,
            required: field.required,
            told: told(&field.key),
        };
        let rows = |fields: &[FieldDesign]| fields.iter().map(row).collect();
        let mut rest = Fields::default();
        let mut set = |name: &str, value: &str| rest = rest.replacing(name, value);
        set("photo", photo_name(design.photo.rule));
        set("from_holder", holder_name(design.photo.from_holder));
        if let Some(barcode) = &design.barcode {
            set("symbology", barcode.symbology.name());
            set("source", &String::from(barcode.source.clone()));
        }
        set("invitation_hours", &number(design.issuance.invitation_hours));
        let expiry = &design.expiry;
        set("rule", expiry.rule.name());
        set("at", expiry.at.as_deref().unwrap_or_default());
        set("days", &number(expiry.days));
        set("hours", &number(expiry.hours));
        set("time_zone", expiry.time_zone.as_deref().unwrap_or_default());
        set("identifier", if design.identity.unique_identifier { "yes" } else { "" });
        set("questions", &design.identity.questions.to_string());
        if let Some(terms) = &design.terms {
            set("terms_version", &terms.version);
            set("terms_text", &terms.text);
        }
        if let Some(validation) = &design.validation {
            set("validation", "yes");
            set("validation_photo", if validation.photo { "yes" } else { "" });
        }
        let rows = [rows(&design.front), rows(&design.secondary), rows(&design.back)];
        Self { name: design.name.clone(), rows, rest }
    }

    /// What a form brought.
    pub(super) fn read(fields: &Fields) -> Self {
        let rows = SIDES.map(|side| {
            let brought = (0..ROWS_MAX).filter(|place| fields.is_set(&name(side, *place, "label")));
            let row = |place| Row {
                key: fields.text(&name(side, place, "key")).trim().to_owned(),
                label: fields.text(&name(side, place, "label")).to_owned(),
                kind: FieldKind::from_name(fields.text(&name(side, place, "kind"))).unwrap_or_default(),
                required: fields.is_set(&name(side, place, "required")),
                told: fields.is_set(&name(side, place, "told")),
            };
            brought.map(row).collect()
        });
        let mut draft = Self { name: fields.text("name").to_owned(), rows, rest: fields.clone() };
        draft.name_keys();
        draft
    }

    /// Does what a button of the form says, `add:SIDE`, `remove:SIDE:PLACE`, `up:SIDE:PLACE` or `down:SIDE:PLACE`; whether
    /// it was one of these.
    pub(super) fn turn(&mut self, act: &str) -> bool {
        let mut parts = act.split(':');
        let (act, side) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let side = SIDES.iter().position(|known| known.name() == side);
        let Some(rows) = side.and_then(|side| self.rows.get_mut(side)) else { return false };
        if act == "add" {
            if rows.len() < ROWS_MAX {
                rows.push(Row::default());
            }
            return true;
        }
        let place = parts.next().and_then(|text| text.parse::<usize>().ok());
        let Some(place) = place.filter(|place| *place < rows.len()) else { return false };
        match (act, place.checked_sub(1), place.saturating_add(1)) {
            ("remove", ..) => drop(rows.remove(place)),
            ("up", Some(before), _) => rows.swap(before, place),
            ("down", _, after) if after < rows.len() => rows.swap(place, after),
            // The first goes no further up, and the last no further down.
            ("up" | "down", ..) => {}
            _ => return false,
        }
        true
    }

    /// The template that the form says, and what of it is no number; what is wrong beside that, the template knows.
    pub(super) fn design(&self) -> (CardDesign, Vec<String>) {
        let mut wrong = Vec::new();
        let mut number = |name: &str| match self.rest.some(name).map(str::trim) {
            None | Some("") => None,
            Some(text) => {
                let read = text.parse::<u32>().ok();
                if read.is_none() {
                    wrong.push(format!("{text:?} is not a number"));
                }
                read
            }
        };
        let rule = ExpiryRule::from_name(self.rest.text("rule")).unwrap_or_default();
        let text = |name: &str| self.rest.some(name).map(|text| text.trim().to_owned());
        let is = |of: ExpiryRule| rule == of;
        let expiry = ExpiryDesign {
            rule,
            // What stands in the fields of other rules is left there, and left alone.
            at: text("at").filter(|_| is(ExpiryRule::Fixed)),
            days: is(ExpiryRule::AfterDays).then(|| number("days")).flatten(),
            hours: is(ExpiryRule::AfterHours).then(|| number("hours")).flatten(),
            time_zone: text("time_zone").filter(|_| !is(ExpiryRule::None)),
        };
        let issuance = Issuance { invitation_hours: number("invitation_hours") };
        let questions = number("questions").unwrap_or(0);
        let rule = photo_rule(self.rest.text("photo"));
        let from_holder = match (rule, self.rest.text("from_holder")) {
            (PhotoRule::None, _) => HolderPhoto::Never,
            (_, "after_approval") => HolderPhoto::AfterApproval,
            (_, "at_once") => HolderPhoto::AtOnce,
            _ => HolderPhoto::Never,
        };
        let [front, secondary, back] = self.rows.each_ref().map(|rows| rows.iter().map(field).collect());
        let design = CardDesign {
            name: self.name.clone(),
            front,
            secondary,
            back,
            photo: PhotoDesign { rule, from_holder },
            barcode: self.barcode(),
            issuance,
            expiry,
            identity: IdentityCheck {
                unique_identifier: self.rest.is_set("identifier"),
                questions: u8::try_from(questions).unwrap_or(u8::MAX),
            },
            terms: self.terms(),
            validation: self.rest.is_set("validation").then(|| ValidationDesign {
                fields: self
                    .rows
                    .iter()
                    .flatten()
                    .filter(|row| row.told)
                    .map(|row| row.key.clone())
                    .collect(),
                photo: rule != PhotoRule::None && self.rest.is_set("validation_photo"),
            }),
        };
        (design, wrong)
    }

    fn barcode(&self) -> Option<BarcodeDesign> {
        let symbology = Symbology::from_name(self.rest.text("symbology"))?;
        let source = self.rest.text("source").to_owned();
        let source = BarcodeSource::try_from(source).unwrap_or(BarcodeSource::CardId);
        Some(BarcodeDesign { symbology, source })
    }

    fn terms(&self) -> Option<Terms> {
        let text = |name: &str| self.rest.text(name).replace("\r\n", "\n").trim().to_owned();
        let terms = Terms { version: text("terms_version"), text: text("terms_text") };
        Some(terms).filter(|terms| !terms.version.is_empty() || !terms.text.is_empty())
    }

    /// Gives fields without a key one that is made of their label, and that no other has.
    fn name_keys(&mut self) {
        let mut taken: Vec<String> = self.rows.iter().flatten().map(|row| row.key.clone()).collect();
        let nameless = |row: &&mut Row| row.key.is_empty() && !row.label.trim().is_empty();
        for row in self.rows.iter_mut().flatten().filter(nameless) {
            let made = made_of(&row.label);
            let numbered = (2..).map(|number: usize| format!("{made}_{number}"));
            let free = std::iter::once(made.clone()).chain(numbered).find(|key| !taken.contains(key));
            row.key = free.unwrap_or_default();
            taken.push(row.key.clone());
        }
    }
}

/// The name of an input of a row.
pub(super) fn name(side: Side, place: usize, what: &str) -> String {
    format!("{}-{place}-{what}", side.name())
}

fn field(row: &Row) -> FieldDesign {
    let Row { key, label, kind, required, .. } = row.clone();
    FieldDesign { key, label: label.trim().to_owned(), kind, required }
}

/// A key: small letters, digits and `_`.
fn made_of(label: &str) -> String {
    let folded = crate::domain::folded(label).unwrap_or_default();
    let is_key = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit();
    let words: Vec<String> =
        folded.split(|one| !is_key(one)).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect();
    let key: String = words.join("_").chars().take(KEY_MAX.saturating_sub(4)).collect();
    if key.is_empty() { "field".to_owned() } else { key }
}

fn number(value: Option<u32>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

pub(super) const fn photo_name(rule: PhotoRule) -> &'static str {
    match rule {
        PhotoRule::None => "none",
        PhotoRule::Optional => "optional",
        PhotoRule::Required => "required",
    }
}

fn photo_rule(name: &str) -> PhotoRule {
    let all = [PhotoRule::None, PhotoRule::Optional, PhotoRule::Required];
    all.into_iter().find(|rule| photo_name(*rule) == name).unwrap_or_default()
}

pub(super) const fn holder_name(photo: HolderPhoto) -> &'static str {
    match photo {
        HolderPhoto::Never => "never",
        HolderPhoto::AfterApproval => "after_approval",
        HolderPhoto::AtOnce => "at_once",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design() -> CardDesign {
        serde_json::from_str(
            r#"{ "name": "Student", "front": [{ "key": "name", "label": "Name", "required": true }],
                 "secondary": [{ "key": "born", "label": "Born", "kind": "date" }],
                 "back": [{ "key": "library", "label": "Library", "kind": "number" }],
                 "photo": { "rule": "required", "from_holder": "after_approval" },
                 "barcode": { "symbology": "code_128", "source": "field:library" },
                 "issuance": { "invitation_hours": 72 },
                 "expiry": { "rule": "after_days", "days": 365, "time_zone": "Europe/Berlin" },
                 "identity": { "unique_identifier": true, "questions": 2 },
                 "terms": { "version": "1", "text": "Not to be lent.\nNever." },
                 "validation": { "fields": ["name"], "photo": true } }"#,
        )
        .unwrap()
    }

    /// What a browser sends back of a form.
    fn sent(draft: &Draft) -> Fields {
        let mut fields = draft.rest.replacing("name", &draft.name);
        for (side, rows) in SIDES.iter().zip(&draft.rows) {
            for (place, row) in rows.iter().enumerate() {
                let is = |set: bool| if set { "yes" } else { "" };
                for (what, value) in [
                    ("key", row.key.as_str()),
                    ("kind", row.kind.name()),
                    ("required", is(row.required)),
                    ("told", is(row.told)),
                    ("label", row.label.as_str()),
                ] {
                    fields = fields.replacing(&name(*side, place, what), value);
                }
            }
        }
        fields
    }

    #[test]
    fn a_template_goes_into_the_form_and_comes_back_as_it_was() {
        for design in [design(), serde_json::from_str(r#"{ "name": "Visitor" }"#).unwrap()] {
            let draft = Draft::of(&design);
            assert_eq!(draft.design(), (design.clone(), Vec::new()));
            assert_eq!(Draft::read(&sent(&draft)).design(), (design, Vec::new()));
        }
    }

    #[test]
    fn fields_are_added_moved_and_removed() {
        let mut draft = Draft::of(&design());
        assert!(draft.turn("add:front") && draft.rows[0].len() == 2);
        draft.rows[0][1].label = "Class".to_owned();
        assert!(draft.turn("up:front:1") && draft.rows[0][0].label == "Class");
        assert!(draft.turn("down:front:0") && draft.rows[0][1].label == "Class");
        assert!(draft.turn("remove:front:0") && draft.rows[0].len() == 1);
        let whole = draft.clone();
        assert!(
            draft.turn("up:front:0") && draft.turn("down:front:0") && draft == whole,
            "there is nowhere to go"
        );
        for act in
            ["save", "add:side", "", "add", "remove:front:9", "up:front:18446744073709551616", "up:front"]
        {
            assert!(!draft.turn(act) && draft == whole, "{act}");
        }
    }

    #[test]
    fn a_field_without_a_key_gets_one_of_its_label_that_no_other_has() {
        let mut draft = Draft::default();
        draft.rows[0] = ["Größe (cm)", "Groesse cm", "größe cm", "名", " "]
            .map(|label| Row { label: label.to_owned(), ..Row::default() })
            .to_vec();
        let read = Draft::read(&sent(&draft));
        let keys: Vec<&str> = read.rows[0].iter().map(|row| row.key.as_str()).collect();
        assert!(keys.iter().take(4).all(|key| !key.is_empty()), "{keys:?}");
        let (design, _) = read.design();
        let wrong = design.check().unwrap_err();
        assert!(wrong.iter().all(|text| !text.contains("another field")), "{wrong:?}");
    }

    #[test]
    fn what_is_no_number_is_said_and_what_is_of_another_rule_is_left_alone() {
        let fields = Fields::parse(b"name=V&days=soon&hours=x&rule=after_days&invitation_hours=-1");
        let (_, wrong) = Draft::read(&fields).design();
        assert_eq!(wrong, ["\"soon\" is not a number", "\"-1\" is not a number"]);
    }
}
