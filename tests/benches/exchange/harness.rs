//! Interleaved rounds, medians and one table.
//!
//! Each round runs every case in turn, so that a slow moment of the machine meets all of them alike.
//! A round's figure is the median of a batch; a row's figure is the median of its rounds;
//! a ratio is the median of the ratios within the rounds.
//! The clock is the CPU time of the thread, so that whoever else uses the machine is not counted.

use std::fmt::Write as _;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

const WARM_UP_ROUNDS: usize = 2;
const ROUNDS: usize = 31;
const BATCH: usize = 16;

/// All cases of a run.
#[derive(Default)]
pub(crate) struct Bench {
    sections: Vec<Section>,
}

/// Cases under one heading of the table.
pub(crate) struct Section {
    title: &'static str,
    cases: Vec<Case>,
}

/// Runs a case and writes one duration a row.
type Run = Box<dyn FnMut(&mut [Duration])>;

/// Something that is run as a whole and timed in one or more parts, a row for each.
struct Case {
    rows: Vec<Row>,
    run: Run,
}

/// One line of the table.
pub(crate) struct Row {
    key: String,
    label: String,
    reference: Option<String>,
    rounds_us: Vec<f64>,
}

impl Row {
    /// A line with a name by which other lines can refer to it.
    pub(crate) fn new(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self { key: key.into(), label: label.into(), reference: None, rounds_us: Vec::new() }
    }

    /// Prints the ratio to the row called `key`.
    pub(crate) fn against(mut self, key: impl Into<String>) -> Self {
        self.reference = Some(key.into());
        self
    }
}

impl Section {
    /// An empty section.
    pub(crate) const fn new(title: &'static str) -> Self {
        Self { title, cases: Vec::new() }
    }
}

impl Bench {
    /// Begins a section; cases go to the latest one.
    pub(crate) fn section(&mut self, section: Section) {
        self.sections.push(section);
    }

    /// Adds a case that writes one duration a row.
    pub(crate) fn case(&mut self, rows: Vec<Row>, run: impl FnMut(&mut [Duration]) + 'static) {
        let section = self.sections.last_mut().expect("a section was begun");
        section.cases.push(Case { rows, run: Box::new(run) });
    }

    /// Adds a case of one row that is timed from beginning to end.
    pub(crate) fn whole<R>(&mut self, row: Row, mut run: impl FnMut() -> R + 'static) {
        self.case(vec![row], move |times| times[0] = timed(&mut run).1);
    }

    /// Runs all rounds.
    pub(crate) fn run(&mut self) {
        for round in 0..WARM_UP_ROUNDS + ROUNDS {
            for case in self.sections.iter_mut().flat_map(|section| &mut section.cases) {
                case.round(round >= WARM_UP_ROUNDS);
            }
        }
    }

    /// The table in Markdown.
    pub(crate) fn table(&self, foot: &[String]) -> String {
        let mut text = String::from("| what | median µs | ratio | to |\n| --- | ---: | ---: | --- |\n");
        for section in &self.sections {
            let _ = writeln!(text, "| **{}** | | | |", section.title);
            for row in section.rows() {
                let ratio = self
                    .reference(row)
                    .map(|reference| (significant(median_ratio(row, reference)), reference.label.as_str()));
                let (ratio, label) = ratio.unwrap_or_default();
                let us = significant(median(&row.rounds_us));
                let _ = writeln!(text, "| {} | {us} | {ratio} | {label} |", row.label);
            }
        }
        text.push('\n');
        foot.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
        let _ = writeln!(
            text,
            "- CPU time of the one thread that runs both sides; medians of {ROUNDS} interleaved rounds, each the median of {BATCH} runs."
        );
        text
    }

    /// The same for machines.
    pub(crate) fn json(&self, foot: &[String]) -> serde_json::Value {
        let rows: Vec<_> = self
            .sections
            .iter()
            .flat_map(|section| section.rows().map(move |row| (section, row)))
            .map(|(section, row)| {
                serde_json::json!({
                    "section": section.title,
                    "key": row.key,
                    "label": row.label,
                    "median_us": median(&row.rounds_us),
                    "ratio": self.reference(row).map(|reference| median_ratio(row, reference)),
                    "reference": row.reference,
                })
            })
            .collect();
        serde_json::json!({ "rounds": ROUNDS, "batch": BATCH, "rows": rows, "foot": foot })
    }

    /// The row that this one is compared with; one of a section that was left out is none.
    fn reference(&self, row: &Row) -> Option<&Row> {
        let key = row.reference.as_ref()?;
        self.sections.iter().flat_map(Section::rows).find(|row| row.key == *key)
    }
}

impl Section {
    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.cases.iter().flat_map(|case| &case.rows)
    }
}

impl Case {
    fn round(&mut self, counts: bool) {
        let mut times = vec![Duration::ZERO; self.rows.len()];
        let mut batch = vec![Vec::with_capacity(BATCH); self.rows.len()];
        // The first run after another case only fills the caches.
        (self.run)(&mut times);
        for _ in 0..BATCH {
            (self.run)(&mut times);
            for (samples, time) in batch.iter_mut().zip(&times) {
                samples.push(time.as_secs_f64() * 1e6);
            }
        }
        if counts {
            for (row, samples) in self.rows.iter_mut().zip(&batch) {
                row.rounds_us.push(median(samples));
            }
        }
    }
}

/// Runs something and says how much CPU time it took, less what reading the clock takes.
pub(crate) fn timed<R>(run: impl FnOnce() -> R) -> (R, Duration) {
    static READING: OnceLock<Duration> = OnceLock::new();
    let reading = *READING.get_or_init(reading);
    let start = thread_time();
    let result = std::hint::black_box(run());
    (result, thread_time().saturating_sub(start).saturating_sub(reading))
}

/// What reading the clock adds to a time.
fn reading() -> Duration {
    let mut times: Vec<_> = (0..10_001)
        .map(|_| {
            let start = thread_time();
            thread_time().saturating_sub(start)
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn thread_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().expect("a clock does not run backwards")
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

fn median_ratio(row: &Row, reference: &Row) -> f64 {
    let ratios: Vec<_> = row.rounds_us.iter().zip(&reference.rounds_us).map(|(a, b)| a / b).collect();
    median(&ratios)
}

/// Three significant digits, more only before the point.
fn significant(value: f64) -> String {
    let digits = match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        _ => 4,
    };
    format!("{value:.digits$}")
}
