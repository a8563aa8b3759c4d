//! An administrator's few people and their phones: every act is awaited, so that what has to be true is known.

use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::gate::Kind;
use super::ledger::Ledger;
use super::visitor::{Over, Silence, Visitor};
use crate::service::http::{Answer, Request};
use crate::service::phone::Phone;

/// For how long an answer may be asked for again with its challenge, safely less than a challenge lives.
const REPEATABLE: Duration = Duration::from_secs(200);

/// Somebody who acts for some people.
pub struct Resident<'a> {
    visitor: Visitor<'a>,
    rival: Visitor<'a>,
    ledger: &'a Ledger,
    token: &'a str,
    rng: StdRng,
    people: Vec<Person>,
    life: u64,
}

/// One of the people, and what the manager said of them last.
pub struct Person {
    id: String,
    user_id: String,
    standing: Standing,
    /// The last phone that was revoked, and the code that it redeemed.
    gone: Option<(Holder, String)>,
}

enum Standing {
    NotInvited,
    Invited {
        code: String,
    },
    Active(Holder),
    /// The phone stays for the time after, unless it was revoked meanwhile.
    Suspended(Option<Holder>),
}

/// An activated phone.
struct Holder {
    phone: Phone,
    device: String,
    code: String,
    serials: Vec<u64>,
    /// The last request that got a credential.
    last: Option<Last>,
}

struct Last {
    request: Request,
    status: u16,
    credential: Value,
    at: Instant,
}

impl Person {
    /// A person who was neither invited nor deleted yet.
    pub const fn new(id: String, user_id: String) -> Self {
        Self { id, user_id, standing: Standing::NotInvited, gone: None }
    }
}

impl Standing {
    const fn name(&self) -> &'static str {
        match self {
            Self::NotInvited => "not_invited",
            Self::Invited { .. } => "invited",
            Self::Active(_) => "active",
            Self::Suspended(_) => "suspended",
        }
    }

    /// What becomes of the person when the phone is revoked: a suspension outlives it.
    const fn without_phone(&self) -> Self {
        match self {
            Self::Suspended(_) => Self::Suspended(None),
            _ => Self::NotInvited,
        }
    }
}

impl<'a> Resident<'a> {
    /// Somebody who acts for `people`, at random by this seed.
    pub fn new(
        visitor: Visitor<'a>,
        rival: Visitor<'a>,
        ledger: &'a Ledger,
        token: &'a str,
        people: Vec<Person>,
        seed: u64,
    ) -> Self {
        Self { visitor, rival, ledger, token, rng: StdRng::seed_from_u64(seed), people, life: 0 }
    }

    /// Acts until it is over, and then looks at everybody once more through the managers that are there.
    pub fn run(mut self) {
        let _guard = self.visitor.gate().guard();
        while let Ok(()) = self.step() {}
    }

    fn step(&mut self) -> Result<(), Over> {
        if self.visitor.gate().is_over() {
            return Err(Over);
        }
        let place = self.rng.random_range(0..self.people.len());
        let mut person = self.people.swap_remove(place);
        let done = self.act(&mut person);
        self.people.push(person);
        done?;
        if self.visitor.life() != self.life {
            self.life = self.visitor.life();
            self.look_at_everybody()?;
        }
        Ok(())
    }

    fn act(&mut self, person: &mut Person) -> Result<(), Over> {
        let dice = self.rng.random_range(0..100);
        match &person.standing {
            Standing::NotInvited => self.invite(person),
            Standing::Invited { .. } => match dice {
                0..85 => self.activate(person),
                85..93 => self.invite(person),
                _ => self.revoke(person),
            },
            Standing::Active(_) => match dice {
                0..55 => self.renew(person),
                55..70 => self.invite(person),
                70..80 => self.revoke(person),
                80..92 => self.suspend(person),
                92..96 => self.refuse_a_stranger(person),
                _ => self.refuse_the_gone(person),
            },
            Standing::Suspended(_) => match dice {
                0..50 => self.resume(person),
                50..70 => self.refuse_the_suspended(person),
                70..80 => self.refuse_an_invitation(person),
                _ => self.revoke(person),
            },
        }
    }

    /// Asks for an act on a person until it is answered. While nobody knows whether it was done, the person is shown
    /// as before it or as after it, and never otherwise.
    fn change(
        &mut self,
        kind: Kind,
        request: &Request,
        person: &Person,
        after: &str,
    ) -> Result<(Answer, bool), Over> {
        let mut cut = false;
        loop {
            match self.visitor.send(kind, request) {
                Ok(answer) => return Ok((answer, cut)),
                Err(Silence::Over) => return Err(Over),
                Err(Silence::Cut) => {
                    cut = true;
                    let (status, before) = (self.status(person)?, person.standing.name());
                    assert!(status == before || status == after, "{before} to {after} ended in {status}");
                }
            }
        }
    }

    fn status(&mut self, person: &Person) -> Result<String, Over> {
        let request = Request::get(&format!("/v1/users/{}", person.id), Some(self.token));
        let (answer, _) = self.visitor.insist(Kind::Reading, &request)?;
        Ok(answer.expect(200)["status"].as_str().unwrap().to_owned())
    }

    fn invite(&mut self, person: &mut Person) -> Result<(), Over> {
        let request = Request::invite(&person.id, self.token);
        let (answer, _) = self.change(Kind::Invitation, &request, person, "invited")?;
        let code = answer.expect(201)["code"].as_str().unwrap().replace('-', "");
        self.part(person, Standing::Invited { code });
        Ok(())
    }

    fn revoke(&mut self, person: &mut Person) -> Result<(), Over> {
        let request =
            Request::post(&format!("/v1/users/{}/revocation", person.id), Some(self.token), &json!({}));
        let after = person.standing.without_phone();
        let (answer, _) = self.change(Kind::Revocation, &request, person, after.name())?;
        self.ledger.revoked(serials(&answer.expect(200)));
        self.part(person, after);
        Ok(())
    }

    /// Whatever phone the person had is revoked now.
    fn part(&self, person: &mut Person, standing: Standing) {
        let before = std::mem::replace(&mut person.standing, standing);
        if let Standing::Active(holder) | Standing::Suspended(Some(holder)) = before {
            self.ledger.revoked(holder.serials.iter().copied());
            let code = holder.code.clone();
            person.gone = Some((holder, code));
        }
    }

    fn suspend(&mut self, person: &mut Person) -> Result<(), Over> {
        let request =
            Request::post(&format!("/v1/users/{}/suspension", person.id), Some(self.token), &json!({}));
        let (answer, cut) = self.change(Kind::Revocation, &request, person, "suspended")?;
        if !(cut && answer.is_problem("user-status")) {
            self.ledger.revoked(serials(&answer.expect(200)));
        }
        person.standing = match std::mem::replace(&mut person.standing, Standing::NotInvited) {
            Standing::Active(holder) => {
                self.ledger.revoked(holder.serials.iter().copied());
                Standing::Suspended(Some(Holder { last: None, ..holder }))
            }
            other => other,
        };
        Ok(())
    }

    fn resume(&mut self, person: &mut Person) -> Result<(), Over> {
        let request = Request::delete(&format!("/v1/users/{}/suspension", person.id), self.token);
        let after = match &person.standing {
            Standing::Suspended(None) => "not_invited",
            _ => "active",
        };
        let (answer, cut) = self.change(Kind::Revocation, &request, person, after)?;
        assert!(answer.status == 204 || cut && answer.is_problem("user-status"), "{}", answer.text());
        person.standing = match std::mem::replace(&mut person.standing, Standing::NotInvited) {
            Standing::Suspended(Some(holder)) => Standing::Active(holder),
            Standing::Suspended(None) => Standing::NotInvited,
            other => other,
        };
        Ok(())
    }

    fn activate(&mut self, person: &mut Person) -> Result<(), Over> {
        let Standing::Invited { code } = &person.standing else { return Ok(()) };
        let code = code.clone();
        let phone = Phone::new(&mut self.rng);
        let other = self.rng.random_ratio(1, 4).then(|| Phone::new(&mut self.rng));
        let (won, lost) = match &other {
            None => (redeem(&mut self.visitor, &phone, &code)?, None),
            Some(other) => {
                let (visitor, rival) = (&mut self.visitor, &mut self.rival);
                let (one, two) = thread::scope(|scope| {
                    let two = scope.spawn(|| {
                        let _guard = rival.gate().guard();
                        redeem(rival, other, &code)
                    });
                    (redeem(visitor, &phone, &code), two.join().expect("the rival"))
                });
                (one?, Some(two?))
            }
        };
        let (phone, (request, answer)) = match (lost, other) {
            (Some(two), Some(other)) => {
                let (winner, loser) =
                    if won.1.status == 201 { ((phone, won), two.1) } else { ((other, two), won.1) };
                assert!(
                    loser.is_problem("invitation-used"),
                    "two phones redeemed one invitation: {}",
                    loser.text()
                );
                winner
            }
            _ => (phone, won),
        };
        let answer = answer.expect(201);
        let serial = self.ledger.issued(&answer, &phone.public_key(), &person.user_id);
        let device = answer["device_id"].as_str().unwrap().to_owned();
        let last =
            Last { request, status: 201, credential: answer["credential"].clone(), at: Instant::now() };
        let holder = Holder { phone, device, code, serials: vec![serial], last: Some(last) };
        person.standing = Standing::Active(holder);
        Ok(())
    }

    fn renew(&mut self, person: &mut Person) -> Result<(), Over> {
        let Standing::Active(holder) = &mut person.standing else { return Ok(()) };
        let (request, answer) = renewed(&mut self.visitor, &holder.phone, &holder.device)?;
        let answer = answer.expect(200);
        assert_eq!(answer["device_id"], holder.device.as_str());
        let serial = self.ledger.issued(&answer, &holder.phone.public_key(), &person.user_id);
        assert!(!holder.serials.contains(&serial), "a renewal gave serial {serial} again");
        holder.serials.push(serial);
        holder.last =
            Some(Last { request, status: 200, credential: answer["credential"].clone(), at: Instant::now() });
        Ok(())
    }

    fn refuse_the_suspended(&mut self, person: &Person) -> Result<(), Over> {
        let Standing::Suspended(Some(holder)) = &person.standing else { return Ok(()) };
        let (_, answer) = renewed(&mut self.visitor, &holder.phone, &holder.device)?;
        assert!(answer.is_problem("user-suspended"), "{}", answer.text());
        Ok(())
    }

    fn refuse_an_invitation(&mut self, person: &Person) -> Result<(), Over> {
        let request = Request::invite(&person.id, self.token);
        let (answer, _) = self.visitor.insist(Kind::Invitation, &request)?;
        assert!(answer.is_problem("user-suspended"), "{}", answer.text());
        Ok(())
    }

    fn refuse_the_gone(&mut self, person: &Person) -> Result<(), Over> {
        let Some((holder, code)) = &person.gone else { return Ok(()) };
        let (_, answer) = renewed(&mut self.visitor, &holder.phone, &holder.device)?;
        assert!(answer.is_problem("device-revoked"), "{}", answer.text());
        let (_, answer) = redeem(&mut self.visitor, &holder.phone, code)?;
        assert!(answer.is_problem("invitation-void"), "{}", answer.text());
        Ok(())
    }

    fn refuse_a_stranger(&mut self, person: &Person) -> Result<(), Over> {
        let Standing::Active(holder) = &person.standing else { return Ok(()) };
        let stranger = Phone::new(&mut self.rng);
        let (_, answer) = redeem(&mut self.visitor, &stranger, &holder.code)?;
        assert!(answer.is_problem("invitation-used"), "{}", answer.text());
        Ok(())
    }

    /// After a restart: everybody is as was last said, and an answer that is asked for again is the same.
    fn look_at_everybody(&mut self) -> Result<(), Over> {
        let people = std::mem::take(&mut self.people);
        let looked = people.iter().try_for_each(|person| {
            assert_eq!(self.status(person)?, person.standing.name(), "of user {}", person.id);
            let Standing::Active(holder) = &person.standing else { return Ok(()) };
            let Some(last) = holder.last.as_ref().filter(|last| last.at.elapsed() < REPEATABLE) else {
                return Ok(());
            };
            let kind = if last.status == 201 { Kind::Activation } else { Kind::Renewal };
            let (answer, _) = self.visitor.insist(kind, &last.request)?;
            let answer = answer.expect(last.status);
            assert_eq!(answer["credential"], last.credential, "another credential for the same request");
            Ok(())
        });
        self.people = people;
        looked
    }
}

/// Redeems an invitation; the same proof is sent until it is answered.
fn redeem(visitor: &mut Visitor<'_>, phone: &Phone, code: &str) -> Result<(Request, Answer), Over> {
    let ask = Phone::challenge(code);
    prove(visitor, Kind::Activation, &ask, |challenge| phone.activation(code, challenge))
}

/// Renews a credential; the same proof is sent until it is answered.
fn renewed(visitor: &mut Visitor<'_>, phone: &Phone, device: &str) -> Result<(Request, Answer), Over> {
    let ask = Phone::renewal_challenge(device);
    prove(visitor, Kind::Renewal, &ask, |challenge| phone.renewal(device, challenge))
}

fn prove(
    visitor: &mut Visitor<'_>,
    kind: Kind,
    ask: &Request,
    proof: impl Fn(&Value) -> Request,
) -> Result<(Request, Answer), Over> {
    let (challenge, _) = visitor.insist(kind, ask)?;
    if challenge.status != 200 {
        return Ok((ask.clone(), challenge));
    }
    let request = proof(&challenge.json()["challenge"]);
    let (answer, _) = visitor.insist(kind, &request)?;
    Ok((request, answer))
}

fn serials(revocation: &Value) -> Vec<u64> {
    let serials = revocation["serials"].as_array().expect("serials").iter();
    serials.map(|serial| serial.as_u64().unwrap()).collect()
}
