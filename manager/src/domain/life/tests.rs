//! The table, pair by pair.

use super::*;
use crate::domain::UserStatus;

/// One row for each act, one column for each status in the order of [`UserStatus::ALL`]: `=` for a status that stays,
/// `-` for an act that is refused, `a/b` where a phone makes the difference.
const TABLE: &str = "
    act                  not_invited invited     invitation_expired active                   suspended          reset       deletion_pending deleted
    Edit                 =           =           =                  =                        =                  =           -                -
    Invite               invited     =           invited            invited                  -                  invited     -                -
    Redeem               -           active      -                  -                        -                  -           -                -
    VoidInvitation       -           not_invited not_invited        -                        -                  -           -                -
    Suspend              suspended   suspended   suspended          suspended                -                  suspended   -                -
    Resume               -           -           -                  -                        active/not_invited -           -                -
    Revoke               =           not_invited not_invited        not_invited              =                  not_invited -                -
    ResetByHolder        =           =           =                  reset                    =                  =           deleted          =
    ResetByAdministrator -           -           -                  reset                    -                  -           -                -
    Delete               deleted     deleted     deleted            deletion_pending/deleted deletion_pending/deleted deleted - -
    DeletionLearned      =           =           =                  =                        =                  =           deleted          =
";

fn told(status: UserStatus, turn: Turn, has_phone: bool) -> String {
    match next_status(status, turn, has_phone) {
        Ok(next) if next == status => "=".to_owned(),
        Ok(next) => next.name().to_owned(),
        Err(_) => "-".to_owned(),
    }
}

#[test]
fn every_act_on_every_status_leads_where_the_table_says() {
    let mut rows = TABLE.lines().map(str::split_whitespace).filter(|row| row.clone().next().is_some());
    let header: Vec<&str> = rows.next().unwrap().skip(1).collect();
    assert_eq!(header, UserStatus::ALL.map(UserStatus::name));
    let mut pairs = 0;
    for (turn, mut row) in Turn::ALL.into_iter().zip(rows.by_ref()) {
        assert_eq!(row.next(), Some(format!("{turn:?}").as_str()));
        for status in UserStatus::ALL {
            let (with, without) = (told(status, turn, true), told(status, turn, false));
            let cell = row.next().unwrap();
            let (expected_with, expected_without) = cell.split_once('/').unwrap_or((cell, cell));
            // Only an active or suspended user can have a phone that was not revoked.
            if matches!(status, UserStatus::Active | UserStatus::Suspended) || turn != Turn::Delete {
                assert_eq!(with, expected_with, "{turn:?} of {status:?} with a phone");
            }
            assert_eq!(without, expected_without, "{turn:?} of {status:?} without a phone");
            pairs += 1;
        }
        assert_eq!(row.next(), None);
    }
    assert_eq!((pairs, rows.next().is_none()), (Turn::ALL.len() * UserStatus::ALL.len(), true));
}

#[test]
fn a_refusal_says_what_the_act_needs() {
    use UserStatus::{Active, Deleted, DeletionPending, Invited, Suspended};
    let refusals = [
        (Deleted, Turn::Invite, Forbidden::Deleted),
        (DeletionPending, Turn::Delete, Forbidden::Deleted),
        (Suspended, Turn::Invite, Forbidden::Suspended),
        (Suspended, Turn::ResetByAdministrator, Forbidden::Suspended),
        (Suspended, Turn::Suspend, Forbidden::Needs("not suspended")),
        (Active, Turn::Resume, Forbidden::Needs("suspended")),
        (Invited, Turn::ResetByAdministrator, Forbidden::Needs("active")),
    ];
    for (status, turn, forbidden) in refusals {
        assert_eq!(next_status(status, turn, true), Err(forbidden));
    }
}

#[test]
fn no_act_but_a_phone_s_brings_a_deleted_user_anywhere() {
    for turn in Turn::ALL {
        let next = next_status(UserStatus::Deleted, turn, true);
        assert!(matches!(next, Ok(UserStatus::Deleted) | Err(Forbidden::Deleted)), "{turn:?}");
    }
}
