//! Running a scenario.

use std::time::Instant as Stopwatch;

use anyhow::{Context, Result};

use super::facts::Facts;
use super::perform::{Performed, tap_facts};
use super::report::Report;
use super::{Scenario, Step, When};
use crate::world::World;

/// What came of a step.
#[derive(Clone, Debug)]
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
    let mut plan = scenario.plan.clone();
    plan.seed = seed.unwrap_or(plan.seed);
    let seed = plan.seed;
    let mut world = World::new(plan)?;
    let mut reports = Vec::new();
    let mut under_way = Vec::new();
    for step in &scenario.steps {
        let moment = step.moment(world.clock().now_us());
        world.wait_until(moment)?;
        if let Some(note) = &step.note {
            world.say("—", note.clone());
        }
        let performed = world.perform(&step.act);
        let performed = performed.with_context(|| format!("line {}, `{}`", step.line, step.name))?;
        let at_us = world.clock().now_us().min(moment);
        match performed {
            Performed::Tapping(tap) => {
                under_way.push((reports.len(), tap));
                reports.push(report(step, at_us, Facts::default()));
                if !step.together {
                    end_taps(&mut world, scenario, &mut reports, &mut under_way)?;
                }
            }
            Performed::Done(facts) => {
                let failures = step.failures(&facts);
                reports.push(StepReport { failures, ..report(step, at_us, facts) });
            }
        }
    }
    end_taps(&mut world, scenario, &mut reports, &mut under_way)?;
    Ok(Report::new(scenario, seed, &world, reports, began.elapsed()))
}

impl Scenario {
    /// Builds the world and does all steps, whatever comes of them, for those who go on from there.
    ///
    /// # Errors
    /// When a part of the world fails that should not, or the plan is refused.
    pub fn build(&self, seed: Option<u64>) -> Result<World> {
        let mut plan = self.plan.clone();
        plan.seed = seed.unwrap_or(plan.seed);
        let mut world = World::new(plan)?;
        for step in &self.steps {
            world.wait_until(step.moment(world.clock().now_us()))?;
            world.perform(&step.act)?;
            world.settle_taps()?;
        }
        Ok(world)
    }
}

/// Lets taps come to their ends, and looks what came of them.
fn end_taps(
    world: &mut World,
    scenario: &Scenario,
    reports: &mut [StepReport],
    under_way: &mut Vec<(usize, u64)>,
) -> Result<()> {
    world.settle_taps()?;
    for (index, tap) in under_way.drain(..) {
        let record = world.record(tap).context("a tap has no record")?;
        let (Some(report), Some(step)) = (reports.get_mut(index), scenario.steps.get(index)) else {
            continue;
        };
        report.facts = tap_facts(record);
        report.failures = step.failures(&report.facts);
    }
    Ok(())
}

fn report(step: &Step, at_us: u64, facts: Facts) -> StepReport {
    StepReport { line: step.line, name: step.name.clone(), at_us, facts, failures: Vec::new() }
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
