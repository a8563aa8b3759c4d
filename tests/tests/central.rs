//! The BLE presenter with a scripted central: what is asked of it at a first visit, at a repeat visit, and when what is
//! remembered does not hold.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::unreachable,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

use std::sync::Arc;

use credential::ble::segment::{AttMtu, Reassembler, SEGMENT_MAX, Segmenter};
use credential::ble::stream::{FrameDecoder, encode_frame};
use credential::ble::{Announcement, Hint, PSM_CHARACTERISTIC, SERVICE, Uuid};
use credential::crypto::RustCrypto;
use credential::id::ReaderId;
use credential::iso7816::CommandHeader;
use credential::object::Presence;
use credential::reader::Path;
use credential::transport::Transport;
use phone_sdk::port::Clock;
use phone_sdk::{BleAction, BleCentral, BleEvent, BlePresenter, Sighting, TapEvent, TapFailure, Wallet};
use tests::door::{HANDLES, Link, PresentedDoor};
use tests::phone::Phone;
use tests::world::World;

const DOOR: u32 = 7;
const PSM: u16 = 0x80;
const ATT_MTU: u16 = 247;
const PERIPHERAL: &str = "AA:BB:CC:00:00:07";

const GATT: BleCentral = BleCentral { opens_channels: false, keeps_handles: true };
const CHANNELS: BleCentral = BleCentral { opens_channels: true, keeps_handles: false };
const BOTH: BleCentral = BleCentral { opens_channels: true, keeps_handles: true };

fn story() -> (PresentedDoor, Phone, Wallet) {
    let mut world = World::new(1);
    let door = PresentedDoor::new(world.reader_demanding(RustCrypto, DOOR, Presence::None));
    let (phone, wallet, _) = Phone::activated(world);
    (door, phone, wallet)
}

/// How the reader's side of the connection behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Willing,
    /// It has other handles than the phone remembers.
    Moved,
    /// It opens no channel.
    Channelless,
    /// It has no such service.
    Foreign,
    /// It ends the connection when it is asked for a channel.
    Abrupt,
}

/// A central that does what it is told, and notes it.
struct Central<'a> {
    presenter: &'a mut BlePresenter,
    reader: Reader,
    asked: Vec<&'static str>,
    channel: Option<FrameDecoder>,
    segmenter: Segmenter,
    reassembler: Reassembler,
    discovered: bool,
}

impl<'a> Central<'a> {
    fn new(presenter: &'a mut BlePresenter, reader: Reader) -> Self {
        Self {
            presenter,
            reader,
            asked: Vec::new(),
            channel: None,
            segmenter: Segmenter::new(AttMtu::new(ATT_MTU).unwrap()),
            reassembler: Reassembler::new(),
            discovered: false,
        }
    }

    /// Does what it is told until a whole message has been sent.
    fn act(&mut self) -> Option<Vec<u8>> {
        let mut whole = None;
        while let Some(action) = self.presenter.poll_action() {
            let refused = matches!(self.reader, Reader::Moved) && !self.discovered;
            match action {
                BleAction::Discover { service } => {
                    self.note("discover");
                    assert_eq!(service, SERVICE);
                    self.discovered = true;
                    let found = self.reader != Reader::Foreign;
                    let event = if found { BleEvent::Discovered(HANDLES) } else { BleEvent::HandlesRefused };
                    self.presenter.handle(event);
                }
                BleAction::Read { characteristic, .. } => {
                    self.note("read");
                    assert_eq!(characteristic, PSM_CHARACTERISTIC);
                    self.presenter.handle(BleEvent::Read(PSM.to_be_bytes().to_vec()));
                }
                BleAction::Subscribe { .. } if refused => {
                    self.note("subscribe");
                    self.presenter.handle(BleEvent::HandlesRefused);
                }
                BleAction::Subscribe { .. } => {
                    self.note("subscribe");
                    self.presenter.handle(BleEvent::Subscribed);
                }
                BleAction::OpenChannel { psm } => {
                    self.note("open channel");
                    assert_eq!(psm, PSM);
                    match self.reader {
                        Reader::Channelless => self.presenter.handle(BleEvent::ChannelRefused),
                        Reader::Abrupt => return None,
                        _ => {
                            self.channel = Some(FrameDecoder::new());
                            self.presenter.handle(BleEvent::ChannelOpened);
                        }
                    }
                }
                BleAction::Write { value, .. } => {
                    whole = self.reassembler.push(&value).unwrap().map(<[u8]>::to_vec);
                    self.presenter.handle(BleEvent::Written);
                }
                BleAction::Send(octets) => {
                    let decoder = self.channel.as_mut().expect("the channel is open");
                    whole = decoder.next_message(&mut &*octets).unwrap().map(<[u8]>::to_vec);
                }
                BleAction::Disconnect => {
                    self.note("disconnect");
                    return None;
                }
            }
        }
        whole
    }

    fn note(&mut self, what: &'static str) {
        self.asked.push(what);
    }
}

impl Link for Central<'_> {
    fn transport(&self) -> Transport {
        if self.channel.is_some() { Transport::BleL2cap } else { Transport::BleGatt }
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        unreachable!("the session is opened before the door knows of which kind the link is")
    }

    fn carry(&mut self, _: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        if self.channel.is_some() {
            let mut frame = vec![0; octets.len() + 2];
            encode_frame(octets, &mut frame).unwrap();
            frame
                .chunks(50)
                .for_each(|piece| self.presenter.handle(BleEvent::ChannelReceived(piece.to_vec())));
        } else {
            let mut out = [0; SEGMENT_MAX];
            let mut segments = self.segmenter.segments(octets).unwrap();
            while let Some(segment) = segments.next_segment(&mut out) {
                self.presenter.handle(BleEvent::Notified(segment.to_vec()));
            }
        }
        self.act()
    }
}

/// A link that is open already.
struct Opened<'a, 'b>(&'b mut Central<'a>, Option<Vec<u8>>);

impl Link for Opened<'_, '_> {
    fn transport(&self) -> Transport {
        self.0.transport()
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        self.1.take()
    }

    fn carry(&mut self, header: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        self.0.carry(header, octets)
    }
}

/// One visit: what the central was asked before the first message, how the door decided, and what the app was told.
fn visit(
    (door, phone, wallet): &mut (PresentedDoor, Phone, Wallet),
    central: BleCentral,
    reader: Reader,
) -> (Vec<&'static str>, Option<Path>, Vec<TapEvent>) {
    let mut presenter = wallet.ble(Arc::new(Presence::None), central);
    presenter.handle(BleEvent::Connected { peripheral: PERIPHERAL.to_owned(), att_mtu: ATT_MTU });
    let mut central = Central::new(&mut presenter, reader);
    let first = central.act();
    let tap = door.tap(&mut Opened(&mut central, first), phone.clock.now());
    let asked = std::mem::take(&mut central.asked);
    presenter.handle(BleEvent::Disconnected);
    let events = std::iter::from_fn(|| presenter.poll_event()).collect();
    (asked, tap.decision.map(|decision| decision.path), events)
}

#[test]
fn a_repeat_visit_skips_discovery_also_after_a_restart() {
    for (central, first, again) in [
        (GATT, &["discover", "subscribe"][..], &["subscribe"][..]),
        (CHANNELS, &["discover", "read", "open channel"], &["open channel"]),
        (BOTH, &["discover", "read", "open channel"], &["open channel"]),
        (BleCentral::default(), &["discover", "subscribe"], &["discover", "subscribe"]),
    ] {
        let mut story = story();
        assert_eq!(visit(&mut story, central, Reader::Willing).0, first, "{central:?}");
        for _ in 0..2 {
            story.2 = story.1.open();
            let (asked, path, events) = visit(&mut story, central, Reader::Willing);
            assert_eq!((asked.as_slice(), path), (again, Some(Path::Fast)), "{central:?}");
            assert!(matches!(&events[..], [TapEvent::Finished(tap)] if tap.result.is_ok()));
        }
    }
}

#[test]
fn handles_that_no_longer_hold_are_discovered_again_and_kept() {
    let mut story = story();
    visit(&mut story, GATT, Reader::Willing);
    let (asked, path, _) = visit(&mut story, GATT, Reader::Moved);
    assert_eq!((asked.as_slice(), path), (&["subscribe", "discover", "subscribe"][..], Some(Path::Fast)));
    assert_eq!(visit(&mut story, GATT, Reader::Willing).0, ["subscribe"]);
}

#[test]
fn a_channel_that_is_refused_leaves_gatt_and_is_asked_for_anew() {
    let mut story = story();
    let (asked, path, _) = visit(&mut story, BOTH, Reader::Channelless);
    assert_eq!(asked, ["discover", "read", "open channel", "subscribe"]);
    assert_eq!(path, Some(Path::Full));
    assert_eq!(visit(&mut story, BOTH, Reader::Willing).0, ["read", "open channel"]);
    assert_eq!(visit(&mut story, BOTH, Reader::Channelless).0, ["open channel", "subscribe"]);
}

#[test]
fn a_reader_that_ends_the_connection_instead_of_refusing_is_forgotten() {
    let mut story = story();
    visit(&mut story, CHANNELS, Reader::Willing);
    let (asked, path, events) = visit(&mut story, CHANNELS, Reader::Abrupt);
    assert_eq!((asked.as_slice(), path, events.len()), (&["open channel"][..], None, 0));
    assert_eq!(visit(&mut story, CHANNELS, Reader::Willing).0, ["discover", "read", "open channel"]);
}

#[test]
fn a_device_without_the_service_is_not_a_reader_and_is_not_remembered() {
    let mut story = story();
    let (asked, path, events) = visit(&mut story, GATT, Reader::Foreign);
    assert_eq!((asked.as_slice(), path), (&["discover", "disconnect"][..], None));
    assert_eq!(events, [TapEvent::Failed(TapFailure::NotAReader)]);
    assert_eq!(story.2.nearby().list(), []);
}

#[test]
fn nothing_is_remembered_when_the_holder_wants_it_so() {
    let mut story = story();
    visit(&mut story, GATT, Reader::Willing);
    story.2.set_remembers_certificates(false).unwrap();
    for _ in 0..2 {
        assert_eq!(visit(&mut story, GATT, Reader::Willing).0, ["discover", "subscribe"]);
    }
}

#[test]
fn the_list_of_readers_has_the_nearest_first_with_names_and_forgets_those_that_are_gone() {
    let mut story = story();
    visit(&mut story, GATT, Reader::Willing);
    let mut readers = story.2.nearby();
    let sighting = |peripheral: &str, services: &[Uuid], name: Option<&str>, rssi_dbm| Sighting {
        peripheral: peripheral.to_owned(),
        services: services.to_vec(),
        name: name.map(str::to_owned),
        rssi_dbm,
        manufacturer_data: None,
    };
    readers.seen(sighting(PERIPHERAL, &[SERVICE], None, -70));
    readers.seen(sighting("headphones", &[Uuid(0x180F)], Some("Headphones"), -30));
    readers.seen(sighting("garage", &[SERVICE], Some("Garage\u{202E}"), -50));
    // The scan response has the name and no service.
    readers.seen(sighting(PERIPHERAL, &[], Some("Main door"), -70));
    let list = readers.list();
    let names: Vec<_> = list.iter().map(|reader| reader.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["Garage", "Main door"]);
    assert_eq!(list[0].visited, None);
    assert_eq!(list[1].visited.map(|(_, reader)| reader), Some(ReaderId(DOOR)));
    story.1.clock.advance_s(9);
    readers.seen(sighting("garage", &[SERVICE], None, -50));
    story.1.clock.advance_s(2);
    assert_eq!(
        readers.list().iter().map(|reader| reader.peripheral.as_str()).collect::<Vec<_>>(),
        ["garage"]
    );
}

/// The advertisement of a reader, as the platform hands it over.
fn announces(peripheral: &str, announcement: Announcement) -> Sighting {
    Sighting {
        peripheral: peripheral.to_owned(),
        services: vec![SERVICE],
        name: None,
        rssi_dbm: -50,
        manufacturer_data: Some(announcement.encode().to_vec()),
    }
}

#[test]
fn a_channel_that_is_announced_is_opened_without_discovery() {
    let mut story = story();
    let mut readers = story.2.nearby();
    readers.seen(announces(PERIPHERAL, Announcement { psm: PSM, hint: None }));
    assert_eq!(readers.list()[0].psm, Some(PSM));
    let (asked, path, _) = visit(&mut story, CHANNELS, Reader::Willing);
    assert_eq!((asked.as_slice(), path), (&["open channel"][..], Some(Path::Full)));
    assert_eq!(visit(&mut story, GATT, Reader::Willing).0, ["discover", "subscribe"]);
}

#[test]
fn a_channel_that_is_announced_and_refused_leaves_gatt() {
    let mut story = story();
    story.2.nearby().seen(announces(PERIPHERAL, Announcement { psm: PSM, hint: None }));
    let (asked, path, _) = visit(&mut story, BOTH, Reader::Channelless);
    assert_eq!(asked, ["open channel", "discover", "subscribe"]);
    assert_eq!(path, Some(Path::Full));
}

#[test]
fn a_reader_that_ends_the_connection_over_what_it_announced_is_asked_for_it() {
    let mut story = story();
    story.2.nearby().seen(announces(PERIPHERAL, Announcement { psm: PSM, hint: None }));
    assert_eq!(visit(&mut story, CHANNELS, Reader::Abrupt).0, ["open channel"]);
    assert_eq!(visit(&mut story, CHANNELS, Reader::Willing).0, ["discover", "read", "open channel"]);
}

#[test]
fn a_reader_without_a_channel_says_so_and_is_not_asked() {
    let mut story = story();
    story.2.nearby().seen(announces(PERIPHERAL, Announcement { psm: 0, hint: None }));
    assert_eq!(visit(&mut story, CHANNELS, Reader::Willing).0, ["discover", "subscribe"]);
}

#[test]
fn a_door_that_was_visited_is_told_by_its_hint_under_any_name() {
    let mut story = story();
    visit(&mut story, GATT, Reader::Willing);
    let mut readers = story.2.nearby();
    readers.seen(announces(PERIPHERAL, Announcement { psm: PSM, hint: None }));
    let (project, reader) = readers.list()[0].visited.unwrap();
    let hint = |reader| Some(Hint::new(&RustCrypto, project, reader, [1, 2]));
    readers.seen(announces("another name", Announcement { psm: PSM, hint: hint(reader) }));
    readers.seen(announces("another door", Announcement { psm: PSM, hint: hint(ReaderId(DOOR + 1)) }));
    let list = readers.list();
    let visited = |peripheral| list.iter().find(|seen| seen.peripheral == peripheral).unwrap().visited;
    assert_eq!(visited("another name"), Some((project, reader)));
    assert_eq!(visited("another door"), None);
}
