//! The station as the tasks share it: they run on one executor and never hold it over a wait.

use core::cell::RefCell;

use cortex_m4_crypto::Assembler;
use credential::id::{ProjectId, ReaderId};
use embassy_futures::select::select;
use embassy_nrf::buffered_uarte::{BufferedUarteRx, BufferedUarteTx};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::Timer;
use reader_firmware::ble::RadioDoor;
use reader_firmware::door::Arrival;
use reader_firmware::entrance::Turn;
use reader_firmware::serial::{FrameReader, Numbered, Report};
use reader_firmware::station::{Line, Station};

use crate::board::Dk;
use crate::clock;
use crate::flash::ChipFlash;

/// The door of this board.
pub(crate) type DkStation = Station<Assembler, Dk, ChipFlash>;

/// Something has happened that the main loop has to look at.
static HAPPENED: Signal<CriticalSectionRawMutex, ()> = Signal::new();

pub(crate) struct Site {
    station: RefCell<DkStation>,
    line: RefCell<BufferedUarteTx<'static>>,
}

impl Site {
    pub(crate) const fn new(station: DkStation, line: BufferedUarteTx<'static>) -> Self {
        Self { station: RefCell::new(station), line: RefCell::new(line) }
    }

    /// Says that the board has started, and takes up what the flash holds.
    pub(crate) fn start(&self) {
        let mut line = self.line.borrow_mut();
        let _ = Numbered { number: 0, content: Report::Started }.send(&mut |octet| put(&mut line, octet));
        // Whoever asks for the status sees what came of it.
        let _no_door = self.station.borrow_mut().start(clock::now());
    }

    /// The project and the reader that the board was enrolled as; `None` while there is no door.
    pub(crate) fn enrolled(&self) -> Option<(ProjectId, ReaderId)> {
        self.station.borrow().enrolled()
    }

    /// Has the station do something that the main loop has to look at afterwards.
    pub(crate) fn with<R>(&self, act: impl FnOnce(&mut DkStation, Line<'_>) -> R) -> R {
        let mut line = self.line.borrow_mut();
        let done = act(&mut self.station.borrow_mut(), &mut |octet| put(&mut line, octet));
        HAPPENED.signal(());
        done
    }
}

/// Puts an octet into the buffer of the line, and waits while that is full: it empties by itself.
fn put(line: &mut BufferedUarteTx<'static>, octet: u8) {
    while line.try_write(&[octet]) == Ok(0) {}
}

/// The main loop, which also feeds the watchdog.
#[embassy_executor::task]
pub(crate) async fn main_loop(site: &'static Site) {
    loop {
        let at = site.with(|station, line| {
            let now = clock::now();
            station.poll(now, line);
            let waiting = station.board().show_waiting(now);
            let at = station.poll_at();
            waiting.map_or(at, |waiting| at.min(waiting))
        });
        HAPPENED.reset();
        select(Timer::at(clock::instant(at)), HAPPENED.wait()).await;
    }
}

/// What a host commands over the serial line.
#[embassy_executor::task]
pub(crate) async fn commands(
    site: &'static Site,
    mut line: BufferedUarteRx<'static>,
    frames: &'static mut FrameReader,
) {
    loop {
        let Ok(octets) = line.fill_buf().await else { continue };
        let taken = octets.len();
        for octet in octets {
            let damaged = frames.damaged();
            if let Some(content) = frames.push(*octet) {
                site.with(|station, line| station.take(content, damaged, clock::now(), line));
            }
        }
        line.consume(taken);
    }
}

impl RadioDoor for &'static Site {
    fn begin(&self, arrival: Arrival) -> Option<Turn> {
        self.with(|station, line| station.radio_begin(arrival, clock::now(), line))
    }

    fn received(&self, turn: Turn, octets: &[u8]) {
        self.with(|station, line| station.radio_received(turn, octets, clock::now(), line));
    }

    fn transmit(&self, turn: Turn, out: &mut [u8]) -> Option<usize> {
        self.station.borrow_mut().radio_transmit(turn, out)
    }

    fn is_over(&self, turn: Turn) -> bool {
        self.station.borrow().radio_is_over(turn)
    }

    fn left(&self, turn: Turn) {
        self.with(|station, line| station.radio_left(turn, clock::now(), line));
    }
}
