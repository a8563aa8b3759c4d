//! Somebody who asks the managers, and asks again when no answer comes.

use std::io::ErrorKind;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::gate::{Door, Gate, Kind};
use crate::service::http::{Answer, Client, Request};

/// A client of whichever manager is there.
#[derive(Debug)]
pub struct Visitor<'a> {
    gate: &'a Gate,
    rng: StdRng,
    at: Option<(Door, Client)>,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The request was sent, and nobody knows what became of it.
    Cut,
    /// The siege is over.
    Over,
}

/// The siege is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over;

impl<'a> Visitor<'a> {
    /// A visitor who chooses among managers by this seed.
    pub fn new(gate: &'a Gate, seed: u64) -> Self {
        Self { gate, rng: StdRng::seed_from_u64(seed), at: None }
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// [`Silence`] when no answer came. A manager that was not there got no request: another one is asked then.
    pub fn send(&mut self, kind: Kind, request: &Request) -> Result<Answer, Silence> {
        let mut shut = None;
        loop {
            let (door, mut client) = match self.at.take() {
                Some((door, client)) if shut != Some(door) && self.rng.random_ratio(7, 8) => (door, client),
                _ => {
                    let door = self.gate.door(shut, self.rng.random_range(0..64)).ok_or(Silence::Over)?;
                    (door, Client::new(door.address))
                }
            };
            self.gate.sent(kind);
            let began = Instant::now();
            match client.send(request) {
                Ok(answer) if answer.status < 500 => {
                    self.gate.answered(kind, began.elapsed());
                    self.at = Some((door, client));
                    return Ok(answer);
                }
                Ok(_) => {
                    self.gate.fault();
                    self.gate.cut(kind);
                    return Err(Silence::Cut);
                }
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => shut = Some(door),
                Err(_) => {
                    self.gate.cut(kind);
                    return Err(Silence::Cut);
                }
            }
        }
    }

    /// Sends a request until there is an answer; whether it was cut off before.
    ///
    /// # Errors
    /// [`Over`].
    pub fn insist(&mut self, kind: Kind, request: &Request) -> Result<(Answer, bool), Over> {
        let mut cut = false;
        loop {
            match self.send(kind, request) {
                Ok(answer) => return Ok((answer, cut)),
                Err(Silence::Over) => return Err(Over),
                Err(Silence::Cut) => cut = true,
            }
        }
    }

    /// The gate.
    pub const fn gate(&self) -> &'a Gate {
        self.gate
    }

    /// The life of the manager that answered last.
    pub fn life(&self) -> u64 {
        self.at.as_ref().map_or(0, |(door, _)| door.life)
    }
}
