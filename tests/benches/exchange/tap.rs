//! Whole taps, by kind and by side.

use std::cell::Cell;
use std::rc::Rc;

use credential::crypto::{Counting, Crypto, Point, Signature, Signer};
use credential::limits::CREDENTIAL_CACHE;
use credential::reader::Path;
use tests::world::World;

use crate::backend::{Backend, Counts, TapCount};
use crate::harness::{Bench, Row};
use crate::pair::{Card, Pair, Times};

/// The rows of the taps.
pub(crate) fn add_to<C, S>(bench: &mut Bench, backend: &Backend<C, S>)
where
    C: Crypto + Copy + 'static,
    S: Signer + 'static,
{
    let Backend { name, key, .. } = *backend;
    let row = |id: &str, label: &str| Row::new(format!("{key}/{id}"), format!("{label}, {name}"));

    // More phones in turn than the reader remembers: each is new to it every time.
    let mut first = Visits::new(backend, 2 * CREDENTIAL_CACHE);
    let rows = vec![
        row("full/first", "full tap, first visit, both sides").against(format!("{key}/sum/first")),
        row("full/first/reader", "… reader alone"),
        row("full/first/device", "… device alone"),
        row("full/first/decision", "… reader up to the decision, its key pair made before"),
    ];
    bench.case(rows, move |row| {
        let times = first.full_tap();
        row.copy_from_slice(&[times.both(), times.reader(), times.device, times.to_decision]);
    });

    let mut remembered = Visits::new(backend, 1);
    let rows = vec![
        row("full/remembered", "full tap, credential remembered, both sides")
            .against(format!("{key}/sum/remembered")),
        row("full/remembered/reader", "… reader alone, credential remembered"),
    ];
    bench.case(rows, move |row| {
        let times = remembered.full_tap();
        row.copy_from_slice(&[times.both(), times.reader()]);
    });

    let mut known = Visits::new(backend, 1);
    known.phones.iter_mut().for_each(|(card, _)| card.verified = Some(Vec::new()));
    let rows = vec![
        row("full/known", "full tap, credential and certificate remembered, both sides").against("noise"),
    ];
    bench.case(rows, move |row| row.copy_from_slice(&[known.full_tap().both()]));

    let mut fast = Visits::new(backend, 1);
    fast.full_tap();
    let rows = vec![
        row("fast", "fast tap, both sides").against(format!("{key}/full/first")),
        row("fast/decision", "fast tap, reader up to the decision")
            .against(format!("{key}/full/first/decision")),
    ];
    bench.case(rows, move |row| {
        let times = fast.fast_tap();
        row.copy_from_slice(&[times.both(), times.to_decision]);
    });
}

/// Counts the P-256 operations of each kind of tap.
pub(crate) fn counted<C: Crypto + Copy, S: Signer>(backend: &Backend<C, S>) -> Counts {
    let mut world = World::new(1);
    let mut pair = Pair::new(&mut world, || Counting::new(backend.crypto));
    let issuers = Rc::new(world.issuers());
    let (mut card, scalar) = Card::issue(&mut world, &issuers, 0);
    let holder = CountingSigner { signer: (backend.signer)(&scalar).unwrap(), signatures: Cell::new(0) };
    let mut count = |name, path, with_tickets: bool| {
        if !with_tickets {
            card.tickets.clear();
        }
        pair.reader.crypto().take();
        pair.device.take();
        let (decision, _) = pair.decide(&mut card, &holder);
        assert_eq!(decision.path, path);
        let to_decision = pair.reader.crypto().take();
        pair.conclude(&mut card);
        let after_decision = pair.reader.crypto().take();
        // What the next tap finds made belongs to it; every tap needs the same.
        pair.prepare();
        TapCount {
            name,
            idle: pair.reader.crypto().take(),
            to_decision,
            after_decision,
            device: pair.device.take(),
            signatures: holder.signatures.take(),
        }
    };
    Counts {
        first: count("full tap, first visit", Path::Full, false),
        remembered: count("full tap, credential remembered", Path::Full, false),
        fast: count("fast tap", Path::Fast, true),
    }
}

/// Phones that visit a door one after another.
struct Visits<C: Crypto, S> {
    pair: Pair<C>,
    phones: Vec<(Card, S)>,
    next: usize,
}

impl<C: Crypto + Copy, S: Signer> Visits<C, S> {
    fn new(backend: &Backend<C, S>, phones: usize) -> Self {
        let mut world = World::new(1);
        let pair = Pair::new(&mut world, || backend.crypto);
        let issuers = Rc::new(world.issuers());
        let phones = (0..phones).map(|user| {
            let (card, scalar) = Card::issue(&mut world, &issuers, user);
            (card, (backend.signer)(&scalar).unwrap())
        });
        let phones = phones.collect();
        Self { pair, phones, next: 0 }
    }

    /// The next phone taps, and has no ticket.
    fn full_tap(&mut self) -> Times {
        self.next = (self.next + 1) % self.phones.len();
        let (card, holder) = &mut self.phones[self.next];
        card.tickets.clear();
        self.pair.tap(card, holder, Path::Full)
    }

    /// The next phone taps with a ticket of its last visit.
    fn fast_tap(&mut self) -> Times {
        let (card, holder) = &mut self.phones[self.next];
        self.pair.tap(card, holder, Path::Fast)
    }
}

/// Counts signatures.
struct CountingSigner<S> {
    signer: S,
    signatures: Cell<u32>,
}

impl<S: Signer> Signer for CountingSigner<S> {
    type Error = S::Error;

    fn public_key(&self) -> Point {
        self.signer.public_key()
    }

    fn sign(&self, message: &[&[u8]]) -> Result<Signature, S::Error> {
        self.signatures.set(self.signatures.get() + 1);
        self.signer.sign(message)
    }
}
