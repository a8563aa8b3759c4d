//! Lists of cards from CSV files, and photos from archives: read with every error at once.

mod columns;
mod photos;
mod rows;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use columns::{CardColumn, CardMapping};
pub(crate) use photos::Archive;
pub(crate) use rows::{CardSheet, ListedCard, read};

/// One error of a list of cards, or of the archive with their photos.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CardListError {
    /// The line in the list, from 1; null for a file as a whole.
    pub line: Option<u64>,
    /// The column, from 1; null for a line as a whole.
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Every error of a list of cards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardListErrors(pub Vec<CardListError>);

impl CardListError {
    pub(crate) fn file(message: impl Into<String>) -> Self {
        Self { line: None, column: None, message: message.into() }
    }

    pub(crate) fn at(line: u64, column: Option<usize>, message: impl Into<String>) -> Self {
        Self { line: Some(line), column, message: message.into() }
    }
}

impl std::fmt::Display for CardListError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: {}", self.message),
            (Some(line), None) => write!(f, "line {line}: {}", self.message),
            (None, _) => f.write_str(&self.message),
        }
    }
}

impl std::fmt::Display for CardListErrors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for CardListErrors {}
