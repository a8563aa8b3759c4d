//! The form of the designer as it is shown.

use super::draft::{Draft, Row, SIDES, holder_name, photo_name};
use crate::domain::{CardDesign, ExpiryRule, FieldKind, HolderPhoto, PhotoRule, Side, Symbology};
use crate::page::form::Field;
use crate::page::frame::Frame;

/// The fields of one side, with a title.
pub(super) struct Rows {
    pub(super) side: &'static str,
    pub(super) title: &'static str,
    pub(super) rows: Vec<ShownRow>,
    /// Whether the button that adds one gets the focus.
    pub(super) is_focused: bool,
}

/// A field of a card in the form.
pub(super) struct ShownRow {
    pub(super) row: Row,
    /// What the ids and names of its inputs begin with.
    pub(super) id: String,
    pub(super) place: usize,
    pub(super) kinds: Vec<(&'static str, &'static str, bool)>,
    /// How the buttons call it.
    pub(super) called: String,
    /// Which of its parts gets the focus: `label`, `up` or `down`.
    pub(super) focus: &'static str,
}

/// Settings that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
    pub(super) checks: Vec<Check>,
}

/// A box to tick.
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) is_set: bool,
}

pub(super) fn name(f: &Frame, draft: &Draft) -> Field {
    Field::text("name", f.t("Name of the template"), draft.name.clone())
        .hinted(f.t("What people call the kind of card; it stands at its head."))
}

pub(super) fn rows(f: &Frame, draft: &Draft, focus: &str) -> Vec<Rows> {
    let shown = |(side, rows): (&Side, &Vec<Row>)| {
        let row = |(place, row): (usize, &Row)| ShownRow {
            id: format!("{}-{place}", side.name()),
            place,
            kinds: FieldKind::ALL
                .map(|kind| (kind.name(), label_of_kind(f, kind), kind == row.kind))
                .to_vec(),
            called: match row.label.trim() {
                "" => f.with("field {}", place.saturating_add(1)),
                label => label.to_owned(),
            },
            focus: ["label", "up", "down"]
                .into_iter()
                .find(|part| focus == format!("{}-{place}-{part}", side.name()))
                .unwrap_or(""),
            row: row.clone(),
        };
        Rows {
            side: side.name(),
            title: match side {
                Side::Front => f.t("Fields on the front"),
                Side::Secondary => f.t("Fields in the second row of the front"),
                Side::Back => f.t("Fields on the back"),
            },
            rows: rows.iter().enumerate().map(row).collect(),
            is_focused: focus == side.name(),
        }
    };
    SIDES.iter().zip(&draft.rows).map(shown).collect()
}

/// The id of what gets the focus after `act`.
pub(super) fn focus(act: &str, before: &Draft, after: &Draft) -> String {
    let mut parts = act.split(':');
    let (act, side) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let place: usize = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let index = SIDES.iter().position(|known| known.name() == side).unwrap_or(0);
    let count = after.rows.get(index).map_or(0, Vec::len);
    match act {
        "add" => format!("{side}-{}-label", count.saturating_sub(1)),
        "up" if before != after => format!("{side}-{}-up", place.saturating_sub(1)),
        "down" if before != after => format!("{side}-{}-down", place.saturating_add(1)),
        "up" | "down" => format!("{side}-{place}-{act}"),
        _ => side.to_owned(),
    }
}

pub(super) fn groups(f: &Frame, draft: &Draft) -> Vec<Group> {
    vec![photo(f, draft), barcode(f, draft), validity(f, draft), issuance(f, draft), rules(f, draft)]
}

fn field(draft: &Draft, name: &'static str, label: &'static str) -> Field {
    Field::text(name, label, draft.rest.text(name)).optional()
}

fn choice(draft: &Draft, name: &'static str, label: &'static str, options: &[(&str, &str)]) -> Field {
    let options = options.iter().map(|(value, label)| ((*value).to_owned(), (*label).to_owned())).collect();
    Field::text(name, label, draft.rest.text(name)).choice(options)
}

fn check(draft: &Draft, name: &'static str, label: &'static str) -> Check {
    Check { name, label, is_set: draft.rest.is_set(name) }
}

fn photo(f: &Frame, draft: &Draft) -> Group {
    let rules = [PhotoRule::None, PhotoRule::Optional, PhotoRule::Required];
    let rules = rules.map(|rule| (photo_name(rule), label_of_photo(f, rule)));
    let holder = [HolderPhoto::Never, HolderPhoto::AfterApproval, HolderPhoto::AtOnce];
    let holder = holder.map(|photo| (holder_name(photo), label_of_holder(f, photo)));
    Group {
        title: f.t("Photo"),
        fields: vec![
            choice(draft, "photo", f.t("Whether a card has a photo"), &rules),
            choice(draft, "from_holder", f.t("A photo that the holder sends"), &holder),
        ],
        checks: Vec::new(),
    }
}

fn barcode(f: &Frame, draft: &Draft) -> Group {
    let mut symbologies = vec![("", f.t("No barcode"))];
    symbologies.extend(Symbology::ALL.map(|symbology| (symbology.name(), symbology.label())));
    let mut sources = vec![
        ("card_id".to_owned(), f.t("Card number").to_owned()),
        ("unique_identifier".to_owned(), f.t("Unique identifier").to_owned()),
        ("own".to_owned(), f.t("A value of its own on each card").to_owned()),
    ];
    let fields = draft.rows.iter().flatten().filter(|row| !row.key.is_empty());
    sources.extend(fields.map(|row| (format!("field:{}", row.key), f.with("Field {}", &row.label))));
    let source =
        Field::text("source", f.t("Where its value comes from"), draft.rest.text("source")).choice(sources);
    let symbology = choice(draft, "symbology", f.t("Barcode"), &symbologies);
    Group { title: f.t("Barcode"), fields: vec![symbology, source], checks: Vec::new() }
}

fn validity(f: &Frame, draft: &Draft) -> Group {
    let rules = ExpiryRule::ALL.map(|rule| (rule.name(), label_of_rule(f, rule)));
    let hint = f.t("A day, 2027-09-30, which counts to its end, or a local time, 2027-09-30T12:00.");
    Group {
        title: f.t("When cards end"),
        fields: vec![
            choice(draft, "rule", f.t("Rule"), &rules),
            field(draft, "at", f.t("The same moment for all")).hinted(hint),
            field(draft, "days", f.t("Days after a card was added")).of_kind("number", "off"),
            field(draft, "hours", f.t("Hours after a card was added")).of_kind("number", "off"),
            field(draft, "time_zone", f.t("Time zone"))
                .hinted(f.with("That of the project, {}, if it is left empty.", &f.zone)),
        ],
        checks: Vec::new(),
    }
}

fn issuance(f: &Frame, draft: &Draft) -> Group {
    Group {
        title: f.t("Issuing, and who the holder is"),
        fields: vec![
            field(draft, "invitation_hours", f.t("Hours for which an invitation is good"))
                .of_kind("number", "off")
                .hinted(f.t("As the project sets it, if it is left empty.")),
            field(draft, "questions", f.t("Security questions"))
                .of_kind("number", "off")
                .hinted(f.t("Up to 5, which are asked beside the unique identifier.")),
        ],
        checks: vec![check(draft, "identifier", f.t("The holder is asked for a unique identifier"))],
    }
}

fn rules(f: &Frame, draft: &Draft) -> Group {
    Group {
        title: f.t("Showing that a card is valid, and terms"),
        fields: vec![
            field(draft, "terms_version", f.t("Version of the terms")),
            field(draft, "terms_text", f.t("Terms that the holder accepts")).of_kind("area", "off"),
        ],
        checks: vec![
            check(draft, "validation", f.t("Cards show a code that anybody may scan to check them")),
            check(draft, "validation_photo", f.t("Whoever scans it sees the photo")),
        ],
    }
}

/// An approved template in words, but for its fields, which the card shows.
pub(super) fn facts(f: &Frame, design: &CardDesign) -> Vec<(&'static str, String)> {
    let mut facts = vec![(f.t("Photo"), label_of_photo(f, design.photo.rule).to_owned())];
    if design.photo.rule != PhotoRule::None {
        let text = label_of_holder(f, design.photo.from_holder).to_owned();
        facts.push((f.t("A photo that the holder sends"), text));
    }
    if let Some(barcode) = &design.barcode {
        let text = format!("{} ({})", barcode.symbology.label(), String::from(barcode.source.clone()));
        facts.push((f.t("Barcode"), text));
    }
    let expiry = &design.expiry;
    let of_rule = [expiry.at.clone(), expiry.days.map(|days| days.to_string())];
    let of_rule = of_rule.into_iter().flatten().chain(expiry.hours.map(|hours| hours.to_string()));
    let end: Vec<String> = std::iter::once(label_of_rule(f, expiry.rule).to_owned())
        .chain(of_rule)
        .chain(expiry.time_zone.clone())
        .collect();
    facts.push((f.t("When cards end"), end.join(" · ")));
    if let Some(hours) = design.issuance.invitation_hours {
        facts.push((f.t("Hours for which an invitation is good"), hours.to_string()));
    }
    if design.identity.unique_identifier {
        facts.push((f.t("Unique identifier"), f.t("is asked for").to_owned()));
    }
    if design.identity.questions > 0 {
        facts.push((f.t("Security questions"), design.identity.questions.to_string()));
    }
    if let Some(terms) = &design.terms {
        facts.push((f.t("Version of the terms"), terms.version.clone()));
    }
    facts
}

fn label_of_kind(f: &Frame, kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => f.t("Text"),
        FieldKind::Number => f.t("Number"),
        FieldKind::Date => f.t("Day"),
        FieldKind::Email => f.t("E-mail address"),
        FieldKind::Phone => f.t("Telephone number"),
        FieldKind::Url => f.t("Web address"),
    }
}

fn label_of_photo(f: &Frame, rule: PhotoRule) -> &'static str {
    match rule {
        PhotoRule::None => f.t("None"),
        PhotoRule::Optional => f.t("May have one"),
        PhotoRule::Required => f.t("Always has one"),
    }
}

fn label_of_holder(f: &Frame, photo: HolderPhoto) -> &'static str {
    match photo {
        HolderPhoto::Never => f.t("Holders send none"),
        HolderPhoto::AfterApproval => f.t("Is shown once an administrator has approved it"),
        HolderPhoto::AtOnce => f.t("Is shown at once"),
    }
}

fn label_of_rule(f: &Frame, rule: ExpiryRule) -> &'static str {
    match rule {
        ExpiryRule::None => f.t("Never"),
        ExpiryRule::Fixed => f.t("All at the same moment"),
        ExpiryRule::AfterDays => f.t("So many days after they were added"),
        ExpiryRule::AfterHours => f.t("So many hours after they were added"),
        ExpiryRule::Imported => f.t("As each card says"),
    }
}
