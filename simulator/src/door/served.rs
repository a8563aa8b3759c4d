//! The door itself, and one phone at a time before it.

use anyhow::{Context, Result};
use reader_firmware::door::{Arrival, Device};
use serde_json::{Value, json};

use super::enrolling;
use super::traced::Traced;
use crate::trace::Side;
use crate::unit::{DoorUnit, Handled, Identity};

/// A door that is enrolled.
pub(super) struct ServedDoor {
    unit: Box<dyn DoorUnit>,
    identity: Identity,
    traced: Traced,
}

/// A phone that is at the door.
pub(super) struct Visit<'d> {
    served: &'d mut ServedDoor,
    pub(super) events: Vec<Value>,
    over: bool,
}

impl ServedDoor {
    pub(super) fn new(mut unit: Box<dyn DoorUnit>, traced: Traced) -> Result<Self> {
        let identity = unit.identity()?.context("the door is not enrolled")?;
        Ok(Self { unit, identity, traced })
    }

    pub(super) const fn identity(&self) -> Identity {
        self.identity
    }

    /// Takes time and list from the manager, if it can be reached; else phones bring them.
    pub(super) fn catch_up(&mut self, manager: &str) {
        let project = format!("{:016x}", u64::from_be_bytes(self.identity.project.0));
        let object = |name| enrolling::fetch(manager, &format!("/v1/projects/{project}/{name}"));
        let (token, list) = (object("time-token"), object("revocation-list"));
        let _no_newer = token.map(|token| self.unit.take_time_token(&token));
        let _no_newer = list.map(|list| self.unit.take_revocation_list(&list));
    }

    /// Ends the trace.
    pub(super) fn finish(self) -> Result<()> {
        self.traced.finish()
    }

    /// Does what the next tap would otherwise wait for.
    pub(super) fn prepare(&mut self) {
        self.unit.prepare();
    }

    /// A phone arrives: what the door sends first goes to `out`.
    pub(super) fn visit(&mut self, arrival: Arrival, out: &mut Vec<Vec<u8>>) -> Visit<'_> {
        self.traced.begin(&arrival);
        let mut visit = Visit { served: self, events: Vec::new(), over: false };
        visit.handle(Device::Arrived(arrival), out);
        visit
    }
}

impl Visit<'_> {
    /// The phone sent octets: what is to be sent back goes to `out`.
    pub(super) fn received(&mut self, octets: &[u8], out: &mut Vec<Vec<u8>>) {
        self.served.traced.octets(Side::Device, octets);
        self.handle(Device::Sent(octets), out);
    }

    /// Whether the tap has come to its end, a good one or a bad one.
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }

    /// The phone is gone: what happened.
    pub(super) fn leave(mut self) -> Vec<Value> {
        self.handle(Device::Left, &mut Vec::new());
        self.served.traced.end();
        self.events
    }

    fn handle(&mut self, device: Device<'_>, out: &mut Vec<Vec<u8>>) {
        let before = out.len();
        let handled = self.served.unit.handle(device, out);
        let sent = out.get(before..).unwrap_or_default();
        sent.iter().for_each(|octets| self.served.traced.octets(Side::Reader, octets));
        match handled {
            Ok(handled) => self.note(&handled),
            Err(error) => {
                self.over = true;
                self.events.push(json!({ "event": "board-failed", "reason": format!("{error:#}") }));
            }
        }
    }

    fn note(&mut self, handled: &Handled) {
        for event in &handled.events {
            self.over |= event.ends();
            self.served.traced.event(event.to_json());
            self.events.push(event.to_json());
        }
        if let Some(cost) = handled.cost {
            self.events.push(json!({ "event": "cost", "decision": cost.decision, "whole": cost.whole }));
        }
    }
}
