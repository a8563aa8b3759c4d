//! Running a scenario.

use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};

use super::facts::Facts;
use super::perform::{Performed, tap_facts};
use super::report::Report;
use super::{Scenario, Step, When};
use crate::world::World;

/// What came of a step.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// Where the step stands.
    pub line: usize,
    /// What is done, as it is written.
    pub name: String,
    /// When it began, in microseconds from the beginning.
    pub at_us: u64,
    /// What is known of it.
    pub facts: Facts,
    /// What is not as it has to be.
    pub failures: Vec<String>,
}

/// Runs a scenario to its end, also when a step does not come out as it must.
///
/// # Errors
/// When a part of the world fails that should not, or the plan is refused.
pub fn run(scenario: &Scenario, seed: Option<u64>) -> Result<Report> {
    let began = Stopwatch::now();
    let play = Play::of(scenario, seed)?;
    Ok(Report::new(scenario, play.seed, &play.world, play.reports, began.elapsed()))
}

impl Scenario {
    /// Builds the world and does all steps, whatever comes of them, for those who go on from there.
    ///
    /// # Errors
    /// When a part of the world fails that should not, or the plan is refused.
    pub fn build(&self, seed: Option<u64>) -> Result<World> {
        Ok(Play::of(self, seed)?.world)
    }
}

/// A scenario under way.
pub(crate) struct Play {
    pub(crate) world: World,
    /// What came of the steps that were begun.
    pub(crate) reports: Vec<StepReport>,
    /// When the next step would be done if it did not say otherwise.
    pub(crate) reached_us: u64,
    seed: u64,
    /// Steps whose taps are not over, and the numbers of those.
    under_way: Vec<(usize, u64)>,
}

impl Play {
    /// The world before the first step.
    pub(crate) fn begin(scenario: &Scenario, seed: Option<u64>) -> Result<Self> {
        let mut plan = scenario.plan.clone();
        plan.seed = seed.unwrap_or(plan.seed);
        let seed = plan.seed;
        let world = World::new(plan)?;
        let reached_us = world.clock().now_us();
        Ok(Self { world, reports: Vec::new(), reached_us, seed, under_way: Vec::new() })
    }

    /// The world after the last one.
    pub(crate) fn of(scenario: &Scenario, seed: Option<u64>) -> Result<Self> {
        let mut play = Self::begin(scenario, seed)?;
        for step in &scenario.steps {
            if play.do_step(step)?.is_some() && !step.together {
                play.settle(scenario)?;
                play.reached_us = play.world.clock().now_us();
            }
        }
        play.settle(scenario)?;
        Ok(play)
    }

    /// Does the next step; a tap is only begun, and its number is returned.
    pub(crate) fn do_step(&mut self, step: &Step) -> Result<Option<u64>> {
        let moment = step.moment(self.world.clock().now_us());
        self.world.wait_until(moment)?;
        if let Some(note) = &step.note {
            self.world.say("—", note.clone());
        }
        let performed = self.world.perform(&step.act);
        let performed = performed.with_context(|| format!("line {}, `{}`", step.line, step.name))?;
        let at_us = self.world.clock().now_us().min(moment);
        let mut report =
            StepReport { line: step.line, name: step.name.clone(), at_us, ..StepReport::default() };
        let tap = match performed {
            Performed::Tapping(tap) => {
                self.under_way.push((self.reports.len(), tap));
                Some(tap)
            }
            Performed::Done(facts) => {
                report.failures = step.failures(&facts);
                report.facts = facts;
                None
            }
        };
        self.reports.push(report);
        self.reached_us = self.world.clock().now_us();
        Ok(tap)
    }

    /// Lets taps come to their ends.
    fn settle(&mut self, scenario: &Scenario) -> Result<()> {
        self.world.settle_taps()?;
        self.look_at_taps(scenario);
        Ok(())
    }

    /// Looks what came of the taps that are over.
    pub(crate) fn look_at_taps(&mut self, scenario: &Scenario) {
        let (world, reports) = (&self.world, &mut self.reports);
        self.under_way.retain(|(index, tap)| {
            let Some(record) = world.record(*tap) else { return true };
            if let (Some(report), Some(step)) = (reports.get_mut(*index), scenario.steps.get(*index)) {
                report.facts = tap_facts(record);
                report.failures = step.failures(&report.facts);
            }
            false
        });
    }
}

impl Step {
    /// When it is done, if it is now `now`.
    fn moment(&self, now: u64) -> u64 {
        match self.when {
            When::At(at) => at.max(now),
            When::After(after) => now.saturating_add(after),
        }
    }

    /// What is not as it has to be; where nothing is said of the result, it has to be a good one.
    fn failures(&self, facts: &Facts) -> Vec<String> {
        let named = self.expected.iter().any(|expected| expected.fact == "result");
        let is = facts.fact("result").and_then(serde_json::Value::as_str).unwrap_or_default();
        let is_good = named || matches!(is, "ok" | "granted");
        let why = facts.fact("error").or(facts.fact("reason")).and_then(serde_json::Value::as_str);
        let bad = (!is_good)
            .then(|| format!("line {}: the result is {is:?}: {}", self.line, why.unwrap_or("no reason")));
        let others = self
            .expected
            .iter()
            .filter_map(|expected| Some(format!("line {}: {}", expected.line, expected.failure(facts)?)));
        bad.into_iter().chain(others).collect()
    }
}
