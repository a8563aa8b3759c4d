//! Doors and the manager: enrolment, configurations, lists and time that somebody brings by hand.

use anyhow::{Context, Result};
use manager::domain::{Actor, ReaderId};

use super::door::enrol;
use super::{Door, DoorPlan, World};
use crate::unit::DoorUnit;

impl World {
    pub(super) fn add_door(&mut self, plan: DoorPlan) -> Result<usize> {
        let door = self.put_up(plan, 0)?;
        self.doors.push(door);
        Ok(self.doors.len().saturating_sub(1))
    }

    fn put_up(&self, plan: DoorPlan, hung: u32) -> Result<Door> {
        let manager = self.office.manager(plan.project)?;
        let knows_time = plan.knows_time;
        let mut door =
            Door::put_up(plan, &self.clock, &self.seeds, hung, |new| self.office.run(enrol(manager, new)))?;
        if knows_time {
            door.unit.take_time_token(&self.office.run(manager.time_token())?)?;
        }
        Ok(door)
    }

    /// The door takes its newest configuration, which somebody fetched from the manager; returns its version.
    ///
    /// # Errors
    /// When the manager or the door refuses it.
    pub fn configure(&mut self, door: usize) -> Result<u32> {
        let at = self.doors.get_mut(door).context("there is no such door")?;
        let manager = self.office.manager(at.plan.project)?;
        let fetched = self.office.run(manager.reader_configuration(at.reader))?;
        let unit = at.powered()?;
        // What it holds already it would refuse as not newer.
        if fetched.configuration_version > unit.configuration_version() {
            unit.configure(&fetched.configuration)?;
        }
        Ok(fetched.configuration_version)
    }

    /// Somebody brings the newest revocation list to the door; returns its version, 0 while there is none.
    ///
    /// # Errors
    /// When the door refuses it.
    pub fn bring_list(&mut self, door: usize) -> Result<u32> {
        let at = self.doors.get_mut(door).context("there is no such door")?;
        let manager = self.office.manager(at.plan.project)?;
        let Some((version, list)) = self.office.run(manager.revocation_list())? else { return Ok(0) };
        let unit = at.powered()?;
        if version > unit.list_version() { unit.take_revocation_list(&list) } else { Ok(version) }
    }

    /// Somebody brings the time to the door.
    ///
    /// # Errors
    /// When the door refuses it.
    pub fn set_door_clock(&mut self, door: usize) -> Result<()> {
        let at = self.doors.get_mut(door).context("there is no such door")?;
        let manager = self.office.manager(at.plan.project)?;
        let token = self.office.run(manager.time_token())?;
        at.powered()?.take_time_token(&token)
    }

    /// Cuts the power of a door, or gives it back.
    ///
    /// # Errors
    /// When the door does not come up again.
    pub fn set_door_power(&mut self, door: usize, powered: bool) -> Result<()> {
        let at = self.doors.get_mut(door).context("there is no such door")?;
        let is_cut = at.powered && !powered;
        at.powered = powered;
        if is_cut {
            // What it has when it comes up again is what it had at this moment.
            at.unit.restart()?;
        }
        if let Some(tap) = at.tap.filter(|_| is_cut) {
            self.went_down(tap)?;
        }
        Ok(())
    }

    /// Hangs another reader in the place of one that is broken or stolen; returns its number.
    ///
    /// # Errors
    /// When it cannot be enrolled.
    pub fn replace_door(&mut self, door: usize) -> Result<ReaderId> {
        let at = self.doors.get(door).context("there is no such door")?;
        let hung = at.hung.saturating_add(1);
        let new = self.put_up(at.plan.clone(), hung)?;
        let reader = new.reader;
        if let Some(at) = self.doors.get_mut(door) {
            *at = new;
        }
        Ok(reader)
    }

    /// Revokes the reader of a door; returns the version of the list that says so.
    ///
    /// # Errors
    /// When the manager refuses.
    pub fn revoke_door(&mut self, door: usize) -> Result<u32> {
        let at = self.doors.get(door).context("there is no such door")?;
        let manager = self.office.manager(at.plan.project)?;
        Ok(self.office.run(manager.revoke_reader(Actor::Operator, at.reader))?)
    }
}
