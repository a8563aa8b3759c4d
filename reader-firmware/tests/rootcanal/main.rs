//! The reader's BLE on controllers that are not our own: rootcanal; `tests/rootcanal/check` starts it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

#[path = "../entrance/board.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod board;
#[path = "../ble/central.rs"]
#[expect(dead_code, reason = "shared with the tests on the air, which use more of it")]
mod central;
#[path = "../entrance/field.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod field;
#[path = "../entrance/phone.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod phone;
#[path = "../ble/reader.rs"]
#[expect(dead_code, reason = "shared with the tests on the air, which use more of it")]
mod reader;
#[path = "../../../tests/src/wallet.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod wallet;
#[path = "../../../tests/src/world.rs"]
#[expect(dead_code, unreachable_pub, reason = "shared with the room `tests`, which uses more of it")]
mod world;

use std::time::Duration;

use bt_hci::controller::ExternalController;
use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use tokio::net::TcpStream;

use central::{Manner, Way, visit};
use phone::InField;
use reader::Reader;
use world::World;

const READER: [u8; 6] = [0xC7, 1, 2, 3, 4, 5];
const INTERVAL: Duration = Duration::from_micros(30_000);

/// Where rootcanal gives a controller to each connection; `tests/rootcanal/check` sets it.
const ADDRESS: &str = "OSTIARY_ROOTCANAL";

async fn controller() -> impl trouble_host::Controller {
    let address = std::env::var(ADDRESS).expect("run tests/rootcanal/check, which sets OSTIARY_ROOTCANAL");
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (read, write) = stream.into_split();
    let transport = SerialTransport::<NoopRawMutex, _, _>::new(FromTokio::new(read), FromTokio::new(write));
    ExternalController::<_, 10>::new(transport)
}

#[test]
fn phones_tap_on_controllers_of_somebody_else_either_way() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut world = World::new(1);
        let reader = Reader::new(&mut world, controller().await, READER, None);
        let InField::Phone(mut phone) = board::phone(&mut world, "4711") else { panic!("a phone") };
        for visits in 1..=6 {
            let way = [Way::Gatt, Way::Channel][visits % 2];
            let visiting =
                visit(controller().await, &|| (), READER, &mut phone, way, INTERVAL, Manner::Polite);
            let visit = tokio::time::timeout(Duration::from_secs(30), visiting).await.expect("within 30 s");
            assert!(visit.finished, "visit {visits}: {visit:?}");
            assert_eq!(reader.read().len(), visits);
        }
    });
}
