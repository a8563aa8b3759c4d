//! One phone, from its connection to its end.

use credential::ble::segment::{AttMtu, SEGMENT_MAX};
use embassy_futures::select::{Either, Either3, select, select3};
use embedded_hal_async::delay::DelayNs;
use trouble_host::Controller;
use trouble_host::prelude::{
    GattConnection, GattConnectionEvent, GattEvent, L2capChannel, L2capChannelConfig, L2capPendingConnection,
    Stack,
};

use super::packets::Packets;
use super::server::Server;
use super::{BleSettings, CHANNELS_MAX, RadioDoor};
use crate::door::Arrival;
use crate::entrance::Turn;

/// How often the door is asked whether there is something to send.
const ASK_MS: u32 = 2;

/// How long a phone may be connected without beginning a tap, and how long it may wait to come close and for its turn.
const PATIENCE_MS: u32 = 8_000;

/// How often a phone that is not close yet is listened to.
const CLOSER_MS: u32 = 100;

/// How long a phone may stay after its tap, which it ends by itself once it has what it came for.
const FAREWELL_MS: u32 = 500;

/// Octets of a piece of an L2CAP channel.
const PIECE_MAX: usize = 512;

/// Frames that a phone may send on its channel before it is given credits for more. A channel that is closed keeps the
/// packets of what was not read until its place is used again: those of all places have to leave packets for others.
const CREDITS: u16 = 4;

const _: () = assert!(CHANNELS_MAX * CREDITS as usize <= trouble_host::config::DEFAULT_PACKET_POOL_SIZE / 2);

/// A phone and what serves it.
pub(super) struct Served<'c, 'p, 'r, 'v, 's, C: Controller, D> {
    pub(super) stack: &'p Stack<'r, C, Packets>,
    pub(super) server: &'p Server<'v>,
    pub(super) settings: &'p BleSettings<'s>,
    pub(super) connection: &'c GattConnection<'p, 'p, Packets>,
    pub(super) door: &'p D,
}

/// The phone is gone, or is to be let go.
struct Gone;

/// How a tap begins.
enum Opening<'c> {
    /// A segment of so many octets was written.
    Written(usize),
    Channel(L2capPendingConnection<'c, Packets>),
}

impl<'p, C: Controller, D: RadioDoor> Served<'_, 'p, '_, '_, '_, C, D> {
    pub(super) async fn serve<T: DelayNs + Clone>(&self, delay: T) {
        let (mut patience, mut farewell) = (delay.clone(), delay.clone());
        let listener =
            (self.settings.psm != 0).then(|| L2capChannel::listen(self.stack, self.connection.raw()));
        let mut first = [0; SEGMENT_MAX];
        let opened = async {
            match &listener {
                Some(listener) => match select(listener.next(), self.written(&mut first)).await {
                    Either::First(pending) => pending.map(Opening::Channel).map_err(|_| Gone),
                    Either::Second(written) => written.map(Opening::Written),
                },
                None => self.written(&mut first).await.map(Opening::Written),
            }
        };
        let opened = select(opened, patience.delay_ms(PATIENCE_MS)).await;
        let _done_or_gone = match opened {
            Either::First(Ok(Opening::Written(length))) => {
                self.over_gatt(first.get(..length).unwrap_or_default(), delay).await
            }
            Either::First(Ok(Opening::Channel(pending))) => self.over_channel(pending, delay).await,
            Either::First(Err(Gone)) | Either::Second(()) => Err(Gone),
        };
        self.connection.raw().disconnect();
        let _ = select(self.gone(), farewell.delay_ms(FAREWELL_MS)).await;
    }

    /// Octets of the next segment that is written; everything else is answered.
    async fn written(&self, segment: &mut [u8; SEGMENT_MAX]) -> Result<usize, Gone> {
        loop {
            match self.connection.next().await {
                GattConnectionEvent::Disconnected { .. } => return Err(Gone),
                GattConnectionEvent::Gatt { event: GattEvent::Write(event) }
                    if event.handle() == self.server.tap.response.handle =>
                {
                    let mut length = 0;
                    event.with_data(|_, data| {
                        let pairs = segment.iter_mut().zip(data);
                        length = pairs.map(|(to, from)| *to = *from).count();
                    });
                    // An answer that finds no memory is asked for again by a phone that waits.
                    if let Ok(reply) = event.accept_unprocessed() {
                        reply.send().await;
                    }
                    return Ok(length);
                }
                GattConnectionEvent::Gatt { event } => {
                    if let Ok(reply) = event.accept() {
                        reply.send().await;
                    }
                }
                _ => {}
            }
        }
    }

    async fn gone(&self) {
        let mut segment = [0; SEGMENT_MAX];
        while self.written(&mut segment).await.is_ok() {}
    }

    /// Waits until the phone is close and nobody else is being tapped.
    async fn turn<T: DelayNs>(&self, arrival: Arrival, mut delay: T) -> Result<Turn, Gone> {
        let mut waited_ms = 0_u32;
        while waited_ms < PATIENCE_MS && self.connection.raw().is_connected() {
            let pause_ms = if !self.is_close().await {
                CLOSER_MS
            } else if let Some(turn) = self.door.begin(arrival) {
                return Ok(turn);
            } else {
                ASK_MS
            };
            delay.delay_ms(pause_ms).await;
            waited_ms = waited_ms.saturating_add(pause_ms);
        }
        Err(Gone)
    }

    async fn is_close(&self) -> bool {
        let Some(close_dbm) = self.settings.close_dbm else { return true };
        self.connection.raw().rssi(self.stack).await.is_ok_and(|dbm| dbm >= close_dbm)
    }

    async fn over_gatt<T: DelayNs + Clone>(&self, first: &[u8], mut delay: T) -> Result<(), Gone> {
        let att_mtu = AttMtu::new(self.connection.raw().att_mtu()).unwrap_or(AttMtu::DEFAULT);
        let turn = self.turn(Arrival::Gatt(att_mtu), delay.clone()).await?;
        let leaving = Leaving { door: self.door, turn };
        self.door.received(turn, first);
        let reading = async {
            let mut segment = [0; SEGMENT_MAX];
            while let Ok(length) = self.written(&mut segment).await {
                self.door.received(turn, segment.get(..length).unwrap_or_default());
            }
            Gone
        };
        let writing = async {
            let mut out = [0; SEGMENT_MAX];
            loop {
                while let Some(length) = self.door.transmit(turn, &mut out) {
                    let segment = out.get(..length).ok_or(Gone)?;
                    let command = &self.server.tap.command;
                    command.notify_raw(self.connection, segment, false).await.map_err(|_| Gone)?;
                }
                if self.door.is_over(turn) {
                    return Ok(());
                }
                delay.delay_ms(ASK_MS).await;
            }
        };
        match select(writing, reading).await {
            Either::First(written) => written?,
            Either::Second(Gone) => return Err(Gone),
        }
        drop(leaving);
        let _ = select(self.gone(), delay.delay_ms(FAREWELL_MS)).await;
        Ok(())
    }

    async fn over_channel<T: DelayNs + Clone>(
        &self,
        pending: L2capPendingConnection<'p, Packets>,
        mut delay: T,
    ) -> Result<(), Gone> {
        // The phone sends when the channel is there: it is there when the phone's turn has come.
        let turn = self.turn(Arrival::L2cap, delay.clone()).await?;
        let leaving = Leaving { door: self.door, turn };
        let config = L2capChannelConfig { initial_credits: Some(CREDITS), ..Default::default() };
        let channel = pending.accept(self.stack, &config).await.map_err(|_| Gone)?;
        let (mut writer, mut reader) = channel.split();
        let reading = async {
            let mut piece = [0; PIECE_MAX];
            while let Ok(length) = reader.receive(self.stack, &mut piece).await {
                self.door.received(turn, piece.get(..length).unwrap_or_default());
            }
            Gone
        };
        let writing = async {
            let mut out = [0; PIECE_MAX];
            loop {
                while let Some(length) = self.door.transmit(turn, &mut out) {
                    let piece = out.get(..length).ok_or(Gone)?;
                    for part in piece.chunks(usize::from(writer.peer_mtu()).max(1)) {
                        writer.send(self.stack, part).await.map_err(|_| Gone)?;
                    }
                }
                if self.door.is_over(turn) {
                    return Ok(());
                }
                delay.delay_ms(ASK_MS).await;
            }
        };
        match select3(writing, reading, self.gone()).await {
            Either3::First(written) => written?,
            Either3::Second(Gone) | Either3::Third(()) => return Err(Gone),
        }
        drop(leaving);
        // What the phone still sends is read, for its packets.
        let mut piece = [0; PIECE_MAX];
        let rest = async { while reader.receive(self.stack, &mut piece).await.is_ok() {} };
        let _ = select3(rest, self.gone(), delay.delay_ms(FAREWELL_MS)).await;
        Ok(())
    }
}

/// Tells the door that the phone is gone, however that came about.
struct Leaving<'d, D: RadioDoor> {
    door: &'d D,
    turn: Turn,
}

impl<D: RadioDoor> Drop for Leaving<'_, D> {
    fn drop(&mut self) {
        self.door.left(self.turn);
    }
}
