//! Reading TOML so that every error names its line and says what is known.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use jiff::{Span, SpanRelativeTo, SpanTotal, Unit};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// Collects what is wrong, so that all of it is said at once.
pub(super) struct Problems {
    line_starts: Vec<usize>,
    found: RefCell<Vec<Problem>>,
}

impl Problems {
    pub(super) fn new(text: &str) -> Self {
        let starts = text.bytes().enumerate().filter(|(_, octet)| *octet == b'\n');
        let line_starts = std::iter::once(0).chain(starts.map(|(at, _)| at.saturating_add(1))).collect();
        Self { line_starts, found: RefCell::default() }
    }

    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset)
    }

    pub(super) fn add(&self, offset: usize, text: impl Into<String>) {
        self.found.borrow_mut().push(Problem { line: self.line(offset), text: text.into() });
    }

    pub(super) fn into_found(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort();
        found
    }
}

/// One table of a file; whoever reads it says by that what may stand in it.
pub(super) struct Section<'d> {
    /// What it is called in errors: `[[door]]`, for example.
    what: String,
    table: &'d DeTable<'d>,
    at: usize,
    problems: &'d Problems,
    known: RefCell<Vec<&'static str>>,
}

/// A text with its place.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) at: usize,
}

impl<'d> Section<'d> {
    pub(super) fn new(
        what: impl Into<String>,
        table: &'d DeTable<'d>,
        span: Range<usize>,
        problems: &'d Problems,
    ) -> Self {
        Self { what: what.into(), table, at: span.start, problems, known: RefCell::default() }
    }

    /// Where it begins.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    pub(super) const fn problems(&self) -> &'d Problems {
        self.problems
    }

    fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        if !self.known.borrow().contains(&key) {
            self.known.borrow_mut().push(key);
        }
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, should: &str) {
        let is = value.get_ref().type_str();
        self.problems.add(
            value.span().start,
            format!("`{key}` in {} is of type {is}, and should be {should}", self.what),
        );
    }

    pub(super) fn word(&self, key: &'static str) -> Option<Word> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Word { text: text.to_string(), at: value.span().start }),
            DeValue::Datetime(time) => Some(Word { text: time.to_string(), at: value.span().start }),
            _ => {
                self.wrong(value, key, "a text");
                None
            }
        }
    }

    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        Some(self.word(key)?.text)
    }

    /// Says that something is missing.
    pub(super) fn miss(&self, key: &str) {
        self.problems.add(self.at, format!("{} needs `{key}`", self.what));
    }

    pub(super) fn needed(&self, key: &'static str) -> Option<Word> {
        if self.value(key).is_none() {
            self.miss(key);
        }
        self.word(key)
    }

    pub(super) fn number(&self, key: &'static str) -> Option<i64> {
        let value = self.value(key)?;
        let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
        if number.is_none() {
            self.wrong(value, key, "a whole number");
        }
        number
    }

    pub(super) fn count(&self, key: &'static str) -> Option<usize> {
        let number = self.number(key)?;
        let count = usize::try_from(number).ok();
        if count.is_none() {
            self.problems.add(self.at, format!("`{key}` in {} is less than 0", self.what));
        }
        count
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong(value, key, "true or false");
        }
        flag
    }

    /// A part of hundred, given as a number: in ten thousandths.
    pub(super) fn percent(&self, key: &'static str) -> Option<u32> {
        let value = self.value(key)?;
        let digits = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().parse::<f64>().ok(),
            DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
            _ => None,
        };
        let of_ten_thousand =
            digits.filter(|percent| (0.0..=100.0).contains(percent)).map(|percent| (percent * 100.0).round());
        if of_ten_thousand.is_none() {
            self.wrong(value, key, "a number of percent, 0 to 100");
        }
        // Within 0 and 10,000 by now.
        of_ten_thousand.map(|number| format!("{number:.0}").parse().unwrap_or(0))
    }

    /// A duration in microseconds.
    pub(super) fn duration(&self, key: &'static str) -> Option<u64> {
        let word = self.word(key)?;
        let us = duration_us(&word.text).and_then(|us| u64::try_from(us).ok());
        if us.is_none() {
            self.problems
                .add(word.at, format!("{:?} is not a duration; write `90s`, `1d 2h` or `250ms`", word.text));
        }
        us
    }

    /// A duration in whole seconds.
    pub(super) fn seconds(&self, key: &'static str) -> Option<u32> {
        u32::try_from(self.duration(key)? / 1_000_000).ok()
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(&self, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let word = self.word(key)?;
        let chosen = choices.iter().find(|(name, _)| *name == word.text);
        if chosen.is_none() {
            let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.problems
                .add(word.at, format!("`{key}` is not {:?}; known are: {}", word.text, known.join(", ")));
        }
        chosen.map(|(_, value)| *value)
    }

    /// The number of something that the file names.
    pub(super) fn one_of(&self, key: &'static str, kind: &str, names: &[String]) -> Option<usize> {
        let word = self.word(key)?;
        let found = names.iter().position(|name| *name == word.text);
        if found.is_none() {
            let known = if names.is_empty() {
                "none is named".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            };
            self.problems.add(word.at, format!("there is no {kind} {:?}; {known}", word.text));
        }
        found
    }

    /// Like [`Section::one_of`] for what must be there.
    pub(super) fn need_one_of(&self, key: &'static str, kind: &str, names: &[String]) -> Option<usize> {
        if self.value(key).is_none() {
            self.miss(key);
            return None;
        }
        self.one_of(key, kind, names)
    }

    /// An array of tables.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(value, key, &format!("[[{key}]], once for each"));
            return Vec::new();
        };
        let section = |value: &'d Spanned<DeValue<'d>>| {
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.wrong(value, key, &format!("[[{key}]], once for each"));
            }
            Some(Section::new(format!("[[{key}]]"), table?, value.span(), self.problems))
        };
        array.iter().filter_map(section).collect()
    }

    /// The tables of a table, by name.
    pub(super) fn named_tables(&self, key: &'static str) -> Vec<(String, Section<'d>)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, key, &format!("[{key}.NAME]"));
            return Vec::new();
        };
        let section = |(name, value): (&'d Spanned<_>, &'d Spanned<DeValue<'d>>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let table = value.get_ref().as_table();
            if table.is_none() {
                self.wrong(value, name, &format!("[{key}.{name}]"));
            }
            Some((
                name.to_string(),
                Section::new(format!("[{key}.{name}]"), table?, value.span(), self.problems),
            ))
        };
        table.iter().filter_map(section).collect()
    }

    /// The names and values of what is either one text or a table of simple values.
    pub(super) fn pairs(&self, key: &'static str, only: &str) -> Vec<(Word, serde_json::Value)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) => vec![(Word { text: only.to_owned(), at }, text.as_ref().into())],
            DeValue::Table(table) => {
                let pair = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                    let name = Word { text: name.get_ref().to_string(), at: name.span().start };
                    match simple(value.get_ref()) {
                        Some(value) => Some((name, value)),
                        None => {
                            self.wrong(value, &name.text, "a text, a number, true or false");
                            None
                        }
                    }
                };
                table.iter().filter_map(pair).collect()
            }
            _ => {
                self.wrong(value, key, "a text or a table");
                Vec::new()
            }
        }
    }

    /// Says what nobody has asked for.
    pub(super) fn finish(self) {
        let known = self.known.into_inner();
        for (name, _) in self.table.iter() {
            if !known.iter().any(|known| *known == name.get_ref()) {
                let text = format!(
                    "`{}` is not known in {}; known are: {}",
                    name.get_ref(),
                    self.what,
                    known.join(", ")
                );
                self.problems.add(name.span().start, text);
            }
        }
    }

    /// Calls it something else in errors.
    pub(super) fn called(mut self, what: impl Into<String>) -> Self {
        self.what = what.into();
        self
    }
}

fn simple(value: &DeValue<'_>) -> Option<serde_json::Value> {
    match value {
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Boolean(flag) => Some((*flag).into()),
        DeValue::Integer(number) => number.as_str().parse::<i64>().ok().map(Into::into),
        _ => None,
    }
}

/// Microseconds of a duration such as `1d 2h`; negative ones begin with a sign.
pub(super) fn duration_us(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok()?;
    let total = SpanTotal::from(Unit::Microsecond);
    let us = span.total(total.relative(SpanRelativeTo::days_are_24_hours())).ok()?;
    format!("{us:.0}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        assert_eq!(duration_us("90s"), Some(90_000_000));
        assert_eq!(duration_us("1d 2h"), Some(26 * 3_600_000_000));
        assert_eq!(duration_us("7.5ms").or(duration_us("7500us")), Some(7_500));
        assert_eq!(duration_us("-2h"), Some(-7_200_000_000));
        assert_eq!(duration_us("soon"), None);
    }
}
