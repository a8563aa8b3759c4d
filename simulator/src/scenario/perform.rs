//! Doing what a step says, and what is known then.

use anyhow::{Context, Result};
use manager::domain::{Actor, KeyState, UserStatus};
use manager::{ImportOptions, JobKind, Manager, ReaderEdit};
use phone_sdk::{Card, CardId, CardWarning, Wallet};
use serde_json::Value;

use super::act::{Act, DoorChange, KeyChange, PersonChange, PhoneChange};
use super::facts::Facts;
use crate::world::{TapRecord, World};

/// Events that are read at a time.
const PAGE: u32 = 1_000;

/// What came of a step.
pub(crate) enum Performed {
    /// It is done.
    Done(Facts),
    /// A phone is at a door, in the tap of this number.
    Tapping(u64),
}

impl World {
    /// Does something. What the manager or a phone refuses is a result, and no error.
    ///
    /// # Errors
    /// When a part of the world fails that should not.
    pub(crate) fn perform(&mut self, act: &Act) -> Result<Performed> {
        let done = match act {
            Act::Wait { us } => {
                let until = self.clock.now_us().saturating_add(*us);
                self.wait_until(until)?;
                Ok(Facts::result("ok"))
            }
            Act::Tap { phone, door, plan } => {
                return Ok(Performed::Tapping(self.begin_tap(*phone, *door, *plan)?));
            }
            Act::Invite { person, life_s } => self.invite(*person, *life_s),
            Act::Activate { phone, person, before } => {
                let activated = self.activate(*phone, *person, *before);
                activated.map(|card| Facts::result("ok").with("user_id", user_id(&card)))
            }
            Act::Person { person, change } => self.change_person(*person, *change),
            Act::Edit { person, edit } => self.with_user(*person, async |manager, id| {
                manager.edit_user(Actor::Operator, id, edit).await?;
                Ok(Facts::result("ok"))
            }),
            Act::LookPerson { person } => self.look_at_person(*person),
            Act::Import { project, csv, confirmed } => self.import(*project, csv, *confirmed),
            Act::Jobs { project } => self.run_jobs(*project),
            Act::Key { project, change, forced } => self.change_key(*project, *change, *forced),
            Act::Phone { phone, change } => self.change_phone(*phone, *change),
            Act::PhoneClock { phone, ahead_s } => {
                self.phone(*phone).map(|phone| phone.set_clock_ahead(*ahead_s)).map(|()| Facts::result("ok"))
            }
            Act::LookPhone { phone, card } => self.look_at_phone(*phone, *card),
            Act::Door { door, change } => self.change_door(*door, *change),
            Act::EditDoor { door, presence, output } => {
                let edit = ReaderEdit {
                    presence: *presence,
                    output: output.map(|output| output.format()),
                    ..ReaderEdit::default()
                };
                self.edit_door(*door, edit)
            }
            Act::LookDoor { door } => self.look_at_door(*door),
        };
        let (who, what) = self.told(act);
        let facts =
            done.unwrap_or_else(|error| Facts::result(code_of(&error)).with("error", format!("{error:#}")));
        self.say(&who, format!("{what}: {facts}"));
        Ok(Performed::Done(facts))
    }

    fn invite(&mut self, person: usize, life_s: Option<u32>) -> Result<Facts> {
        let user = self.user(person)?;
        let project = self.people.get(person).context("a person")?.plan.project;
        let manager = self.office.manager(project)?;
        let issued = self.office.run(manager.invite_for(Actor::Operator, user.id, life_s))?;
        self.people.get_mut(person).context("a person")?.invitations.push(issued.link);
        Ok(Facts::result("ok"))
    }

    fn with_user(
        &mut self,
        person: usize,
        act: impl AsyncFnOnce(&Manager, uuid::Uuid) -> Result<Facts>,
    ) -> Result<Facts> {
        let user = self.user(person)?;
        let project = self.people.get(person).context("a person")?.plan.project;
        let manager = self.office.manager(project)?;
        self.office.run(act(manager, user.id))
    }

    fn change_person(&mut self, person: usize, change: PersonChange) -> Result<Facts> {
        let by = Actor::Operator;
        self.with_user(person, async |manager, id| {
            let revocation = match change {
                PersonChange::Suspend => manager.suspend_user(by, id).await?,
                PersonChange::Revoke => manager.revoke_user(by, id).await?,
                PersonChange::Reset => manager.reset_user(by, id).await?,
                PersonChange::Delete => manager.delete_user(by, id).await?.1,
                PersonChange::Resume => {
                    manager.resume_user(by, id).await?;
                    return Ok(Facts::result("ok"));
                }
            };
            Ok(Facts::result("ok").with("list", revocation.list_version))
        })
    }

    fn look_at_person(&mut self, person: usize) -> Result<Facts> {
        let user = self.user(person)?;
        let status: UserStatus = user.status;
        let user_id = user.person.user_id;
        self.with_user(person, async |manager, id| {
            let devices = manager.devices(id).await?;
            let revoked = devices.iter().filter(|device| device.revoked).count();
            Ok(Facts::result("ok")
                .with("status", status.name())
                .with("phones", devices.len().saturating_sub(revoked))
                .with("revoked", revoked)
                .with("user_id", user_id))
        })
    }

    fn import(&mut self, project: usize, csv: &str, confirmed: bool) -> Result<Facts> {
        let manager = self.office.manager(project)?;
        self.office.run(async {
            let octets = csv.as_bytes().to_vec();
            let plan = manager.plan_import_as(octets, ImportOptions::default()).await?.summary;
            let counts = plan.counts;
            manager.apply_import(Actor::Operator, plan.id, confirmed).await?;
            Ok(Facts::result("ok")
                .with("added", counts.added)
                .with("changed", counts.changed)
                .with("deleted", counts.deleted)
                .with("unchanged", counts.unchanged)
                .with("skipped", counts.skipped))
        })
    }

    fn run_jobs(&mut self, project: usize) -> Result<Facts> {
        let manager = self.office.manager(project)?;
        self.office.run(async {
            manager.run_kind(JobKind::Reminders).await?;
            manager.run_kind(JobKind::Upkeep).await?;
            Ok(Facts::result("ok"))
        })
    }

    fn change_key(&mut self, project: usize, change: KeyChange, forced: bool) -> Result<Facts> {
        let manager = self.office.manager(project)?;
        let by = Actor::Operator;
        self.office.run(async {
            let in_state = async |state| {
                let keys = manager.issuer_key_list().await?;
                let key = keys.iter().find(|key| key.state == state).map(|key| key.index);
                key.context("there is no such key")
            };
            let key = match change {
                KeyChange::Make => manager.rotate_issuer_key(by).await?,
                KeyChange::Activate => {
                    manager.activate_issuer_key(by, in_state(KeyState::Prepared).await?, forced).await?
                }
                KeyChange::Retire => {
                    manager.retire_issuer_key(by, in_state(KeyState::Retiring).await?, forced).await?
                }
            };
            Ok(Facts::result("ok").with("key", key.index))
        })
    }

    fn change_phone(&mut self, phone: usize, change: PhoneChange) -> Result<Facts> {
        let ok = || Facts::result("ok");
        match change {
            PhoneChange::Online(online) => {
                self.set_online(phone, online)?;
                return Ok(ok());
            }
            PhoneChange::Power(powered) => {
                self.set_powered(phone, powered)?;
                return Ok(ok());
            }
            _ => {}
        }
        let wallet = self.phone(phone)?.wallet().clone();
        let cards = || wallet.cards().into_iter().map(|card| card.id).collect::<Vec<CardId>>();
        let facts = match change {
            PhoneChange::Renew => {
                for card in cards() {
                    wallet.renew(card)?;
                }
                ok()
            }
            PhoneChange::Sync => {
                let mut list = 0;
                for card in wallet.cards() {
                    list = wallet.refresh(card.project)?.list_version;
                }
                ok().with("list", list)
            }
            PhoneChange::Deliver => ok().with("reports", wallet.deliver_reports()?),
            PhoneChange::GiveBack => {
                for card in cards() {
                    wallet.give_back(card)?;
                }
                ok()
            }
            PhoneChange::Online(_) | PhoneChange::Power(_) => ok(),
        };
        self.set_alarm(phone);
        Ok(facts)
    }

    fn look_at_phone(&mut self, phone: usize, card: usize) -> Result<Facts> {
        let phone = self.phones.get(phone).context("there is no such phone")?;
        let cards = phone.wallet().cards();
        let shown = card.checked_sub(1).and_then(|index| cards.get(index));
        Ok(Facts::result("ok")
            .with("cards", cards.len())
            .with("state", shown.map(|card| card.state.name()))
            .with("warning", shown.and_then(|card| card.warning).map(CardWarning::name))
            .with("user_id", shown.map_or(Value::Null, user_id))
            .with("reports", reports_held(phone.wallet())))
    }

    fn change_door(&mut self, door: usize, change: DoorChange) -> Result<Facts> {
        let ok = Facts::result("ok");
        Ok(match change {
            DoorChange::Configure => ok.with("version", self.configure(door)?),
            DoorChange::BringList => ok.with("version", self.bring_list(door)?),
            DoorChange::SetClock => {
                self.set_door_clock(door)?;
                ok
            }
            DoorChange::Power(powered) => {
                self.set_door_power(door, powered)?;
                ok
            }
            DoorChange::Replace => ok.with("reader", self.replace_door(door)?.0),
            DoorChange::Revoke => ok.with("version", self.revoke_door(door)?),
        })
    }

    fn edit_door(&mut self, door: usize, edit: ReaderEdit) -> Result<Facts> {
        let at = self.doors.get(door).context("there is no such door")?;
        let manager = self.office.manager(at.plan().project)?;
        self.office.run(manager.edit_reader(Actor::Operator, at.reader(), edit))?;
        Ok(Facts::result("ok"))
    }

    fn look_at_door(&mut self, door: usize) -> Result<Facts> {
        let at = self.doors.get(door).context("there is no such door")?;
        let (project, reader, unit) = (at.plan().project, at.reader(), at.unit());
        let clock = unit.wall_clock();
        let ahead_s = clock.map(|time| i64::from(time.0).saturating_sub(i64::from(self.clock.unix().0)));
        let facts = Facts::result("ok")
            .with("reader", reader.0)
            .with("list", unit.list_version())
            .with("configuration", unit.configuration_version())
            .with("clock", if clock.is_some() { "set" } else { "unset" })
            .with("ahead_s", ahead_s);
        let manager = self.office.manager(project)?;
        self.office.run(async {
            let (mut events, mut taps, mut proven, mut place) = (0_usize, 0_usize, 0_usize, 0);
            loop {
                let page = manager.reader_events(reader, place, PAGE).await?;
                let Some(last) = page.last() else { break };
                place = last.place;
                events = events.saturating_add(page.len());
                let is_tap = |event: &&str| matches!(*event, "granted" | "denied");
                taps = taps.saturating_add(page.iter().map(|event| event.event).filter(is_tap).count());
                let holds = |receipt| receipt == Some(manager::domain::ReceiptState::Holds);
                proven = proven.saturating_add(page.iter().filter(|event| holds(event.receipt)).count());
            }
            Ok(facts.with("events", events).with("taps", taps).with("proven", proven))
        })
    }
}

/// What is known of a tap that is over.
pub(crate) fn tap_facts(record: &TapRecord) -> Facts {
    Facts::result(record.result())
        .with("path", record.path())
        .with("output", record.output())
        .with("reason", record.reason())
        .with("told", record.told())
        .with("list", record.list_taken())
        .with("time", record.time_taken())
        .with("pairs", record.pairs)
        .with("octets", record.octets())
        .with("ms", record.decided_after_us().map(|us| us / 1_000))
}

/// One word for what was refused.
fn code_of(error: &anyhow::Error) -> &'static str {
    if let Some(error) = error.downcast_ref::<phone_sdk::Error>() {
        return error.code();
    }
    match error.downcast_ref::<manager::Error>() {
        Some(manager::Error::Refused(refusal)) => refusal.code(),
        Some(manager::Error::Import(_)) => "import-refused",
        _ => "failed",
    }
}

fn user_id(card: &Card) -> Value {
    card.user_id.as_ref().map_or(Value::Null, |id| id.as_str().into())
}

fn reports_held(wallet: &Wallet) -> usize {
    wallet.reports_held()
}
