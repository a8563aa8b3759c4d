//! Taps over the Bluetooth of this computer, and the readers in its range.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use btleplug::api::{
    Central, CentralEvent, Characteristic, Manager as _, Peripheral as _, ScanFilter, WriteType,
};
use btleplug::platform::{Adapter, Manager, Peripheral};
use credential::ble::{COMMAND_CHARACTERISTIC, RESPONSE_CHARACTERISTIC, Uuid as Name};
use futures_util::{Stream, StreamExt};
use phone_sdk::port::UserPresence;
use phone_sdk::{
    BleAction, BleCentral, BleEvent, BleHandles, BlePresenter, NearbyReader, NearbyReaders, Sighting,
    TapEvent, Wallet,
};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use uuid::Uuid;

/// As long as a connection and its discovery may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// btleplug knows characteristics by their UUIDs, so that the numbers are never looked at.
const HANDLES: BleHandles = BleHandles { command: 0, response: 0, psm: None };

/// Scans for so long, and gives the readers in range, the nearest first.
pub(crate) fn readers(wallet: &Wallet, time: Duration) -> anyhow::Result<Vec<NearbyReader>> {
    runtime()?.block_on(async {
        let adapter = adapter().await?;
        let mut nearby = wallet.nearby();
        scan(&adapter, &mut nearby, time, |_| false).await?;
        Ok(nearby.list())
    })
}

/// Taps the reader of this name or address, else the nearest one.
pub(crate) fn tap(
    wallet: &Wallet,
    presence: Arc<dyn UserPresence>,
    door: Option<&str>,
    time: Duration,
) -> anyhow::Result<Vec<TapEvent>> {
    runtime()?.block_on(async {
        let adapter = adapter().await?;
        let mut nearby = wallet.nearby();
        let wanted = |reader: &NearbyReader| {
            door.is_some_and(|door| reader.name.as_deref() == Some(door) || reader.peripheral == door)
        };
        scan(&adapter, &mut nearby, time, wanted).await?;
        let mut found = nearby.list().into_iter().filter(|reader| door.is_none() || wanted(reader));
        let Some(reader) = found.next() else {
            bail!("no such reader is in range; `phone readers` lists those that are");
        };
        let peripheral = peripheral(&adapter, &reader.peripheral).await?;
        let mut presenter = wallet.ble(presence, BleCentral::default());
        let mut events = Vec::new();
        let carried = carry(&peripheral, &mut presenter, &mut events).await;
        presenter.handle(BleEvent::Disconnected);
        events.extend(std::iter::from_fn(|| presenter.poll_event()));
        // The reader may have gone first.
        let _gone = peripheral.disconnect().await;
        // What the tap has told says more than how the connection went down after it.
        if events.is_empty() { carried.map(|()| events) } else { Ok(events) }
    })
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_current_thread().enable_all().build().context("cannot start")
}

async fn adapter() -> anyhow::Result<Adapter> {
    let adapters = async { Manager::new().await?.adapters().await };
    let adapters = adapters.await.context("cannot ask this computer for its Bluetooth")?;
    adapters.into_iter().next().context("this computer has no Bluetooth adapter")
}

/// Reports what is seen until the time is over, or a reader is the one that is wanted.
async fn scan(
    adapter: &Adapter,
    nearby: &mut NearbyReaders,
    time: Duration,
    wanted: impl Fn(&NearbyReader) -> bool,
) -> anyhow::Result<()> {
    let mut events = adapter.events().await?;
    let filter = ScanFilter { services: vec![uuid(NearbyReaders::SERVICE)] };
    adapter.start_scan(filter).await.context("cannot scan")?;
    let seeing = async {
        while let Some(event) = events.next().await {
            let (CentralEvent::DeviceDiscovered(id) | CentralEvent::DeviceUpdated(id)) = event else {
                continue;
            };
            let Some(properties) = adapter.peripheral(&id).await?.properties().await? else { continue };
            nearby.seen(Sighting {
                peripheral: id.to_string(),
                services: properties.services.iter().map(|service| Name(service.as_u128())).collect(),
                name: properties.local_name,
                rssi_dbm: properties.rssi.unwrap_or(i16::MIN),
                manufacturer_data: properties.manufacturer_data.get(&NearbyReaders::COMPANY).cloned(),
            });
            if nearby.list().iter().any(&wanted) {
                break;
            }
        }
        anyhow::Ok(())
    };
    // That the time is over is how a scan usually ends.
    timeout(time, seeing).await.unwrap_or(Ok(()))?;
    Ok(adapter.stop_scan().await?)
}

async fn peripheral(adapter: &Adapter, name: &str) -> anyhow::Result<Peripheral> {
    let peripherals = adapter.peripherals().await?;
    let found = peripherals.into_iter().find(|peripheral| peripheral.id().to_string() == name);
    found.context("the reader has gone")
}

/// Connects, and does what the presenter says until the tap is over.
async fn carry(
    peripheral: &Peripheral,
    presenter: &mut BlePresenter,
    events: &mut Vec<TapEvent>,
) -> anyhow::Result<()> {
    timeout(CONNECT_TIMEOUT, peripheral.connect()).await.context("the reader takes too long")??;
    // The adapter says how long its packets are only after discovery.
    timeout(CONNECT_TIMEOUT, peripheral.discover_services()).await.context("the reader takes too long")??;
    let mut notifications = peripheral.notifications().await?;
    presenter
        .handle(BleEvent::Connected { peripheral: peripheral.id().to_string(), att_mtu: peripheral.mtu() });
    loop {
        while let Some(action) = presenter.poll_action() {
            let Some(event) = act(peripheral, action).await? else { return Ok(()) };
            presenter.handle(event);
        }
        events.extend(std::iter::from_fn(|| presenter.poll_event()));
        // No tap is under way any more.
        let Some(left) = presenter.timeout_in_ms() else { return Ok(()) };
        presenter.handle(heard(&mut notifications, Duration::from_millis(left)).await);
    }
}

/// Does one thing; `None` when the link is to go down.
async fn act(peripheral: &Peripheral, action: BleAction) -> anyhow::Result<Option<BleEvent>> {
    Ok(Some(match action {
        BleAction::Discover { .. } => {
            let found = characteristic(peripheral, COMMAND_CHARACTERISTIC)
                .and(characteristic(peripheral, RESPONSE_CHARACTERISTIC));
            found.map_or(BleEvent::HandlesRefused, |_| BleEvent::Discovered(HANDLES))
        }
        BleAction::Subscribe { characteristic: name, .. } => {
            let found = characteristic(peripheral, name).context("the reader has gone")?;
            peripheral.subscribe(&found).await?;
            BleEvent::Subscribed
        }
        BleAction::Write { characteristic: name, value, .. } => {
            let found = characteristic(peripheral, name).context("the reader has gone")?;
            peripheral.write(&found, &value, WriteType::WithResponse).await?;
            BleEvent::Written
        }
        // Without channels none of these is asked for.
        BleAction::Read { .. } | BleAction::Send(_) => BleEvent::Disconnected,
        BleAction::OpenChannel { .. } => BleEvent::ChannelRefused,
        BleAction::Disconnect => return Ok(None),
    }))
}

/// The reader's next notification, or that there is none.
async fn heard(
    notifications: &mut (impl Stream<Item = btleplug::api::ValueNotification> + Unpin),
    time: Duration,
) -> BleEvent {
    let heard = async {
        while let Some(heard) = notifications.next().await {
            if heard.uuid == uuid(COMMAND_CHARACTERISTIC) {
                return BleEvent::Notified(heard.value);
            }
        }
        BleEvent::Disconnected
    };
    timeout(time, heard).await.unwrap_or(BleEvent::Timeout)
}

fn characteristic(peripheral: &Peripheral, name: Name) -> Option<Characteristic> {
    peripheral.characteristics().into_iter().find(|candidate| candidate.uuid == uuid(name))
}

const fn uuid(name: Name) -> Uuid {
    Uuid::from_u128(name.0)
}
