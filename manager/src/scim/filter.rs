//! Filters. Spec: RFC 7644 §3.4.2.2, figure 1.

use serde_json::Value;

use super::error::{ScimError, ScimType};
use super::path::AttributeName;
use super::resource::{Record, values};
use crate::domain::Field;

/// The longest filter, in octets.
const LENGTH_MAX: usize = 4096;
/// How deep parentheses may be.
const DEPTH_MAX: usize = 32;

/// What users have to be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// One holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// An attribute is there.
    Present(String),
    /// An attribute compares to a value.
    Compare(String, Operator, Operand),
    /// One value of an attribute is like this: `emails[type eq "work"]`.
    Within(String, Box<Filter>),
}

/// How an attribute compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What an attribute is compared to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Text(String),
    Bool(bool),
    /// `null`, or a number, which no attribute here is.
    Other,
}

impl Filter {
    /// Reads a filter.
    pub(crate) fn parse(text: &str) -> Result<Self, ScimError> {
        if text.len() > LENGTH_MAX {
            return Err(ScimError::new(ScimType::InvalidFilter, "the filter is longer than 4,096 octets"));
        }
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, depth: 0 };
        let filter = parser.or()?;
        match parser.tokens.first() {
            None => Ok(filter),
            Some(token) => Err(unexpected(Some(token))),
        }
    }

    /// Whether a user is like that.
    pub(crate) fn holds(&self, record: &Record) -> bool {
        self.holds_in(record, None)
    }

    fn holds_in(&self, record: &Record, within: Option<&str>) -> bool {
        let name = |attribute: &str| match within {
            Some(outer) => format!("{outer}.{attribute}"),
            None => attribute.to_owned(),
        };
        match self {
            Self::And(one, other) => one.holds_in(record, within) && other.holds_in(record, within),
            Self::Or(one, other) => one.holds_in(record, within) || other.holds_in(record, within),
            Self::Not(filter) => !filter.holds_in(record, within),
            Self::Present(attribute) => !of(record, &name(attribute)).is_empty(),
            Self::Compare(attribute, operator, operand) => {
                compares(&of(record, &name(attribute)), *operator, operand)
            }
            // There is one e-mail address, so that each condition is about the same one.
            Self::Within(attribute, filter) => filter.holds_in(record, Some(attribute)),
        }
    }
}

/// A field and the value that it must have, where a filter says so: an index finds it.
pub(crate) fn indexed(filter: &Filter) -> Option<(IndexedField, &str)> {
    match filter {
        Filter::And(one, other) => indexed(one).or_else(|| indexed(other)),
        Filter::Compare(attribute, Operator::Equal, Operand::Text(value)) => {
            let name = AttributeName::parse(attribute)?;
            let field = match (name.is_enterprise, name.name.as_str(), name.sub.as_deref()) {
                (false, "username", None) => IndexedField::UserName,
                (false, "emails", None | Some("value")) => IndexedField::Person(Field::Email),
                (false, "externalid", None) => IndexedField::Person(Field::SyncId),
                (true, "employeenumber", None) => IndexedField::Person(Field::UserId),
                _ => return None,
            };
            Some((field, value))
        }
        _ => None,
    }
}

/// What an index finds users by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IndexedField {
    UserName,
    Person(Field),
}

/// The values of an attribute, and whether the case of their letters matters.
fn of(record: &Record, attribute: &str) -> Vec<(Value, bool)> {
    AttributeName::parse(attribute).map(|name| values(record, &name)).unwrap_or_default()
}

fn compares(values: &[(Value, bool)], operator: Operator, operand: &Operand) -> bool {
    if operator == Operator::NotEqual {
        return !compares(values, Operator::Equal, operand);
    }
    if matches!(operand, Operand::Other) {
        return operator == Operator::Equal && values.is_empty();
    }
    values.iter().any(|(value, is_exact)| match (value, operand) {
        (Value::Bool(value), Operand::Bool(operand)) => operator == Operator::Equal && value == operand,
        (Value::String(value), Operand::Text(operand)) => {
            if *is_exact {
                text_compares(value, operator, operand)
            } else {
                text_compares(&value.to_lowercase(), operator, &operand.to_lowercase())
            }
        }
        _ => false,
    })
}

fn text_compares(value: &str, operator: Operator, operand: &str) -> bool {
    match operator {
        Operator::Equal => value == operand,
        Operator::NotEqual => value != operand,
        Operator::Contains => value.contains(operand),
        Operator::StartsWith => value.starts_with(operand),
        Operator::EndsWith => value.ends_with(operand),
        Operator::Greater => value > operand,
        Operator::GreaterOrEqual => value >= operand,
        Operator::Less => value < operand,
        Operator::LessOrEqual => value <= operand,
    }
}

/// A piece of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Word(String),
    Text(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, ScimError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '[' => (Token::OpenBracket, 1),
            ']' => (Token::CloseBracket, 1),
            '"' => {
                let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
                let text = stream.next().and_then(Result::ok).ok_or_else(|| {
                    ScimError::new(ScimType::InvalidFilter, "a text in the filter is not closed")
                })?;
                (Token::Text(text), stream.byte_offset())
            }
            _ => {
                let end = rest.find(|symbol: char| symbol.is_whitespace() || "()[]\"".contains(symbol));
                let word = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                (Token::Word(word.to_owned()), word.len())
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn or(&mut self) -> Result<Filter, ScimError> {
        let mut filter = self.and()?;
        while self.take_word("or") {
            filter = Filter::Or(Box::new(filter), Box::new(self.and()?));
        }
        Ok(filter)
    }

    fn and(&mut self) -> Result<Filter, ScimError> {
        let mut filter = self.one()?;
        while self.take_word("and") {
            filter = Filter::And(Box::new(filter), Box::new(self.one()?));
        }
        Ok(filter)
    }

    fn one(&mut self) -> Result<Filter, ScimError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return Err(ScimError::new(ScimType::InvalidFilter, "the filter is nested too deeply"));
        }
        let filter = self.one_within();
        self.depth = self.depth.saturating_sub(1);
        filter
    }

    fn one_within(&mut self) -> Result<Filter, ScimError> {
        if self.take_word("not") {
            self.expect(&Token::Open)?;
            let filter = self.or()?;
            self.expect(&Token::Close)?;
            return Ok(Filter::Not(Box::new(filter)));
        }
        match self.take() {
            Some(Token::Open) => {
                let filter = self.or()?;
                self.expect(&Token::Close)?;
                Ok(filter)
            }
            Some(Token::Word(attribute)) => {
                if AttributeName::parse(&attribute).is_none() {
                    return Err(unexpected(Some(&Token::Word(attribute))));
                }
                if self.tokens.first() == Some(&Token::OpenBracket) {
                    self.expect(&Token::OpenBracket)?;
                    let filter = self.or()?;
                    self.expect(&Token::CloseBracket)?;
                    return Ok(Filter::Within(attribute, Box::new(filter)));
                }
                self.comparison(attribute)
            }
            other => Err(unexpected(other.as_ref())),
        }
    }

    fn comparison(&mut self, attribute: String) -> Result<Filter, ScimError> {
        let Some(Token::Word(word)) = self.take() else {
            return Err(ScimError::new(
                ScimType::InvalidFilter,
                format!("an operator is missing behind {attribute:?}"),
            ));
        };
        let operator = match word.to_ascii_lowercase().as_str() {
            "pr" => return Ok(Filter::Present(attribute)),
            "eq" => Operator::Equal,
            "ne" => Operator::NotEqual,
            "co" => Operator::Contains,
            "sw" => Operator::StartsWith,
            "ew" => Operator::EndsWith,
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => {
                let detail =
                    format!("{word:?} is not an operator; say eq, ne, co, sw, ew, pr, gt, ge, lt or le");
                return Err(ScimError::new(ScimType::InvalidFilter, detail));
            }
        };
        let operand = match self.take() {
            Some(Token::Text(text)) => Operand::Text(text),
            Some(Token::Word(word)) => match word.as_str() {
                "true" | "True" => Operand::Bool(true),
                "false" | "False" => Operand::Bool(false),
                "null" => Operand::Other,
                word if word.parse::<f64>().is_ok() => Operand::Other,
                word => return Err(unexpected(Some(&Token::Word(word.to_owned())))),
            },
            other => return Err(unexpected(other.as_ref())),
        };
        Ok(Filter::Compare(attribute, operator, operand))
    }

    fn take(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let is_it =
            matches!(self.tokens.first(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        if is_it {
            self.take();
        }
        is_it
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), ScimError> {
        match self.take() {
            Some(token) if token == *wanted => Ok(()),
            other => Err(unexpected(other.as_ref())),
        }
    }
}

fn unexpected(token: Option<&Token>) -> ScimError {
    let detail = match token {
        None => "the filter ends too early".to_owned(),
        Some(Token::Open) => "unexpected ( in the filter".to_owned(),
        Some(Token::Close) => "unexpected ) in the filter".to_owned(),
        Some(Token::OpenBracket) => "unexpected [ in the filter".to_owned(),
        Some(Token::CloseBracket) => "unexpected ] in the filter".to_owned(),
        Some(Token::Word(word)) => format!("unexpected {word} in the filter"),
        Some(Token::Text(text)) => format!("unexpected {text:?} in the filter"),
    };
    ScimError::new(ScimType::InvalidFilter, detail)
}

#[cfg(test)]
mod tests;
