//! What is known when a step is done, and what a scenario expects of it.

use std::fmt;

use serde_json::{Map, Value};

use super::document::Word;

/// What is known when a step is done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Vec<(&'static str, Value)>);

/// What one fact has to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expected {
    pub(super) fact: String,
    pub(super) test: Test,
    /// Where it stands.
    pub(super) line: usize,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Test {
    Is(Value),
    IsNot(Value),
    AtMost(f64),
    AtLeast(f64),
}

impl Facts {
    /// The result alone.
    pub(super) fn result(result: impl Into<Value>) -> Self {
        Self::default().with("result", result)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One fact.
    pub fn fact(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All of them, for programs.
    pub fn to_json(&self) -> Value {
        Value::Object(
            self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect::<Map<_, _>>(),
        )
    }
}

impl Expected {
    pub(super) fn new(name: Word, value: Value, line: usize) -> Self {
        Self { fact: name.text, test: Test::of(value), line }
    }

    /// What is not as it has to be.
    pub(super) fn failure(&self, facts: &Facts) -> Option<String> {
        let is = facts.fact(&self.fact).unwrap_or(&Value::Null);
        let holds = match &self.test {
            Test::Is(should) => is == should,
            Test::IsNot(other) => is != other,
            Test::AtMost(most) => is.as_f64().is_some_and(|is| is <= *most),
            Test::AtLeast(least) => is.as_f64().is_some_and(|is| is >= *least),
        };
        (!holds).then(|| format!("{} is {}, not {}", self.fact, shown(is), self.test))
    }
}

impl Test {
    /// Texts may begin with `!=`, `<=` or `>=`; `none` is what is not there.
    fn of(value: Value) -> Self {
        let Value::String(text) = &value else { return Self::Is(value) };
        let number = |text: &str| text.trim().parse::<f64>().ok();
        if let Some(rest) = text.strip_prefix("!=") {
            return Self::IsNot(absent(rest.trim()));
        }
        if let Some(most) = text.strip_prefix("<=").and_then(number) {
            return Self::AtMost(most);
        }
        if let Some(least) = text.strip_prefix(">=").and_then(number) {
            return Self::AtLeast(least);
        }
        Self::Is(absent(text))
    }
}

fn absent(text: &str) -> Value {
    if text == "nothing" { Value::Null } else { text.into() }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(value) => f.write_str(&shown(value)),
            Self::IsNot(value) => write!(f, "anything but {}", shown(value)),
            Self::AtMost(most) => write!(f, "at most {most}"),
            Self::AtLeast(least) => write!(f, "at least {least}"),
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.iter().filter(|(_, value)| !value.is_null());
        for (index, (name, value)) in known.enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            match value {
                Value::String(text) => write!(f, "{comma}{name} {text}")?,
                other => write!(f, "{comma}{name} {other}")?,
            }
        }
        Ok(())
    }
}
