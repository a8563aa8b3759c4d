//! Quotation marks: what a lenient reader would let pass in silence.

use memchr::{memchr2, memchr3};

/// What stands for a run of characters that mean nothing to a reader of CSV.
const ORDINARY: char = 'x';

/// A quotation mark that is not as RFC 4180 has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadQuote {
    /// The line on which it stands, from 1.
    pub(super) line: u64,
    /// The column in which it stands, from 1.
    pub(super) column: usize,
    /// Where the record begins that has it, in octets of the text.
    pub(super) record_start: usize,
    /// Whether it opens and never closes; otherwise text follows where it closes.
    pub(super) never_closed: bool,
}

/// Where a reader is within a cell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before its first character.
    Start,
    /// In a cell without quotation marks.
    Plain,
    /// Between quotation marks.
    Quoted,
    /// Behind a quotation mark that closes, unless another one follows.
    Closed,
}

struct Scanner {
    delimiter: u8,
    place: Place,
    line: u64,
    column: usize,
    record_start: usize,
    opened: (u64, usize),
}

/// Where a cell or record ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Event {
    Within,
    EndOfRecord,
    TextAfterQuote,
}

impl Scanner {
    const fn new(delimiter: u8) -> Self {
        Self { delimiter, place: Place::Start, line: 1, column: 1, record_start: 0, opened: (1, 1) }
    }

    /// The next character that means something, or some other one for a run of those that do not; the offset behind it.
    fn next(&self, text: &[u8], from: usize) -> Option<(char, usize)> {
        let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
        let special = match self.place {
            Place::Quoted => memchr2(b'"', b'\n', rest),
            _ => memchr3(self.delimiter, b'"', b'\n', rest),
        };
        match special {
            Some(0) => Some((char::from(*rest.first()?), from.saturating_add(1))),
            Some(length) => Some((ORDINARY, from.saturating_add(length))),
            None => Some((ORDINARY, text.len())),
        }
    }

    /// Takes the next character; `end` is the offset behind it.
    fn step(&mut self, character: char, end: usize) -> Event {
        if self.place == Place::Quoted {
            match character {
                '"' => self.place = Place::Closed,
                '\n' => self.line = self.line.saturating_add(1),
                _ => {}
            }
            return Event::Within;
        }
        match character {
            '\n' => {
                self.line = self.line.saturating_add(1);
                self.column = 1;
                self.place = Place::Start;
                self.record_start = end;
                return Event::EndOfRecord;
            }
            _ if character == char::from(self.delimiter) => {
                self.column = self.column.saturating_add(1);
                self.place = Place::Start;
            }
            '"' if self.place == Place::Closed => self.place = Place::Quoted,
            '"' if self.place == Place::Start => {
                self.opened = (self.line, self.column);
                self.place = Place::Quoted;
            }
            _ if self.place == Place::Closed => {
                self.place = Place::Plain;
                return Event::TextAfterQuote;
            }
            _ => self.place = Place::Plain,
        }
        Event::Within
    }
}

/// Finds every bad quotation mark; one that never closes is the last, since it takes in the rest of the file.
pub(super) fn bad_quotes(text: &str, delimiter: u8) -> Vec<BadQuote> {
    let mut scanner = Scanner::new(delimiter);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((character, end)) = scanner.next(text.as_bytes(), at) {
        at = end;
        let record_start = scanner.record_start;
        let event = scanner.step(character, end);
        if event == Event::TextAfterQuote {
            let (line, column) = (scanner.line, scanner.column);
            found.push(BadQuote { line, column, record_start, never_closed: false });
        }
    }
    if scanner.place == Place::Quoted {
        let (line, column) = scanner.opened;
        found.push(BadQuote { line, column, record_start: scanner.record_start, never_closed: true });
    }
    found
}

/// The number of columns of the first `limit` records that are not blank.
pub(super) fn widths(text: &str, delimiter: u8, limit: usize) -> Vec<usize> {
    let mut scanner = Scanner::new(delimiter);
    let mut widths = Vec::new();
    let mut blank = true;
    let mut at = 0;
    while let Some((character, end)) = scanner.next(text.as_bytes(), at) {
        at = end;
        if widths.len() >= limit {
            return widths;
        }
        let width = scanner.column;
        if scanner.step(character, end) == Event::EndOfRecord {
            if !blank {
                widths.push(width);
            }
            blank = true;
        } else {
            blank = false;
        }
    }
    if !blank {
        widths.push(scanner.column);
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_quotation_marks_pass() {
        for good in ["\"a\",b\n", "\"a\"\"b\",c", "\"a\nb\",c\n", "a \"b\" c,d", "\"\",\"\"", ""] {
            assert_eq!(bad_quotes(good, b','), [], "{good}");
        }
    }

    #[test]
    fn a_quotation_mark_that_never_closes_is_located_where_it_opens() {
        let bad = bad_quotes("a,b\nc,\"d\ne,f\n", b',');
        assert_eq!(bad, [BadQuote { line: 2, column: 2, record_start: 4, never_closed: true }]);
    }

    #[test]
    fn text_behind_a_closing_mark_is_located() {
        let bad = bad_quotes("a,\"b\"c,d\n", b',');
        assert_eq!(bad, [BadQuote { line: 1, column: 2, record_start: 0, never_closed: false }]);
    }

    #[test]
    fn blank_lines_have_no_width() {
        assert_eq!(widths("a,b\n\n\"x,y\",z,w\nq", b',', 10), [2, 3, 1]);
    }
}
