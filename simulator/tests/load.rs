//! The load, small: what comes of it, and that it comes out the same again.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::process::Command;

use serde_json::Value;

const PHONES: u64 = 40;

fn load(threads: &str) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
    command.args(["load", "--phones", "40", "--doors", "4", "--days", "2", "--threads", threads, "--json"]);
    let output = command.output().unwrap();
    let (said, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{error}");
    serde_json::from_str(&said).unwrap()
}

#[test]
fn every_tap_of_a_load_comes_out_as_it_must_and_the_same_with_any_number_of_threads() {
    let [one, other] = ["2", "1"].map(load);
    assert_eq!(one["outcome"], other["outcome"]);
    let outcome = &one["outcome"];
    let count = |name: &str| outcome[name].as_u64().unwrap();
    assert_eq!(one["ok"], true);
    assert_eq!(count("wrong"), 0);
    assert_eq!(count("taps"), 6 * PHONES + count("without_clock"), "{outcome}");
    assert_eq!(count("granted") + count("denied") + count("undecided"), count("taps"), "{outcome}");
    assert_eq!((count("revoked"), count("renewed")), (1, PHONES - 2), "{outcome}");
    assert!(count("fast") > PHONES && count("full") > 2 * PHONES, "{outcome}");
    assert!(count("lists_taken") >= 4 && count("times_taken") >= 1, "{outcome}");
    assert!(count("reports_delivered") > 0, "{outcome}");
    says_what_it_measured(&one);
}

/// How fast, and in how much memory.
fn says_what_it_measured(report: &Value) {
    let rates = report["rates"].as_array().unwrap();
    for what in ["full taps, first visit", "fast taps"] {
        let rate = rates.iter().find(|rate| rate["what"] == what).unwrap();
        assert_eq!(rate["count"], PHONES, "{rate}");
        assert!(rate["of_bare"].as_f64().unwrap() > 0.0, "{rate}");
    }
    assert_eq!(report["memory"]["octets"]["days"].as_array().unwrap().len(), 2);
    assert!(report["memory"]["octets_per_phone"].as_u64().unwrap() > 1_000, "{report}");
}
