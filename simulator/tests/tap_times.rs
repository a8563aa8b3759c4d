//! How long a tap takes by NFC, in virtual time; the table of it in `docs/PERFORMANCE.md`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use simulator::scenario::{Scenario, run};

/// A first visit, a repeat visit, and one whose tickets are gone because the credential was renewed.
const SCENARIO: &str = r#"
title = "Three visits"

[link.rate]
kind = "nfc"
bits_per_second = RATE

[[person]]
name = "anna"

[[phone]]
name = "phone"

[[door]]
name = "door"
link = "rate"

[[step]]
do = "invite"
person = "anna"

[[step]]
do = "activate"
phone = "phone"
person = "anna"

[[step]]
do = "tap"
phone = "phone"
door = "door"
expect = { result = "granted", path = "full" }

[[step]]
do = "tap"
phone = "phone"
door = "door"
expect = { result = "granted", path = "fast" }

[[step]]
do = "renew"
phone = "phone"

[[step]]
do = "tap"
phone = "phone"
door = "door"
expect = { result = "granted", path = "full" }
"#;

fn table() -> String {
    let mut text = String::from(
        "| rate | visit | path | pairs | octets | to the decision |\n| ---: | --- | --- | ---: | ---: | ---: |\n",
    );
    for kbit in [106, 424] {
        let scenario = Scenario::parse(&SCENARIO.replace("RATE", &format!("{kbit}_000"))).unwrap();
        let report = run(&scenario, None).unwrap();
        assert!(report.is_ok(), "{:?}", report.failures().collect::<Vec<_>>());
        let steps = report.to_json("visits")["steps"].clone();
        let taps = steps.as_array().unwrap().iter().filter(|step| step["do"] == "tap");
        for (visit, tap) in ["first", "repeat", "repeat"].iter().zip(taps) {
            let fact = |name: &str| match &tap["facts"][name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let (path, pairs, octets, ms) = (fact("path"), fact("pairs"), fact("octets"), fact("ms"));
            writeln!(text, "| {kbit} kbit/s | {visit} | {path} | {pairs} | {octets} | {ms} ms |").unwrap();
        }
    }
    text
}

#[test]
fn a_tap_by_nfc_takes_as_long_as_the_page_says() {
    let table = table();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PERFORMANCE.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&table), "docs/PERFORMANCE.md should have:\n{table}");
}
