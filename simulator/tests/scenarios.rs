//! The scenarios that ship, and what is said of those that are wrong.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::{Path, PathBuf};

use simulator::scenario::{Report, Scenario, find, junit, run};

fn shipped() -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let found = find(&[folder]).unwrap();
    let load =
        |file: &PathBuf| Scenario::load(file).unwrap().unwrap_or_else(|problems| panic!("{problems:?}"));
    found.iter().map(|found| (found.name.clone(), load(&found.file))).collect()
}

fn run_all() -> Vec<(String, Report)> {
    shipped().into_iter().map(|(name, scenario)| (name, run(&scenario, None).unwrap())).collect()
}

#[test]
fn every_scenario_comes_out_as_it_must_and_bit_for_bit_the_same_again() {
    let (first, second) = (run_all(), run_all());
    assert!(first.len() >= 25);
    for ((name, one), (_, other)) in first.iter().zip(&second) {
        let failures: Vec<&str> = one.failures().collect();
        assert!(one.is_ok(), "{name}: {failures:?}");
        assert_eq!(one.digest, other.digest, "{name}");
        assert_eq!(one.to_json(name), other.to_json(name), "{name}");
    }
}

#[test]
fn another_seed_gives_other_octets_and_the_same_results() {
    let scenarios = shipped();
    let (name, scenario) = scenarios.iter().find(|(name, _)| name == "first-day-at-work").unwrap();
    let [one, other] = [1, 2].map(|seed| run(scenario, Some(seed)).unwrap());
    assert!(one.is_ok() && other.is_ok());
    assert_ne!(one.digest, other.digest);
    assert_eq!(one.to_json(name)["steps"], other.to_json(name)["steps"]);
}

#[test]
fn every_scenario_says_what_it_shows() {
    for (name, scenario) in shipped() {
        assert!(!scenario.title.is_empty() && scenario.about.ends_with('.'), "{name}");
        assert!(scenario.steps() > 0, "{name}");
    }
}

#[test]
fn everything_that_is_wrong_is_said_with_its_line_and_with_what_is_known() {
    let wrong = r#"title = "Wrong"
colour = "green"

[[person]]
name = "anna"
age = 30

[[phone]]
name = "phone"

[[door]]
name = "door"
clock = "late"
output = "morse"

[[step]]
do = "tap"
phone = "fone"
door = "door"
at = "soon"
expect = { result = "granted", colour = "green" }

[[step]]
do = "fly"

[[step]]
do = "invite"
phone = "phone"
"#;
    let problems = Scenario::parse(wrong).unwrap_err();
    let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [2, 6, 13, 14, 18, 20, 21, 24, 26, 28], "{said:#?}");
    let about = |line: usize| said[lines.iter().position(|found| *found == line).unwrap()].as_str();
    assert!(about(2).contains("`colour` is not known") && about(2).contains("title"), "{}", about(2));
    assert!(about(6).contains("user_id"), "{}", about(6));
    assert_eq!(about(13), "line 13: `clock` is not \"late\"; known are: set, unset");
    assert_eq!(about(18), "line 18: there is no phone \"fone\"; there are: phone");
    assert!(about(20).contains("is not a duration; write"), "{}", about(20));
    assert!(
        about(21).contains("nothing is known of `colour`") && about(21).contains("octets"),
        "{}",
        about(21)
    );
    assert!(about(24).contains("look-at-door"), "{}", about(24));
    assert_eq!(about(26), "line 26: a step `invite` needs `person`");
    assert!(about(28).contains("known are: do, at, after"), "{}", about(28));
}

#[test]
fn a_file_that_is_no_toml_is_said_to_be_so_where_it_is_not() {
    let problems = Scenario::parse("title = \"x\"\n[[person]\n").unwrap_err();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].line, 2);
}

#[test]
fn a_step_that_comes_out_otherwise_is_a_failure_in_every_report() {
    let text = r#"title = "Fails"
[[person]]
name = "anna"
[[phone]]
name = "phone"
[[door]]
name = "door"
[[step]]
do = "tap"
phone = "phone"
door = "door"
[[step]]
do = "look-at-person"
person = "anna"
expect = { status = "active", phones = ">= 1" }
"#;
    let report = run(&Scenario::parse(text).unwrap(), None).unwrap();
    assert!(!report.is_ok());
    let failures: Vec<&str> = report.failures().collect();
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert!(failures[0].starts_with("line 8: the result is \"failed\""), "{failures:?}");
    assert_eq!(failures[1], "line 15: phones is 0, not at least 1");
    assert_eq!(failures[2], "line 15: status is \"not_invited\", not \"active\"");
    let xml = junit([("fails", &report)].into_iter());
    assert!(xml.contains("tests=\"2\" failures=\"2\""), "{xml}");
    assert!(xml.contains("status is &quot;not_invited&quot;"), "{xml}");
    assert_eq!(report.to_json("fails")["ok"], false);
}
