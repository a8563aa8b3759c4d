//! How long a tap takes, in connection events; and the table of it in `docs/PERFORMANCE.md`.

use std::fmt::Write as _;
use std::time::Duration;

use credential::reader::Path;
use tokio::time::Instant;

use crate::air::Air;
use crate::central::{Visit, Way};
use crate::facts::{READER, on_air, phone, stay};
use crate::reader::Reader;
use crate::world::World;

const INTERVALS_US: [u64; 4] = [7_500, 15_000, 30_000, 50_000];

/// The most events that the decision may take at a repeat visit, from when the link is up.
const REPEAT_MAX: u128 = 4;

/// A visit, in connection events.
#[derive(Clone, Debug)]
struct Times {
    interval: Duration,
    way: &'static str,
    visit: &'static str,
    path: Path,
    /// From the connection until the link is up: the channel is open, or the phone has subscribed.
    to_link: u128,
    /// From then on to the decision.
    to_decision: u128,
}

/// By how much tokio's timers, which go by whole milliseconds, may be late.
const LATE: Duration = Duration::from_millis(1);

/// Events of a connection that lie in a time; one that has begun counts.
fn events(from: Instant, to: Instant, interval: Duration) -> u128 {
    (to - from).saturating_sub(LATE).as_micros().div_ceil(interval.as_micros())
}

/// A first visit, a repeat visit, and one whose tickets are gone, as after a renewal.
fn visits(interval: Duration, over_gatt: bool) -> Vec<Times> {
    let (sender, times) = std::sync::mpsc::channel();
    on_air(async move {
        let (mut world, air) = (World::new(1), Air::default());
        let reader = Reader::new(&mut world, air.controller(), READER, None);
        let mut phone = phone(&mut world, "4711");
        let mut way = if over_gatt { Way::Gatt } else { Way::Channel };
        for (visit, path) in [("first", Path::Full), ("repeat", Path::Fast), ("repeat", Path::Full)] {
            if path == Path::Full {
                phone.wallet.tickets.clear();
            }
            let went: Visit = stay(&air, READER, &mut phone, way, interval).await;
            assert!(went.finished, "{went:?}");
            assert_eq!(reader.path(), Some(path));
            let (opened, decided) = (went.opened.unwrap(), reader.decided().unwrap());
            let named = match way {
                Way::Gatt => "GATT, discovered",
                Way::Remembered(_) => "GATT, remembered",
                Way::Channel => "L2CAP channel",
            };
            let to_link = events(went.connected, opened, interval);
            let to_decision = events(opened, decided, interval);
            sender.send(Times { interval, way: named, visit, path, to_link, to_decision }).unwrap();
            way = went.handles.map_or(way, Way::Remembered);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    });
    times.into_iter().collect()
}

fn all() -> Vec<Times> {
    let intervals = INTERVALS_US.map(Duration::from_micros);
    intervals
        .iter()
        .flat_map(|interval| [true, false].map(|gatt| visits(*interval, gatt)))
        .flatten()
        .collect()
}

/// The table as it stands in the page.
fn table(all: &[Times]) -> String {
    let mut text = String::from(
        "| connection interval | way | visit | path | until the link is up | from there to the decision | together |\n\
         | ---: | --- | --- | --- | ---: | ---: | ---: |\n",
    );
    for Times { interval, way, visit, path, to_link, to_decision } in all {
        let ms = |events: u128| (events * interval.as_micros()) as f64 / 1_000.0;
        let path = if *path == Path::Fast { "fast" } else { "full" };
        writeln!(
            text,
            "| {} ms | {way} | {visit} | {path} | {} ms, {to_link} events | {} ms, {to_decision} events | {} ms |",
            ms(1),
            ms(*to_link),
            ms(*to_decision),
            ms(to_link + to_decision),
        )
        .unwrap();
    }
    text
}

#[test]
fn a_repeat_visit_is_decided_within_four_connection_events_after_the_link_is_up() {
    for times in all() {
        if times.path == Path::Fast {
            assert!(times.to_decision <= REPEAT_MAX, "{times:?}");
        }
    }
}

#[test]
fn a_tap_takes_so_many_connection_events_as_the_page_says() {
    let table = table(&all());
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PERFORMANCE.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&table), "docs/PERFORMANCE.md should have:\n{table}");
}
