//! Lists of people from and for CSV files: detection, reading, every error of a file at once, and writing.

mod columns;
mod detect;
mod error;
pub mod export;
mod formula;
mod quotes;
mod rows;

pub use columns::{Mapping, SheetColumn};
pub use detect::Delimiter;
pub use error::{ImportError, ImportErrorKind, ImportErrors};
pub use rows::{Sheet, read, read_mapped};
