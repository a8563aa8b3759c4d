//! Finding people by what somebody remembers of them: the beginning of a word of the name, of the e-mail address, of
//! an ID.
//!
//! Keys are folded, so that case, accents and umlauts do not matter: `Müller`, `Mueller` and `muller` are one. What is
//! folded begins with whatever its beginning is folded to, so a search is a range of keys in an index.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::person::Person;

/// The longest key in octets: an index of PostgreSQL takes 2,704, and some characters are folded to many.
const KEY_MAX: usize = 512;

/// What a user is found and sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchKeys {
    /// Last name, first name: also the order in which people are listed.
    pub name: String,
    /// First name, last name.
    pub given: String,
    /// The e-mail address.
    pub email: String,
    /// The user ID, without the zeros at its beginning.
    pub user_id: String,
    /// The Sync ID.
    pub sync_id: Option<String>,
    /// The name from each further word on, as `Maria Berg` and `Berg` in `Anna Maria Berg`, where no other key begins.
    pub words: Vec<String>,
}

/// What is looked for: for each key the text that it has to begin with; `None` where nothing can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// For names, in either order, and words of names.
    pub name: Option<String>,
    /// For e-mail addresses.
    pub email: Option<String>,
    /// For user IDs.
    pub user_id: Option<String>,
    /// For Sync IDs.
    pub sync_id: Option<String>,
}

impl SearchKeys {
    /// The keys of a person.
    pub fn of(person: &Person) -> Self {
        let (first, last) = (words(&person.first_name), words(&person.last_name));
        let joined = |one: &[String], other: &[String]| cut([one, other].concat().join(" "));
        let (name, given) = (joined(&last, &first), joined(&first, &last));
        let all = [first.as_slice(), last.as_slice()].concat();
        let mut inner: Vec<String> = (1..all.len())
            .filter(|start| *start != first.len())
            .filter_map(|start| all.get(start..))
            .map(|rest| cut(rest.join(" ")))
            .collect();
        inner.sort_unstable();
        inner.dedup();
        Self {
            name,
            given,
            email: cut(fold(&person.email)),
            user_id: number(&person.user_id),
            sync_id: person.sync_id.as_deref().map(plain),
            words: inner,
        }
    }
}

impl Search {
    /// What `text` looks for; `None` when it is blank, which looks for nobody in particular.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let some = |key: String| Some(key).filter(|key| !key.is_empty());
        Some(Self {
            name: some(cut(words(text).join(" "))),
            email: some(cut(fold(text))),
            user_id: some(number(text)),
            sync_id: some(plain(text)),
        })
    }
}

/// What a text is found by: itself, and from each further word on, folded.
pub fn suffixes(text: &str) -> Vec<String> {
    let words = words(text);
    (0..words.len()).filter_map(|start| words.get(start..)).map(|rest| cut(rest.join(" "))).collect()
}

/// A search as [`suffixes`] are folded; `None` when it looks for nothing in particular.
pub fn folded(text: &str) -> Option<String> {
    Some(cut(words(text).join(" "))).filter(|key| !key.is_empty())
}

/// The key behind all keys that begin with `prefix`.
pub fn prefix_end(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

/// The words of a name, folded; `O'Neil` is one, `Müller-Lüdenscheidt` is two.
fn words(text: &str) -> Vec<String> {
    let text: String = text.chars().filter(|character| !matches!(character, '\'' | '’' | '`')).collect();
    fold(&text)
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Small letters without accents; `ae`, `oe` and `ue` stand for umlauts, and an umlaut for its letter.
fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().filter(|character| !is_combining_mark(*character)) {
        for small in character.to_lowercase() {
            match small {
                'ß' => push(&mut folded, "ss"),
                'æ' | 'å' => push(&mut folded, "a"),
                'œ' | 'ø' => push(&mut folded, "o"),
                'ð' | 'đ' => push(&mut folded, "d"),
                'ħ' => push(&mut folded, "h"),
                'ı' => push(&mut folded, "i"),
                'ł' => push(&mut folded, "l"),
                'þ' => push(&mut folded, "th"),
                other => push(&mut folded, other.encode_utf8(&mut [0; 4])),
            }
        }
    }
    folded
}

fn push(folded: &mut String, text: &str) {
    if text != "e" || !folded.ends_with(['a', 'o', 'u']) {
        folded.push_str(text);
    }
}

/// A user ID as it is looked for: as it is printed on cards, with or without zeros at its beginning.
fn number(text: &str) -> String {
    let small = plain(text);
    let stripped = small.trim_start_matches('0');
    if stripped.is_empty() && !small.is_empty() { "0".to_owned() } else { stripped.to_owned() }
}

fn plain(text: &str) -> String {
    cut(text.to_lowercase())
}

fn cut(mut key: String) -> String {
    key.truncate(key.floor_char_boundary(KEY_MAX));
    key
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn person(first: &str, last: &str, email: &str, user_id: &str) -> Person {
        let [first_name, last_name, email, user_id] = [first, last, email, user_id].map(str::to_owned);
        Person { first_name, last_name, email, user_id, sync_id: Some("HR-7".to_owned()) }
    }

    #[test]
    fn umlauts_accents_and_case_do_not_matter() {
        for (one, other) in [
            ("Müller", "MUELLER"),
            ("Müller", "muller"),
            ("Groß", "GROSS"),
            ("Ærøskøbing", "aeroskobing"),
            ("Łukasz", "lukasz"),
            ("José", "jose"),
            ("Goethe", "göthe"),
            ("Ａｎｎａ", "anna"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("Mull"), fold("Müller"));
    }

    #[test]
    fn a_person_is_found_by_every_word_of_the_name() {
        let keys = SearchKeys::of(&person("Anna Maria", "van der O'Berg", "Anna.Berg@X.example", "004711"));
        assert_eq!(keys.name, "van der oberg anna maria");
        assert_eq!(keys.given, "anna maria van der oberg");
        assert_eq!(keys.words, ["der oberg", "maria van der oberg", "oberg"]);
        assert_eq!(keys.email, "anna.berg@x.example");
        assert_eq!((keys.user_id.as_str(), keys.sync_id.as_deref()), ("4711", Some("hr-7")));
        assert!(SearchKeys::of(&person("", "Berg", "a@x.example", "000")).words.is_empty());
        assert_eq!(SearchKeys::of(&person("", "Berg", "a@x.example", "000")).user_id, "0");
        assert_eq!(
            SearchKeys::of(&person("Ann-Kathrin", "Berg", "a@x.example", "1")).words,
            ["kathrin berg"]
        );
    }

    #[test]
    fn a_search_is_folded_as_keys_are() {
        let search = Search::new("  Berg, An ").unwrap();
        assert_eq!(search.name.as_deref(), Some("berg an"));
        assert_eq!(search.email.as_deref(), Some("berg, an"));
        assert_eq!(Search::new("004711").unwrap().user_id.as_deref(), Some("4711"));
        assert_eq!(Search::new("@").unwrap().name, None);
        assert_eq!(Search::new(" \t"), None);
    }

    #[test]
    fn a_key_fits_an_index_whatever_the_name_is() {
        let ligatures = "\u{FDFA}".repeat(100);
        let keys = SearchKeys::of(&person(&ligatures, &ligatures, "a@x.example", "1"));
        assert!(keys.name.len() <= KEY_MAX && keys.words.iter().all(|word| word.len() <= KEY_MAX));
    }

    proptest! {
        #[test]
        fn what_begins_with_a_text_is_folded_to_what_begins_with_its_fold(begin in "\\PC{0,8}", rest in "\\PC{0,8}") {
            let whole = fold(&format!("{begin}{rest}"));
            prop_assert!(whole.starts_with(&fold(&begin)), "{:?} {:?}", fold(&begin), whole);
            let range = fold(&begin)..prefix_end(&fold(&begin));
            prop_assert!(range.contains(&whole));
        }
    }
}
