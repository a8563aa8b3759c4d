//! What has to hold in the database at any moment, whatever happened before.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use credential::crypto::RustCrypto;
use credential::object::VerifiedRevocationList;

use super::ledger::{Demand, Ledger};
use crate::service::database::{Database, Look};

/// Rows that must not be there, each kind with its reason.
const NOWHERE: &[(&str, &str)] = &[
    (
        "an invitation is redeemed and its device is not there",
        "SELECT count(*) FROM invitations i WHERE i.state = 'redeemed' AND NOT EXISTS \
         (SELECT 1 FROM devices d WHERE d.project = i.project AND d.id = i.device AND d.holder = i.holder)",
    ),
    (
        "a device is there that no invitation, or more than one, led to",
        "SELECT count(*) FROM devices d WHERE (SELECT count(*) FROM invitations i \
         WHERE i.project = d.project AND i.device = d.id AND i.state <> 'open') <> 1",
    ),
    (
        "a device is active whose invitation is not redeemed",
        // A deletion that can be undone voids the invitation and keeps the device.
        "SELECT count(*) FROM devices d JOIN users u ON u.project = d.project AND u.id = d.holder \
         WHERE d.status = 'active' AND u.status <> 'deletion_pending' AND NOT EXISTS \
         (SELECT 1 FROM invitations i WHERE i.project = d.project AND i.device = d.id AND i.state = 'redeemed')",
    ),
    (
        "a device never had a credential",
        "SELECT count(*) FROM devices d WHERE NOT EXISTS \
         (SELECT 1 FROM credentials c WHERE c.project = d.project AND c.device = d.id)",
    ),
    (
        "a credential of a revoked device is not revoked",
        "SELECT count(*) FROM credentials c JOIN devices d ON d.project = c.project AND d.id = c.device \
         WHERE d.status <> 'active' AND c.revoked_at IS NULL",
    ),
    (
        "a credential of a user who is suspended or deleted is not revoked",
        "SELECT count(*) FROM credentials c JOIN devices d ON d.project = c.project AND d.id = c.device \
         JOIN users u ON u.project = d.project AND u.id = d.holder \
         WHERE u.status IN ('suspended', 'deletion_pending', 'deleted') AND c.revoked_at IS NULL",
    ),
    (
        "a user is active without exactly one active device",
        "SELECT count(*) FROM users u WHERE u.status = 'active' AND (SELECT count(*) FROM devices d \
         WHERE d.project = u.project AND d.holder = u.id AND d.status = 'active') <> 1",
    ),
    (
        "a user has more than one active device",
        "SELECT count(*) FROM (SELECT 1 FROM devices d WHERE d.status = 'active' \
         GROUP BY d.project, d.holder HAVING count(*) > 1) AS many",
    ),
    (
        "a user has an active device and another status",
        "SELECT count(*) FROM users u WHERE u.status NOT IN ('active', 'suspended', 'deletion_pending') AND EXISTS (SELECT 1 \
         FROM devices d WHERE d.project = u.project AND d.holder = u.id AND d.status = 'active')",
    ),
    (
        "a user is invited without exactly one open invitation",
        "SELECT count(*) FROM users u WHERE u.status = 'invited' AND (SELECT count(*) FROM invitations i \
         WHERE i.project = u.project AND i.holder = u.id AND i.state = 'open') <> 1",
    ),
    (
        "a user has an open invitation and is not invited",
        "SELECT count(*) FROM invitations i JOIN users u ON u.project = i.project AND u.id = i.holder \
         WHERE i.state = 'open' AND u.status <> 'invited'",
    ),
    (
        "a serial is greater than the last one",
        "SELECT count(*) FROM credentials c JOIN serials s ON s.project = c.project WHERE c.serial > s.last_serial",
    ),
    (
        "the newest list is not the one that the project counts",
        "SELECT count(*) FROM projects p WHERE p.list_version <> \
         (SELECT coalesce(max(l.version), 0) FROM revocation_lists l WHERE l.project = p.id)",
    ),
    (
        "a plan was applied and not recorded, or recorded and not applied",
        "SELECT abs((SELECT count(*) FROM plans WHERE applied_at IS NOT NULL) \
         - (SELECT count(*) FROM audit WHERE act = 'import_applied'))",
    ),
    (
        "a device is there whose activation was not recorded, or the other way round",
        "SELECT abs((SELECT count(*) FROM devices) - (SELECT count(*) FROM audit WHERE act = 'device_activated'))",
    ),
    (
        "an invitation is there that was not recorded, or the other way round",
        "SELECT abs((SELECT count(*) FROM invitations) - (SELECT count(*) FROM audit WHERE act = 'user_invited'))",
    ),
];

/// Holds a moment of the database against every rule, and the newest list in it against what was said.
///
/// # Panics
/// When a rule is broken; says which.
pub fn inspect(database: &mut Database, ledger: &Ledger, demand: &Demand) {
    database.look(|look| {
        for (what, query) in NOWHERE {
            assert_eq!(look.numbers(query), [0], "{what}");
        }
        inspect_list(look, ledger, demand);
    });
}

fn inspect_list(look: &mut Look<'_>, ledger: &Ledger, demand: &Demand) {
    let revoked = look.numbers(
        "SELECT serial FROM credentials WHERE revoked_at IS NOT NULL AND not_after > \
         (SELECT coalesce(max(issued_at), 0) FROM revocation_lists)",
    );
    let Some(list) = look.octets("SELECT octets FROM revocation_lists ORDER BY version DESC LIMIT 1") else {
        assert!(revoked.is_empty(), "{revoked:?} are revoked, and there is no list");
        assert!(demand.version == 0, "the list is gone");
        return;
    };
    ledger.listed(&list, demand);
    let Some(issuers) = ledger.issuers() else { return };
    let list = VerifiedRevocationList::verify(&RustCrypto, &list, issuers).expect("a genuine list");
    let listed: BTreeSet<i64> = list.serials().map(|serial| serial.0.try_into().unwrap()).collect();
    let missing: Vec<_> = revoked.iter().filter(|serial| !listed.contains(serial)).collect();
    assert!(missing.is_empty(), "revoked serials {missing:?} are not on the newest list");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(u64::from(list.issued_at().0) <= now, "the list is from the future");
}
