//! An administrator who imports the whole list of people again and again, some of whom have phones.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::gate::Kind;
use super::ledger::Ledger;
use super::visitor::{Over, Silence, Visitor};
use crate::service::http::Request;
use crate::service::phone::Phone;

/// Users on a page of the API.
const PAGE: usize = 1000;
/// People of the importer's own at most; more are deleted rather than added.
const PEOPLE_MAX: usize = 300;

/// Somebody who imports.
pub struct Importer<'a> {
    visitor: Visitor<'a>,
    ledger: &'a Ledger,
    token: &'a str,
    rng: StdRng,
    /// People who are in every list and have others to act for them.
    fixed: Roster,
    own: Roster,
    phones: BTreeMap<String, Holder>,
    added: u64,
}

/// First names by user ID: what an import is about here.
type Roster = BTreeMap<String, String>;

struct Holder {
    phone: Phone,
    device: String,
    serial: u64,
}

/// The list as a file.
fn csv(rosters: [&Roster; 2]) -> String {
    let mut file = String::from("First name,Last name,E-mail address,ID\n");
    for (user_id, first_name) in rosters.into_iter().flatten() {
        let _ = writeln!(file, "{first_name},Example,{user_id}@siege.example,{user_id}");
    }
    file
}

impl<'a> Importer<'a> {
    /// Somebody who imports the user IDs `fixed` and people of their own, at random by this seed.
    pub fn new(
        visitor: Visitor<'a>,
        ledger: &'a Ledger,
        token: &'a str,
        fixed: Vec<String>,
        seed: u64,
    ) -> Self {
        let fixed = fixed.into_iter().map(|user_id| (user_id, "Fixed".to_owned())).collect();
        let (rng, own, phones) = (StdRng::seed_from_u64(seed), Roster::new(), BTreeMap::new());
        Self { visitor, ledger, token, rng, fixed, own, phones, added: 0 }
    }

    /// Imports until it is over; how many imports there were.
    pub fn run(mut self) -> u64 {
        let _guard = self.visitor.gate().guard();
        let mut imports = 0;
        while !self.visitor.gate().is_over() && self.step().is_ok() {
            imports += 1;
        }
        imports
    }

    fn step(&mut self) -> Result<(), Over> {
        self.give_a_phone()?;
        let new = self.changed();
        let plan = csv([&self.fixed, &new]);
        let (plan, _) = self.visitor.insist(Kind::Import, &Request::csv("/v1/imports", self.token, &plan))?;
        let plan = plan.expect(200);
        let path = format!("/v1/imports/{}/apply", plan["id"].as_str().unwrap());
        let apply = Request::post(&path, Some(self.token), &json!({ "confirm": true }));
        let mut cut = false;
        loop {
            match self.visitor.send(Kind::Import, &apply) {
                Ok(answer) => {
                    assert!(
                        answer.status == 200 || cut && answer.is_problem("plan-applied"),
                        "{}",
                        answer.text()
                    );
                    break;
                }
                Err(Silence::Over) => return Err(Over),
                Err(Silence::Cut) => {
                    cut = true;
                    let shown = self.shown()?;
                    assert!(shown == self.own || shown == new, "an import is half done");
                }
            }
        }
        let deleted: Vec<String> = self.own.keys().filter(|id| !new.contains_key(*id)).cloned().collect();
        self.own = new;
        assert_eq!(self.shown()?, self.own, "an import was answered and is not there");
        deleted.iter().try_for_each(|user_id| self.take_leave(user_id))
    }

    /// Another list of the importer's own people.
    fn changed(&mut self) -> Roster {
        let mut new = self.own.clone();
        let most = if new.len() > PEOPLE_MAX { 5 } else { 60 };
        for _ in 0..self.rng.random_range(1..most) {
            self.added += 1;
            new.insert(format!("i{:06}", self.added), "New".to_owned());
        }
        let ids: Vec<String> = self.own.keys().cloned().collect();
        for user_id in ids {
            match self.rng.random_range(0..100) {
                0..15 => drop(new.remove(&user_id)),
                15..30 => drop(new.insert(user_id, format!("Name{}", self.rng.random_range(0..1000)))),
                _ => {}
            }
        }
        new
    }

    /// Those of the importer's own people who are shown.
    fn shown(&mut self) -> Result<Roster, Over> {
        let mut roster = Roster::new();
        for user in self.users()? {
            let text = |member: &str| user[member].as_str().unwrap().to_owned();
            let is_gone = matches!(user["status"].as_str(), Some("deleted" | "deletion_pending"));
            if !is_gone && !self.fixed.contains_key(&text("user_id")) {
                let twice = roster.insert(text("user_id"), text("first_name"));
                assert_eq!(twice, None, "user {} is there twice", text("user_id"));
            }
        }
        Ok(roster)
    }

    fn users(&mut self) -> Result<Vec<Value>, Over> {
        // Pages are read one after the other: a restart between them begins anew.
        let mut users: Vec<Value> = Vec::new();
        let mut path = format!("/v1/users?limit={PAGE}");
        loop {
            let (page, _) = self.visitor.insist(Kind::Reading, &Request::get(&path, Some(self.token)))?;
            let page = page.expect(200);
            users.extend(page["users"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return Ok(users) };
            path = format!("/v1/users?limit={PAGE}&cursor={next}");
        }
    }

    /// One of the people gets a phone, so that an import has something to revoke.
    fn give_a_phone(&mut self) -> Result<(), Over> {
        let without: Vec<&String> = self.own.keys().filter(|id| !self.phones.contains_key(*id)).collect();
        if without.is_empty() {
            return Ok(());
        }
        let user_id = without[self.rng.random_range(0..without.len())].clone();
        let users = self.users()?;
        let user = users.iter().rev().find(|user| user["user_id"] == user_id.as_str()).expect("a shown user");
        let path = format!("/v1/users/{}/invitations", user["id"].as_str().unwrap());
        let invite = Request::post(&path, Some(self.token), &json!({}));
        let (invitation, _) = self.visitor.insist(Kind::Invitation, &invite)?;
        let code = invitation.expect(201)["code"].as_str().unwrap().replace('-', "");
        let phone = Phone::new(&mut self.rng);
        let (challenge, _) = self.visitor.insist(Kind::Activation, &Phone::challenge(&code))?;
        let proof = phone.activation(&code, &challenge.expect(200)["challenge"]);
        let (answer, _) = self.visitor.insist(Kind::Activation, &proof)?;
        let answer = answer.expect(201);
        let serial = self.ledger.issued(&answer, &phone.public_key(), &user_id);
        let device = answer["device_id"].as_str().unwrap().to_owned();
        self.phones.insert(user_id, Holder { phone, device, serial });
        Ok(())
    }

    /// Somebody was deleted: the phone's serial is revoked, and it gets no other while that can be undone or after.
    fn take_leave(&mut self, user_id: &str) -> Result<(), Over> {
        let Some(Holder { phone, device, serial }) = self.phones.remove(user_id) else { return Ok(()) };
        self.ledger.revoked([serial]);
        let (challenge, _) = self.visitor.insist(Kind::Renewal, &Phone::renewal_challenge(&device))?;
        let proof = phone.renewal(&device, &challenge.expect(200)["challenge"]);
        let (answer, _) = self.visitor.insist(Kind::Renewal, &proof)?;
        let is_refused = answer.is_problem("user-suspended") || answer.is_problem("device-revoked");
        assert!(is_refused, "{}", answer.text());
        Ok(())
    }
}
