//! What holds of a reader on BLE.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::air::Air;
use crate::central::{Manner, Visit, Way, visit};
use crate::phone::{InField, Phone};
use crate::reader::Reader;
use crate::world::World;

pub(crate) const READER: [u8; 6] = [0xC7, 1, 2, 3, 4, 5];
const OTHER: [u8; 6] = [0xC7, 9, 9, 9, 9, 9];
const USUAL: Duration = Duration::from_micros(30_000);
const WAYS: [Way; 2] = [Way::Gatt, Way::Channel];

/// Runs on virtual time: what waits costs nothing.
pub(crate) fn on_air(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let limited = async {
        tokio::time::timeout(Duration::from_secs(600), test).await.expect("ends within ten minutes");
    };
    tokio::task::LocalSet::new().block_on(&runtime.unwrap(), limited);
}

pub(crate) fn phone(world: &mut World, user_id: &str) -> Phone {
    let InField::Phone(phone) = crate::board::phone(world, user_id) else { panic!("a phone") };
    *phone
}

pub(crate) async fn stay(
    air: &Air,
    reader: [u8; 6],
    phone: &mut Phone,
    way: Way,
    interval: Duration,
) -> Visit {
    let walk_away = || air.cut();
    visit(air.controller(), &walk_away, reader, phone, way, interval, Manner::Polite).await
}

#[test]
fn twenty_visits_in_a_row_are_granted_either_way() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        let reader = Reader::new(&mut world, air.controller(), READER, None);
        let mut phone = phone(&mut world, "4711");
        for visits in 1..=20 {
            let visit = stay(&air, READER, &mut phone, WAYS[visits % 2], USUAL).await;
            assert!(visit.finished, "visit {visits}: {visit:?}");
            assert_eq!(reader.read().len(), visits);
        }
    });
}

#[test]
fn a_process_outlives_many_controllers() {
    for _ in 0..40 {
        on_air(async {
            let (mut world, air) = (World::new(1), Air::default());
            let _reader = Reader::new(&mut world, air.controller(), READER, None);
            let mut phone = phone(&mut world, "4711");
            assert!(stay(&air, READER, &mut phone, Way::Channel, USUAL).await.finished);
        });
    }
}

#[test]
fn two_readers_on_one_air_serve_their_own_phones() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        let readers = [
            Reader::new(&mut world, air.controller(), READER, None),
            Reader::new(&mut world, air.controller(), OTHER, None),
        ];
        let (mut one, mut other) = (phone(&mut world, "1"), phone(&mut world, "2"));
        let visits = tokio::join!(
            stay(&air, READER, &mut one, Way::Gatt, USUAL),
            stay(&air, OTHER, &mut other, Way::Channel, USUAL)
        );
        assert!(visits.0.finished && visits.1.finished);
        assert_eq!((readers[0].read(), readers[1].read()), (vec!["1".to_owned()], vec!["2".to_owned()]));
    });
}

#[test]
fn two_phones_at_one_reader_are_served_one_after_the_other() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        let reader = Reader::new(&mut world, air.controller(), READER, None);
        let (mut one, mut other) = (phone(&mut world, "1"), phone(&mut world, "2"));
        let visits = tokio::join!(
            stay(&air, READER, &mut one, Way::Gatt, USUAL),
            stay(&air, READER, &mut other, Way::Channel, USUAL)
        );
        assert!(visits.0.finished && visits.1.finished, "{visits:?}");
        let mut read = reader.read();
        read.sort();
        assert_eq!(read, ["1", "2"]);
    });
}

#[test]
fn a_phone_that_walks_away_at_any_message_leaves_a_reader_that_serves_the_next() {
    for way in WAYS {
        for leave_after in 1..=4 {
            on_air(async {
                let (mut world, air) = (World::new(1), Air::default());
                let reader = Reader::new(&mut world, air.controller(), READER, None);
                let mut leaving = phone(&mut world, "1");
                let left = visit(
                    air.controller(),
                    &|| air.cut(),
                    READER,
                    &mut leaving,
                    way,
                    USUAL,
                    Manner::WalksAway(leave_after),
                )
                .await;
                assert_eq!(left.messages, leave_after);
                let mut next = phone(&mut world, "2");
                let began = Instant::now();
                assert!(stay(&air, READER, &mut next, way, USUAL).await.finished, "{way:?} {leave_after}");
                assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
                assert_eq!(reader.read().last().map(String::as_str), Some("2"));
                // The third message is the proof, which arrives where a write is answered before the phone leaves.
                let proved = leave_after + usize::from(way == Way::Gatt) >= 4;
                assert_eq!(reader.read().len(), 1 + usize::from(proved));
            });
        }
    }
}

#[test]
fn a_phone_that_hangs_or_babbles_is_let_go() {
    for way in WAYS {
        for manner in [Manner::Hangs(0), Manner::Hangs(1), Manner::Hangs(2), Manner::Babbles] {
            on_air(async {
                let (mut world, air) = (World::new(1), Air::default());
                let reader = Reader::new(&mut world, air.controller(), READER, None);
                let (mut rude, mut next) = (phone(&mut world, "1"), phone(&mut world, "2"));
                let began = Instant::now();
                let visit =
                    visit(air.controller(), &|| air.cut(), READER, &mut rude, way, USUAL, manner).await;
                assert!(!visit.finished && began.elapsed() < Duration::from_secs(12), "{manner:?} {visit:?}");
                assert!(stay(&air, READER, &mut next, way, USUAL).await.finished, "after {manner:?}");
                assert_eq!(reader.read(), ["2"]);
            });
        }
    }
}

#[test]
fn phones_that_send_more_than_is_read_leave_a_reader_that_serves_the_next() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        let reader = Reader::new(&mut world, air.controller(), READER, None);
        let (mut one, mut other) = (phone(&mut world, "1"), phone(&mut world, "2"));
        for others in 0..3 {
            let walk_away = || air.cut();
            let (one, other) = tokio::join!(
                visit(
                    air.controller(),
                    &walk_away,
                    READER,
                    &mut one,
                    Way::Channel,
                    USUAL,
                    Manner::Floods(others)
                ),
                visit(
                    air.controller(),
                    &walk_away,
                    READER,
                    &mut other,
                    Way::Channel,
                    USUAL,
                    Manner::Floods(0)
                )
            );
            assert!(one.messages >= 4 && other.messages >= 4, "{one:?} {other:?}");
        }
        for way in WAYS {
            assert!(stay(&air, READER, &mut one, way, USUAL).await.finished, "{way:?}");
        }
        assert_eq!(reader.read(), ["1", "1"]);
    });
}

#[test]
fn a_phone_that_is_not_close_waits_until_it_is() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        air.set_rssi(-85);
        let reader = Reader::new(&mut world, air.controller(), READER, Some(-60));
        let mut phone = phone(&mut world, "4711");
        let closer = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            assert!(reader.read().is_empty());
            air.set_rssi(-50);
        };
        let (visit, ()) = tokio::join!(stay(&air, READER, &mut phone, Way::Gatt, USUAL), closer);
        assert!(visit.finished);
        assert!(reader.decided().unwrap() - visit.connected > Duration::from_secs(2));
    });
}

#[test]
fn a_phone_that_stays_far_away_is_let_go() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        air.set_rssi(-85);
        let reader = Reader::new(&mut world, air.controller(), READER, Some(-60));
        let mut phone = phone(&mut world, "4711");
        assert!(!stay(&air, READER, &mut phone, Way::Gatt, USUAL).await.finished);
        assert!(reader.read().is_empty());
        assert_eq!(air.links_up(), 0);
    });
}

#[test]
fn the_advertisement_has_the_service_and_the_psm() {
    on_air(async {
        let (mut world, air) = (World::new(1), Air::default());
        let _reader = Reader::new(&mut world, air.controller(), READER, None);
        tokio::time::sleep(Duration::from_millis(500)).await;
        let data = air.advertised().unwrap();
        assert_eq!(data[..3], [2, 0x01, 0x06]);
        assert_eq!(data[3..5], [17, 0x07]);
        assert_eq!(data[5..21], credential::ble::SERVICE.to_le_bytes());
        assert_eq!(data[21..27], [9, 0xFF, 0xFF, 0xFF, 0x00, 0xD3]);
    });
}
