//! Lists of people from CSV files: detection, reading, and every error of a file at once.

mod detect;
mod error;
mod quotes;
mod rows;

pub use detect::Delimiter;
pub use error::{Column, ImportError, ImportErrorKind, ImportErrors};
pub use rows::{Sheet, read};
