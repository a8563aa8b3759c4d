//! What is wrong with a file, and where.

use std::fmt;

use crate::domain::{Conflict, FieldError, Taken};

/// A column of the list, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// First name.
    FirstName,
    /// Last name.
    LastName,
    /// E-mail address.
    Email,
    /// The user ID.
    Id,
    /// Sync ID, optional.
    SyncId,
}

/// One error of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The line, from 1; `None` for the file as a whole.
    pub line: Option<u64>,
    /// The column; `None` for the line as a whole.
    pub column: Option<Column>,
    /// What is wrong.
    pub kind: ImportErrorKind,
}

/// What is wrong with a file, a line or a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportErrorKind {
    /// No octets, or only blank lines.
    #[error("the file is empty")]
    EmptyFile,
    /// A workbook in place of a CSV file.
    #[error("the file is a workbook or an archive, not CSV; save the sheet as CSV")]
    Workbook,
    /// Octets that the encoding does not have.
    #[error("octets that are not {0}")]
    Encoding(&'static str),
    /// A quotation mark that opens and never closes.
    #[error("the quotation mark that opens here is never closed")]
    OpenQuote,
    /// Text between a closing quotation mark and the delimiter.
    #[error("text after the closing quotation mark")]
    AfterQuote,
    /// A row of another width.
    #[error("{found} {} where {} expected", if *.found == 1 { "column" } else { "columns" }, width(.expected))]
    Ragged {
        /// Columns that the row has.
        found: usize,
        /// Columns that it should have; `None` for 4 or 5.
        expected: Option<usize>,
    },
    /// A header whose columns stand in another order.
    #[error("{found:?} stands where {expected:?} is expected")]
    ColumnOrder {
        /// What stands there.
        found: &'static str,
        /// What is expected.
        expected: &'static str,
    },
    /// A value that breaks the rules of its field.
    #[error("{0}")]
    Field(FieldError),
    /// A value that another line has.
    #[error("{value:?} is already in line {line}")]
    Duplicate {
        /// The value.
        value: String,
        /// The first line that has it.
        line: u64,
    },
    /// A value that a user keeps whose app was reset, and who is therefore left alone.
    #[error("{value:?} belongs to {name}, who is left alone because the app was reset")]
    HeldByReset {
        /// The value.
        value: String,
        /// The name of that user.
        name: String,
    },
}

/// Every error of a file, by line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportErrors(pub Vec<ImportError>);

impl ImportErrors {
    /// The errors that stand for rows the planner cannot plan.
    pub fn of_conflicts(conflicts: Vec<Conflict>) -> Self {
        Self(conflicts.into_iter().map(ImportError::of_conflict).collect())
    }
}

impl ImportError {
    pub(super) const fn file(kind: ImportErrorKind) -> Self {
        Self { line: None, column: None, kind }
    }

    pub(super) const fn line(line: u64, kind: ImportErrorKind) -> Self {
        Self { line: Some(line), column: None, kind }
    }

    pub(super) const fn cell(line: u64, column: Column, kind: ImportErrorKind) -> Self {
        Self { line: Some(line), column: Some(column), kind }
    }

    fn of_conflict(conflict: Conflict) -> Self {
        let holder = conflict.holder;
        let name = format!("{} {}", holder.first_name, holder.last_name).trim().to_owned();
        let (column, value) = match conflict.taken {
            Taken::Email => (Column::Email, holder.email),
            Taken::UserId => (Column::Id, holder.user_id),
            Taken::SyncId => (Column::SyncId, holder.sync_id.unwrap_or_default()),
        };
        Self::cell(conflict.line, column, ImportErrorKind::HeldByReset { value, name })
    }
}

impl Column {
    /// The columns in their order.
    pub const ALL: [Self; 5] = [Self::FirstName, Self::LastName, Self::Email, Self::Id, Self::SyncId];

    /// The place, from 1.
    pub const fn number(self) -> usize {
        match self {
            Self::FirstName => 1,
            Self::LastName => 2,
            Self::Email => 3,
            Self::Id => 4,
            Self::SyncId => 5,
        }
    }

    /// The name in the header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::Email => "E-mail address",
            Self::Id => "ID",
            Self::SyncId => "Sync ID",
        }
    }

    /// The column at a place from 1, if there is one.
    pub fn at(number: usize) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.number() == number)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {} ({})", column.number(), column.name())?;
            }
            f.write_str(": ")?;
        }
        self.kind.fmt(f)
    }
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, error) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ImportErrors {}

fn width(expected: &Option<usize>) -> String {
    expected.map_or_else(|| "4 or 5 are".to_owned(), |columns| format!("{columns} are"))
}
