//! Whether a fast tap takes longer when many users hold tickets of the reader.
//!
//! Every user's credential is issued and every ticket is handed out by a full tap through the real sessions;
//! then users taken at random tap with theirs.

use std::rc::Rc;

use credential::crypto::{Crypto, Signer};
use credential::reader::Path;
use credential::secret::Secret;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::world::World;

use crate::backend::Backend;
use crate::harness::{Bench, Row};
use crate::pair::{Card, NoSigner, Pair};

/// A row for each number of users; returns a line for the foot of the table.
pub(crate) fn add_to<C, S>(bench: &mut Bench, backend: &Backend<C, S>, numbers: &[usize]) -> String
where
    C: Crypto + Copy + 'static,
    S: Signer + 'static,
{
    let key = |users: usize| format!("{}/enrolled/{users}", backend.key);
    for &users in numbers {
        let (mut pair, mut cards) = enrolled(backend, users);
        let mut rng = StdRng::seed_from_u64(2);
        let row = Row::new(
            key(users),
            format!("fast tap, reader up to the decision, {users} enrolled, {}", backend.name),
        );
        let row = if users == numbers[0] { row } else { row.against(key(numbers[0])) };
        bench.case(vec![row], move |row| {
            let card = &mut cards[rng.random_range(0..users)];
            row[0] = pair.tap(card, &NoSigner, Path::Fast).to_decision;
        });
    }
    format!(
        "A `Reader` on {} is {} octets, its two keys on the heap of the backend apart; no user adds to them.",
        backend.name,
        size_of::<credential::reader::Reader<C>>()
    )
}

fn enrolled<C: Crypto + Copy, S: Signer>(backend: &Backend<C, S>, users: usize) -> (Pair<C>, Vec<Card>) {
    let mut world = World::new(3);
    let issuers = Rc::new(world.issuers());
    let mut pair = Pair::new(&mut world, || backend.crypto);
    let cards = (0..users).map(|user| {
        let holder = (backend.signer)(&Secret::new(world.rng.random())).unwrap();
        let mut card = Card::issue_to(&world, &world.issuer, &issuers, user, &holder);
        pair.tap(&mut card, &holder, Path::Full);
        assert_eq!(card.tickets.len(), 2);
        card
    });
    let cards = cards.collect();
    (pair, cards)
}
