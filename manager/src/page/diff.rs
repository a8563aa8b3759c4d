//! The steps of a plan as a coloured table, page by page.

/// Rows of a plan on one page.
pub(super) const ROWS: usize = 100;

/// A part of the steps of a plan.
pub(super) struct Diff {
    /// The address of the plan.
    pub(super) address: String,
    /// What the columns hold.
    pub(super) headers: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// The first row, from 1, and the last.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Where the parts before and after begin.
    pub(super) previous: Option<usize>,
    pub(super) next: Option<usize>,
}

/// A step of a plan as it is shown.
pub(super) struct Row {
    /// The class of the row, which is its colour.
    pub(super) kind: &'static str,
    /// What is done.
    pub(super) word: &'static str,
    pub(super) line: Option<u64>,
    pub(super) cells: Vec<Cell>,
}

/// A field as it is, and as it will be where that differs.
pub(super) struct Cell {
    pub(super) old: Option<String>,
    pub(super) new: String,
}

impl Diff {
    /// The steps from one of `all` on, at most [`ROWS`]; columns in which none of them has anything are left out.
    pub(super) fn new(
        address: String,
        headers: Vec<String>,
        rows: impl Iterator<Item = Row>,
        (from, all): (usize, usize),
    ) -> Self {
        let rows: Vec<Row> = rows.collect();
        let is_used = |place: usize| {
            let mut cells = rows.iter().filter_map(|row| row.cells.get(place));
            cells.any(|cell| !cell.new.is_empty() || cell.old.is_some())
        };
        let used: Vec<bool> = (0..headers.len()).map(is_used).collect();
        let rows: Vec<Row> =
            rows.into_iter().map(|row| Row { cells: kept(row.cells, &used), ..row }).collect();
        let headers = kept(headers, &used);
        let to = from.saturating_add(rows.len());
        Self {
            address,
            headers,
            from: from.saturating_add(1),
            to,
            previous: (from > 0).then(|| from.saturating_sub(ROWS)),
            next: (!rows.is_empty() && to < all).then_some(to),
            rows,
        }
    }
}

/// Those at the places that are used.
fn kept<T>(all: Vec<T>, used: &[bool]) -> Vec<T> {
    all.into_iter().zip(used).filter(|(_, is_used)| **is_used).map(|(one, _)| one).collect()
}

impl Row {
    /// A step that does `word` to what has these values.
    pub(super) fn new(
        kind: &'static str,
        word: &'static str,
        line: Option<u64>,
        old: Option<Vec<String>>,
        new: Vec<String>,
    ) -> Self {
        let old = old.unwrap_or_else(|| new.clone());
        let cells = old.into_iter().zip(new);
        let cell = |(old, new): (String, String)| Cell { old: Some(old).filter(|old| *old != new), new };
        Self { kind, word, line, cells: cells.map(cell).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_shown_in_parts_and_what_changes_beside_what_was() {
        let cells = |values: [&str; 3]| values.map(ToOwned::to_owned).to_vec();
        let part = |from: usize, count: usize| {
            let row = |_| Row::new("added", "Added", None, None, cells(["1", "", ""]));
            Diff::new(String::new(), cells(["a", "b", "c"]), (0..count).map(row), (from, 250))
        };
        let ends = |diff: Diff| (diff.from, diff.to, diff.previous, diff.next);
        assert_eq!(ends(part(0, 100)), (1, 100, None, Some(100)));
        assert_eq!(ends(part(200, 50)), (201, 250, Some(100), None));
        assert_eq!(ends(part(9_999, 0)).3, None);
        let changed = Row::new("changed", "Changed", None, Some(cells(["1", "", "x"])), cells(["1", "", ""]));
        let added = Row::new("added", "Added", None, None, cells(["2", "", ""]));
        let rows = [changed, added].into_iter();
        let part = Diff::new(String::new(), cells(["a", "b", "c"]), rows, (0, 2));
        assert_eq!((part.headers, part.rows[1].cells.len()), (vec!["a".to_owned(), "c".to_owned()], 2));
        let old = vec!["a".to_owned(), "b".to_owned()];
        let row = Row::new("changed", "Changed", Some(2), Some(old), vec!["a".to_owned(), "c".to_owned()]);
        let cells: Vec<(Option<&str>, &str)> =
            row.cells.iter().map(|cell| (cell.old.as_deref(), cell.new.as_str())).collect();
        assert_eq!(cells, [(None, "a"), (Some("b"), "c")]);
    }
}
