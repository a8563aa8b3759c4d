//! The days, one after another.

use std::sync::{PoisonError, RwLock, RwLockWriteGuard};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use credential::time::UnixTime;

use super::LoadArgs;
use super::bare::Bare;
use super::crowd::{Carried, Lines};
use super::memory::resident;
use super::plan::{Plan, Time};
use super::progress::Progress;
use super::report::{Rate, Report};
use super::site::Site;
use super::street::{Ground, Street};
use super::visit::Tally;
use crate::world::{SECOND_US, Seeds, WorldClock};

/// 2026-03-02, 02:00 UTC, a Monday: days begin in the night.
const START: UnixTime = UnixTime(1_772_416_800);

/// A day in seconds.
const DAY_S: u64 = 86_400;

/// An hour in microseconds.
const HOUR_US: u64 = 3_600 * SECOND_US;

/// Everything that takes part.
struct Week<'w> {
    threads: usize,
    plan: &'w Plan,
    ground: Ground<'w>,
    street: Street,
    lines: Lines,
    report: Report,
}

/// Lives the days that are asked for.
pub(super) fn live(args: &LoadArgs) -> Result<Report> {
    let (phones, doors) = (usize::try_from(args.phones)?, usize::try_from(args.doors)?);
    let (days, threads) = (usize::try_from(args.days)?, args.threads());
    let (clock, seeds) = (WorldClock::new(START), Seeds::new(args.seed));
    let plan = Plan::new(&seeds, phones, doors, days);
    let site = Site::open(&clock, threads)?;
    let progress = Progress::new();
    let mut report = Report::new(args, threads);

    progress.begin("importing people", 1);
    let began = Instant::now();
    let users = site.import(phones)?;
    report.imported = Rate::since(began, users.len());

    progress.begin("inviting", phones);
    let began = Instant::now();
    let invited = users.iter().map(|user| {
        progress.done(1);
        site.invite(user.id)
    });
    let links = invited.collect::<Result<Vec<String>>>()?;
    report.invited = Rate::since(began, links.len());

    report.memory.before_doors = resident();
    progress.begin("putting up doors", doors);
    let carried = RwLock::default();
    let ground = Ground { site: &site, clock: &clock, seeds: &seeds, progress: &progress, phones: &carried };
    let report = thread::scope(|scope| {
        let began = Instant::now();
        let street = Street::put_up(scope, ground, doors, threads)?;
        report.enrolled = Rate::since(began, doors);

        report.memory.before_phones = resident();
        progress.begin("activating phones", phones);
        let (began, lines) = (Instant::now(), Lines::new());
        let mut activated = lines.phones(users, &clock, &seeds)?;
        lines.activate(&mut activated, &links, &progress)?;
        *carried.write().unwrap_or_else(PoisonError::into_inner) = activated;
        report.activated = Rate::since(began, phones);
        report.memory.activated = resident();

        let mut week = Week { threads, plan: &plan, ground, street, lines, report };
        week.first_day()?;
        for (day, (leaving, cut)) in (1_u64..).zip(plan.leaving().iter().zip(plan.cut())) {
            week.night(day, leaving, cut)?;
            for time in Time::ALL {
                week.round(day, time)?;
            }
            week.report.memory.days.push(resident());
        }
        anyhow::Ok(week.report)
    })?;
    progress.end();
    site.close()?;
    Ok(report)
}

impl Week<'_> {
    /// The first day, which is the one to measure: all phones are new to all doors, and then known.
    fn first_day(&mut self) -> Result<()> {
        let bare = self.bare()?;
        let first = self.round(0, Time::Morning)?;
        let again = self.round(0, Time::Noon)?;
        self.report.bare = Some(bare.middle(self.bare()?));
        let (phones, full, fast) = (first.0.taps, first.0.full, again.0.fast);
        if (full, fast) != (phones, phones) {
            let wrong = format!(
                "of {phones} first visits {full} were full taps, and of as many second ones {fast} fast"
            );
            self.report.wrong(wrong);
        }
        (self.report.first, self.report.again) = (first.1, again.1);
        self.round(0, Time::Evening)?;
        self.report.memory.days.push(resident());
        let mut phones = self.phones();
        for phone in self.plan.offline() {
            phones.get_mut(*phone).context("a phone")?.online = false;
        }
        Ok(())
    }

    fn phones(&self) -> RwLockWriteGuard<'_, Vec<Carried>> {
        self.ground.phones.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn bare(&self) -> Result<Bare> {
        self.ground.progress.begin("P-256 alone", 1);
        Bare::measure(self.threads)
    }

    /// Some doors have their power cut, some people leave, the manager does what is due, and so do the phones.
    fn night(&mut self, day: u64, leaving: &[usize], cut: &[usize]) -> Result<()> {
        let Ground { site, clock, progress, .. } = self.ground;
        clock.move_to(moment(day, 0).saturating_sub(HOUR_US));
        self.street.cut_power(cut)?;
        clock.move_to(moment(day, 0));
        let mut phones = self.phones();
        for phone in leaving {
            let phone = phones.get_mut(*phone).context("a phone")?;
            phone.on_list = Some(site.revoke(phone.user)?);
            // Whoever keeps a phone that is revoked keeps it off the network.
            phone.online = false;
        }
        site.work()?;
        progress.begin(format!("day {}, night", day.saturating_add(1)), phones.len());
        let began = Instant::now();
        let online = self.lines.upkeep(&mut phones, progress)?;
        drop(phones);
        self.report.renewed = self.report.renewed.and(Rate::since(began, online.renewed));
        self.report.outcome.night(leaving.len(), &online);
        online.failed.into_iter().for_each(|failed| self.report.wrong(failed));
        Ok(())
    }

    /// Every phone taps once.
    fn round(&mut self, day: u64, time: Time) -> Result<(Tally, Rate)> {
        let Ground { clock, progress, .. } = self.ground;
        clock.move_to(moment(day, time.after_s()));
        let title = format!("day {}, {}", day.saturating_add(1), time.name());
        let visits = self.plan.visits(time);
        progress.begin(title, visits.iter().map(Vec::len).sum());
        let began = Instant::now();
        let mut tally = self.street.round(visits, clock.unix())?;
        let rate = Rate::since(began, tally.taps);
        self.report.taps = self.report.taps.and(rate);
        tally.wrong.drain(..).for_each(|wrong| self.report.wrong(wrong));
        self.report.outcome.round(&tally);
        Ok((tally, rate))
    }
}

/// A moment of a day, in microseconds from the beginning.
const fn moment(day: u64, after_s: u64) -> u64 {
    day.saturating_mul(DAY_S).saturating_add(after_s).saturating_mul(SECOND_US)
}
