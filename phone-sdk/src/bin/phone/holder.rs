//! Asking the holder for what a card asks for.

use std::io::{self, IsTerminal, Write};

use anyhow::{Context, bail};
use phone_sdk::{Holder, Requirements};

use crate::arguments::HolderArguments;
use crate::cards::standard_input;

/// What was given as arguments.
pub(crate) fn given(arguments: &HolderArguments) -> anyhow::Result<Holder> {
    let read = |file: &std::path::PathBuf| std::fs::read(file).with_context(|| file.display().to_string());
    let photo = arguments.photo.as_ref().map(read).transpose()?;
    Ok(Holder {
        unique_identifier: arguments.identifier.clone().unwrap_or_default(),
        answers: arguments.answers.clone(),
        accepted_terms: arguments.accept_terms.clone(),
        photo,
    })
}

/// The same, with the rest from the terminal.
pub(crate) fn completed(mut holder: Holder, asked: &Requirements) -> anyhow::Result<Holder> {
    if asked.unique_identifier && holder.unique_identifier.is_empty() {
        holder.unique_identifier = ask("Your identifier", "--identifier TEXT")?;
    }
    for question in asked.questions.iter().skip(holder.answers.len()) {
        let answer = ask(question, "--answer TEXT for each question")?;
        holder.answers.push(answer);
    }
    if let (Some(terms), None) = (&asked.terms, &holder.accepted_terms) {
        let how = format!("--accept-terms {}", terms.version);
        let answer = ask(&format!("{}\n\nDo you accept these terms? [y/N]", terms.text), &how)?;
        if !matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes") {
            bail!("the terms were not accepted");
        }
        holder.accepted_terms = Some(terms.version.clone());
    }
    if asked.photo.is_some_and(|photo| photo.required) && holder.photo.is_none() {
        bail!("this card needs a photo: say --photo FILE");
    }
    Ok(holder)
}

fn ask(question: &str, argument: &str) -> anyhow::Result<String> {
    if !io::stdin().is_terminal() {
        bail!("this card asks its holder for something: say {argument}");
    }
    eprint!("{question}: ");
    io::stderr().flush()?;
    standard_input()
}
