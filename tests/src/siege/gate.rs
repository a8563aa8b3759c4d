//! Where the managers are now, and what is asked of them: the one thing that killer and visitors share.

use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// For how long the killer waits for visitors to ask for something.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Planning or applying an import.
    Import,
    /// Inviting, which revokes the phone that there is.
    Invitation,
    /// Challenge and proof of an activation.
    Activation,
    /// Challenge and proof of a renewal.
    Renewal,
    /// Revoking, suspending and resuming.
    Revocation,
    /// Looking something up.
    Reading,
}

/// How often something happened, by the kind of the request.
pub type Tally = [u64; Kind::ALL.len()];

/// Where one manager can be asked; another life means another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// Which start of the manager it is.
    pub life: u64,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Doors, counters, and the end.
#[derive(Debug)]
pub struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    doors: Vec<Option<Door>>,
    lives: u64,
    sent: Tally,
    cut: Tally,
    faults: u64,
    usual: [Duration; Kind::ALL.len()],
    over: bool,
    failed: bool,
}

/// Tells everybody when the thread that holds it fails.
#[derive(Debug)]
pub struct Guard<'a>(&'a Gate);

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Import, Self::Invitation, Self::Activation, Self::Renewal, Self::Revocation, Self::Reading];
}

impl Gate {
    /// A gate with so many doors, all closed.
    pub fn new(doors: usize) -> Self {
        let state = State {
            doors: vec![None; doors],
            lives: 0,
            sent: Tally::default(),
            cut: Tally::default(),
            faults: 0,
            usual: [Duration::from_millis(5); Kind::ALL.len()],
            over: false,
            failed: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Lets visitors in at a door.
    pub fn open(&self, door: usize, address: SocketAddr) {
        let mut state = self.lock();
        state.lives += 1;
        state.doors[door] = Some(Door { life: state.lives, address });
        self.changed.notify_all();
    }

    /// Keeps visitors away from a door.
    pub fn close(&self, door: usize) {
        self.lock().doors[door] = None;
        self.changed.notify_all();
    }

    /// Sends everybody home.
    pub fn end(&self) {
        self.lock().over = true;
        self.changed.notify_all();
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        let state = self.lock();
        state.over || state.failed
    }

    /// Waits for an open door that is not `shut`; of several, `choice` decides. `None` when it is over.
    pub fn door(&self, shut: Option<Door>, choice: usize) -> Option<Door> {
        let mut state = self.lock();
        loop {
            if state.over || state.failed {
                return None;
            }
            let open: Vec<Door> =
                state.doors.iter().flatten().copied().filter(|door| Some(*door) != shut).collect();
            if !open.is_empty() {
                return Some(open[choice % open.len()]);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Counts a request that is about to be sent.
    pub fn sent(&self, kind: Kind) {
        self.lock().sent[kind as usize] += 1;
        self.changed.notify_all();
    }

    /// Learns how long an answer took.
    pub fn answered(&self, kind: Kind, took: Duration) {
        let usual = &mut self.lock().usual[kind as usize];
        *usual = (*usual * 7 + took) / 8;
    }

    /// Counts a request whose answer did not come.
    pub fn cut(&self, kind: Kind) {
        self.lock().cut[kind as usize] += 1;
    }

    /// Counts an answer that blames the manager or its database.
    pub fn fault(&self) {
        self.lock().faults += 1;
    }

    /// Waits until so many more requests of a kind were sent, and then for a share of the time that an answer usually
    /// takes, so that moments fall before, into and after the act.
    ///
    /// # Panics
    /// When a visitor failed, or nobody asks any more.
    pub fn moment(&self, kind: Kind, requests: u64, share: f64) {
        let began = Instant::now();
        let mut state = self.lock();
        let goal = state.sent[kind as usize] + requests;
        while state.sent[kind as usize] < goal {
            assert!(!state.failed, "a visitor failed");
            assert!(began.elapsed() < PATIENCE, "nobody asks for {kind:?} any more: {state:?}");
            (state, _) = self.changed.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
        }
        let delay = state.usual[kind as usize].mul_f64(share);
        drop(state);
        let due = Instant::now() + delay;
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            thread::park_timeout(left);
        }
    }

    /// Requests that were sent, requests that were cut off, and answers that blame the manager.
    pub fn tallies(&self) -> (Tally, Tally, u64) {
        let state = self.lock();
        (state.sent, state.cut, state.faults)
    }

    /// To be held by every visitor's thread.
    pub const fn guard(&self) -> Guard<'_> {
        Guard(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.lock().failed = true;
            self.0.changed.notify_all();
        }
    }
}
