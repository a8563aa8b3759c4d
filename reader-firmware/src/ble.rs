//! BLE: a peripheral with GATT and an L2CAP channel, generic over the controller.
//!
//! Two phones may be connected at a time; they are tapped one after the other, and the one that waits has its first
//! write answered when its turn comes.
//! A phone that walks away, says nothing or takes too long is let go, and the reader advertises again.
//!
//! Spec: `docs/PROTOCOL.md#ble-and-streams`

mod advertisement;
mod connection;
mod packets;
mod server;

pub use advertisement::NAME_MAX;
#[cfg(any(feature = "central", feature = "heap"))]
pub use packets::HeapPackets;

use credential::ble::Hint;
use embassy_futures::join::join;
use embassy_futures::select::select;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::mutex::Mutex;
use embedded_hal_async::delay::DelayNs;
use trouble_host::Controller;
use trouble_host::prelude::{AddrKind, Address, Advertisement, BdAddr, HostResources, Stack};

use crate::door::Arrival;
use crate::entrance::Turn;
use advertisement::Advertised;
use connection::Served;
use packets::Packets;
use server::Server;

/// Phones that may be connected at a time.
pub const PHONES_MAX: usize = 2;

/// L2CAP channels that may be wanted at a time.
const CHANNELS_MAX: usize = PHONES_MAX;

/// How long is waited after a controller has refused to advertise.
const RETRY_MS: u32 = 100;

/// The door that the radio is for, which the radio shares with the main loop.
pub trait RadioDoor {
    /// Begins a tap; `None` while somebody else is being tapped.
    fn begin(&self, arrival: Arrival) -> Option<Turn>;

    /// Takes what the phone sent.
    fn received(&self, turn: Turn, octets: &[u8]);

    /// The next piece to send; its length at the front of `out`.
    fn transmit(&self, turn: Turn, out: &mut [u8]) -> Option<usize>;

    /// Whether the tap is over.
    fn is_over(&self, turn: Turn) -> bool;

    /// The phone is gone.
    fn left(&self, turn: Turn);
}

/// How a reader appears on BLE.
#[derive(Clone, Copy, Debug)]
pub struct BleSettings<'s> {
    /// A random static address of its own: six octets, the first with its two highest bits set.
    pub address: [u8; 6],
    /// What a person reads who opens the door from afar; at most [`NAME_MAX`] octets are shown.
    pub name: &'s str,
    /// How weak a phone's signal may be for a tap to begin, in dBm; `None` for a door that is opened from afar.
    pub close_dbm: Option<i8>,
    /// The PSM of the L2CAP channel, 0x80 to 0xFF; 0 for none.
    pub psm: u16,
    /// How a phone that knows the reader recognises it.
    pub hint: Option<Hint>,
}

/// Runs the radio for ever; ends only when the controller fails.
///
/// # Errors
/// The controller's, after which a board is reset; with the feature `heap` this may be run again instead.
pub async fn run<C: Controller, D: RadioDoor, T: DelayNs + Clone>(
    controller: C,
    settings: &BleSettings<'_>,
    door: &D,
    delay: T,
) -> Result<(), BleError> {
    let mut resources: HostResources<Packets, PHONES_MAX, CHANNELS_MAX> = HostResources::new();
    let [a, b, c, d, e, f] = settings.address;
    let address = Address::new(AddrKind::RANDOM, BdAddr::new([f, e, d, c, b, a]));
    let builder = trouble_host::new(controller, &mut resources).set_random_address(address);
    let builder = if settings.psm == 0 { builder } else { builder.register_l2cap_spsm(settings.psm) };
    let stack = builder.build();
    let mut runner = stack.runner();
    let server = Server::new_default(settings.name).map_err(|_| BleError::Server)?;
    server.set(&server.tap.psm, &settings.psm.to_be_bytes()).map_err(|_| BleError::Server)?;
    let advertised = Advertised::new(settings).map_err(|_| BleError::Advertisement)?;
    let turn = Mutex::<NoopRawMutex, ()>::new(());
    let place =
        Place { stack: &stack, server: &server, settings, advertised: &advertised, turn: &turn, door };
    let places = join(place.serve(delay.clone()), place.serve(delay));
    let _ = select(runner.run(), places).await;
    Err(BleError::Controller)
}

/// Why the radio has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BleError {
    /// The controller does not answer as it should.
    Controller,
    /// The name or the hint has no room in an advertisement.
    Advertisement,
    /// The table of attributes cannot be made.
    Server,
}

/// What the places for phones share.
struct Place<'p, 'r, 'v, 's, C: Controller, D> {
    stack: &'p Stack<'r, C, Packets>,
    server: &'p Server<'v>,
    settings: &'p BleSettings<'s>,
    advertised: &'p Advertised,
    /// Only one place advertises at a time.
    turn: &'p Mutex<NoopRawMutex, ()>,
    door: &'p D,
}

impl<C: Controller, D: RadioDoor> Place<'_, '_, '_, '_, C, D> {
    /// Serves one phone after another.
    async fn serve<T: DelayNs + Clone>(&self, mut delay: T) {
        let mut peripheral = self.stack.peripheral();
        loop {
            let accepted = {
                let _turn = self.turn.lock().await;
                let data = Advertisement::ConnectableScannableUndirected {
                    adv_data: self.advertised.data(),
                    scan_data: self.advertised.scan_data(),
                };
                match peripheral.advertise(&Default::default(), data).await {
                    Ok(advertiser) => advertiser.accept().await.ok(),
                    Err(_) => None,
                }
            };
            let connection =
                accepted.and_then(|connection| connection.with_attribute_server(self.server).ok());
            match connection {
                Some(connection) => {
                    let served = Served {
                        stack: self.stack,
                        server: self.server,
                        settings: self.settings,
                        connection: &connection,
                        door: self.door,
                    };
                    served.serve(delay.clone()).await;
                }
                None => delay.delay_ms(RETRY_MS).await,
            }
        }
    }
}
