//! Cells that a spreadsheet would run as formulas: disarmed when a list is written, understood when one is read.

use std::borrow::Cow;

/// What stands before a value that would be a formula; spreadsheets take such a cell as text.
const MARK: char = '\'';

/// The value as a cell that no spreadsheet takes for a formula.
pub(super) fn disarmed(value: &str) -> Cow<'_, str> {
    // A value that looks disarmed gets one more mark, so that nothing is lost on the way back.
    if is_formula(value.trim_start_matches(MARK)) {
        Cow::Owned(format!("{MARK}{value}"))
    } else {
        Cow::Borrowed(value)
    }
}

/// Undoes [`disarmed`].
pub(super) fn armed(cell: &str) -> &str {
    match cell.strip_prefix(MARK) {
        Some(value) if is_formula(value.trim_start_matches(MARK)) => value,
        _ => cell,
    }
}

/// Whether a spreadsheet would calculate it; some take the wide forms of the signs too.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_disarmed_comes_back() {
        for (value, cell) in [
            ("=1+1", "'=1+1"),
            ("@Berg", "'@Berg"),
            ("-007", "'-007"),
            ("+49", "'+49"),
            ("＝1", "'＝1"),
            ("'=x", "''=x"),
            ("''-x", "'''-x"),
            ("'t Hooft", "'t Hooft"),
            ("''", "''"),
            ("O'Neil", "O'Neil"),
            ("", ""),
        ] {
            assert_eq!(disarmed(value), cell);
            assert_eq!(armed(cell), value);
        }
    }
}
