//! Phones that hold what nobody gave them, and readers that were taken off the wall.

use anyhow::{Context, Result};
use credential::crypto::{RustCrypto, Signer, SoftwareSigner};
use credential::id::{Serial, UserId};
use credential::object::{Credential, IssuerKeys, ReaderCertificate, VerifiedCertificate};
use credential::time::{Instant, Now, UnixTime, Validity};

use super::bench::{ANNA, BACK, Bench, FRONT, MALLORY, Seen, VICTIM};
use super::thief::{Loot, Thief};
use super::{Finding, Orders};

/// What the attacker knows of the site: its issuer keys, and a credential of one of its phones.
struct Known {
    issuers: IssuerKeys,
    credential: Vec<u8>,
}

pub(super) fn attack(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    let known = known(bench, ANNA)?;
    let fields = forged_fields(&known)?;
    let own = SoftwareSigner::generate(&mut bench.rng).map_err(|_| anyhow::anyhow!("no key"))?.0;
    let forged = Credential { holder_key: own.public_key(), ..fields };
    let forged = forged.issue(&own).map_err(|_| anyhow::anyhow!("not issued"))?;
    // Signed by itself, and somebody else's with one's own key.
    let credentials = [forged.to_vec(), known.credential.clone(), vec![0; known.credential.len()]];
    let tries = credentials.len();
    let mut opened = 0_usize;
    for credential in credentials {
        let loot = Loot { issuers: known.issuers.clone(), credential, ticket: None };
        let seen = present(bench, FRONT, loot)?;
        opened = opened.saturating_add(usize::from(seen.granted().is_some()));
    }
    bench.works()?;
    Ok(Finding {
        gained: "nothing: denied as not accepted, whatever was wrong".to_owned(),
        stopped: "the issuer's signature over the credential, and the holder key's over the tap".to_owned(),
        holds: opened == 0,
        is_limited: false,
        figures: Vec::new(),
        tries,
    })
}

pub(super) fn tickets(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    bench.honest(FRONT, ANNA)?;
    let known = known(bench, MALLORY)?;
    let stolen = bench.take_ticket(ANNA, FRONT)?.context("a phone that was there has a ticket")?;
    let loot = |ticket| Loot { issuers: known.issuers.clone(), credential: known.credential.clone(), ticket };
    // The octets alone, as they are on the air, with a guessed secret.
    let mut heard = stolen.clone();
    heard.psk = credential::secret::Secret::new([7; 32]);
    let without_secret = present(bench, FRONT, loot(Some(heard)))?;
    let at_another = present(bench, BACK, loot(Some(stolen.clone())))?;
    let once = present(bench, FRONT, loot(Some(stolen.clone())))?;
    let again = present(bench, FRONT, loot(Some(stolen.clone())))?;
    // Until the ticket key is gone.
    let began = bench.world.clock.now_us();
    let mut hours = 0_u64;
    while hours < 24 * 8 {
        let open = present(bench, FRONT, loot(Some(stolen.clone())))?.granted() == Some(VICTIM);
        if !open {
            break;
        }
        hours = hours.saturating_add(1);
        bench.world.wait_until(began.saturating_add(hours.saturating_mul(3_600_000_000)))?;
    }
    // Revoked, another thief of another ticket is out at once.
    bench.honest(FRONT, ANNA)?;
    let other = bench.take_ticket(ANNA, FRONT)?.context("a phone that was there has a ticket")?;
    let user = bench.world.user(0)?;
    let manager = bench.world.office().manager(0)?.clone();
    bench.world.office().run(manager.revoke_user(manager::domain::Actor::Operator, user.id))?;
    bench.world.bring_list(FRONT)?;
    let revoked = present(bench, FRONT, loot(Some(other)))?;
    let opens = |seen: &Seen| seen.granted() == Some(VICTIM);
    Ok(Finding {
        gained:
            "a ticket read out of the phone's memory with its secret opens that one door, as often as it is \
                 shown; heard on the air, or at another door, nothing"
                .to_owned(),
        stopped: format!(
            "over after {hours} h, when the door's ticket key is gone, and at once when the list names it"
        ),
        holds: !opens(&without_secret)
            && !opens(&at_another)
            && opens(&once)
            && opens(&again)
            && hours <= 48
            && !opens(&revoked),
        is_limited: true,
        figures: vec![("hours", hours)],
        tries: 5,
    })
}

pub(super) fn stolen_reader(bench: &mut Bench, _: &Orders) -> Result<Finding> {
    // Who taps it names himself: it is a genuine reader.
    let named = bench.honest(BACK, ANNA)?.granted() == Some(VICTIM);
    let known = known(bench, ANNA)?;
    let loot = |ticket| Loot { issuers: known.issuers.clone(), credential: known.credential.clone(), ticket };
    // With what it has learnt, and with tickets that it gave, at another door.
    let ticket = bench.take_ticket(ANNA, BACK)?;
    let with_ticket = present(bench, FRONT, loot(ticket))?;
    let with_credential = present(bench, FRONT, loot(None))?;
    // With its private key as if it were an issuer.
    let scalar = bench.door(BACK)?.scalar().clone();
    let signer = SoftwareSigner::new(&scalar).map_err(|_| anyhow::anyhow!("no key"))?;
    let fields = Credential { holder_key: signer.public_key(), ..forged_fields(&known)? };
    let minted = fields.issue(&signer).map_err(|_| anyhow::anyhow!("not issued"))?.to_vec();
    let with_minted = present(bench, FRONT, Loot { credential: minted, ..loot(None) })?;
    let opened = [&with_ticket, &with_credential, &with_minted].iter().any(|seen| seen.granted().is_some());
    // Revoked, phones that know the list say nothing more to it.
    bench.world.revoke_door(BACK)?;
    let wallet = bench.wallet(ANNA)?;
    for card in wallet.cards() {
        wallet.refresh(card.project)?;
    }
    let after = bench.honest(BACK, ANNA)?;
    bench.works()?;
    Ok(Finding {
        gained: "the IDs of those who tap it, until their phones know that it is revoked".to_owned(),
        stopped: "it opens no other door: it holds no key that signs credentials, and a tap is signed for one reader"
            .to_owned(),
        holds: named && !opened && after.granted().is_none(),
        is_limited: true,
        figures: Vec::new(),
        tries: 4,
    })
}

/// Presents what was stolen or forged at a door.
fn present(bench: &mut Bench, door: usize, loot: Loot) -> Result<Seen> {
    let signer = SoftwareSigner::generate(&mut bench.rng).map_err(|_| anyhow::anyhow!("no key"))?.0;
    let rng = bench.world.seeds.rng("thief");
    let mut thief = Thief::new(loot, signer, rng);
    let clock = bench.world.clock.clone();
    bench.answered(door, &mut |apdu, _| {
        let now = Now { instant: Instant(clock.now_us() / 1_000), unix: Some(clock.unix()) };
        thief.answer(apdu, now)
    })
}

/// What can be known of a site by one of its phones.
fn known(bench: &mut Bench, phone: usize) -> Result<Known> {
    let certificate = *bench.door(FRONT)?.certificate().context("the door is enrolled")?;
    let project = ReaderCertificate::decode(&certificate)?.project;
    let now = bench.world.clock.unix();
    bench
        .wallet(phone)?
        .lend(|wallet| {
            let issuers = wallet.issuers(project)?.clone();
            let verified = VerifiedCertificate::verify(&RustCrypto, &certificate, &issuers, now).ok()?;
            let credential = wallet.credential(wallet.choose(&verified)?)?.to_vec();
            Some(Known { issuers, credential })
        })
        .context("the phone has no card of the site")
}

/// The fields of a credential that is to pass for the victim's.
fn forged_fields(known: &Known) -> Result<Credential> {
    let genuine = Credential::decode(&known.credential)?;
    Ok(Credential {
        serial: Serial(genuine.serial.0.saturating_add(1_000)),
        validity: Validity { not_before: UnixTime(0), not_after: UnixTime(u32::MAX) },
        user_id: UserId::new(VICTIM.as_bytes()).context("a user ID")?,
        ..genuine
    })
}
