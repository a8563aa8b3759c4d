//! Comparing, and telling which cases did not come out.

use std::fmt::Debug;

use super::octets::hex;

/// `Err` says what of a case did not come out.
pub type Checked = Result<(), String>;

/// Both are the same, or `what` differs.
///
/// # Errors
/// What came and what was expected.
pub fn same<T: PartialEq<U> + Debug, U: Debug>(what: &str, got: T, expected: U) -> Checked {
    if got == expected { Ok(()) } else { Err(format!("{what}: {got:?} and not {expected:?}")) }
}

/// Both are the same octets, or `what` differs.
///
/// # Errors
/// What came and what was expected, in hex.
pub fn same_octets(what: &str, got: &[u8], expected: &[u8]) -> Checked {
    if got == expected { Ok(()) } else { Err(format!("{what}: {} and not {}", hex(got), hex(expected))) }
}

/// Checks every case of a group.
///
/// # Panics
/// With the names of all cases that did not come out, and when there are fewer cases than there have been.
pub fn every<'c, T: 'c>(
    group: &str,
    at_least: usize,
    cases: impl IntoIterator<Item = (&'c str, T)>,
    check: impl Fn(T) -> Checked,
) {
    let mut count = 0_usize;
    let mut failures = Vec::new();
    for (name, case) in cases {
        count = count.saturating_add(1);
        if let Err(what) = check(case) {
            failures.push(format!("{group}, \"{name}\": {what}"));
        }
    }
    assert!(count >= at_least, "{group}: {count} cases, and there have been {at_least}");
    assert!(failures.is_empty(), "{} of {count} failed:\n{}", failures.len(), failures.join("\n"));
}
