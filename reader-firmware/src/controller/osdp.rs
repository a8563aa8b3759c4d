//! OSDP v2.2 as a peripheral device (PD) with secure channel, through libosdp.
//!
//! Card reads leave only through a secure channel under a key of the reader's own: while it has none it can be given
//! one under the default key SCBK-D, and that is all it can be used for.
//! A read is either delivered to the panel or the phone is told no; what the panel has not fetched when the line is
//! cut is dropped, because a door that opens a minute later opens for somebody else.
//!
//! Spec: IEC 60839-11-5, SIA OSDP 2.2

mod channel;
mod commands;
mod files;

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::fmt;

use credential::secret::Secret;
use libosdp::{
    Channel, OsdpEvent, OsdpEventCardRead, OsdpFlag, PdCapEntity, PdCapability, PdId, PdInfoBuilder,
    PeripheralDevice,
};

use crate::micros::Micros;
use crate::output::Output;
use crate::port::{ControllerEvent, ControllerLink, Delivery, Taken};
use channel::{Counted, Received};
use commands::Inbox;
use files::{Files, Shared};

/// How often the library is let go on; it wants to be at least every 50 ms.
const REFRESH_MS: u64 = 5;

/// How long a panel may be silent. One that polls does so several times a second.
const SILENCE_MS: u64 = 1_000;

/// The key that every device has before it is commissioned (SCBK-D).
///
/// Spec: SIA OSDP 2.2, annex D.4.2
pub const DEFAULT_KEY: [u8; 16] = *b"0123456789:;<=>?";

/// What a PD has to know of its line.
pub struct OsdpSettings {
    /// Its address, 0 to 126.
    pub address: u8,
    /// 9,600, 19,200, 38,400, 57,600, 115,200 or 230,400.
    pub baud_rate: u32,
    /// What it is called in its identification.
    pub serial: u32,
    /// Its secure channel base key (SCBK); `None` until it is commissioned.
    pub key: Option<Secret<16>>,
}

/// Why a PD cannot be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OsdpError {
    /// The default key is no key of one's own.
    DefaultKey,
    /// Address or rate is out of range.
    Settings,
    /// The library refuses, or there is no memory.
    Setup,
}

/// A PD on a line.
pub struct OsdpLink {
    pd: PeripheralDevice,
    inbox: Rc<RefCell<Inbox>>,
    files: Rc<RefCell<Files>>,
    received: Received,
    heard: Option<Micros>,
    refresh_at: Micros,
    /// What the entrance was told last.
    online: Option<bool>,
}

impl OsdpLink {
    /// A PD on this channel.
    ///
    /// # Errors
    /// [`OsdpError`] says what has to be mended.
    pub fn new(settings: OsdpSettings, channel: Box<dyn Channel>, now: Micros) -> Result<Self, OsdpError> {
        if settings.key.as_ref().is_some_and(|key| *key.expose() == DEFAULT_KEY) {
            return Err(OsdpError::DefaultKey);
        }
        let (channel, received) = Counted::new(channel);
        let commissioned = settings.key.is_some();
        let mut pd =
            PeripheralDevice::new(info(settings)?, Box::new(channel)).map_err(|_| OsdpError::Setup)?;
        let inbox = Rc::new(RefCell::new(Inbox::new(commissioned)));
        let inbox_of_callback = Rc::clone(&inbox);
        pd.set_command_callback(move |command| inbox_of_callback.borrow_mut().take(command));
        let files = Rc::new(RefCell::new(Files::default()));
        pd.register_file_ops(Box::new(Shared(Rc::clone(&files)))).map_err(|_| OsdpError::Setup)?;
        Ok(Self { pd, inbox, files, received, heard: None, refresh_at: now, online: None })
    }

    /// A key that the panel has just set: the board stores it before anything else, and gives it back in
    /// [`OsdpSettings::key`] after the next start.
    pub fn take_new_key(&mut self) -> Option<Secret<16>> {
        self.inbox.borrow_mut().new_key.take()
    }

    /// Whether it has a key of its own.
    pub fn is_commissioned(&self) -> bool {
        self.inbox.borrow().commissioned
    }

    /// Whether reads can be delivered now.
    fn is_up(&self, now: Micros) -> bool {
        let heard = self.heard.is_some_and(|heard| now.ms_since(heard) < SILENCE_MS);
        heard && self.is_commissioned() && self.pd.is_sc_active()
    }

    fn refresh(&mut self, now: Micros) -> Option<ControllerEvent> {
        self.refresh_at = now.after_ms(REFRESH_MS);
        self.pd.refresh();
        if self.received.take() {
            self.heard = Some(now);
        }
        let online = self.is_up(now);
        if self.online == Some(online) {
            return None;
        }
        if !online {
            self.pd.flush_events();
        }
        self.online = Some(online);
        Some(if online { ControllerEvent::Online } else { ControllerEvent::Offline })
    }
}

impl ControllerLink for OsdpLink {
    fn put_out(&mut self, output: &Output, now: Micros) -> Taken {
        if !self.is_up(now) {
            return Taken::NotTaken;
        }
        let Some(read) = card_read(output) else { return Taken::WrongFormat };
        match self.pd.notify_event(OsdpEvent::CardRead(read)) {
            Ok(()) => Taken::HandedOver,
            Err(_) => Taken::NotTaken,
        }
    }

    fn poll(&mut self, now: Micros) -> Option<ControllerEvent> {
        let changed = if now >= self.refresh_at { self.refresh(now) } else { None };
        changed.or_else(|| self.inbox.borrow_mut().events.pop_front())
    }

    fn take_delivery(&mut self, out: &mut [u8]) -> Option<(Delivery, usize)> {
        self.files.borrow_mut().take(out)
    }

    fn poll_at(&self) -> Option<Micros> {
        Some(self.refresh_at)
    }
}

fn info(settings: OsdpSettings) -> Result<PdInfoBuilder, OsdpError> {
    let rate = i32::try_from(settings.baud_rate).map_err(|_| OsdpError::Settings)?;
    let id = PdId {
        version: 1,
        model: 1,
        vendor_code: (0, 0, 0),
        serial_number: settings.serial.to_be_bytes(),
        firmware_version: (0, 1, 0),
    };
    let info = PdInfoBuilder::new()
        .address(i32::from(settings.address))
        .and_then(|info| info.baud_rate(rate))
        .map_err(|_| OsdpError::Settings)?
        .id(&id)
        // Raw bits; one lamp of several colours that is timed here; one buzzer that is timed here; AES-128.
        .capability(PdCapability::CardDataFormat(PdCapEntity::new(1, 1)))
        .capability(PdCapability::LedControl(PdCapEntity::new(4, 1)))
        .capability(PdCapability::AudibleOutput(PdCapEntity::new(2, 1)))
        .capability(PdCapability::CommunicationSecurity(PdCapEntity::new(1, 1)));
    Ok(match settings.key {
        Some(key) => info.flag(OsdpFlag::EnforceSecure).secure_channel_key(*key.expose()),
        None => info,
    })
}

/// Bits as they are, first bit first; text as the bits of its octets.
fn card_read(output: &Output) -> Option<OsdpEventCardRead> {
    match output {
        Output::Text(user_id) => Some(OsdpEventCardRead::new_raw(user_id.as_bytes().to_vec())),
        Output::Wiegand(frame) => {
            let bits: Vec<bool> = frame.iter().collect();
            let octet = |bits: &[bool]| {
                let ones = bits.iter().zip((0..8_u32).rev());
                ones.fold(0_u8, |octet, (one, place)| octet | (u8::from(*one) << place))
            };
            let octets = bits.chunks(8).map(octet).collect();
            OsdpEventCardRead::new_wiegand(bits.len(), octets).ok()
        }
    }
}

impl fmt::Display for OsdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DefaultKey => "the default key is known to everybody: let the panel set another",
            Self::Settings => "an OSDP address is from 0 to 126 and a rate one of those of the standard",
            Self::Setup => "the OSDP library cannot be set up",
        })
    }
}

impl core::error::Error for OsdpError {}
