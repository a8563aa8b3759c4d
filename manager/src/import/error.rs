//! What is wrong with a file, and where.

use std::fmt;

use super::columns::SheetColumn;
use crate::domain::{Conflict, Field, FieldError, Keeps};

/// One error of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The line, from 1; `None` for the file as a whole.
    pub line: Option<u64>,
    /// The place of the column, from 1; `None` for the line as a whole.
    pub column: Option<usize>,
    /// What the column holds; `None` where that is not known.
    pub field: Option<Field>,
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
    /// A field that no column of the header names.
    #[error(
        "no column is named {field:?}; say which one it is with `--map {key}=NAME` or `--map {key}=NUMBER`"
    )]
    MissingColumn {
        /// The field.
        field: &'static str,
        /// Its name on the command line.
        key: &'static str,
    },
    /// A column that was named for a field and that the file does not have.
    #[error("there is no column {column} for {field:?}")]
    NoSuchColumn {
        /// The field.
        field: &'static str,
        /// The column that was named.
        column: String,
    },
    /// Two columns for one field.
    #[error("a second column for {field:?}, which is column {first}")]
    ColumnTwice {
        /// The field.
        field: &'static str,
        /// The place of the first one, from 1.
        first: usize,
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
    /// Errors that are not told one by one.
    #[error("and {0} more errors")]
    More(usize),
    /// A value that belongs to a user who is left as is.
    #[error("{value:?} belongs to {name}, {}", reason(*.keeps))]
    Held {
        /// The value.
        value: String,
        /// The name of that user.
        name: String,
        /// Why that user is left as is.
        keeps: Keeps,
    },
}

/// Every error of a file, by line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportErrors(pub Vec<ImportError>);

impl ImportErrors {
    /// The errors that stand for rows the planner cannot plan, in a file of these columns.
    pub fn of_conflicts(conflicts: Vec<Conflict>, columns: &[SheetColumn]) -> Self {
        Self(conflicts.into_iter().map(|conflict| ImportError::of_conflict(conflict, columns)).collect())
    }
}

impl ImportError {
    pub(super) const fn file(kind: ImportErrorKind) -> Self {
        Self { line: None, column: None, field: None, kind }
    }

    pub(super) const fn line(line: u64, kind: ImportErrorKind) -> Self {
        Self { line: Some(line), column: None, field: None, kind }
    }

    fn of_conflict(conflict: Conflict, columns: &[SheetColumn]) -> Self {
        let Conflict { line, taken, holder, keeps } = conflict;
        let name = holder.full_name();
        let value = match taken {
            Field::UserId => holder.user_id,
            Field::SyncId => holder.sync_id.unwrap_or_default(),
            _ => holder.email,
        };
        let place = columns.iter().position(|column| column.field == Some(taken));
        let column = place.map(|place| place.saturating_add(1));
        let kind = ImportErrorKind::Held { value, name, keeps };
        Self { line: Some(line), column, field: Some(taken), kind }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}")?;
            if let Some(column) = self.column {
                write!(f, ", column {column}")?;
            }
            if let Some(field) = self.field {
                write!(f, " ({})", field.name())?;
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

const fn reason(keeps: Keeps) -> &'static str {
    match keeps {
        Keeps::Reset => "who is left alone because the app was reset",
        Keeps::NotListed => "who is not in the list and stays",
        Keeps::Listed => "who is there already and is not changed",
    }
}
