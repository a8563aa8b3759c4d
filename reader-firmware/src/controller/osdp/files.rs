//! Files that a panel sends for the board: signed objects, and a firmware in pieces.
//!
//! Nothing here is believed: what came goes to the board, which verifies it like anything that comes by another way.
//!
//! Spec: SIA OSDP 2.2, osdp_FILETRANSFER

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::RefCell;

use credential::limits::MESSAGE_MAX;
use libosdp::{OsdpError, OsdpFileOps};

use crate::port::Delivery;
use crate::update::FirmwareHeader;

/// Octets of a piece of a firmware.
const PIECE: usize = 1_024;

/// What may wait for the main loop, which fetches it after every packet.
const WAITING_MAX: usize = 4;

/// The file that is being received, and what waits for the main loop.
#[derive(Default)]
pub(super) struct Files {
    open: Option<Delivery>,
    /// Octets that have come of the file.
    received: u64,
    /// Those that have not been handed on.
    held: Vec<u8>,
    waiting: VecDeque<(Delivery, Vec<u8>)>,
}

/// The files as the library sees them.
pub(super) struct Shared(pub(super) Rc<RefCell<Files>>);

/// What is in a file of this number.
pub(super) const fn contents(id: i32) -> Option<Delivery> {
    Some(match id {
        1 => Delivery::Configuration,
        2 => Delivery::RevocationList,
        3 => Delivery::TimeToken,
        4 => Delivery::FirmwareHeader,
        _ => return None,
    })
}

impl Files {
    fn open(&mut self, id: i32) -> Result<(), OsdpError> {
        let open = contents(id).ok_or(OsdpError::FileTransfer("no such file"))?;
        (self.open, self.received) = (Some(open), 0);
        self.held.clear();
        Ok(())
    }

    fn write(&mut self, octets: &[u8], at: u64) -> Result<usize, OsdpError> {
        let behind = at.saturating_add(octets.len() as u64);
        if behind <= self.received {
            // Sent once more, because the answer was lost.
            return Ok(octets.len());
        }
        if at != self.received || self.open.is_none() {
            return Err(OsdpError::FileTransfer("not the piece that follows"));
        }
        if self.waiting.len() >= WAITING_MAX {
            return Err(OsdpError::FileTransfer("the board is busy"));
        }
        let is_object = !matches!(self.open, Some(Delivery::FirmwareHeader | Delivery::FirmwarePiece { .. }));
        if is_object && behind > MESSAGE_MAX as u64 {
            return Err(OsdpError::FileTransfer("too long for what it is"));
        }
        self.held.extend_from_slice(octets);
        self.received = behind;
        self.hand_on(false);
        Ok(octets.len())
    }

    /// Hands on what is whole: of a firmware the header, then pieces; all that is held at the end.
    fn hand_on(&mut self, is_end: bool) {
        loop {
            let (delivery, length, next) = match self.open {
                Some(Delivery::FirmwareHeader) => {
                    (Delivery::FirmwareHeader, FirmwareHeader::OCTETS, Delivery::FirmwarePiece { at: 0 })
                }
                Some(Delivery::FirmwarePiece { at }) => {
                    let next = at.saturating_add(PIECE as u32);
                    (Delivery::FirmwarePiece { at }, PIECE, Delivery::FirmwarePiece { at: next })
                }
                _ => return,
            };
            if self.held.len() < length && !is_end || self.held.is_empty() {
                return;
            }
            let behind = self.held.split_off(length.min(self.held.len()));
            let piece = core::mem::replace(&mut self.held, behind);
            self.waiting.push_back((delivery, piece));
            self.open = Some(next);
        }
    }

    fn close(&mut self) {
        self.hand_on(true);
        match self.open.take() {
            Some(Delivery::FirmwareHeader | Delivery::FirmwarePiece { .. }) => {
                self.waiting.push_back((Delivery::FirmwareEnd, Vec::new()));
            }
            Some(object) => self.waiting.push_back((object, core::mem::take(&mut self.held))),
            None => {}
        }
    }

    /// The oldest thing that waits, copied to the front of `out`.
    pub(super) fn take(&mut self, out: &mut [u8]) -> Option<(Delivery, usize)> {
        let (delivery, octets) = self.waiting.pop_front()?;
        out.get_mut(..octets.len())?.copy_from_slice(&octets);
        Some((delivery, octets.len()))
    }
}

impl OsdpFileOps for Shared {
    fn open(&mut self, id: i32, _read_only: bool) -> Result<usize, OsdpError> {
        self.0.borrow_mut().open(id).map(|()| 0)
    }

    fn offset_read(&self, _buf: &mut [u8], _off: u64) -> Result<usize, OsdpError> {
        Err(OsdpError::FileTransfer("nothing is given away"))
    }

    fn offset_write(&self, buf: &[u8], off: u64) -> Result<usize, OsdpError> {
        self.0.borrow_mut().write(buf, off)
    }

    fn close(&mut self) -> Result<(), OsdpError> {
        self.0.borrow_mut().close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(files: &mut Files) -> Vec<(Delivery, usize)> {
        let mut out = [0; 2_048];
        core::iter::from_fn(|| files.take(&mut out)).collect()
    }

    #[test]
    fn an_object_comes_whole_and_once_though_a_piece_is_sent_twice() {
        let mut files = Files::default();
        files.open(2).unwrap();
        for at in [0, 100, 100, 200] {
            assert_eq!(files.write(&[7; 100], at).unwrap(), 100);
        }
        assert!(files.write(&[7; 100], 400).is_err(), "a gap");
        assert_eq!(taken(&mut files), []);
        files.close();
        assert_eq!(taken(&mut files), [(Delivery::RevocationList, 300)]);
        files.close();
        assert_eq!(taken(&mut files), [], "closed twice");
    }

    #[test]
    fn a_firmware_comes_as_header_pieces_and_an_end_however_it_is_cut() {
        for cut in [1, 53, 128, 900] {
            let mut files = Files::default();
            files.open(4).unwrap();
            let mut all = Vec::new();
            for (number, piece) in [9; FirmwareHeader::OCTETS + 2_500].chunks(cut).enumerate() {
                files.write(piece, (number * cut) as u64).unwrap();
                all.extend(taken(&mut files));
            }
            files.close();
            all.extend(taken(&mut files));
            let piece = |at| Delivery::FirmwarePiece { at };
            let wanted =
                [(piece(0), 1_024), (piece(1_024), 1_024), (piece(2_048), 452), (Delivery::FirmwareEnd, 0)];
            assert_eq!(all[0], (Delivery::FirmwareHeader, FirmwareHeader::OCTETS));
            assert_eq!(all[1..], wanted, "cut into {cut}");
        }
    }

    #[test]
    fn what_is_too_long_or_not_known_is_refused() {
        let mut files = Files::default();
        assert!(files.open(0).is_err() && files.open(5).is_err());
        assert!(files.write(&[0; 4], 0).is_err(), "nothing is open");
        files.open(1).unwrap();
        assert!(files.write(&[0; MESSAGE_MAX + 1], 0).is_err());
    }
}
