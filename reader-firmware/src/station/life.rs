//! How a station becomes a door, and what it keeps of that.

use credential::crypto::Crypto;
use credential::error::ObjectError;
use credential::object::OutputFormat;
use credential::reader::{Reader, ReaderSettings};
use credential::secret::Secret;
use credential::time::{Instant, Now, UnixTime};
use embedded_storage::nor_flash::NorFlash;
use heapless::Vec;

use super::{Board, Failure, Life, SEALED_MAX, Station};
use crate::door::Door;
use crate::enrolment::{self, Configured, Trust};
use crate::entrance::Entrance;
use crate::micros::Micros;
use crate::storage::Item;

impl<C: Crypto + Clone, B: Board, F: NorFlash> Station<C, B, F> {
    /// Takes up what the flash holds, and makes the key if there is none.
    ///
    /// # Errors
    /// [`Failure`], without which there is no door.
    #[inline(never)]
    pub fn start(&mut self, now: Micros) -> Result<(), Failure> {
        self.take_up(now)?;
        self.confirm_firmware(now)
    }

    #[inline(never)]
    fn take_up(&mut self, now: Micros) -> Result<(), Failure> {
        let scalar = self.own_key()?;
        self.life = Life::Keyed(scalar.clone());
        let sealed = self.storage.load_mut(Item::Configuration)?;
        let Some(configured) = sealed.map(|sealed| opened(&self.crypto, &scalar, sealed)) else {
            return Ok(());
        };
        self.open(scalar, configured?, None, now)
    }

    /// A configuration that came: the first one is believed by the word of whoever stands at the line.
    #[inline(never)]
    pub(super) fn configure(&mut self, sealed: &[u8], now: Micros) -> Result<(), Failure> {
        let mut working = Vec::<u8, SEALED_MAX>::from_slice(sealed).map_err(|_| Failure::Unreadable)?;
        match &mut self.life {
            Life::Unseeded => Err(Failure::Unseeded),
            Life::Enrolled(entrance) => {
                entrance.door_mut().configure(&mut working, now.instant())?;
                Ok(self.storage.store(Item::Configuration, sealed)?)
            }
            Life::Keyed(scalar) => {
                let scalar = scalar.clone();
                let configured = opened(&self.crypto, &scalar, &mut working)?;
                self.open(scalar, configured, Some(sealed), now)
            }
        }
    }

    /// The key as it was made at the first start, which is now if there is none.
    #[inline(never)]
    fn own_key(&mut self) -> Result<Secret<32>, Failure> {
        let random = self.board.random().ok_or(Failure::Unseeded)?;
        let kept = self.storage.load(Item::Key)?.and_then(|octets| octets.try_into().ok()).map(Secret::new);
        self.storage.wipe();
        if let Some(scalar) = kept {
            return Ok(scalar);
        }
        let scalar = enrolment::make_key(random).map_err(|_| Failure::Unseeded)?;
        self.storage.store(Item::Key, scalar.expose())?;
        Ok(scalar)
    }

    /// Becomes a door by a configuration, with list and time as they were kept.
    ///
    /// One that is new is kept before: a door that forgets its enrolment at the next power cut is not enrolled.
    #[inline(never)]
    fn open(
        &mut self,
        scalar: Secret<32>,
        configured: Configured,
        new: Option<&[u8]>,
        now: Micros,
    ) -> Result<(), Failure> {
        let Configured { version, settings, output, .. } = configured;
        let reader = self.reader(&scalar, settings, now.instant())?;
        if let Some(sealed) = new {
            self.storage.store(Item::Configuration, sealed)?;
        }
        let log = self.open_log()?;
        self.become_door(reader, scalar, version, output, log, now)?;
        let Life::Enrolled(entrance) = &mut self.life else { return Ok(()) };
        let door = entrance.door_mut();
        door.note_start(now.instant());
        if let Some(octets) = self.storage.load(Item::RevocationList)? {
            // It was verified when it came; one that does not hold under today's keys is not held.
            let _held = door.restore_revocation_list(octets);
        }
        if let Some(octets) = self.storage.load(Item::LastTime)?
            && let Ok(time) = octets.try_into()
        {
            door.refuse_times_before(UnixTime(u32::from_be_bytes(time)));
        }
        Ok(())
    }

    /// What goes deep into the stack, apart from what is large.
    #[inline(never)]
    fn reader(
        &mut self,
        scalar: &Secret<32>,
        settings: ReaderSettings,
        instant: Instant,
    ) -> Result<Reader<C>, Failure> {
        let random = self.board.random().ok_or(Failure::Unseeded)?;
        let now = Now { instant, unix: None };
        Ok(Reader::new(self.crypto.clone(), scalar, settings, random, now)?)
    }

    #[inline(never)]
    fn open_log(&mut self) -> Result<B::Log, Failure> {
        self.board.log().ok_or(Failure::Unseeded)
    }

    /// What is large, apart from what goes deep into the stack.
    #[inline(never)]
    fn become_door(
        &mut self,
        reader: Reader<C>,
        scalar: Secret<32>,
        version: u32,
        output: OutputFormat,
        log: B::Log,
        now: Micros,
    ) -> Result<(), Failure> {
        let ports = self.board.ports().ok_or(Failure::Unsupported)?;
        let settings = self.board.settings();
        let door = Door::of(reader, scalar, version, output, log);
        self.life = Life::Enrolled(Entrance::new(door, ports, settings, now));
        Ok(())
    }

    pub(super) fn keep_list(&mut self) -> Result<(), Failure> {
        let Life::Enrolled(entrance) = &self.life else { return Ok(()) };
        Ok(self.storage.store(Item::RevocationList, entrance.door().revocation_list())?)
    }

    pub(super) fn keep_time(&mut self, instant: Instant) -> Result<(), Failure> {
        let Life::Enrolled(entrance) = &self.life else { return Ok(()) };
        self.time_kept_at = instant;
        let Some(time) = entrance.door().clock().now(instant).unix else { return Ok(()) };
        Ok(self.storage.store(Item::LastTime, &time.0.to_be_bytes())?)
    }
}

/// Opens a configuration whose issuer keys are believed: they were confirmed when the door was enrolled, or are now.
#[inline(never)]
fn opened<C: Crypto>(crypto: &C, scalar: &Secret<32>, sealed: &mut [u8]) -> Result<Configured, ObjectError> {
    enrolment::open_configuration(crypto, scalar, Trust::Confirmed, None, sealed)
}
