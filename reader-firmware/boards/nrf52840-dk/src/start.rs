//! From the reset to the tasks: every pin and every part of the chip is given away here, once.

use chacha20::ChaCha20Rng;
use cortex_m::peripheral::SCB;
use cortex_m4_crypto::Assembler;
use credential::ble::Hint;
use credential::id::ReaderId;
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_nrf::Peri;
use embassy_nrf::buffered_uarte::{BufferedUarte, BufferedUarteTx};
use embassy_nrf::config::{Config, LfclkSource};
use embassy_nrf::gpio::{AnyPin, Input, Level, Output, OutputDrive, Pull};
use embassy_nrf::interrupt::{Interrupt, InterruptExt, Priority};
use embassy_nrf::rng::Rng;
use embassy_nrf::twim::{self, Twim};
use embassy_nrf::uarte::{self, Baudrate};
use embassy_nrf::wdt::{self, Watchdog};
use embassy_time::{Delay, Duration, Timer};
use embedded_hal::digital::PinState;
use heapless::String;
use nrf_mpsl::MultiprotocolServiceLayer;
use nrf_sdc::SoftdeviceController;
use rand_core::SeedableRng;
use reader_firmware::ble::{self, BleSettings, NAME_MAX};
use reader_firmware::controller::{Admission, StandAlone, Timing, WiegandLink};
use reader_firmware::entrance::Ports;
use reader_firmware::nfc::Pn532FrontEnd;
use reader_firmware::pins::{IndicatorPins, RelayPin, TamperPin};
use reader_firmware::serial::FrameReader;
use reader_firmware::station::Station;
use reader_firmware::storage::Storage;
use static_cell::StaticCell;

use crate::board::{ChipWatchdog, Dk};
use crate::controller::Controller;
use crate::flash::ChipFlash;
use crate::front_end::Bus;
use crate::radio::{self, ControllerParts, RadioParts};
use crate::site::{self, Site};
use crate::wires::{self, OpenDrain, Wires};
use crate::{Interrupts, clock};

/// The PSM of the L2CAP channel.
const PSM: u16 = 0xD3;

/// How strongly a phone has to be received for a tap over BLE, dBm.
const CLOSE_DBM: i8 = -60;

/// How long the relay is pulled, in a stand-alone door.
const OPEN_MS: u32 = 3_000;

/// How the pulses of Wiegand are sent.
const TIMING: Timing = Timing::USUAL;

/// How long the wires are silent after a frame.
const SILENCE: Duration = Duration::from_millis(50);

/// What the controller reads on the serial wire.
const TEXT_BAUDRATE: Baudrate = Baudrate::Baud9600;

/// How long the main loop may hang, in ticks of the clock: longer than an enrolment computes, or a self-test in the
/// pauses of a busy radio takes.
const WATCHDOG_TICKS: u32 = 8 * 32_768;

/// The board cannot start; a reset is all that is left.
pub(crate) struct Broken;

pub(crate) fn start(spawner: Spawner, punctual: &'static InterruptExecutor) -> Result<(), Broken> {
    let p = embassy_nrf::init(config());
    // The radio has the highest priority and must not be kept waiting by anything else.
    for interrupt in [Interrupt::UARTE0, Interrupt::UARTE1, Interrupt::TWISPI0] {
        interrupt.set_priority(Priority::P3);
    }
    Interrupt::EGU1_SWI1.set_priority(Priority::P5);

    let layer = radio::layer(RadioParts {
        rtc0: p.RTC0,
        timer0: p.TIMER0,
        temp: p.TEMP,
        ppi_ch19: p.PPI_CH19,
        ppi_ch30: p.PPI_CH30,
        ppi_ch31: p.PPI_CH31,
    })
    .map_err(|_| Broken)?;
    spawner.spawn(run_layer(layer).map_err(|_| Broken)?);
    let flash = ChipFlash::take(layer, p.NVMC);

    let rng = Rng::new_blocking(p.RNG);
    // Slower, and every octet is as likely as every other.
    rng.set_bias_correction(true);
    let mut noise = rng;
    let (mut seed, mut salt) = ([0; 32], [0; 2]);
    noise.blocking_fill_bytes(&mut seed);
    noise.blocking_fill_bytes(&mut salt);
    let random = ChaCha20Rng::from_seed(seed);
    let hci = radio::controller(
        ControllerParts {
            ppi_ch17: p.PPI_CH17,
            ppi_ch18: p.PPI_CH18,
            ppi_ch20: p.PPI_CH20,
            ppi_ch21: p.PPI_CH21,
            ppi_ch22: p.PPI_CH22,
            ppi_ch23: p.PPI_CH23,
            ppi_ch24: p.PPI_CH24,
            ppi_ch25: p.PPI_CH25,
            ppi_ch26: p.PPI_CH26,
            ppi_ch27: p.PPI_CH27,
            ppi_ch28: p.PPI_CH28,
            ppi_ch29: p.PPI_CH29,
        },
        layer,
        noise,
    )
    .map_err(|_| Broken)?;

    static I2C_BUFFER: StaticCell<[u8; 16]> = StaticCell::new();
    let mut i2c = twim::Config::default();
    i2c.frequency = twim::Frequency::K400;
    let twim = Twim::new(p.TWISPI0, Interrupts, p.P0_26, p.P0_27, i2c, I2C_BUFFER.init([0; 16]));
    let bus = Bus::new(twim, Input::new(p.P1_10, Pull::Up));

    static TEXT_BUFFER: StaticCell<[u8; 256]> = StaticCell::new();
    let mut text = uarte::Config::default();
    text.baudrate = TEXT_BAUDRATE;
    let wire = BufferedUarteTx::new(p.UARTE1, p.P1_02, Interrupts, text, TEXT_BUFFER.init([0; 256]));

    let off = |pin: Peri<'static, AnyPin>| Output::new(pin, Level::Low, OutputDrive::Standard);
    let (d0, d1) = (OpenDrain(off(p.P1_03.into())), OpenDrain(off(p.P1_04.into())));
    let dark = |pin: Peri<'static, AnyPin>| Output::new(pin, Level::High, OutputDrive::Standard);
    let relay = RelayPin { pin: off(p.P1_05.into()), pulled: PinState::High };
    let controller = if cfg!(feature = "stand-alone") {
        Controller::Relay(StandAlone::new(relay, OPEN_MS, Admission::Everybody))
    } else {
        Controller::Wires(Wires::new(wire))
    };
    let ports = Ports {
        front_end: Pn532FrontEnd::new(bus),
        controller,
        indicator: IndicatorPins {
            red: dark(p.P0_13.into()),
            green: dark(p.P0_14.into()),
            blue: dark(p.P0_15.into()),
            buzzer: off(p.P1_06.into()),
            lit: PinState::Low,
        },
        tamper: TamperPin { pin: Input::new(p.P1_07, Pull::Up), open: PinState::High },
    };

    static LINE_IN: StaticCell<[u8; 2048]> = StaticCell::new();
    static LINE_OUT: StaticCell<[u8; 1024]> = StaticCell::new();
    let line = BufferedUarte::new(
        p.UARTE0,
        p.TIMER1,
        p.PPI_CH0,
        p.PPI_CH1,
        p.PPI_GROUP0,
        p.P0_08,
        p.P0_06,
        Interrupts,
        uarte::Config::default(),
        LINE_IN.init([0; 2048]),
        LINE_OUT.init([0; 1024]),
    );
    let (line_in, line_out) = line.split();

    let watchdog = Watchdog::try_new(p.WDT, watchdog_config()).ok().map(|(_, [handle])| ChipWatchdog(handle));
    let site = open(Dk::new(random, flash, ports, watchdog, clock::now()), flash, line_out)?;
    site.start();

    let punctual = punctual.start(Interrupt::EGU1_SWI1);
    punctual.spawn(wires::pulses(WiegandLink::new(TIMING, d0, d1), SILENCE).map_err(|_| Broken)?);
    static FRAMES: StaticCell<FrameReader> = StaticCell::new();
    spawner.spawn(site::commands(site, line_in, FRAMES.init(FrameReader::new())).map_err(|_| Broken)?);
    spawner.spawn(site::main_loop(site).map_err(|_| Broken)?);
    spawner.spawn(run_radio(site, hci, salt).map_err(|_| Broken)?);
    Ok(())
}

fn config() -> Config {
    let mut config = Config::default();
    config.lfclk_source = LfclkSource::ExternalXtal;
    config.gpiote_interrupt_priority = Priority::P3;
    config.time_interrupt_priority = Priority::P3;
    config
}

fn watchdog_config() -> wdt::Config {
    let mut config = wdt::Config::default();
    config.timeout_ticks = WATCHDOG_TICKS;
    // A debugger may stop the processor for as long as it likes.
    config.action_during_debug_halt = wdt::HaltConfig::Pause;
    config
}

/// Apart from `start`, so that what is moved into its place here takes no stack afterwards.
#[inline(never)]
fn open(board: Dk, flash: ChipFlash, line: BufferedUarteTx<'static>) -> Result<&'static Site, Broken> {
    static SITE: StaticCell<Site> = StaticCell::new();
    let storage = Storage::new(flash, ChipFlash::DOOR).map_err(|_| Broken)?;
    Ok(SITE.init(Site::new(Station::new(Assembler, board, storage), line)))
}

/// What the layer below the radio does when nothing else has to be done.
#[embassy_executor::task]
async fn run_layer(layer: &'static MultiprotocolServiceLayer<'static>) -> ! {
    layer.run().await
}

/// The radio, from the moment in which the board is a door; a controller that fails takes the board with it.
#[embassy_executor::task]
async fn run_radio(site: &'static Site, hci: SoftdeviceController<'static>, salt: [u8; 2]) {
    let (project, reader) = loop {
        if let Some(door) = site.enrolled() {
            break door;
        }
        Timer::after(Duration::from_secs(1)).await;
    };
    let name = name(reader);
    let settings = BleSettings {
        address: radio::address(),
        name: &name,
        close_dbm: Some(CLOSE_DBM),
        psm: PSM,
        hint: Some(Hint::new(&Assembler, project, reader, salt)),
    };
    let _failed = ble::run(hci, &settings, &site, Delay).await;
    SCB::sys_reset();
}

/// What a person reads who looks for readers in range.
fn name(reader: ReaderId) -> String<NAME_MAX> {
    let mut name = String::new();
    let _cut = core::fmt::write(&mut name, format_args!("Door {}", reader.0));
    name
}
