//! The file of people, through the manager's import.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use manager::domain::{Actor, User};
use manager::import::ImportErrors;
use serde::Serialize;

use super::building::Building;

/// The people who come with the program.
const SHIPPED: &[u8] = include_bytes!("../../users.csv");

/// Users asked for at a time.
const PAGE: u32 = 500;

/// The users of the project after the import, in the order of the file.
pub(super) struct People {
    pub(super) users: Vec<User>,
    format: String,
}

/// A file that was not imported.
#[derive(Serialize)]
pub(super) struct Refused {
    ok: bool,
    errors: Vec<RefusedCell>,
    taps: [(); 0],
}

#[derive(Serialize)]
struct RefusedCell {
    line: Option<u64>,
    column: Option<usize>,
    message: String,
}

/// The octets of the file.
pub(super) fn read(file: Option<&Path>) -> Result<Vec<u8>> {
    match file {
        None => Ok(SHIPPED.to_vec()),
        Some(file) => std::fs::read(file).with_context(|| format!("cannot read {}", file.display())),
    }
}

impl People {
    /// Plans the import, applies the very plan, and reads back who is there.
    pub(super) async fn import(building: &Building, octets: Vec<u8>) -> Result<Result<Self, Refused>> {
        let manager = building.manager();
        let plan = match manager.plan_import(octets).await {
            Ok(plan) => plan,
            Err(manager::Error::Import(errors)) => return Ok(Err(Refused::new(&errors))),
            Err(error) => return Err(error.into()),
        };
        let plan = plan.summary;
        if plan.counts.added == 0 {
            return Ok(Err(Refused::nobody()));
        }
        manager.apply_import(Actor::Operator, plan.id, false).await?;
        let mut users: Vec<User> = Vec::new();
        loop {
            let page = manager.users(users.last().map(|user| user.id), PAGE).await?;
            let is_last = page.len() < usize::try_from(PAGE)?;
            users.extend(page);
            if is_last {
                break;
            }
        }
        let header = if plan.has_header == Some(true) { "with a header" } else { "without a header" };
        let delimiter = plan.delimiter.map_or(',', |delimiter| delimiter.character()).escape_default();
        let format = format!(
            "{}, columns separated by {delimiter:?}, {header}",
            plan.encoding.unwrap_or_default(),
            delimiter = delimiter.to_string()
        );
        Ok(Ok(Self { users, format }))
    }

    pub(super) fn described(&self) -> String {
        format!("{} people imported ({})", self.users.len(), self.format)
    }
}

impl Refused {
    fn new(errors: &ImportErrors) -> Self {
        let cell = |error: &manager::import::ImportError| RefusedCell {
            line: error.line,
            column: error.column,
            message: error.to_string(),
        };
        Self { ok: false, errors: errors.0.iter().map(cell).collect(), taps: [] }
    }

    fn nobody() -> Self {
        let message = "the file names nobody; add a line for each person".to_owned();
        Self { ok: false, errors: vec![RefusedCell { line: None, column: None, message }], taps: [] }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.errors.len();
        let noun = if count == 1 { "error" } else { "errors" };
        writeln!(f, "The file was not imported: {count} {noun}, and nothing was written.")?;
        self.errors.iter().try_for_each(|error| writeln!(f, "  {}", error.message))
    }
}
