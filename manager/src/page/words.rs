//! Every word of the page, in every language. English stands in the templates and is the key; a test holds that all of it
//! stands here.

mod account;
mod cards;
mod common;
mod imports;
mod keeping;
mod looking;
mod settings;
mod templates;
mod users;

use std::collections::HashMap;
use std::sync::LazyLock;

/// English and German.
type Row = (&'static str, &'static str);

/// The words of each part of the page.
const PARTS: [&[Row]; 9] = [
    account::ROWS,
    cards::ROWS,
    common::ROWS,
    imports::ROWS,
    keeping::ROWS,
    looking::ROWS,
    settings::ROWS,
    templates::ROWS,
    users::ROWS,
];

static GERMAN: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| PARTS.iter().flat_map(|part| part.iter().copied()).collect());

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// Its name in HTML and in the cookie.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Undoes [`Language::code`].
    pub(super) fn from_code(code: &str) -> Option<Self> {
        [Self::English, Self::German].into_iter().find(|language| language.code() == code)
    }

    /// The first language of `Accept-Language` that there is.
    pub(super) fn accepted(header: &str) -> Self {
        let mut wanted: Vec<(f32, usize, Self)> = header
            .split(',')
            .enumerate()
            .filter_map(|(place, range)| {
                let (tag, parameters) = range.trim().split_once(';').unwrap_or((range.trim(), ""));
                let primary = tag.split('-').next().unwrap_or_default();
                let quality =
                    parameters.trim().strip_prefix("q=").map_or(Some(1.0), |text| text.parse().ok());
                let found = Self::from_code(&primary.to_ascii_lowercase())?;
                quality.filter(|quality| *quality > 0.0).map(|quality| (quality, place, found))
            })
            .collect();
        wanted.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        wanted.first().map_or(Self::default(), |(_, _, language)| *language)
    }

    /// The words in this language; English ones where there are no others.
    pub(super) fn say(self, english: &'static str) -> &'static str {
        match self {
            Self::English => english,
            Self::German => GERMAN.get(english).copied().unwrap_or(english),
        }
    }

    /// The words in this language for text that is known only as the page runs, such as that of an error.
    pub(super) fn say_known(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::German => GERMAN.get(english).copied().unwrap_or(english),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// What stands between `f.t("` or `f.with("` and the next quotation mark, in every file below a directory.
    fn said_below(directory: &Path, said: &mut BTreeSet<String>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|name| name == "words.rs") {
                continue;
            }
            if path.is_dir() {
                said_below(&path, said);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for opening in [".t(\"", ".with(\"", ".with2(\"", ".say(\"", "word(\""] {
                for rest in text.split(opening).skip(1) {
                    said.insert(rest.split('"').next().unwrap().to_owned());
                }
            }
        }
    }

    #[test]
    fn every_word_that_is_said_is_there_in_german_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut said = BTreeSet::new();
        said_below(&root.join("templates"), &mut said);
        said_below(&root.join("src/page"), &mut said);
        said.remove("");
        let missing: Vec<&String> =
            said.iter().filter(|english| !GERMAN.contains_key(english.as_str())).collect();
        assert!(missing.is_empty(), "not in src/page/words: {missing:#?}");
        let rows: Vec<&str> =
            PARTS.iter().flat_map(|part| part.iter().map(|(english, _)| *english)).collect();
        let once: BTreeSet<&str> = rows.iter().copied().collect();
        assert_eq!(rows.len(), once.len(), "a word stands in src/page/words twice");
    }

    #[test]
    fn places_for_values_are_the_same_in_both_languages() {
        for (english, german) in PARTS.iter().flat_map(|part| part.iter()) {
            let places = |text: &str| text.matches("{}").count();
            assert_eq!(places(english), places(german), "{english}");
        }
    }

    #[test]
    fn the_language_is_the_one_that_the_browser_likes_best() {
        assert_eq!(Language::accepted("de-DE,de;q=0.9,en;q=0.8"), Language::German);
        assert_eq!(Language::accepted("fr, en;q=0.5, de;q=0.7"), Language::German);
        assert_eq!(Language::accepted("de;q=0, en"), Language::English);
        assert_eq!(Language::accepted("fr"), Language::English);
        assert_eq!(Language::accepted(""), Language::English);
    }
}
