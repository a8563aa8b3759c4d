//! One siege: visitors, kills at random moments, and an inspection after each.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use super::gate::{Gate, Kind, Tally};
use super::importer::Importer;
use super::inspection::inspect;
use super::ledger::Ledger;
use super::resident::{Person, Resident};
use super::visitor::Visitor;
use super::watcher::watch;
use crate::service::http::{Client, Request};
use crate::service::postgres::Postgres;
use crate::service::process::{Installation, Process};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Administrators who act for people of their own at the same time.
const RESIDENTS: u64 = 6;
/// People of each.
const PEOPLE: usize = 6;
/// What the moments of the kills are drawn around, in turn.
const AIMS: [Kind; 5] = [Kind::Import, Kind::Activation, Kind::Renewal, Kind::Invitation, Kind::Revocation];

/// For how long managers may look for their database.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(10);

/// What a siege was made of.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// Everything random follows from it.
    pub seed: u64,
    /// Managers that were killed.
    pub kills: u64,
    /// Requests that were sent.
    pub sent: Tally,
    /// Those of them that a kill cut off.
    pub cut: Tally,
    /// Answers that blame the manager.
    pub faults: u64,
    /// Imports that were applied.
    pub imports: u64,
    /// Revocation lists that were fetched.
    pub lists: u64,
    /// Credentials that were given out.
    pub credentials: usize,
    /// Those of them that were revoked.
    pub revoked: usize,
    /// The longest time from a kill until everything was served again.
    pub slowest_return: Duration,
    /// How long it took.
    pub took: Duration,
}

/// What is killed.
pub enum Target<'a> {
    /// One of the managers at a time, which is started again.
    Managers,
    /// The PostgreSQL that the managers are on, all of it, which is started again; the managers go on.
    Database(&'a mut Postgres),
    /// The primary of a PostgreSQL with a replica, once: the replica is promoted, and the managers go on.
    Primary(&'a mut Postgres, &'a mut Postgres),
}

/// Besieges an installation of so many managers: `kills` times something is killed at a random moment.
///
/// # Panics
/// When anything does not hold that a manager promises.
pub fn besiege(
    installation: &Installation,
    managers: usize,
    mut target: Target<'_>,
    kills: u64,
    seed: u64,
) -> Report {
    let began = Instant::now();
    let mut rng = StdRng::seed_from_u64(seed);
    let (gate, ledger) = (Gate::new(managers), Ledger::new(&installation.project));
    let mut processes: Vec<Process> = (0..managers).map(|_| installation.start()).collect();
    let (people, fixed) = populate(installation, &processes[0]);
    let mut slowest_return = Duration::ZERO;
    let (imports, lists) = thread::scope(|scope| {
        let (gate, ledger, token) = (&gate, &ledger, installation.token.as_str());
        let _guard = gate.guard();
        for (number, people) in (0..).zip(people) {
            let visitor = |role| Visitor::new(gate, seed ^ (number << 8) ^ role);
            let resident = Resident::new(visitor(1), visitor(2), ledger, token, people, seed ^ number);
            scope.spawn(move || resident.run());
        }
        let importer = Importer::new(Visitor::new(gate, seed ^ 3), ledger, token, fixed, seed);
        let importer = scope.spawn(move || importer.run());
        let watcher = scope.spawn(move || watch(Visitor::new(gate, seed ^ 4), ledger, &installation.project));
        for (door, process) in processes.iter().enumerate() {
            gate.open(door, process.address);
        }
        for kill in 0..kills {
            let aim = AIMS[usize::try_from(kill).unwrap() % AIMS.len()];
            // An import takes as long as many of the others.
            let most = if aim == Kind::Import { 3 } else { 12 };
            gate.moment(aim, rng.random_range(1..=most), rng.random_range(0.0..1.5));
            let killed = Instant::now();
            match &mut target {
                Target::Managers => {
                    let door = rng.random_range(0..managers);
                    processes[door].kill();
                    let demand = ledger.demand();
                    gate.close(door);
                    processes[door] = installation.start();
                    slowest_return = slowest_return.max(killed.elapsed());
                    inspect(&mut installation.database(), ledger, &demand);
                    installation.verify_audit();
                    gate.open(door, processes[door].address);
                }
                Target::Database(server) => {
                    let demand = ledger.demand();
                    server.kill();
                    server.restart();
                    slowest_return = slowest_return.max(until_served(installation, &processes, killed));
                    inspect(&mut installation.database(), ledger, &demand);
                    installation.verify_audit();
                }
                Target::Primary(primary, replica) => {
                    let demand = ledger.demand();
                    primary.kill();
                    replica.promote();
                    slowest_return = slowest_return.max(until_served(installation, &processes, killed));
                    inspect(&mut installation.database(), ledger, &demand);
                    installation.verify_audit();
                }
            }
        }
        // Everybody looks at what the last kill left before it is over.
        gate.moment(Kind::Import, 6, 0.0);
        gate.end();
        (importer.join().expect("the importer"), watcher.join().expect("the watcher"))
    });
    inspect(&mut installation.database(), &ledger, &ledger.demand());
    installation.verify_audit();
    let ((sent, cut, faults), (credentials, revoked)) = (gate.tallies(), ledger.seen());
    let took = began.elapsed();
    Report { seed, kills, sent, cut, faults, imports, lists, credentials, revoked, slowest_return, took }
}

/// The time since `killed` until every manager does again what it needs its database for.
fn until_served(installation: &Installation, processes: &[Process], killed: Instant) -> Duration {
    let path = format!("/v1/projects/{}/revocation-list", installation.project);
    let plan = Request::csv("/v1/imports", &installation.token, "");
    for process in processes {
        let mut client = Client::new(process.address);
        while !(served(&mut client, &Request::get(&path, None)) && served(&mut client, &plan)) {
            assert!(killed.elapsed() < PATIENCE, "a manager does not find its database again");
            thread::park_timeout(PAUSE);
        }
    }
    killed.elapsed()
}

fn served(client: &mut Client, request: &Request) -> bool {
    client.send(request).is_ok_and(|answer| answer.status < 500)
}

/// Imports the people whom residents act for.
fn populate(installation: &Installation, process: &Process) -> (Vec<Vec<Person>>, Vec<String>) {
    let names =
        (0..RESIDENTS).flat_map(|resident| (0..PEOPLE).map(move |place| format!("r{resident}p{place}")));
    let names: Vec<String> = names.collect();
    let ids = installation.populate(process.address, &names);
    let people: Vec<Person> =
        ids.into_iter().zip(&names).map(|(id, name)| Person::new(id, name.clone())).collect();
    let mut people = people.into_iter();
    ((0..RESIDENTS).map(|_| people.by_ref().take(PEOPLE).collect()).collect(), names)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |tally: Tally| {
            let counted: Vec<_> =
                Kind::ALL.iter().map(|kind| format!("{kind:?} {}", tally[*kind as usize])).collect();
            counted.join(", ")
        };
        writeln!(f, "seed {}: {} kills in {:.1} s", self.seed, self.kills, self.took.as_secs_f64())?;
        writeln!(f, "  requests sent: {}", named(self.sent))?;
        writeln!(f, "  requests cut off: {}; faults answered: {}", named(self.cut), self.faults)?;
        writeln!(f, "  {} imports applied, {} revocation lists fetched", self.imports, self.lists)?;
        writeln!(f, "  {} credentials given out, {} of them revoked", self.credentials, self.revoked)?;
        write!(f, "  slowest return after a kill: {:.2} s", self.slowest_return.as_secs_f64())
    }
}
