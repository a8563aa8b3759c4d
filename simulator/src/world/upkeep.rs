//! What phones do by themselves: renewing, and taking along what doors have reported.

use anyhow::{Context, Result};

use super::{Event, SECOND_US, World};

/// Seconds until a phone that still has something to do looks again.
const PAUSE_S: u64 = 60;

impl World {
    /// Sets the alarm of a phone to when it has something to do.
    pub(crate) fn set_alarm(&mut self, phone: usize) {
        let now = self.clock.now_us();
        let Some(at) = self.phones.get_mut(phone) else { return };
        let due = at.wallet.next_renewal_at().map(|time| self.clock.us_until(time));
        // A phone that has failed a moment ago rests.
        let due = due.map(|due| due.max(now.saturating_add(SECOND_US)));
        if !at.is_online() || due == at.wakes_at_us {
            return;
        }
        at.wakes_at_us = due;
        if let Some(due) = due {
            self.schedule(due, Event::Wakes(phone));
        }
    }

    /// A phone's alarm rings.
    pub(super) fn woken(&mut self, phone: usize) {
        let now = self.clock.now_us();
        let Some(at) = self.phones.get_mut(phone) else { return };
        if at.wakes_at_us != Some(now) {
            return;
        }
        at.wakes_at_us = None;
        if !at.is_online() {
            return;
        }
        let (name, report) = (at.name().to_owned(), at.wallet.renew_due());
        match report {
            Ok(report) => {
                if !report.renewed.is_empty() {
                    self.say(&name, "renewed its credential by itself");
                }
                for (_, error) in &report.failed {
                    self.say(&name, format!("could not renew: {error}"));
                }
                if report.delivered > 0 {
                    self.say(&name, format!("took {} to the manager", reports(report.delivered)));
                }
                let again = report.next.map(|next| self.clock.us_until(next)).is_some_and(|next| next <= now);
                if again {
                    let next = now.saturating_add(PAUSE_S.saturating_mul(SECOND_US));
                    if let Some(at) = self.phones.get_mut(phone) {
                        at.wakes_at_us = Some(next);
                    }
                    self.schedule(next, Event::Wakes(phone));
                } else {
                    self.set_alarm(phone);
                }
            }
            Err(error) => self.say(&name, format!("could not renew: {error}")),
        }
    }

    /// Gives a phone the network, or takes it away.
    ///
    /// # Errors
    /// When there is no such phone.
    pub fn set_online(&mut self, phone: usize, online: bool) -> Result<()> {
        let at = self.phones.get_mut(phone).context("there is no such phone")?;
        at.set_online(online);
        at.wakes_at_us = None;
        self.set_alarm(phone);
        Ok(())
    }

    /// Charges a phone, or empties its battery.
    ///
    /// # Errors
    /// When there is no such phone.
    pub fn set_powered(&mut self, phone: usize, powered: bool) -> Result<()> {
        let at = self.phones.get_mut(phone).context("there is no such phone")?;
        at.powered = powered;
        at.wakes_at_us = None;
        self.set_alarm(phone);
        Ok(())
    }
}

/// So many reports, for people.
pub(crate) fn reports(count: usize) -> String {
    if count == 1 { "a door's report".to_owned() } else { format!("{count} reports of doors") }
}
