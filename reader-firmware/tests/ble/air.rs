//! An air with virtual controllers on it: HCI over a pipe, advertising, connections, ACL at connection events.
//!
//! Spec: Bluetooth Core, volume 4, parts A (H4) and E (commands and events)

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use bt_hci::controller::ExternalController;
use bt_hci_serial::SerialTransport;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embedded_io_adapters::tokio_1::FromTokio;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use tokio::time::{Instant, sleep_until};

/// What a host stack runs on.
pub(crate) type Controller = ExternalController<
    SerialTransport<NoopRawMutex, FromTokio<ReadHalf<DuplexStream>>, FromTokio<WriteHalf<DuplexStream>>>,
    10,
>;

/// When a link that is cut counts as lost.
const SUPERVISION: Duration = Duration::from_secs(2);

#[derive(Clone, Default)]
pub(crate) struct Air(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    nodes: Vec<Node>,
    links: Vec<Link>,
    rssi: i8,
}

struct Node {
    address: [u8; 6],
    advertising: Option<Vec<u8>>,
    /// The address that it wants to connect to, and the interval.
    connecting: Option<([u8; 6], Duration)>,
    out: UnboundedSender<(Instant, Vec<u8>)>,
}

#[derive(Clone, Copy)]
struct Link {
    handle: u16,
    ends: [usize; 2],
    interval: Duration,
    began: Instant,
    up: bool,
    silent: bool,
}

impl Air {
    /// A new controller.
    pub(crate) fn controller(&self) -> Controller {
        let (host, own) = duplex(16_384);
        let (out, queue) = unbounded_channel();
        let node = {
            let mut state = self.0.borrow_mut();
            let address = [u8::try_from(state.nodes.len()).unwrap(), 0, 0, 0, 0, 0xC0];
            state.nodes.push(Node { address, advertising: None, connecting: None, out });
            state.nodes.len() - 1
        };
        let (reader, writer) = split(own);
        spawn_local(self.clone().listen(node, reader));
        spawn_local(speak(queue, writer));
        let (reader, writer) = split(host);
        ExternalController::new(SerialTransport::new(FromTokio::new(reader), FromTokio::new(writer)))
    }

    /// How strong everybody is received from now on, in dBm.
    pub(crate) fn set_rssi(&self, dbm: i8) {
        self.0.borrow_mut().rssi = dbm;
    }

    /// Everybody walks away: nothing arrives any more on the links that are up.
    pub(crate) fn cut(&self) {
        let links: Vec<Link> = {
            let mut state = self.0.borrow_mut();
            state.links.iter_mut().for_each(|link| link.silent = true);
            state.links.iter().filter(|link| link.up).copied().collect()
        };
        for link in links {
            let air = self.clone();
            spawn_local(async move {
                tokio::time::sleep(SUPERVISION).await;
                air.disconnect(link.handle, [0x08, 0x08]);
            });
        }
    }

    /// What a reader advertises, and whether anybody does.
    pub(crate) fn advertised(&self) -> Option<Vec<u8>> {
        self.0.borrow().nodes.iter().find_map(|node| node.advertising.clone())
    }

    pub(crate) fn links_up(&self) -> usize {
        self.0.borrow().links.iter().filter(|link| link.up).count()
    }

    async fn listen(self, node: usize, mut reader: ReadHalf<DuplexStream>) {
        while let Ok(kind) = reader.read_u8().await {
            let first = reader.read_u16_le().await.unwrap();
            match kind {
                0x01 => {
                    let mut params = vec![0; usize::from(reader.read_u8().await.unwrap())];
                    reader.read_exact(&mut params).await.unwrap();
                    self.command(node, first, &params);
                }
                0x02 => {
                    let mut data = vec![0; usize::from(reader.read_u16_le().await.unwrap())];
                    reader.read_exact(&mut data).await.unwrap();
                    self.acl(node, first, &data);
                }
                other => panic!("H4 packet {other:#x}"),
            }
        }
        self.gone(node);
    }

    /// A host that is dropped takes its links with it.
    fn gone(&self, node: usize) {
        self.0.borrow_mut().nodes[node].advertising = None;
        let links = self.0.borrow().links.clone();
        for link in links.iter().filter(|link| link.up && link.ends.contains(&node)) {
            self.disconnect(link.handle, [0x13, 0x13]);
        }
    }

    fn command(&self, node: usize, opcode: u16, params: &[u8]) {
        let mut answer = vec![0];
        match opcode {
            // LE_Create_Connection and Disconnect are answered at once and end with an event.
            0x200D => {
                let units = u64::from(u16::from_le_bytes([params[15], params[16]]));
                let peer = params[6..12].try_into().unwrap();
                let interval = Duration::from_micros(units * 1_250);
                self.0.borrow_mut().nodes[node].connecting = Some((peer, interval));
                self.event(node, 0x0F, &[&[0, 1], opcode.to_le_bytes().as_slice()].concat());
                return self.meet();
            }
            0x0406 => {
                let handle = u16::from_le_bytes([params[0], params[1]]);
                self.event(node, 0x0F, &[&[0, 1], opcode.to_le_bytes().as_slice()].concat());
                let own =
                    self.0.borrow().links.iter().any(|link| link.handle == handle && link.ends[0] == node);
                return self.disconnect(handle, if own { [0x16, 0x13] } else { [0x13, 0x16] });
            }
            0x200E => {
                self.0.borrow_mut().nodes[node].connecting = None;
            }
            0x0C35 => return,
            0x1009 => answer.extend([u8::try_from(node).unwrap(), 0, 0, 0, 0, 0]),
            0x2002 => answer.extend([251, 0, 8]),
            0x200F => answer.push(8),
            0x1405 => {
                answer.extend(&params[..2]);
                answer.push(self.0.borrow().rssi.to_le_bytes()[0]);
            }
            0x2005 => self.0.borrow_mut().nodes[node].address = params.try_into().unwrap(),
            0x2008 => {
                let data = params[1..=usize::from(params[0])].to_vec();
                self.0.borrow_mut().nodes[node].advertising = Some(data);
            }
            0x200A if params == [0] => self.0.borrow_mut().nodes[node].advertising = None,
            _ => {}
        }
        self.event(node, 0x0E, &[&[1], opcode.to_le_bytes().as_slice(), &answer].concat());
        if opcode == 0x200A {
            self.meet();
        }
    }

    /// Connects whoever wants to connect to somebody who advertises.
    fn meet(&self) {
        let mut state = self.0.borrow_mut();
        let wanted = |(central, node): (usize, &Node)| {
            let (peer, interval) = node.connecting?;
            let peripheral =
                state.nodes.iter().position(|node| node.address == peer && node.advertising.is_some())?;
            Some((central, peripheral, interval))
        };
        let Some((central, peripheral, interval)) = state.nodes.iter().enumerate().find_map(wanted) else {
            return;
        };
        let handle = u16::try_from(state.links.len()).unwrap() + 1;
        let ends = [central, peripheral];
        state.links.push(Link { handle, ends, interval, began: Instant::now(), up: true, silent: false });
        state.nodes[central].connecting = None;
        state.nodes[peripheral].advertising = None;
        let addresses = [state.nodes[peripheral].address, state.nodes[central].address];
        drop(state);
        for (role, peer) in addresses.iter().enumerate() {
            let mut event = vec![0x01, 0x00];
            event.extend(handle.to_le_bytes());
            event.extend([u8::try_from(role).unwrap(), 1]);
            event.extend(peer);
            event.extend(u16::try_from(interval.as_micros() / 1_250).unwrap().to_le_bytes());
            event.extend([0, 0, 200, 0, 0]);
            self.event(ends[role], 0x3E, &event);
        }
    }

    fn disconnect(&self, handle: u16, reasons: [u8; 2]) {
        let link = {
            let mut state = self.0.borrow_mut();
            let Some(link) = state.links.iter_mut().find(|link| link.handle == handle && link.up) else {
                return;
            };
            link.up = false;
            *link
        };
        for (end, reason) in link.ends.into_iter().zip(reasons) {
            self.event(end, 0x05, &[&[0], handle.to_le_bytes().as_slice(), &[reason]].concat());
        }
    }

    /// Data arrives at the next connection event.
    fn acl(&self, node: usize, handle_flags: u16, data: &[u8]) {
        let state = self.0.borrow();
        let handle = handle_flags & 0x0FFF;
        let Some(link) = state.links.iter().find(|link| link.handle == handle && link.up && !link.silent)
        else {
            return;
        };
        let events = Instant::now().duration_since(link.began).as_micros() / link.interval.as_micros() + 1;
        let at = link.began + link.interval * u32::try_from(events).unwrap();
        let peer = link.ends[usize::from(link.ends[0] == node)];
        // What begins a packet is flagged anew on the way to a host.
        let flags = if handle_flags & 0x1000 == 0 { 0x2000 } else { 0x1000 };
        let mut packet = vec![0x02];
        packet.extend((handle | flags).to_le_bytes());
        packet.extend(u16::try_from(data.len()).unwrap().to_le_bytes());
        packet.extend(data);
        let _ = state.nodes[peer].out.send((at, packet));
        let completed = [&[0x04, 0x13, 5, 1], handle.to_le_bytes().as_slice(), &[1, 0]].concat();
        let _ = state.nodes[node].out.send((at, completed));
    }

    fn event(&self, node: usize, code: u8, params: &[u8]) {
        let mut packet = vec![0x04, code, u8::try_from(params.len()).unwrap()];
        packet.extend(params);
        let _ = self.0.borrow().nodes[node].out.send((Instant::now(), packet));
    }
}

/// Gives packets to a host when their time has come; those whose time has come already pass those that wait.
async fn speak(mut queue: UnboundedReceiver<(Instant, Vec<u8>)>, mut writer: WriteHalf<DuplexStream>) {
    let mut waiting: Vec<(Instant, Vec<u8>)> = Vec::new();
    loop {
        let next = waiting.iter().map(|(at, _)| *at).min();
        let due = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            packet = queue.recv() => match packet {
                Some(packet) => waiting.push(packet),
                None => return,
            },
            () = due => {
                let at = waiting.iter().position(|(at, _)| Some(*at) == next).unwrap();
                let (_, packet) = waiting.remove(at);
                if writer.write_all(&packet).await.is_err() {
                    return;
                }
            }
        }
    }
}
