//! What the commands print.

use std::io::{self, Write};

use manager::Error;
use serde::Serialize;
use serde_json::{Value, json};

/// Prints a line of text; a reader that went away (`| head`) is not an error.
pub(crate) fn line(text: impl AsRef<str>) {
    let _gone = writeln!(io::stdout(), "{}", text.as_ref());
}

/// Prints text as it is.
pub(crate) fn text(text: &str) {
    let _gone = io::stdout().write_all(text.as_bytes());
}

/// How many there are, as a sentence at the end of a list.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}.", if count == 1 { one } else { many })
}

/// Prints one JSON object, however long, without having all of its text at once.
pub(crate) fn object(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match serde_json::to_writer_pretty(&mut out, value) {
        Err(error) if !error.is_io() => return Err(error.into()),
        _ => {}
    }
    let _gone = writeln!(out).and_then(|()| out.flush());
    Ok(())
}

/// A failure of which everything was printed before.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("not everything was done")]
pub(crate) struct Reported;

/// Prints why a command failed: text on standard error, or an object with `error` on standard output.
pub(crate) fn error(as_json: bool, error: &anyhow::Error) {
    if error.is::<Reported>() {
        return;
    }
    if as_json {
        line(json!({ "error": problem(error) }).to_string());
    } else {
        complaint(&format!("{error:#}"));
    }
}

/// Prints what went wrong on standard error.
pub(crate) fn complaint(text: &str) {
    let _gone = writeln!(io::stderr(), "manager: {text}");
}

/// An error for programs: its stable code, and the same text as for people.
pub(crate) fn problem(error: &anyhow::Error) -> Value {
    let code = match error.downcast_ref() {
        Some(Error::Refused(refusal)) => refusal.code(),
        Some(Error::Import(_)) => "import-invalid",
        _ => "failed",
    };
    let mut body = json!({ "code": code, "message": format!("{error:#}") });
    if let (Some(Error::Import(errors)), Some(body)) = (error.downcast_ref(), body.as_object_mut()) {
        let errors = errors.0.iter().map(|error| Value::String(error.to_string())).collect();
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    body
}
