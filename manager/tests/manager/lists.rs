//! Lists of people in a folder, each with the exact plan or the exact errors beside it.

use std::fs;
use std::path::{Path, PathBuf};

use manager::domain::{Field, Mode, Person, Roster, RosterEntry, Step, UserStatus, plan};
use manager::import::{ImportErrors, Mapping, SheetColumn, read, read_mapped};
use serde::Deserialize;
use uuid::Uuid;

/// Files of the folder that are no lists.
const OTHERS: [&str; 4] = ["plan", "errors", "args", "md"];

#[derive(Default)]
struct Arguments {
    mode: Mode,
    mapping: Mapping,
    users: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    text: String,
    #[serde(default)]
    repeat: Option<usize>,
}

#[test]
fn every_list_gives_its_plan_or_its_errors() {
    let lists = lists();
    assert!(lists.len() >= 60, "{} lists", lists.len());
    let wrong: Vec<String> = lists.iter().filter_map(|list| difference(list)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists")
}

fn lists() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let is_list = |path: &PathBuf| !OTHERS.contains(&path.extension().unwrap().to_str().unwrap());
    let mut lists: Vec<PathBuf> = files.filter(is_list).collect();
    lists.sort();
    lists
}

fn beside(list: &Path, extension: &str) -> PathBuf {
    let mut name = list.file_name().unwrap().to_owned();
    name.push(".");
    name.push(extension);
    list.with_file_name(name)
}

/// What differs from the expectation beside the list.
fn difference(list: &Path) -> Option<String> {
    let (right, wrong, text) = match described(list) {
        Ok(text) => ("plan", "errors", text),
        Err(text) => ("errors", "plan", text),
    };
    let name = list.file_name().unwrap().to_str().unwrap();
    if std::env::var_os("OSTIARY_BLESS").is_some() {
        fs::write(beside(list, right), &text).unwrap();
        // The file is there only when the outcome was another one before.
        let _absent = fs::remove_file(beside(list, wrong));
    }
    if beside(list, wrong).exists() {
        return Some(format!("{name} should give {wrong} and gives:\n{text}"));
    }
    match fs::read_to_string(beside(list, right)) {
        Ok(expected) if expected == text => None,
        Ok(expected) => Some(format!("{name} should give:\n{expected}\nand gives:\n{text}")),
        Err(_) => Some(format!("{name} has no expectation beside it; it gives:\n{text}")),
    }
}

fn described(list: &Path) -> Result<String, String> {
    let Arguments { mode, mapping, users } = arguments(list);
    let lines = |errors: ImportErrors| format!("{errors}\n");
    let sheet = read_mapped(&octets(list), &mapping).map_err(lines)?;
    let roster = roster(&users.unwrap_or_else(|| "users.csv".to_owned()));
    let plan = plan(&roster, &sheet.rows, sheet.has_sync_ids, mode);
    let plan = plan.map_err(|conflicts| lines(ImportErrors::of_conflicts(conflicts, &sheet.columns)))?;
    let header = if sheet.has_header { "header" } else { "no header" };
    let columns: Vec<String> = sheet.columns.iter().map(column).collect();
    let mut text = format!("{} {:?} {header}: {}\n", sheet.encoding, sheet.delimiter, columns.join(" | "));
    for step in &plan.steps {
        text.push_str(&self::step(step));
    }
    let counts = plan.counts;
    text.push_str(&format!(
        "added {}, changed {}, deleted {}, unchanged {}, skipped {}\n",
        counts.added, counts.changed, counts.deleted, counts.unchanged, counts.skipped
    ));
    if let Some(confirmation) = plan.confirmation {
        text.push_str(&format!("to be confirmed: {confirmation:?}\n"));
    }
    Ok(text)
}

fn column(column: &SheetColumn) -> String {
    let field = column.field.map_or("ignored", Field::key);
    column.name.as_ref().map_or_else(|| field.to_owned(), |name| format!("{name} → {field}"))
}

fn step(step: &Step) -> String {
    match step {
        Step::Add { line, new } => format!("line {line}: add {}\n", person(new)),
        Step::Change { line, old, new, .. } => format!("line {line}: {} → {}\n", person(old), person(new)),
        Step::Delete { old, .. } => format!("delete {}\n", person(old)),
        Step::SkipListed { line, old, .. } => format!("line {line}: leave {}\n", person(old)),
        Step::SkipReset { line: Some(line), old, .. } => format!("line {line}: skip {}\n", person(old)),
        Step::SkipReset { line: None, old, .. } => format!("skip {}\n", person(old)),
    }
}

/// The fields as Rust writes texts, so that nothing in them is invisible.
fn person(person: &Person) -> String {
    let Person { first_name, last_name, email, user_id, sync_id } = person;
    let sync_id = sync_id.as_ref().map(|id| format!("|{id}")).unwrap_or_default();
    let text = [first_name, last_name, email, user_id].map(String::as_str).join("|") + &sync_id;
    text.escape_debug().to_string()
}

fn roster(file: &str) -> Roster {
    let sheet = read(&fs::read(folder().join(file)).unwrap()).unwrap();
    let entry = |(id, row): (u128, manager::domain::SheetRow)| {
        let status = if row.person.first_name == "Dora" { UserStatus::Reset } else { UserStatus::Active };
        RosterEntry { id: Uuid::from_u128(id), status, person: row.person }
    };
    Roster { version: 1, entries: (1..).zip(sheet.rows).map(entry).collect() }
}

fn octets(list: &Path) -> Vec<u8> {
    let octets = fs::read(list).unwrap();
    if list.extension().unwrap() != "recipe" {
        return octets;
    }
    let parts: Vec<Part> = serde_json::from_slice(&octets).unwrap();
    let texts: Vec<String> = parts.iter().map(|part| part.text.repeat(part.repeat.unwrap_or(1))).collect();
    texts.concat().into_bytes()
}

fn arguments(list: &Path) -> Arguments {
    let text = fs::read_to_string(beside(list, "args")).unwrap_or_default();
    let mut words = text.split_whitespace();
    let mut arguments = Arguments::default();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        match name {
            "--mode" => arguments.mode = Mode::from_name(value).unwrap(),
            "--users" => arguments.users = Some(value.to_owned()),
            "--map" => {
                let (field, column) = value.split_once('=').unwrap();
                arguments.mapping = arguments.mapping.with(Field::from_key(field).unwrap(), column);
            }
            other => panic!("{other} in the arguments of {}", list.display()),
        }
    }
    arguments
}
