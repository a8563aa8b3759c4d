//! The phone's own share of a tap, and what it takes to open a wallet.
//!
//! Everything goes through the real wallet and the real NFC presenter, APDU by APDU; only what the key store takes to
//! sign is left out, because secure hardware has a speed of its own.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credential::crypto::{Crypto, Operations, Point, RustCrypto, Signer};
use credential::iso7816::{
    Aid, CLA_INTERINDUSTRY, CommandHeader, FrontEnd, INS_SELECT, InterfaceDevice, InterfaceDeviceStep,
    LogicalCommand, ResponseApdu,
};
use credential::object::Presence;
use credential::reader::{Path, Reader};
use credential::transport::Transport;
use phone_sdk::port::{
    Clock, DirectoryStorage, KeyHandle, KeyStore, KeyStoreError, SoftwareKeyStore, SystemRandom,
};
use phone_sdk::{DeviceLabel, Invitation, NfcPresenter, Ports, Wallet};
use tempfile::TempDir;
use tests::door::{Link, PresentedDoor};
use tests::phone::{BASE, Phone};
use tests::world::{World, at_ms};
use zeroize::Zeroizing;

use crate::backend::{self, Backend, Counts};
use crate::harness::{Bench, Row, timed};

const DOOR: u32 = 7;
const CARDS: u32 = 50;

/// A row for each kind of tap beside the bare sum of its operations, and two for opening.
pub(crate) fn add_to<C, S>(bench: &mut Bench, backend: &Backend<C, S>, counts: &Counts)
where
    C: Crypto + Copy + 'static,
    S: Signer + 'static,
{
    let known = |sum: Operations| Operations { verifications: 0, ..sum };
    for (id, label, sum, tap) in [
        ("first", "full tap, first visit", counts.first.device, Tap { path: Path::Full, remembers: false }),
        (
            "known",
            "full tap, known door",
            known(counts.first.device),
            Tap { path: Path::Full, remembers: true },
        ),
        ("fast", "fast tap", known(counts.fast.device), Tap { path: Path::Fast, remembers: true }),
    ] {
        let bare = format!("phone/sum/{id}");
        let row =
            Row::new(&bare, format!("bare sum of the phone's operations without its signature, {label}"));
        backend::add_sum(bench, backend, row, sum);
        let row = Row::new(format!("phone/{id}"), format!("{label}, phone without its signature"));
        let mut visits = Visits::new(tap);
        bench.case(vec![row.against(bare)], move |row| row[0] = visits.tap());
    }
    let site = Site::new(CARDS);
    let row = Row::new("phone/open", format!("opening a wallet of {CARDS} cards in a directory"));
    bench.whole(row, move || site.open());
    let site = Site::new(1);
    let row =
        Row::new("phone/start", "an app that a reader has started: opening a wallet, and SELECT answered");
    bench.whole(row, move || {
        let mut presenter = site.open().nfc(Arc::new(Presence::None));
        assert!(presenter.process_command(b"\x00\xA4\x04\x00\x09\xF0OSTIARY\x01\x00").ends_with(&[0x90, 0]));
    });
}

/// A kind of tap.
#[derive(Clone, Copy)]
struct Tap {
    path: Path,
    /// Whether certificates that were verified are remembered.
    remembers: bool,
}

/// A phone that visits a door again and again.
struct Visits {
    door: PresentedDoor,
    phone: Phone,
    presenter: NfcPresenter,
    signing: Arc<Signing>,
    path: Path,
}

impl Visits {
    fn new(tap: Tap) -> Self {
        let mut world = World::new(1);
        let (scalar, mut settings) = world.reader_settings(DOOR);
        // A door that gives no tickets has every tap take the full path.
        settings.tickets = tap.path == Path::Fast;
        let reader = Reader::new(RustCrypto, &scalar, settings, &mut world.rng, at_ms(0)).unwrap();
        let phone = Phone::new(world);
        let signing = Arc::new(Signing {
            inner: SoftwareKeyStore::new(Arc::clone(&phone.storage) as _, Arc::new(SystemRandom)),
            nanoseconds: AtomicU64::new(0),
        });
        let wallet = Wallet::open(
            Ports {
                storage: Arc::clone(&phone.storage) as _,
                key_store: Arc::clone(&signing) as _,
                http: Arc::clone(&phone.manager) as _,
                clock: Arc::clone(&phone.clock) as _,
                random: Arc::new(SystemRandom),
            },
            DeviceLabel::default(),
        )
        .unwrap();
        wallet.activate(&invitation(1)).unwrap();
        wallet.set_remembers_certificates(tap.remembers).unwrap();
        let presenter = wallet.nfc(Arc::new(Presence::None));
        let mut visits = Self { door: PresentedDoor::new(reader), phone, presenter, signing, path: tap.path };
        // The first tap brings tickets, and makes the door known.
        visits.visit();
        visits
    }

    fn tap(&mut self) -> Duration {
        let (path, time) = self.visit();
        assert_eq!(path, self.path);
        time
    }

    fn visit(&mut self) -> (Path, Duration) {
        self.signing.nanoseconds.store(0, Ordering::Relaxed);
        let interface_device = InterfaceDevice::new(FrontEnd::SHORT);
        let mut link = TimedLink { presenter: &mut self.presenter, interface_device, phone: Duration::ZERO };
        let tap = self.door.tap(&mut link, self.phone.clock.now());
        let whole = link.phone;
        while self.presenter.poll_event().is_some() {}
        let signing = Duration::from_nanos(self.signing.nanoseconds.load(Ordering::Relaxed));
        (tap.decision.expect("the door decides").path, whole.saturating_sub(signing))
    }
}

/// APDUs through an interface device, with the phone's time added up.
struct TimedLink<'a> {
    presenter: &'a mut NfcPresenter,
    interface_device: InterfaceDevice,
    phone: Duration,
}

impl Link for TimedLink<'_> {
    fn transport(&self) -> Transport {
        Transport::Nfc
    }

    fn open(&mut self) -> Option<Vec<u8>> {
        let select = CommandHeader::new(CLA_INTERINDUSTRY, INS_SELECT, 4, 0);
        self.carry(Some(select), Aid::OSTIARY.as_bytes())
    }

    fn carry(&mut self, header: Option<CommandHeader>, octets: &[u8]) -> Option<Vec<u8>> {
        let mut out = [0; 4096];
        let command = LogicalCommand { header: header?, data: octets };
        let mut length = self.interface_device.send(command, &mut out).unwrap();
        loop {
            let (response, time) = timed(|| self.presenter.process_command(&out[..length]));
            self.phone += time;
            match self.interface_device.receive(&response, &mut out).unwrap() {
                InterfaceDeviceStep::Transmit(next) => length = next,
                InterfaceDeviceStep::Complete(ResponseApdu { data, status }) => {
                    return Some([data, &status.to_be_bytes()].concat());
                }
            }
        }
    }

    fn set_extended(&mut self, allowed: bool) {
        self.interface_device.set_extended(allowed);
    }
}

/// A software key store that says how long it took to sign.
struct Signing {
    inner: SoftwareKeyStore,
    nanoseconds: AtomicU64,
}

impl KeyStore for Signing {
    fn make(&self, key: &KeyHandle) -> Result<Point, KeyStoreError> {
        self.inner.make(key)
    }

    fn public_key(&self, key: &KeyHandle) -> Result<Point, KeyStoreError> {
        self.inner.public_key(key)
    }

    fn sign(&self, key: &KeyHandle, message: &[u8]) -> Result<[u8; 64], KeyStoreError> {
        let (signature, time) = timed(|| self.inner.sign(key, message));
        self.nanoseconds.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::Relaxed);
        signature
    }

    fn delete(&self, key: &KeyHandle) -> Result<(), KeyStoreError> {
        self.inner.delete(key)
    }

    fn wrap(&self, key: &[u8; 32]) -> Result<Vec<u8>, KeyStoreError> {
        self.inner.wrap(key)
    }

    fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyStoreError> {
        self.inner.unwrap(wrapped)
    }
}

/// A phone whose wallet is in a directory.
struct Site {
    dir: TempDir,
    phone: Mutex<Phone>,
}

impl Site {
    fn new(cards: u32) -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap(), phone: Mutex::new(Phone::new(World::new(1))) };
        let wallet = site.open();
        (0..cards).for_each(|number| drop(wallet.activate(&invitation(number)).unwrap()));
        assert_eq!(wallet.cards().len(), cards as usize);
        site
    }

    fn open(&self) -> Wallet {
        let phone = self.phone.lock().unwrap();
        let storage = Arc::new(DirectoryStorage::open(self.dir.path()).unwrap());
        let random = Arc::new(SystemRandom);
        let ports = Ports {
            key_store: Arc::new(SoftwareKeyStore::new(storage.clone(), random.clone())),
            storage,
            http: Arc::clone(&phone.manager) as _,
            clock: Arc::clone(&phone.clock) as _,
            random,
        };
        Wallet::open(ports, DeviceLabel::default()).unwrap()
    }
}

/// The invitation whose secret is this number, below 1,024.
fn invitation(number: u32) -> Invitation {
    const SYMBOLS: &[u8; 37] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U";
    let symbol = |value: u32| char::from(SYMBOLS[value as usize]);
    let (high, low, check) = (symbol(number / 32), symbol(number % 32), symbol(number % 37));
    Invitation::from_code(BASE, &format!("{}{high}{low}{check}", "0".repeat(24))).unwrap()
}
