//! Scenarios: a world, what is done in it, and what has to come of it, in a TOML file.
//!
//! `docs/SIMULATOR.md` has the format.

mod act;
mod document;
mod facts;
mod library;
mod perform;
mod plan;
mod report;
mod run;
mod telling;

use std::path::Path;

use anyhow::{Context, Result};
use toml::de::DeTable;

pub(crate) use act::{ACTS, Act};
pub use document::Problem;
use document::{Problems, Section};
use facts::Expected;
pub use facts::Facts;
pub use library::{Found, find};
pub(crate) use perform::tap_facts;
pub use report::{Report, junit};
pub(crate) use run::Play;
pub use run::{StepReport, run};

use crate::world::WorldPlan;

/// A scenario that was read.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called.
    pub title: String,
    /// What it shows.
    pub about: String,
    /// Who and what is there.
    pub plan: WorldPlan,
    /// The names of the links that a tap may have.
    pub links: Vec<String>,
    pub(crate) steps: Vec<Step>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// Where it stands.
    line: usize,
    /// What is done, as it is written.
    name: String,
    when: When,
    act: Act,
    /// Whether the next step does not wait for the end of this one, which is a tap.
    pub(crate) together: bool,
    note: Option<String>,
    expected: Vec<Expected>,
}

/// When a step is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// When the one before is over, and so much later.
    After(u64),
    /// So long after the beginning.
    At(u64),
}

/// Everything that can be done in a step: its name, what it reads, and what is known when it is done.
pub fn acts() -> impl Iterator<Item = (&'static str, &'static str, &'static [&'static str])> {
    ACTS.iter().copied()
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// Everything that is wrong with it, line by line.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let problems = Problems::new(text);
        let table = match DeTable::parse(text) {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                problems.add(at, error.message().to_owned());
                return Err(problems.into_found());
            }
        };
        let root = Section::new("the scenario", table.get_ref(), table.span(), &problems);
        let title = root.needed("title").map(|word| word.text).unwrap_or_default();
        let about = root.text("about").unwrap_or_default();
        let (plan, names) = plan::read(&root);
        let steps = root.tables("step").into_iter().filter_map(|section| step(section, &names)).collect();
        root.finish();
        let found = problems.into_found();
        let links = names.link_names();
        if found.is_empty() { Ok(Self { title, about, plan, links, steps }) } else { Err(found) }
    }

    /// Reads the scenario in a file.
    ///
    /// # Errors
    /// When the file cannot be read, or with everything that is wrong with it.
    pub fn load(file: &Path) -> Result<Result<Self, Vec<Problem>>> {
        let text =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self::parse(&text))
    }

    /// How many steps it has.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }
}

impl Step {
    /// Whether a phone is held to a door.
    pub(crate) const fn is_tap(&self) -> bool {
        matches!(self.act, Act::Tap { .. })
    }
}

fn step(section: Section<'_>, names: &plan::Names) -> Option<Step> {
    let line = section.problems().line(section.at());
    let name = section.needed("do");
    let section = match &name {
        Some(name) => section.called(format!("a step `{}`", name.text)),
        None => section,
    };
    let at = section.duration("at").map(When::At);
    let when = at.unwrap_or(When::After(section.duration("after").unwrap_or(0)));
    let note = section.text("note");
    let act = name.as_ref().and_then(|name| Act::read(&section, name, names));
    let is_tap = name.as_ref().is_some_and(|name| name.text == "tap");
    let together = is_tap && section.flag("together").unwrap_or(false);
    let known = ACTS.iter().find(|(act, ..)| name.as_ref().is_some_and(|name| name.text == *act));
    let facts = known.map(|(.., facts)| *facts).unwrap_or_default();
    let mut expected = Vec::new();
    for (fact, value) in section.pairs("expect", "result") {
        if !facts.is_empty() && !facts.contains(&fact.text.as_str()) {
            let text = format!("nothing is known of `{}` then; known are: {}", fact.text, facts.join(", "));
            section.problems().add(fact.at, text);
        }
        let line = section.problems().line(fact.at);
        expected.push(Expected::new(fact, value, line));
    }
    // What nobody knows is only said of an act that is known: the list of its fields would be wrong.
    if known.is_some() {
        section.finish();
    }
    Some(Step { line, name: name?.text, when, act: act?, together, note, expected })
}
