//! The doors, each of which lives on one thread and is tapped there.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::Scope;

use anyhow::{Context, Result};
use credential::time::UnixTime;
use manager::domain::Presence;

use super::crowd::Carried;
use super::progress::Progress;
use super::site::Site;
use super::visit::{Tally, visit};
use crate::output::DoorOutput;
use crate::unit::DoorUnit;
use crate::world::{Door, DoorPlan, LinkKind, Seeds, WorldClock};

/// What doors stand on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'env> {
    pub(super) site: &'env Site,
    pub(super) clock: &'env WorldClock,
    pub(super) seeds: &'env Seeds,
    pub(super) progress: &'env Progress,
    /// The phones; nobody changes one during a round.
    pub(super) phones: &'env RwLock<Vec<Carried>>,
}

/// All doors.
pub(super) struct Street {
    sides: Vec<Side>,
}

/// The doors of one thread.
struct Side {
    orders: Sender<Order>,
    results: Receiver<Result<Tally>>,
}

/// What happens at all doors.
#[derive(Clone)]
enum Order {
    /// These have their power cut, and get it back.
    Cut(Arc<Vec<usize>>),
    /// A round of taps: which phones come to each door, in their order. All of it happens at this time.
    Round(Arc<Vec<Vec<usize>>>, UnixTime),
}

impl Street {
    /// Puts up so many doors on so many threads, which end with the street.
    pub(super) fn put_up<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        ground: Ground<'env>,
        doors: usize,
        threads: usize,
    ) -> Result<Self> {
        let side = |first: usize| {
            let (orders, taken) = channel::<Order>();
            let (told, results) = channel();
            scope.spawn(move || {
                let mut own = match stretch(ground, (first..doors).step_by(threads)) {
                    Ok(own) => own,
                    Err(error) => {
                        let _ = told.send(Err(error));
                        return;
                    }
                };
                let _ = told.send(Ok(Tally::default()));
                for order in taken {
                    let _ = told.send(follow(&mut own, ground, &order));
                }
            });
            Side { orders, results }
        };
        let street = Self { sides: (0..threads).map(side).collect() };
        street.results()?;
        Ok(street)
    }

    /// Has all phones tap: those that come to each door, in their order.
    pub(super) fn round(&self, visits: Vec<Vec<usize>>, now: UnixTime) -> Result<Tally> {
        self.order(&Order::Round(Arc::new(visits), now))
    }

    /// Cuts the power of these doors and gives it back.
    pub(super) fn cut_power(&self, doors: &[usize]) -> Result<()> {
        self.order(&Order::Cut(Arc::new(doors.to_vec()))).map(|_| ())
    }

    fn order(&self, order: &Order) -> Result<Tally> {
        for side in &self.sides {
            side.orders.send(order.clone()).ok().context("a thread of doors has ended")?;
        }
        self.results()
    }

    fn results(&self) -> Result<Tally> {
        self.sides.iter().try_fold(Tally::default(), |all, side| {
            Ok(all.and(side.results.recv().context("a thread of doors has ended")??))
        })
    }
}

/// Doors with these numbers, which know the time.
fn stretch(ground: Ground<'_>, numbers: impl Iterator<Item = usize>) -> Result<Vec<(usize, Door)>> {
    let Ground { site, clock, seeds, progress, .. } = ground;
    let token = site.time_token()?;
    let door = |number: usize| {
        let plan = DoorPlan {
            name: format!("door {number}"),
            project: 0,
            output: DoorOutput::default(),
            presence: Presence::None,
            knows_time: true,
            drift_ppm: 0,
            delay_us: 0,
            link: LinkKind::Nfc.usual(),
        };
        let mut door = Door::put_up(plan, clock, seeds, 0, |new| site.enrol(new))?;
        door.unit.take_time_token(&token)?;
        progress.done(1);
        Ok((number, door))
    };
    numbers.map(door).collect()
}

fn follow(doors: &mut [(usize, Door)], ground: Ground<'_>, order: &Order) -> Result<Tally> {
    let mut tally = Tally::default();
    match order {
        Order::Cut(cut) => {
            for (_, door) in doors.iter_mut().filter(|(number, _)| cut.contains(number)) {
                door.unit.restart()?;
            }
        }
        Order::Round(visits, now) => {
            let phones = ground.phones.read().unwrap_or_else(PoisonError::into_inner);
            for (number, door) in doors {
                let visitors = visits.get(*number).map_or(&[][..], Vec::as_slice);
                for phone in visitors.iter().filter_map(|phone| phones.get(*phone)) {
                    visit(door, phone, *now, &mut tally)?;
                }
                ground.progress.done(visitors.len());
            }
        }
    }
    Ok(tally)
}
