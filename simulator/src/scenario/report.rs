//! What came of a scenario, for people and programs.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::run::StepReport;
use super::{Scenario, tap_facts};
use crate::world::{Line, World};

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Report {
    /// What it is called.
    pub title: String,
    /// The seed of the run.
    pub seed: u64,
    /// A hash over everything that went over the air and everything that happened: the same in every run of the seed.
    pub digest: String,
    /// Its steps.
    pub steps: Vec<StepReport>,
    /// Taps, each with what is known of it.
    pub taps: Vec<Value>,
    /// What happened.
    pub timeline: Vec<Line>,
    /// When it began, in seconds since 1970.
    start_s: u32,
    /// How long it was, in virtual time.
    pub simulated_us: u64,
    /// How long it took.
    pub took: Duration,
}

impl Report {
    pub(super) fn new(
        scenario: &Scenario,
        seed: u64,
        world: &World,
        steps: Vec<StepReport>,
        took: Duration,
    ) -> Self {
        let tap = |record: &crate::world::TapRecord| {
            json!({
                "number": record.number,
                "phone": record.phone,
                "door": record.door,
                "link": record.link.kind.name(),
                "began_us": record.began_us,
                "ended_us": record.ended_us,
                "facts": tap_facts(record).to_json(),
            })
        };
        Self {
            title: scenario.title.clone(),
            seed,
            digest: world.digest(),
            steps,
            taps: world.records().iter().map(tap).collect(),
            timeline: world.timeline().to_vec(),
            start_s: scenario.plan.start.0,
            simulated_us: world.clock().now_us(),
            took,
        }
    }

    /// Whether everything came out as it must.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.failures.is_empty())
    }

    /// Everything that did not.
    pub fn failures(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().flat_map(|step| step.failures.iter().map(String::as_str))
    }

    /// For programs; the same in every run of the seed.
    pub fn to_json(&self, name: &str) -> Value {
        let step = |step: &StepReport| {
            json!({
                "line": step.line,
                "do": step.name,
                "at_us": step.at_us,
                "facts": step.facts.to_json(),
                "failures": step.failures,
            })
        };
        let line = |line: &Line| json!({ "at_us": line.at_us, "who": line.who, "text": line.text });
        json!({
            "name": name,
            "title": self.title,
            "ok": self.is_ok(),
            "seed": self.seed,
            "digest": self.digest,
            "simulated_us": self.simulated_us,
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
            "taps": self.taps,
            "timeline": self.timeline.iter().map(line).collect::<Vec<_>>(),
        })
    }

    /// What happened, line by line.
    pub fn timeline(&self) -> String {
        let width = self.timeline.iter().map(|line| line.who.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for line in &self.timeline {
            let time = self.clock(line.at_us);
            text.push_str(&format!("  {time}  {:<width$}  {}\n", line.who, line.text));
        }
        text
    }

    fn clock(&self, at_us: u64) -> String {
        let us = i64::from(self.start_s)
            .saturating_mul(1_000_000)
            .saturating_add(i64::try_from(at_us).unwrap_or(i64::MAX));
        Timestamp::from_microsecond(us)
            .map(|time| time.strftime("%a %d %b %H:%M:%S%.3f").to_string())
            .unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.simulated_us / 86_400_000_000;
        let hours = self.simulated_us / 3_600_000_000 % 24;
        let minutes = self.simulated_us / 60_000_000 % 60;
        write!(
            f,
            "{} steps, {} taps, {days} d {hours} h {minutes} min in {:.2} s",
            self.steps.len(),
            self.taps.len(),
            self.took.as_secs_f64()
        )
    }
}

/// JUnit's XML: a suite for each scenario, a case for each step.
pub fn junit<'r>(reports: impl Iterator<Item = (&'r str, &'r Report)>) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (name, report) in reports {
        let failures = report.steps.iter().filter(|step| !step.failures.is_empty()).count();
        text.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" time=\"{:.3}\">\n",
            escaped(name),
            report.steps.len(),
            report.took.as_secs_f64(),
        ));
        for step in &report.steps {
            let case = format!("line {}: {}", step.line, step.name);
            text.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"{}\"",
                escaped(name),
                escaped(&case)
            ));
            if step.failures.is_empty() {
                text.push_str("/>\n");
            } else {
                let failures = step.failures.join("; ");
                text.push_str(&format!(
                    ">\n      <failure message=\"{}\"/>\n    </testcase>\n",
                    escaped(&failures)
                ));
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}
