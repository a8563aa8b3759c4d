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
        Some(Error::Import(_) | Error::CardList(_)) => "import-invalid",
        _ => "failed",
    };
    let mut body = json!({ "code": code, "message": format!("{error:#}") });
    let errors: Vec<Value> = match error.downcast_ref() {
        Some(Error::Import(errors)) => errors.0.iter().map(|error| error.to_string().into()).collect(),
        Some(Error::CardList(errors)) => errors.0.iter().map(|error| error.to_string().into()).collect(),
        _ => Vec::new(),
    };
    if let Some(body) = body.as_object_mut().filter(|_| !errors.is_empty()) {
        body.insert("errors".to_owned(), Value::Array(errors));
    }
    body
}

#[cfg(test)]
mod tests {
    use manager::card_list::{CardListError, CardListErrors};

    use super::*;

    #[test]
    fn every_error_of_a_list_of_cards_is_one_of_a_list() {
        let at = |line, message: &str| CardListError {
            line: Some(line),
            column: None,
            message: message.to_owned(),
        };
        let errors = CardListErrors(vec![at(2, "the card ID is empty"), at(7, "\"x\" is not a day")]);
        let shown = problem(&anyhow::Error::new(Error::from(errors)).context("cards.csv"));
        assert_eq!(shown["code"], "import-invalid");
        assert_eq!(shown["errors"], json!(["line 2: the card ID is empty", "line 7: \"x\" is not a day"]));
        assert_eq!(problem(&anyhow::anyhow!("no")), json!({ "code": "failed", "message": "no" }));
    }
}
