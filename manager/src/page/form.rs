//! Fields of forms as they are shown: label, value, hint, and what is wrong with it.

use std::borrow::Cow;

/// One field of a form.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its name in the form, and its id.
    pub(super) name: Cow<'static, str>,
    /// What people read.
    pub(super) label: Cow<'static, str>,
    /// What kind of field the browser shows.
    pub(super) kind: &'static str,
    /// What stands in it.
    pub(super) value: String,
    /// What helps to fill it in.
    pub(super) hint: String,
    /// What is wrong with it.
    pub(super) error: String,
    /// What the browser may fill in by itself.
    pub(super) autocomplete: &'static str,
    /// Whether it may not be empty.
    pub(super) required: bool,
    /// What there is to choose from: values and what people read.
    pub(super) options: Vec<(String, String)>,
}

impl Field {
    /// A line of text that may not be empty.
    pub(super) fn text(
        name: impl Into<Cow<'static, str>>,
        label: impl Into<Cow<'static, str>>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind: "text",
            value: value.into(),
            hint: String::new(),
            error: String::new(),
            autocomplete: "off",
            required: true,
            options: Vec::new(),
        }
    }

    /// A line of another kind.
    pub(super) fn of_kind(self, kind: &'static str, autocomplete: &'static str) -> Self {
        Self { kind, autocomplete, ..self }
    }

    /// A choice of one of these: values and what people read.
    pub(super) fn choice(self, options: Vec<(String, String)>) -> Self {
        Self { kind: "choice", options, ..self }
    }

    /// With words that help to fill it in.
    pub(super) fn hinted(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// One that may be empty.
    pub(super) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// With what is wrong with it.
    pub(super) fn wrong(self, error: impl Into<String>) -> Self {
        Self { error: error.into(), ..self }
    }

    /// The ids of what describes the field.
    pub(super) fn described_by(&self) -> String {
        let mut ids = Vec::new();
        if !self.hint.is_empty() {
            ids.push(format!("{}-hint", self.name));
        }
        if !self.error.is_empty() {
            ids.push(format!("{}-error", self.name));
        }
        ids.join(" ")
    }
}
