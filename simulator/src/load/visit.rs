//! One tap, and whether it came out as it must.

use anyhow::Result;
use credential::reader::Path;
use credential::time::UnixTime;
use serde::Serialize;

use super::crowd::Carried;
use crate::at_once::{self, Watch};
use crate::unit::{Handled, Happened};
use crate::world::Door;

/// What came of taps: the same in every run of a seed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Taps.
    pub(super) taps: usize,
    /// Those that opened the door.
    pub(super) granted: usize,
    /// Those that were refused.
    pub(super) denied: usize,
    /// Those without a decision: the phone had nothing to show.
    pub(super) undecided: usize,
    /// Decisions on the full path.
    pub(super) full: usize,
    /// Decisions on the fast path.
    pub(super) fast: usize,
    /// Grants to phones that were revoked, at doors that no list had reached yet.
    pub(super) not_yet_heard: usize,
    /// Refusals by doors that did not know the time after a power cut.
    pub(super) without_clock: usize,
    /// Revocation lists that phones brought.
    pub(super) lists_taken: usize,
    /// Time tokens that phones brought.
    pub(super) times_taken: usize,
    /// What was not as it must be.
    #[serde(skip)]
    pub(super) wrong: Vec<String>,
}

/// A phone is held to a door, and once more if it has to bring the time first.
pub(super) fn visit(door: &mut Door, phone: &Carried, now: UnixTime, tally: &mut Tally) -> Result<()> {
    let knew_time = door.unit.wall_clock().is_some();
    tap(door, phone, now, tally)?;
    if !knew_time && door.unit.wall_clock().is_some() {
        tap(door, phone, now, tally)?;
    }
    Ok(())
}

fn tap(door: &mut Door, phone: &Carried, now: UnixTime, tally: &mut Tally) -> Result<()> {
    let expected = Expected::of(phone, door, now);
    let (mut handset, arrival) = phone.at_door()?;
    let mut seen = Seen::default();
    let peripheral = door.name().to_owned();
    at_once::tap(&mut *door.unit, arrival, &peripheral, &mut handset, &mut seen)?;
    handset.leave();
    let decision = seen.0.iter().find(|happened| happened.decides());
    if let Some(wrong) = expected.wrong(decision, phone) {
        tally.wrong.push(format!("{} at {peripheral}: {wrong}", phone.user_id));
    }
    tally.count(&seen.0);
    let opened = matches!(decision, Some(Happened::Granted { .. }));
    let add = |to: &mut usize, is: bool| *to = to.saturating_add(usize::from(is));
    add(&mut tally.not_yet_heard, opened && phone.on_list.is_some());
    add(&mut tally.without_clock, expected == Expected::NoClock);
    Ok(())
}

/// What must come of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// The door opens for this user.
    Grant,
    /// It does not, because it does not know what time it is.
    NoClock,
    /// It does not, because a list that it holds says so.
    Revoked,
    /// It does not, because the credential is over.
    Expired,
}

impl Expected {
    fn of(phone: &Carried, door: &Door, now: UnixTime) -> Self {
        if phone.valid_until <= now {
            Self::Expired
        } else if door.unit.wall_clock().is_none() {
            Self::NoClock
        } else if phone.on_list.is_some_and(|version| version <= door.unit.list_version()) {
            Self::Revoked
        } else {
            Self::Grant
        }
    }

    /// What is wrong about a decision, if anything.
    fn wrong(self, decision: Option<&Happened>, phone: &Carried) -> Option<String> {
        match (self, decision) {
            (Self::Grant, Some(Happened::Granted { output, .. })) if *output == phone.user_id => None,
            // A phone does not show what is over, so that there may be nothing to decide.
            (Self::Expired, None) => None,
            (Self::NoClock | Self::Revoked | Self::Expired, Some(Happened::Denied { .. })) => None,
            (_, Some(other)) => Some(format!("{self:?} was expected, and came {}", other.to_json())),
            (_, None) => Some(format!("{self:?} was expected, and there was no decision")),
        }
    }
}

impl Tally {
    /// Both together.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (own, other) in [
            (&mut self.taps, other.taps),
            (&mut self.granted, other.granted),
            (&mut self.denied, other.denied),
            (&mut self.undecided, other.undecided),
            (&mut self.full, other.full),
            (&mut self.fast, other.fast),
            (&mut self.not_yet_heard, other.not_yet_heard),
            (&mut self.without_clock, other.without_clock),
            (&mut self.lists_taken, other.lists_taken),
            (&mut self.times_taken, other.times_taken),
        ] {
            *own = own.saturating_add(other);
        }
        self.wrong.extend(other.wrong);
        self
    }

    fn count(&mut self, events: &[Happened]) {
        let mut one = Self { taps: 1, ..Self::default() };
        for happened in events {
            match happened {
                Happened::Granted { .. } => one.granted = 1,
                Happened::Denied { .. } | Happened::DoesNotFit(_) => one.denied = 1,
                Happened::ListTaken(_) => one.lists_taken = 1,
                Happened::TimeTaken(_) => one.times_taken = 1,
                _ => {}
            }
            if let Happened::Granted { path, .. } | Happened::Denied { path, .. } = happened {
                match path {
                    Path::Full => one.full = 1,
                    Path::Fast => one.fast = 1,
                }
            }
        }
        one.undecided = usize::from(!events.iter().any(Happened::decides));
        *self = std::mem::take(self).and(one);
    }
}

/// Everything that happened at the door.
#[derive(Default)]
struct Seen(Vec<Happened>);

impl Watch for Seen {
    fn door_handled(&mut self, handled: Handled) {
        self.0.extend(handled.events);
    }
}
