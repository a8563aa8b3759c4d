//! Every "shall" of the specification leads to a test that exists.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const HEADING: &str = "## Requirements and their tests";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// `[name]` outside of links: small letters, digits and hyphens.
fn marks(line: &str) -> Vec<String> {
    let mut marks = Vec::new();
    for (at, _) in line.match_indices('[') {
        let rest = &line[at + 1..];
        let Some(end) = rest.find(']') else { continue };
        let (name, after) = (&rest[..end], &rest[end + 1..]);
        let is_mark =
            name.len() > 3 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if is_mark && !after.starts_with('(') {
            marks.push(name.to_owned());
        }
    }
    marks
}

fn test_names(dir: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", ".git", ".venv", "demo-data", "node_modules"].contains(&name.as_str()) {
                test_names(&path, names);
            }
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for pair in lines.windows(2) {
                let function = pair[1].trim_start_matches("async ").strip_prefix("fn ");
                if pair[0].starts_with("#[test]") || pair[0].starts_with("#[tokio::test") {
                    names.extend(function.and_then(|rest| rest.split('(').next()).map(str::to_owned));
                }
            }
        }
    }
}

#[test]
fn every_requirement_of_the_specification_leads_to_a_test_that_exists() {
    let text = fs::read_to_string(root().join("docs/PROTOCOL.md")).unwrap();
    let (body, table) = text.split_once(HEADING).unwrap();
    let required: BTreeSet<String> = body.lines().flat_map(marks).filter(|mark| mark != "name").collect();
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| [")) {
        let tests = line.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        rows.insert(marks(line).first().unwrap().clone(), tests);
    }
    let listed: BTreeSet<String> = rows.keys().cloned().collect();
    assert_eq!(required, listed, "marks in the text and rows of the table differ");
    assert!(required.len() > 30, "the marks were not found");
    let mut existing = BTreeSet::new();
    test_names(&root(), &mut existing);
    for (mark, tests) in rows {
        assert!(!tests.is_empty(), "[{mark}] leads to no test");
        for test in tests {
            assert!(existing.contains(&test), "[{mark}] leads to {test}, which does not exist");
        }
    }
}
