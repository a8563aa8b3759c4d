//! Every attack, and the page that says what came of it.

use std::path::Path;

use simulator::attack;

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
