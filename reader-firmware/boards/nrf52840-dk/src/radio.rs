//! The radio: Nordic's controller in the chip, and what it has to be given.

use embassy_nrf::Peri;
use embassy_nrf::mode::Blocking;
use embassy_nrf::peripherals::{
    PPI_CH17, PPI_CH18, PPI_CH19, PPI_CH20, PPI_CH21, PPI_CH22, PPI_CH23, PPI_CH24, PPI_CH25, PPI_CH26,
    PPI_CH27, PPI_CH28, PPI_CH29, PPI_CH30, PPI_CH31, RTC0, TEMP, TIMER0,
};
use embassy_nrf::rng::Rng;
use nrf_mpsl::{MultiprotocolServiceLayer, SessionMem, raw};
use nrf_sdc::{Builder, Mem, SoftdeviceController};
use reader_firmware::ble::PHONES_MAX;
use static_cell::StaticCell;

use crate::Interrupts;

/// Octets of a packet on the air, as the pool of the host has them.
const PACKET: u16 = 251;

/// Packets that wait for each phone and from each.
const PACKETS: u8 = 3;

/// The crystal of the board, which is as accurate as its data sheet says.
const CLOCK: raw::mpsl_clock_lfclk_cfg_t = raw::mpsl_clock_lfclk_cfg_t {
    source: raw::MPSL_CLOCK_LF_SRC_XTAL as u8,
    rc_ctiv: 0,
    rc_temp_ctiv: 0,
    accuracy_ppm: 20,
    skip_wait_lfclk_started: false,
};

/// Working space of the controller, by the formulas of its header `sdc.h`: for each phone its packets with 15 octets
/// before each, beside two of 27 octets that are counted already; for both; for one advertiser and the list of devices.
///
/// The controller says what it needs when it is built, and refuses less; for this it asks for 4,628 octets.
const WORKING_SPACE: usize = {
    let packets = PACKETS as usize * (PACKET as usize + 15) - (27 + 15);
    PHONES_MAX * (923 + 2 * packets) + 17 + 575 + 68
};

/// What of the chip belongs to the radio.
pub(crate) struct RadioParts {
    pub(crate) rtc0: Peri<'static, RTC0>,
    pub(crate) timer0: Peri<'static, TIMER0>,
    pub(crate) temp: Peri<'static, TEMP>,
    pub(crate) ppi_ch19: Peri<'static, PPI_CH19>,
    pub(crate) ppi_ch30: Peri<'static, PPI_CH30>,
    pub(crate) ppi_ch31: Peri<'static, PPI_CH31>,
}

/// What of the chip belongs to the controller.
pub(crate) struct ControllerParts {
    pub(crate) ppi_ch17: Peri<'static, PPI_CH17>,
    pub(crate) ppi_ch18: Peri<'static, PPI_CH18>,
    pub(crate) ppi_ch20: Peri<'static, PPI_CH20>,
    pub(crate) ppi_ch21: Peri<'static, PPI_CH21>,
    pub(crate) ppi_ch22: Peri<'static, PPI_CH22>,
    pub(crate) ppi_ch23: Peri<'static, PPI_CH23>,
    pub(crate) ppi_ch24: Peri<'static, PPI_CH24>,
    pub(crate) ppi_ch25: Peri<'static, PPI_CH25>,
    pub(crate) ppi_ch26: Peri<'static, PPI_CH26>,
    pub(crate) ppi_ch27: Peri<'static, PPI_CH27>,
    pub(crate) ppi_ch28: Peri<'static, PPI_CH28>,
    pub(crate) ppi_ch29: Peri<'static, PPI_CH29>,
}

/// The layer below the controller, which also grants the pauses in which the flash is written.
pub(crate) fn layer(
    parts: RadioParts,
) -> Result<&'static MultiprotocolServiceLayer<'static>, nrf_mpsl::Error> {
    static SESSIONS: StaticCell<SessionMem<1>> = StaticCell::new();
    static LAYER: StaticCell<MultiprotocolServiceLayer<'static>> = StaticCell::new();
    let RadioParts { rtc0, timer0, temp, ppi_ch19, ppi_ch30, ppi_ch31 } = parts;
    let parts = nrf_mpsl::Peripherals::new(rtc0, timer0, temp, ppi_ch19, ppi_ch30, ppi_ch31);
    let sessions = SESSIONS.init(SessionMem::new());
    let layer = MultiprotocolServiceLayer::with_timeslots(parts, Interrupts, CLOCK, sessions)?;
    Ok(LAYER.init(layer))
}

/// The controller, for two phones.
pub(crate) fn controller(
    parts: ControllerParts,
    layer: &'static MultiprotocolServiceLayer<'static>,
    rng: Rng<'static, Blocking>,
) -> Result<SoftdeviceController<'static>, nrf_sdc::Error> {
    static RNG: StaticCell<Rng<'static, Blocking>> = StaticCell::new();
    static SPACE: StaticCell<Mem<WORKING_SPACE>> = StaticCell::new();
    let parts = nrf_sdc::Peripherals::new(
        parts.ppi_ch17,
        parts.ppi_ch18,
        parts.ppi_ch20,
        parts.ppi_ch21,
        parts.ppi_ch22,
        parts.ppi_ch23,
        parts.ppi_ch24,
        parts.ppi_ch25,
        parts.ppi_ch26,
        parts.ppi_ch27,
        parts.ppi_ch28,
        parts.ppi_ch29,
    );
    Builder::new()?
        .support_adv()
        .support_peripheral()
        .support_dle_peripheral()
        .support_le_2m_phy()
        .support_phy_update_peripheral()
        .peripheral_count(PHONES_MAX as u8)?
        .buffer_cfg(PACKET, PACKET, PACKETS, PACKETS)?
        .build(parts, RNG.init(rng), layer, SPACE.init(Mem::new()))
}

/// The random static address that the chip was made with.
pub(crate) fn address() -> [u8; 6] {
    let low = embassy_nrf::pac::FICR.deviceaddr(0).read().to_be_bytes();
    let [.., high, next] = embassy_nrf::pac::FICR.deviceaddr(1).read().to_be_bytes();
    let [a, b, c, d] = low;
    // A static address has its two highest bits set, which the register leaves to who reads it.
    [high | 0xC0, next, a, b, c, d]
}
