//! What a load has shown, as a table and as JSON.

use std::fmt;
use std::time::{Duration, Instant};

use comfy_table::{Cell, CellAlignment, Table, presets};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::LoadArgs;
use super::bare::Bare;
use super::crowd::Online;
use super::visit::Tally;

/// How many things that were not as they must be are said; all are counted.
const SAID: usize = 20;

/// By how much of its size at the end of the first day a process may have grown at the end of the last.
const GROWTH_PERCENT: u64 = 5;

/// And by how many octets in addition, which matters for small ones: the database's own memory fills slowly.
const GROWTH_OCTETS: u64 = 16 << 20;

/// Everything that was found.
pub(super) struct Report {
    seed: u64,
    days: u32,
    threads: usize,
    pub(super) imported: Rate,
    pub(super) invited: Rate,
    pub(super) enrolled: Rate,
    pub(super) activated: Rate,
    /// First visits.
    pub(super) first: Rate,
    /// The same phones at the same doors again.
    pub(super) again: Rate,
    pub(super) taps: Rate,
    pub(super) renewed: Rate,
    pub(super) bare: Option<Bare>,
    pub(super) outcome: Outcome,
    pub(super) memory: Memory,
    wrong: Vec<String>,
}

/// So many in this time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rate {
    pub(super) count: usize,
    pub(super) took: Duration,
}

/// What came of everything: the same in every run of a seed.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Outcome {
    #[serde(flatten)]
    taps: Tally,
    revoked: usize,
    renewed: usize,
    reports_delivered: usize,
    wrong: usize,
}

/// Octets in memory at several moments.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Memory {
    pub(super) before_doors: Option<u64>,
    pub(super) before_phones: Option<u64>,
    pub(super) activated: Option<u64>,
    /// At the end of each day.
    pub(super) days: Vec<Option<u64>>,
}

impl Report {
    pub(super) fn new(args: &LoadArgs, threads: usize) -> Self {
        let none = Rate::default();
        Self {
            seed: args.seed,
            days: args.days,
            threads,
            imported: none,
            invited: none,
            enrolled: none,
            activated: none,
            first: none,
            again: none,
            taps: none,
            renewed: none,
            bare: None,
            outcome: Outcome::default(),
            memory: Memory::default(),
            wrong: Vec::new(),
        }
    }

    /// Something was not as it must be.
    pub(super) fn wrong(&mut self, what: String) {
        self.outcome.wrong = self.outcome.wrong.saturating_add(1);
        if self.wrong.len() < SAID {
            self.wrong.push(what);
        }
    }

    /// Whether everything came out as it must.
    pub(super) fn ok(&self) -> bool {
        self.outcome.wrong == 0 && self.memory.growth().is_none_or(|growth| growth.is_within())
    }

    /// Each rate with its name, and the bare rate that it is held against.
    fn rates(&self) -> [(&'static str, Rate, Option<f64>); 8] {
        [
            ("users imported", self.imported, None),
            ("users invited", self.invited, None),
            ("doors enrolled", self.enrolled, None),
            ("phones activated over HTTP", self.activated, None),
            ("credentials renewed over HTTP", self.renewed, None),
            ("full taps, first visit", self.first, self.bare.map(|bare| bare.first)),
            ("fast taps", self.again, self.bare.map(|bare| bare.fast)),
            ("all taps", self.taps, None),
        ]
    }
}

impl Rate {
    /// So many since a moment.
    pub(super) fn since(began: Instant, count: usize) -> Self {
        Self { count, took: began.elapsed() }
    }

    /// Both, one after the other.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { count: self.count.saturating_add(other.count), took: self.took.saturating_add(other.took) }
    }

    #[expect(clippy::cast_precision_loss, reason = "millions are exact")]
    fn per_second(self) -> f64 {
        if self.took.is_zero() { 0.0 } else { self.count as f64 / self.took.as_secs_f64() }
    }
}

impl Outcome {
    pub(super) fn round(&mut self, tally: &Tally) {
        self.taps = std::mem::take(&mut self.taps).and(tally.clone());
    }

    pub(super) fn night(&mut self, revoked: usize, online: &Online) {
        self.revoked = self.revoked.saturating_add(revoked);
        self.renewed = self.renewed.saturating_add(online.renewed);
        self.reports_delivered = self.reports_delivered.saturating_add(online.delivered);
    }
}

/// What a process was at the end of the first day and is at the end of the last.
#[derive(Clone, Copy, Debug)]
struct Growth {
    first: u64,
    last: u64,
}

impl Growth {
    const fn allowed(self) -> u64 {
        (self.first / 100).saturating_mul(GROWTH_PERCENT).saturating_add(GROWTH_OCTETS)
    }

    const fn is_within(self) -> bool {
        self.last <= self.first.saturating_add(self.allowed())
    }
}

impl Memory {
    /// `None` where the system does not say.
    fn growth(&self) -> Option<Growth> {
        Some(Growth { first: (*self.days.first()?)?, last: (*self.days.last()?)? })
    }

    /// Octets that a door, and a phone with its card, have added to the process.
    fn each(&self, doors: usize, phones: usize) -> Option<(u64, u64)> {
        let each = |from: u64, to: u64, count: usize| {
            to.saturating_sub(from).checked_div(u64::try_from(count).ok()?)
        };
        let door = each(self.before_doors?, self.before_phones?, doors)?;
        Some((door, each(self.before_phones?, self.activated?, phones)?))
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rate = |(what, rate, bare): (&'static str, Rate, Option<f64>)| {
            json!({
                "what": what,
                "count": rate.count,
                "per_second": rate.per_second(),
                "bare_per_second": bare,
                "of_bare": bare.map(|bare| rate.per_second() / bare),
            })
        };
        let each = self.memory.each(self.enrolled.count, self.activated.count);
        let value: Value = json!({
            "ok": self.ok(),
            "seed": self.seed,
            "days": self.days,
            "threads": self.threads,
            "phones": self.activated.count,
            "doors": self.enrolled.count,
            "outcome": self.outcome,
            "rates": self.rates().map(rate),
            "memory": {
                "octets": self.memory,
                "octets_per_door": each.map(|(door, _)| door),
                "octets_per_phone": each.map(|(_, phone)| phone),
                "growth_allowed": self.memory.growth().map(Growth::allowed),
            },
            "wrong": self.wrong,
        });
        value.serialize(serializer)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (phones, doors) = (self.activated.count, self.enrolled.count);
        writeln!(
            f,
            "{phones} phones, {doors} doors, {} days, {} threads, seed {}",
            self.days, self.threads, self.seed
        )?;
        writeln!(f, "{}", self.table())?;
        let Outcome { taps, revoked, renewed, reports_delivered, wrong } = &self.outcome;
        writeln!(
            f,
            "{} taps: {} granted, {} denied, {} without anything to show; {} full, {} fast.",
            taps.taps, taps.granted, taps.denied, taps.undecided, taps.full, taps.fast
        )?;
        writeln!(
            f,
            "{revoked} people left, and were let in {} times more, at doors that no list had reached yet.",
            taps.not_yet_heard
        )?;
        writeln!(
            f,
            "{} refusals by doors that did not know the time after a power cut. {renewed} renewals.",
            taps.without_clock
        )?;
        writeln!(
            f,
            "Phones brought doors {} lists and {} time tokens, and the manager {reports_delivered} reports.",
            taps.lists_taken, taps.times_taken
        )?;
        self.write_memory(f)?;
        for wrong in &self.wrong {
            writeln!(f, "NOT AS IT MUST BE: {wrong}")?;
        }
        if *wrong > 0 {
            write!(f, "{wrong} things were not as they must be.")
        } else if self.ok() {
            write!(f, "Everything was as it must be.")
        } else {
            write!(f, "NOT AS IT MUST BE: memory has grown.")
        }
    }
}

impl Report {
    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN);
        table.set_header(["what", "how many", "per second", "P-256 alone, per second", "of it"]);
        for (what, rate, bare) in self.rates() {
            let number = |number: String| Cell::new(number).set_alignment(CellAlignment::Right);
            table.add_row([
                Cell::new(what),
                number(rate.count.to_string()),
                number(format!("{:.0}", rate.per_second())),
                number(bare.map(|bare| format!("{bare:.0}")).unwrap_or_default()),
                number(bare.map(|bare| format!("{:.2}", rate.per_second() / bare)).unwrap_or_default()),
            ]);
        }
        table
    }

    fn write_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.memory.each(self.enrolled.count, self.activated.count);
        let (Some((door, phone)), Some(growth)) = (each, self.memory.growth()) else {
            return writeln!(f, "This system does not say how much memory a process has.");
        };
        writeln!(f, "Memory: {} KiB a door, {} KiB a phone with its card.", door / 1024, phone / 1024)?;
        let days: Vec<String> = self.memory.days.iter().flatten().map(|octets| mib(*octets)).collect();
        writeln!(
            f,
            "The whole process at the end of each day, MiB: {}. It may grow by {}.",
            days.join(", "),
            mib(growth.allowed())
        )
    }
}

/// For people, in MiB.
fn mib(octets: u64) -> String {
    (octets >> 20).to_string()
}
