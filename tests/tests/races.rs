//! Two phones race for one invitation: exactly one of them wins.
//!
//! `OSTIARY_RACES=1000 cargo test -p tests --test races` makes a thousand of them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::net::SocketAddr;
use std::sync::Barrier;
use std::thread;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::service::http::{Answer, Client, Request};
use tests::service::phone::Phone;
use tests::service::postgres::{self, Durability, Postgres};
use tests::service::process::Installation;

/// Races unless the environment says otherwise.
const RACES: u64 = 50;

#[test]
fn of_two_phones_that_race_for_one_invitation_exactly_one_wins() {
    let installation = Installation::new();
    let process = installation.start();
    race(&installation, [process.address; 2]);
}

#[test]
fn of_two_phones_that_race_at_two_managers_exactly_one_wins() {
    if !postgres::is_installed() {
        return;
    }
    let server = Postgres::start(Durability::Process);
    let installation = Installation::on(&server.url());
    let managers = [installation.start(), installation.start()];
    race(&installation, [managers[0].address, managers[1].address]);
}

/// Two phones, each with a manager to ask, race again and again for the invitation of one user, who loses the phone of
/// the race before by it.
fn race(installation: &Installation, managers: [SocketAddr; 2]) {
    let seed = number("OSTIARY_SEED").unwrap_or_else(rand::random);
    let races = number("OSTIARY_RACES").unwrap_or(RACES);
    println!("seed {seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let user = installation.populate(managers[0], &["racer".to_owned()]).remove(0);
    let invite = Request::invite(&user, &installation.token);
    let mut administrator = Client::new(managers[0]);
    let mut clients = managers.map(Client::new);
    let mut wins = [0_u64; 2];
    for _ in 0..races {
        let invitation = administrator.send(&invite).unwrap().expect(201);
        let code = invitation["code"].as_str().unwrap().replace('-', "");
        let phones = [Phone::new(&mut rng), Phone::new(&mut rng)];
        let mut proofs = Vec::new();
        for (phone, client) in phones.iter().zip(&mut clients) {
            let challenge = client.send(&Phone::challenge(&code)).unwrap().expect(200);
            proofs.push(phone.activation(&code, &challenge["challenge"]));
        }
        let answers = at_once(&mut clients, &proofs, rng.random_range(0..400));
        let winner = answers.iter().position(|answer| answer.status == 201).expect("one phone wins");
        let (won, lost) = (&answers[winner], &answers[1 - winner]);
        assert!(lost.is_problem("invitation-used"), "{}", lost.text());
        // Whichever manager is asked, the winner gets the same again and the loser never gets anything.
        for client in &mut clients {
            let again = client.send(&proofs[winner]).unwrap().expect(201);
            assert_eq!(again["credential"], won.json()["credential"]);
            let late = client.send(&proofs[1 - winner]).unwrap();
            assert!(late.is_problem("invitation-used"), "{}", late.text());
        }
        wins[winner] += 1;
    }
    println!("{races} races, won by the first {}, by the second {}", wins[0], wins[1]);
}

/// Sends both requests at the same moment, or one of them a little later: by `lag` turns of a loop, the first if odd.
fn at_once(clients: &mut [Client; 2], requests: &[Request], lag: u32) -> Vec<Answer> {
    let start = Barrier::new(2);
    thread::scope(|scope| {
        let racers: Vec<_> = clients
            .iter_mut()
            .zip(requests)
            .zip(0_u32..)
            .map(|((client, request), place)| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    if lag % 2 == place {
                        (0..lag).for_each(|_| std::hint::spin_loop());
                    }
                    client.send(request).unwrap()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().expect("a racer")).collect()
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().expect("a number"))
}
