//! The scenario that is written while somebody plays: a TOML document whose comments and order stay as they are.

use serde_json::{Map, Value as Json};
use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use crate::scenario::{Facts, Problem, Scenario};

/// What comes first in a table; the rest as it was given.
const FIRST: [&str; 8] = ["after", "note", "name", "do", "person", "phone", "door", "link"];

/// A document, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Script {
    document: DocumentMut,
    pub(super) scenario: Scenario,
}

impl Script {
    /// Reads a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, line by line.
    pub(super) fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let scenario = Scenario::parse(text)?;
        let document = text.parse::<DocumentMut>();
        let document =
            document.map_err(|error| vec![Problem { line: 1, text: error.message().to_owned() }])?;
        Ok(Self { document, scenario })
    }

    /// The document.
    pub(super) fn text(&self) -> String {
        self.document.to_string()
    }

    /// Adds a table to an array of them.
    ///
    /// # Errors
    /// What is wrong then; nothing is changed by that.
    pub(super) fn add(&mut self, array: &str, fields: &Map<String, Json>) -> Result<(), Vec<Problem>> {
        let mut table = Table::new();
        let first = FIRST.iter().filter_map(|name| fields.get_key_value(*name));
        let rest = fields.iter().filter(|(name, _)| !FIRST.contains(&name.as_str()));
        for (name, field) in first.chain(rest) {
            if let Some(field) = simple(field) {
                table.insert(name, value(field));
            }
        }
        self.change(|document| {
            let tables = document.entry(array).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
            if let Some(tables) = tables.as_array_of_tables_mut() {
                table.decor_mut().set_prefix("\n");
                tables.push(table);
            }
        })
    }

    /// Takes a table with this name away.
    ///
    /// # Errors
    /// When a step needs it; nothing is changed by that.
    pub(super) fn remove(&mut self, array: &str, name: &str) -> Result<(), Vec<Problem>> {
        self.change(|document| {
            if let Some(tables) = tables(document, array) {
                tables.retain(|table| table.get("name").and_then(Item::as_str) != Some(name));
            }
        })
    }

    /// Takes the last step away; whether there was one.
    pub(super) fn remove_last_step(&mut self) -> bool {
        let Some(last) = self.scenario.steps().checked_sub(1) else { return false };
        self.change(|document| {
            if let Some(steps) = tables(document, "step") {
                steps.remove(last);
            }
        })
        .is_ok()
    }

    /// Says of the last step that the next one does not wait for its end.
    pub(super) fn mark_last_together(&mut self) {
        self.change_step(self.scenario.steps().saturating_sub(1), |step| {
            step.insert("together", value(true));
        });
    }

    /// Writes down what came of a step.
    pub(super) fn expect(&mut self, step: usize, facts: &Facts) {
        let expected: InlineTable = ["result", "path", "output", "reason"]
            .into_iter()
            .filter_map(|name| Some((name, simple(facts.fact(name)?)?)))
            .collect();
        let good = ["ok", "granted"].map(Json::from);
        let is_plain =
            expected.len() == 1 && facts.fact("result").is_some_and(|result| good.contains(result));
        if !is_plain && !expected.is_empty() {
            self.change_step(step, |table| {
                table.insert("expect", value(expected));
            });
        }
    }

    fn change_step(&mut self, index: usize, change: impl FnOnce(&mut Table)) {
        // What the program itself writes into a step is always read again.
        let _read_again = self.change(|document| {
            if let Some(step) = tables(document, "step").and_then(|steps| steps.get_mut(index)) {
                change(step);
            }
        });
    }

    fn change(&mut self, change: impl FnOnce(&mut DocumentMut)) -> Result<(), Vec<Problem>> {
        let mut document = self.document.clone();
        change(&mut document);
        *self = Self::parse(&document.to_string())?;
        Ok(())
    }
}

fn tables<'d>(document: &'d mut DocumentMut, array: &str) -> Option<&'d mut ArrayOfTables> {
    document.get_mut(array)?.as_array_of_tables_mut()
}

/// A value that has no parts.
fn simple(json: &Json) -> Option<Value> {
    match json {
        Json::String(text) => Some(text.as_str().into()),
        Json::Bool(flag) => Some((*flag).into()),
        Json::Number(number) => number.as_i64().map(Into::into),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOUSE: &str =
        "# My house.\ntitle = \"House\"\n\n[[person]]\nname = \"anna\"\n\n[[phone]]\nname = \"p\"\n";

    fn fields(json: Json) -> Map<String, Json> {
        json.as_object().cloned().unwrap()
    }

    #[test]
    fn a_step_is_added_as_people_write_it_and_comments_stay() {
        let mut script = Script::parse(HOUSE).unwrap();
        script.add("step", &fields(json!({ "person": "anna", "do": "invite", "after": "20m" }))).unwrap();
        let step = "\n[[step]]\nafter = \"20m\"\ndo = \"invite\"\nperson = \"anna\"\n";
        assert_eq!(script.text(), format!("{HOUSE}{step}"));
        assert!(script.remove_last_step());
        assert_eq!((script.text().as_str(), script.remove_last_step()), (HOUSE, false));
    }

    #[test]
    fn what_is_wrong_changes_nothing() {
        let mut script = Script::parse(HOUSE).unwrap();
        let wrong = script.add("step", &fields(json!({ "do": "invite", "person": "ben" }))).unwrap_err();
        assert!(wrong.iter().any(|problem| problem.text.contains("there is no person \"ben\"")));
        script.add("step", &fields(json!({ "do": "activate", "person": "anna", "phone": "p" }))).unwrap();
        assert!(script.remove("phone", "p").is_err());
        assert!(script.text().starts_with(HOUSE));
    }
}
