//! Security questions: answers are compared as people mean them, and kept so that nobody can read them.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};
use unicode_normalization::UnicodeNormalization;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::domain::text::{from_base64url, to_base64url};

/// Argon2id with 19 MiB and 2 passes: the first choice of OWASP for what a server checks often.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const SALT_OCTETS: usize = 16;
/// Octets of an answer that count; nobody remembers more.
const ANSWER_OCTETS_MAX: usize = 1024;

/// A question with its answer, as an administrator gives it.
#[derive(Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecurityAnswer {
    /// The question, as the holder reads it.
    #[schema(max_length = 200)]
    pub question: String,
    /// The answer; case, accents of width and white space do not matter. It is never shown again.
    #[schema(max_length = 200)]
    pub answer: String,
}

/// A question with the hash of its answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityQuestion {
    /// The question, as the holder reads it.
    pub question: String,
    salt: String,
    hash: String,
}

impl SecurityQuestion {
    /// Keeps an answer.
    ///
    /// Takes some 20 ms.
    pub fn new(given: &SecurityAnswer, salt: [u8; 16]) -> Option<Self> {
        let hash = hash(&given.answer, &salt)?;
        Some(Self {
            question: given.question.trim().to_owned(),
            salt: to_base64url(&salt),
            hash: to_base64url(&*hash),
        })
    }

    fn matches(&self, answer: &str) -> Choice {
        let salt: [u8; SALT_OCTETS] = from_base64url(&self.salt).unwrap_or_default();
        let kept: Option<[u8; 32]> = from_base64url(&self.hash);
        match (hash(answer, &salt), kept) {
            (Some(hash), Some(kept)) => hash.ct_eq(&kept),
            _ => Choice::from(0),
        }
    }
}

/// An answer as it is compared: NFKC, case-folded, white space collapsed.
pub fn fold_answer(text: &str) -> String {
    // To capitals first, so that `ß` and `SS`, `ς` and `σ` are one.
    let capitals = text.nfkc().collect::<String>().to_uppercase();
    let folded: String = capitals.chars().flat_map(char::to_lowercase).nfkc().collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether identifier and answers are those of a card.
///
/// Every answer is hashed, whatever the identifier is and however many answers were given, so that neither what is said
/// nor how long it takes tells which of them was wrong.
pub fn answers_hold(
    identifier: Option<&str>,
    given_identifier: &str,
    questions: &[SecurityQuestion],
    answers: &[String],
) -> bool {
    let mut holds = Choice::from(1);
    if let Some(identifier) = identifier {
        holds &= fold_answer(identifier).as_bytes().ct_eq(fold_answer(given_identifier).as_bytes());
    }
    for (place, question) in questions.iter().enumerate() {
        holds &= question.matches(answers.get(place).map_or("", String::as_str));
    }
    holds &= Choice::from(u8::from(answers.len() == questions.len()));
    holds.into()
}

fn hash(answer: &str, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let folded = Zeroizing::new(fold_answer(answer));
    let end = folded.floor_char_boundary(ANSWER_OCTETS_MAX);
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).ok()?;
    let mut out = Zeroizing::new([0; 32]);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into(folded.get(..end)?.as_bytes(), salt, &mut *out).ok()?;
    Some(out)
}

impl fmt::Debug for SecurityAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityAnswer").field("question", &self.question).finish_non_exhaustive()
    }
}

impl fmt::Debug for SecurityQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityQuestion").field("question", &self.question).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(answer: &str) -> SecurityQuestion {
        let given = SecurityAnswer { question: "Where?".to_owned(), answer: answer.to_owned() };
        SecurityQuestion::new(&given, [7; 16]).unwrap()
    }

    #[test]
    fn case_width_and_white_space_do_not_matter() {
        for (one, other) in [
            ("Hauptstraße 5", "  hauptSTRASSE\t5 "),
            ("Ｔｏｋｙｏ", "tokyo"),
            ("Οδυσσεύς", "ΟΔΥΣΣΕΎΣ"),
            ("ﬁsh", "FISH"),
            ("é", "E\u{301}"),
        ] {
            assert_eq!(fold_answer(one), fold_answer(other), "{one}");
        }
        assert_ne!(fold_answer("Paris"), fold_answer("Pariss"));
    }

    #[test]
    fn everything_has_to_be_right() {
        let questions = [question("Rex"), question("Bonn")];
        let answers = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let holds = |identifier: &str, all: &[&str]| {
            answers_hold(Some("S-17"), identifier, &questions, &answers(all))
        };
        assert!(holds("s-17", &["rex", " BONN"]));
        assert!(!holds("s-18", &["rex", "bonn"]));
        assert!(!holds("s-17", &["bonn", "rex"]));
        assert!(!holds("s-17", &["rex"]));
        assert!(!holds("s-17", &["rex", "bonn", "more"]));
        assert!(answers_hold(None, "", &[], &[]));
    }

    #[test]
    fn finding_out_takes_as_long_whatever_is_wrong() {
        let questions = [question("Rex")];
        let answers = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let wrong = [
            ("s-17", answers(&["Bello"])),
            ("s-99", answers(&["Rex"])),
            ("", answers(&["Bello"])),
            ("s-17", answers(&[])),
        ];
        // In turns, and the quickest of many runs of each, so that it does not matter what else the machine does.
        let mut quickest = [std::time::Duration::MAX; 4];
        for _ in 0..20 {
            for (best, (identifier, answers)) in quickest.iter_mut().zip(&wrong) {
                let began = std::time::Instant::now();
                assert!(!answers_hold(Some("S-17"), identifier, &questions, answers));
                *best = began.elapsed().min(*best);
            }
        }
        let (least, most) = (quickest.iter().min().unwrap(), quickest.iter().max().unwrap());
        assert!(*most < *least * 2, "{quickest:?}");
    }

    #[test]
    fn neither_answer_nor_hash_is_in_debug() {
        let kept = question("Rex");
        assert_eq!(format!("{kept:?}"), "SecurityQuestion { question: \"Where?\", .. }");
        let given = SecurityAnswer { question: "Where?".to_owned(), answer: "Rex".to_owned() };
        assert!(!format!("{given:?}").contains("Rex"));
    }
}
