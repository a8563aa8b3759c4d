//! The reader's BLE against Bumble's host stack; `tests/bumble/check` makes the environment for it.
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
#[path = "../entrance/field.rs"]
#[expect(dead_code, reason = "shared with the tests of the main loop, which use more of it")]
mod field;
mod modem;
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

use std::future::Future;

use bt_hci::controller::ExternalController;
use bt_hci_serial::SerialTransport;
use credential::application::{DeviceApplication, DeviceIncoming};
use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::stream::{FrameDecoder, encode_frame};
use credential::transport::Transport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use tokio::net::UnixStream;

use modem::Modem;
use phone::{InField, Phone};
use reader::Reader;
use world::{World, at_ms};

const READER: [u8; 6] = [0xC7, 1, 2, 3, 4, 5];

/// A reader on one of Bumble's controllers, and a phone's Bluetooth on the other.
async fn meet(world: &mut World) -> (Reader, Modem, Phone) {
    let modem = Modem::start().await;
    let (read, write) = UnixStream::connect(modem.socket()).await.unwrap().into_split();
    let transport = SerialTransport::<NoopRawMutex, _, _>::new(FromTokio::new(read), FromTokio::new(write));
    let reader = Reader::new(world, ExternalController::<_, 10>::new(transport), READER, None);
    let InField::Phone(phone) = board::phone(world, "4711") else { panic!("a phone") };
    (reader, modem, *phone)
}

fn on_loop(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, test);
}

/// The phone's side of a tap: what opens it, and answers until it is over.
fn answer(phone: &mut Phone, message: &mut [u8]) -> (Vec<u8>, bool) {
    let mut out = [0; 2_100];
    let (length, _, finished) = phone.act(DeviceIncoming::Message(message), 0, &mut out);
    (out[..length].to_vec(), finished)
}

fn open(phone: &mut Phone, transport: Transport) -> Vec<u8> {
    let mut out = [0; 64];
    let length = phone.device.open(transport, at_ms(0), &mut out).unwrap();
    out[..length].to_vec()
}

#[test]
fn bumble_taps_over_gatt_again_and_again() {
    on_loop(async {
        let (reader, mut modem, mut phone) = meet(&mut World::new(1)).await;
        for visits in 1..=5 {
            let att_mtu = modem.connect("gatt").await;
            let mut segmenter = Segmenter::new(AttMtu::new(att_mtu).unwrap());
            let mut reassembler: Reassembler = Reassembler::new();
            let (mut message, mut finished) = (open(&mut phone, Transport::BleGatt), false);
            loop {
                let mut segments = segmenter.segments(&message).unwrap();
                let mut out = [0; SEGMENT_MAX];
                while let Some(segment) = segments.next_segment(&mut out) {
                    modem.send(segment).await;
                }
                if finished {
                    break;
                }
                let mut command = loop {
                    if let Some(message) = reassembler.push(&modem.received().await).unwrap() {
                        break message.to_vec();
                    }
                };
                (message, finished) = answer(&mut phone, &mut command);
            }
            modem.ended().await;
            assert_eq!(reader.read().len(), visits);
        }
    });
}

#[test]
fn bumble_taps_over_a_channel_again_and_again() {
    on_loop(async {
        let (reader, mut modem, mut phone) = meet(&mut World::new(1)).await;
        for visits in 1..=5 {
            modem.connect("channel").await;
            let mut decoder = FrameDecoder::<2_050>::new();
            let (mut message, mut finished) = (open(&mut phone, Transport::BleL2cap), false);
            loop {
                let mut frame = vec![0; message.len() + 2];
                encode_frame(&message, &mut frame).unwrap();
                modem.send(&frame).await;
                if finished {
                    break;
                }
                let mut command = loop {
                    let piece = modem.received().await;
                    if let Some(message) = decoder.next_message(&mut piece.as_slice()).unwrap() {
                        break message.to_vec();
                    }
                };
                (message, finished) = answer(&mut phone, &mut command);
            }
            modem.ended().await;
            assert_eq!(reader.read().len(), visits);
        }
    });
}
