//! How wide text is, so that it is broken into lines before it is drawn.

/// Hundredths of the size of the type that a character of ASCII takes, from the space on, in Arial and whatever has its
/// measures.
const WIDTHS: [u8; 95] = [
    28, 28, 35, 56, 56, 89, 67, 19, 33, 33, 39, 58, 28, 33, 28, 28, 56, 56, 56, 56, 56, 56, 56, 56, 56, 56,
    28, 28, 58, 58, 58, 56, 102, 67, 67, 72, 72, 67, 61, 78, 72, 28, 50, 67, 56, 83, 72, 78, 67, 78, 72, 67,
    61, 72, 67, 94, 67, 67, 61, 28, 28, 28, 47, 56, 33, 56, 56, 50, 56, 56, 28, 56, 56, 22, 22, 50, 22, 83,
    56, 56, 56, 56, 33, 50, 28, 56, 50, 72, 50, 50, 50, 33, 26, 33, 58,
];
/// What any other letter of Europe takes at most, as good as always.
const OTHER: u8 = 78;
/// What a character of East Asia takes.
const WIDE: u8 = 100;
/// How much wider the bold is, at most.
const BOLD: f32 = 1.12;

/// How a line is set.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f32,
    pub(super) is_bold: bool,
}

impl Type {
    /// How wide a text is, or a little less.
    pub(super) fn width(self, text: &str) -> f32 {
        let hundredths: f32 = text.chars().map(|one| f32::from(width(one))).sum();
        hundredths * self.size / 100.0 * if self.is_bold { BOLD } else { 1.0 }
    }

    /// The text in lines that are not wider than `most`: broken at spaces, and within a word that does not fit.
    pub(super) fn lines(self, text: &str, most: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&joined) <= most {
                line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for character in word.chars() {
                line.push(character);
                if self.width(&line) > most && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, character.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

fn width(character: char) -> u8 {
    let code = u32::from(character);
    let place = code.checked_sub(0x20).and_then(|place| usize::try_from(place).ok());
    match place.and_then(|place| WIDTHS.get(place)) {
        Some(width) => *width,
        None if code >= 0x1100 && !(0x1E00..0x2E80).contains(&code) => WIDE,
        None => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: Type = Type { size: 20.0, is_bold: false };

    #[test]
    fn no_line_is_too_wide_and_no_character_is_lost() {
        let word = "x".repeat(300);
        for text in
            ["", "Anna", "Anna-Lena von und zu Hohenstein am Walde", &word, "日本語の名前 と 日本語の名前"]
        {
            let lines = TYPE.lines(text, 100.0);
            assert!(lines.iter().all(|line| TYPE.width(line) <= 100.0), "{lines:?}");
            let without_spaces = |text: &str| text.split_whitespace().collect::<String>();
            assert_eq!(without_spaces(&lines.concat()), without_spaces(text));
        }
        // A character that is wider than the line has a line of its own.
        assert_eq!(TYPE.lines("WW", 1.0), ["W", "W"]);
    }
}
