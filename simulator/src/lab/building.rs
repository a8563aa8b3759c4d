//! The building of the lab: a script, and the world that it makes.
//!
//! The script is all that counts: whatever is done is a step of it first, and the same steps make the same world again.

use std::collections::BTreeSet;
use std::time::Instant as Stopwatch;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::script::Script;
use crate::scenario::{Play, Problem, Step};

/// What is tapped, watched and written.
pub(super) struct Building {
    pub(super) script: Script,
    pub(super) play: Play,
    /// How much slower than the world's own time is shown; 0 is at once.
    pub(super) slowness: u32,
    /// How often it was made anew: what was seen of an earlier one is not true of this one.
    pub(super) generation: u64,
    /// Where world and wall were when something happened last.
    mark: (u64, Stopwatch),
    /// Steps whose outcome is not written down yet.
    unwritten: BTreeSet<usize>,
}

impl Building {
    /// Builds what a script says, and does its steps.
    ///
    /// # Errors
    /// When the world refuses it.
    pub(super) fn new(script: Script, slowness: u32, generation: u64) -> Result<Self> {
        let play = Play::of(&script.scenario, None)?;
        let now = play.world.clock().now_us();
        let mark = (now, Stopwatch::now());
        Ok(Self { script, play, slowness, generation, mark, unwritten: BTreeSet::new() })
    }

    /// Does the next step, and writes it down; a tap is only begun, and its number is returned.
    ///
    /// # Errors
    /// What is wrong with it, and then nothing is done; or why the world fails.
    pub(super) fn act(&mut self, mut fields: Map<String, Value>) -> Result<Option<u64>> {
        self.catch_up()?;
        let was_busy = self.is_busy();
        if was_busy {
            self.leave_last_open();
        }
        let now = self.now_us();
        let after = now.saturating_sub(self.play.reached_us);
        if after > 0 {
            fields.insert("after".to_owned(), format!("{after}us").into());
        }
        let before = self.script.clone();
        self.script.add("step", &fields).map_err(refused)?;
        let Some(step) = self.script.scenario.steps.last().cloned() else { bail!("there is no step") };
        self.unwritten.insert(self.play.reports.len());
        let tap = match self.play.do_step(&step) {
            Ok(tap) => tap,
            Err(error) => {
                // What cannot be begun is no step: a phone that is at a door already, for example.
                self.script = before;
                self.unwritten.remove(&self.play.reports.len());
                return Err(error);
            }
        };
        if !was_busy {
            self.mark = (self.now_us(), Stopwatch::now());
        }
        self.after_event();
        Ok(tap)
    }

    /// Makes everything anew from a changed script.
    ///
    /// # Errors
    /// When it is wrong, and then nothing is changed.
    pub(super) fn rebuild(
        &mut self,
        change: impl FnOnce(&mut Script) -> Result<(), Vec<Problem>>,
    ) -> Result<()> {
        self.finish()?;
        let mut script = self.script.clone();
        change(&mut script).map_err(refused)?;
        self.replace(script)
    }

    /// Another script is in the place of this one.
    ///
    /// # Errors
    /// When the world refuses it, and then nothing is changed.
    pub(super) fn replace(&mut self, script: Script) -> Result<()> {
        *self = Self::new(script, self.slowness, self.generation.saturating_add(1))?;
        Ok(())
    }

    /// Whether a phone is at a door.
    pub(super) fn is_busy(&self) -> bool {
        !self.play.world.taps_under_way().is_empty()
    }

    /// When the next thing is to happen, if somebody waits for it; `None` while nobody does.
    pub(super) fn due(&self) -> Option<Stopwatch> {
        let at = self.play.world.next_moment_us().filter(|_| self.is_busy())?;
        let (then, wall) = self.mark;
        let slower = at.saturating_sub(then).saturating_mul(u64::from(self.slowness));
        wall.checked_add(std::time::Duration::from_micros(slower))
    }

    /// Lets everything happen that is due.
    ///
    /// # Errors
    /// When the world fails.
    pub(super) fn catch_up(&mut self) -> Result<()> {
        while self.due().is_some_and(|due| due <= Stopwatch::now()) {
            self.step_on()?;
        }
        if self.is_busy() {
            self.move_between_events()?;
        }
        Ok(())
    }

    /// Lets the next thing happen, now.
    ///
    /// # Errors
    /// When the world fails.
    pub(super) fn step_on(&mut self) -> Result<()> {
        let (Some(due), Some(at)) = (self.due(), self.play.world.next_moment_us()) else { return Ok(()) };
        self.play.world.wait_until(at)?;
        self.mark = (at, due);
        self.after_event();
        Ok(())
    }

    /// Lets all taps come to their ends.
    ///
    /// # Errors
    /// When the world fails.
    pub(super) fn finish(&mut self) -> Result<()> {
        while self.is_busy() {
            self.step_on()?;
        }
        Ok(())
    }

    fn now_us(&self) -> u64 {
        self.play.world.clock().now_us()
    }

    /// Moves the world's clock to where the wall's clock is.
    fn move_between_events(&mut self) -> Result<()> {
        let (then, wall) = self.mark;
        let passed = u64::try_from(wall.elapsed().as_micros()).unwrap_or(0);
        let Some(passed) = passed.checked_div(u64::from(self.slowness)) else { return Ok(()) };
        let before_next = self.play.world.next_moment_us().map_or(u64::MAX, |at| at.saturating_sub(1));
        let moment = then.saturating_add(passed).min(before_next).max(self.now_us());
        self.play.world.wait_until(moment)?;
        self.mark = (moment, Stopwatch::now());
        Ok(())
    }

    /// The next step comes before the end of the last one, if that is a tap.
    fn leave_last_open(&mut self) {
        let is_open_tap = |step: &Step| step.is_tap() && !step.together;
        if self.script.scenario.steps.last().is_some_and(is_open_tap) {
            self.script.mark_last_together();
        }
    }

    /// Looks what came of taps, and writes down what is known.
    fn after_event(&mut self) {
        self.play.look_at_taps(&self.script.scenario);
        let known =
            |index: &&usize| self.play.reports.get(**index).is_some_and(|report| !report.facts.is_empty());
        let known: Vec<usize> = self.unwritten.iter().filter(known).copied().collect();
        for index in known {
            self.unwritten.remove(&index);
            if let Some(report) = self.play.reports.get(index) {
                self.script.expect(index, &report.facts.clone());
            }
        }
        if !self.is_busy() {
            let now = self.now_us();
            self.mark = (now, Stopwatch::now());
            // The end of a tap that the next step waits for.
            let waits = |step: &Step| step.is_tap() && !step.together;
            if self.script.scenario.steps.last().is_some_and(waits) {
                self.play.reached_us = now;
            }
        }
    }
}

/// What is wrong, as one error.
pub(super) fn refused(problems: Vec<Problem>) -> anyhow::Error {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow::anyhow!(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scenario::{Scenario, run};

    const STREET: &str = include_str!("street.toml");

    fn building() -> Building {
        Building::new(Script::parse(STREET).unwrap(), 0, 0).unwrap()
    }

    fn act(building: &mut Building, step: Value) {
        building.act(step.as_object().cloned().unwrap()).unwrap();
    }

    /// The saved scenario does what was done, octet for octet.
    fn runs_the_same(building: &Building) {
        let saved = Scenario::parse(&building.script.text()).unwrap();
        let report = run(&saved, None).unwrap();
        assert_eq!(report.failures().collect::<Vec<_>>(), Vec::<&str>::new());
        assert_eq!(report.digest, building.play.world.digest());
    }

    #[test]
    fn what_was_done_is_a_scenario_that_runs_the_same() {
        let mut building = building();
        act(&mut building, json!({ "do": "tap", "phone": "Anna's phone", "door": "Front door" }));
        building.finish().unwrap();
        act(&mut building, json!({ "do": "wait", "for": "1h" }));
        act(&mut building, json!({ "do": "tap", "phone": "Clara's phone", "door": "Garage" }));
        building.finish().unwrap();
        let results: Vec<_> =
            building.play.reports.iter().filter_map(|report| report.facts.fact("result")).collect();
        assert_eq!(results.last().unwrap().as_str(), Some("failed"));
        runs_the_same(&building);
    }

    #[test]
    fn what_is_done_in_the_middle_of_a_tap_runs_the_same() {
        let mut building = building();
        act(&mut building, json!({ "do": "tap", "phone": "Anna's phone", "door": "Garage" }));
        for _ in 0..9 {
            building.step_on().unwrap();
        }
        assert!(building.is_busy());
        act(&mut building, json!({ "do": "cut-power", "door": "Garage" }));
        building.finish().unwrap();
        // Everything is made anew, and the next step comes when it would have come.
        building.rebuild(|_| Ok(())).unwrap();
        act(&mut building, json!({ "do": "restore-power", "door": "Garage" }));
        act(&mut building, json!({ "do": "tap", "phone": "Anna's phone", "door": "Garage" }));
        building.step_on().unwrap();
        act(&mut building, json!({ "do": "tap", "phone": "Clara's phone", "door": "Garage" }));
        building.finish().unwrap();
        runs_the_same(&building);
    }

    #[test]
    fn a_step_that_is_taken_back_has_not_happened() {
        let mut building = building();
        let (text, digest) = (building.script.text(), building.play.world.digest());
        act(&mut building, json!({ "do": "revoke", "person": "Anna" }));
        assert_ne!(building.play.world.digest(), digest);
        building
            .rebuild(|script| {
                script.remove_last_step();
                Ok(())
            })
            .unwrap();
        assert_eq!((building.script.text(), building.play.world.digest()), (text, digest));
    }

    #[test]
    fn a_phone_is_at_one_door_at_a_time() {
        let mut building = building();
        building.slowness = 1_000_000;
        act(&mut building, json!({ "do": "tap", "phone": "Anna's phone", "door": "Garage" }));
        let again = json!({ "do": "tap", "phone": "Anna's phone", "door": "Front door" });
        let error = building.act(again.as_object().cloned().unwrap()).unwrap_err();
        assert!(format!("{error:#}").contains("at a door already"), "{error:#}");
        building.finish().unwrap();
        runs_the_same(&building);
    }
}
