//! Bad weather between a client and a manager: a TCP proxy that delays, drips and cuts.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What happens on one connection, which ends after a while in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Nothing until then.
    Clear,
    /// The connection ends after so many octets of what the client sends.
    RequestCut(usize),
    /// The connection ends after so many octets of what the manager sends.
    AnswerCut(usize),
    /// Octets come in small pieces, each after a pause.
    Dripping,
    /// Everything comes late.
    Late,
}

/// A proxy on a port of its own.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    target: Arc<OnceLock<SocketAddr>>,
    weather: Arc<Mutex<Vec<Weather>>>,
}

/// Octets in one drop.
const DROP: usize = 7;
/// The pause between two drops.
const DRIP: Duration = Duration::from_millis(1);
/// How late everything comes when it is late.
const DELAY: Duration = Duration::from_millis(40);
/// Octets after which a connection is cut at the latest: a few requests, or a few answers.
const CUT_MAX: usize = 2500;
/// Octets of answers after which every connection ends.
const LIFE: usize = 3000;

impl Proxy {
    /// A proxy with random weather by this seed, that knows no manager yet.
    ///
    /// # Panics
    /// When there is no port.
    pub fn new(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (target, weather) = (Arc::new(OnceLock::new()), Arc::new(Mutex::new(Vec::new())));
        let (to, log) = (Arc::clone(&target), Arc::clone(&weather));
        // It ends with the process of the test.
        thread::spawn(move || {
            let mut rng = StdRng::seed_from_u64(seed);
            for client in listener.incoming().flatten() {
                let weather = Weather::random(&mut rng);
                log.lock().unwrap_or_else(PoisonError::into_inner).push(weather);
                if let Some(manager) = to.get().and_then(|to| TcpStream::connect(to).ok()) {
                    weather.between(client, manager);
                }
            }
        });
        Self { address, target, weather }
    }

    /// Says where the manager is.
    pub fn lead_to(&self, manager: SocketAddr) {
        self.target.get_or_init(|| manager);
    }

    /// The weather of all connections until now.
    pub fn weather(&self) -> Vec<Weather> {
        self.weather.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Weather {
    fn random(rng: &mut StdRng) -> Self {
        match rng.random_range(0..8) {
            0 => Self::Clear,
            1 | 2 => Self::RequestCut(rng.random_range(0..CUT_MAX)),
            3..6 => Self::AnswerCut(rng.random_range(0..CUT_MAX)),
            6 => Self::Dripping,
            _ => Self::Late,
        }
    }

    fn between(self, client: TcpStream, manager: TcpStream) {
        let (up_cut, down_cut) = match self {
            Self::RequestCut(octets) => (octets, LIFE),
            Self::AnswerCut(octets) => (usize::MAX, octets),
            _ => (usize::MAX, LIFE),
        };
        let other_way = (client.try_clone().unwrap(), manager.try_clone().unwrap());
        thread::spawn(move || self.carry(client, manager, up_cut));
        thread::spawn(move || self.carry(other_way.1, other_way.0, down_cut));
    }

    /// Carries octets one way until there are no more, or too many.
    fn carry(self, mut from: TcpStream, mut to: TcpStream, mut left: usize) {
        let mut octets = [0; 1024];
        while let Ok(count @ 1..) = from.read(&mut octets) {
            let carried = count.min(left);
            left -= carried;
            if self.pour(&mut to, &octets[..carried]).is_err() || left == 0 {
                break;
            }
        }
        // Both ways end, as when a phone loses its network.
        let _gone = from.shutdown(Shutdown::Both);
        let _gone = to.shutdown(Shutdown::Both);
    }

    fn pour(self, to: &mut TcpStream, octets: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Dripping => octets.chunks(DROP).try_for_each(|drop| {
                thread::park_timeout(DRIP);
                to.write_all(drop)
            }),
            Self::Late => {
                thread::park_timeout(DELAY);
                to.write_all(octets)
            }
            _ => to.write_all(octets),
        }
    }
}
