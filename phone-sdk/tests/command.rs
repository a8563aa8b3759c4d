//! The command `phone` without a manager: what it says, and how it ends.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn phone(wallet: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phone")).arg("--wallet").arg(wallet).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_empty_wallet_says_how_a_card_is_got() {
    let wallet = tempfile::tempdir().unwrap();
    let output = phone(wallet.path(), &["cards"]);
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("phone activate"));
    let output = phone(wallet.path(), &["cards", "--json"]);
    let cards: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(cards["cards"], Value::Array(Vec::new()));
}

#[test]
fn the_exit_status_says_what_is_to_be_done() {
    let wallet = tempfile::tempdir().unwrap();
    let code = "000000000000000000000000011";
    for (arguments, status, word) in [
        (vec!["activate", "nonsense"], 4, "--manager"),
        (vec!["activate", code, "--manager", "http://door.example"], 2, "https://"),
        (vec!["activate", &code[1..], "--manager", "https://door.example"], 4, "27 symbols"),
        (vec!["activate", code, "--manager", "http://127.0.0.1:9"], 3, "in a while"),
        (vec!["present", "127.0.0.1:9"], 1, "cannot tap"),
        (vec!["present"], 2, "address and port"),
        (vec!["present", "Main door", "--transport", "pcsc-card"], 2, "address and port"),
        (vec!["renew", "7"], 2, "no such card"),
        (vec!["remove", "x"], 2, "invalid"),
        (vec!["reset"], 1, "--yes"),
    ] {
        let output = phone(wallet.path(), &arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(word), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn an_error_is_an_object_for_machines_and_holds_no_code() {
    let wallet = tempfile::tempdir().unwrap();
    let code = "7ZZZZZZZZZZZZZZZZZZZZZZZZZ*";
    let output = phone(wallet.path(), &["--json", "activate", code, "--manager", "http://127.0.0.1:9"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let error: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(error["error"]["kind"], "retry");
    assert!(!text.contains("7ZZZ") && output.stderr.is_empty());
}
