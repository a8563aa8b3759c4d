//! The page of the simulator, held against what the program does.

use std::path::Path;

use simulator::attack;
use simulator::scenario::acts;

#[test]
fn every_attack_comes_out_as_the_threat_model_says_and_as_the_page_has_it() {
    let table = attack::markdown().unwrap();
    assert_eq!(table.lines().count(), 12);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SIMULATOR.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(
        page.contains(&table),
        "docs/SIMULATOR.md should have what `simulator attack --markdown` says:\n{table}"
    );
}

#[test]
fn everything_that_can_be_done_stands_in_the_page() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/SIMULATOR.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (name, reads, facts) in acts() {
        let row = format!("| `{name}` | {reads} | {} |", facts.join(", "));
        assert!(page.contains(&row), "docs/SIMULATOR.md should have the row {row}");
    }
}
