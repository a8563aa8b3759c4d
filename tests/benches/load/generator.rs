//! Keeps connections busy from few threads: each connection always has one request under way.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::devices::Device;

/// Threads that generate load.
pub(crate) const THREADS: usize = 2;
/// Connections of each.
pub(crate) const CONNECTIONS: usize = 32;

/// What came of a window of load.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    /// Challenges that were answered, and whose answer was good.
    pub(crate) done: u64,
    /// How long the window was.
    pub(crate) took: Duration,
}

impl Window {
    /// What was done per second.
    pub(crate) fn rate(&self) -> f64 {
        self.done as f64 / self.took.as_secs_f64()
    }
}

/// Lets devices renew again and again, each after the others, until the time is over.
pub(crate) fn again_and_again(managers: &[SocketAddr], devices: &[Device], time: Duration) -> Window {
    let began = Instant::now();
    let done = shared(managers, devices, &|share, managers| {
        let places = (0..share.len()).cycle().take_while(|_| began.elapsed() < time);
        run(share, managers, places, |_, _| ())
    });
    Window { done, took: began.elapsed() }
}

/// Lets every device do its part once; `each` gets the place of the device and the body of its answer.
pub(crate) fn once(
    managers: &[SocketAddr],
    devices: &[Device],
    each: impl Fn(&Device, &[u8]) + Sync,
) -> Window {
    let began = Instant::now();
    let done = shared(managers, devices, &|share, managers| {
        run(share, managers, 0..share.len(), |place, body| each(&share[place], body))
    });
    Window { done, took: began.elapsed() }
}

/// Divides devices among threads.
fn shared(
    managers: &[SocketAddr],
    devices: &[Device],
    work: &(impl Fn(&[Device], &[SocketAddr]) -> u64 + Sync),
) -> u64 {
    thread::scope(|scope| {
        let shares = devices.chunks(devices.len().div_ceil(THREADS));
        let threads: Vec<_> = shares.map(|share| scope.spawn(move || work(share, managers))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a generator")).sum()
    })
}

/// A connection, and what is under way on it.
struct Slot {
    stream: BufReader<TcpStream>,
    under_way: Option<(usize, Step)>,
}

#[derive(Clone, Copy)]
enum Step {
    Challenge,
    Proof,
}

fn run(
    devices: &[Device],
    managers: &[SocketAddr],
    mut places: impl Iterator<Item = usize>,
    each: impl Fn(usize, &[u8]),
) -> u64 {
    let mut slots: Vec<Slot> = managers.iter().cycle().take(CONNECTIONS).map(Slot::connect).collect();
    let (mut request, mut body) = (Vec::new(), Vec::new());
    let mut done = 0;
    for slot in &mut slots {
        slot.begin(devices, places.next());
    }
    while slots.iter().any(|slot| slot.under_way.is_some()) {
        for slot in &mut slots {
            let Some((place, step)) = slot.under_way else { continue };
            let (status, device) = (slot.answer(&mut body), &devices[place]);
            match step {
                Step::Challenge => {
                    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
                    device.prove(&body, &mut request);
                    slot.send(&request);
                    slot.under_way = Some((place, Step::Proof));
                }
                Step::Proof => {
                    assert_eq!(status, device.good, "{}", String::from_utf8_lossy(&body));
                    each(place, &body);
                    done += 1;
                    slot.begin(devices, places.next());
                }
            }
        }
    }
    done
}

impl Slot {
    fn connect(manager: &SocketAddr) -> Self {
        let stream = TcpStream::connect(manager).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream: BufReader::new(stream), under_way: None }
    }

    fn begin(&mut self, devices: &[Device], place: Option<usize>) {
        self.under_way = place.map(|place| (place, Step::Challenge));
        if let Some(place) = place {
            self.send(devices[place].ask());
        }
    }

    fn send(&mut self, request: &[u8]) {
        self.stream.get_mut().write_all(request).unwrap();
    }

    /// Reads one answer: its status, and its body into `body`.
    fn answer(&mut self, body: &mut Vec<u8>) -> u16 {
        let (mut status, mut length) = (0, 0);
        loop {
            body.clear();
            self.stream.read_until(b'\n', body).unwrap();
            let line = body.trim_ascii();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix(b"HTTP/1.1 ") {
                status = number(&rest[..3]);
            } else if line.len() > 15 && line[..15].eq_ignore_ascii_case(b"content-length:") {
                length = number(line[15..].trim_ascii());
            }
        }
        body.resize(length, 0);
        self.stream.read_exact(body).unwrap();
        status.try_into().unwrap()
    }
}

fn number(digits: &[u8]) -> usize {
    std::str::from_utf8(digits).unwrap().parse().unwrap()
}
