//! Pages of users in an order, and how many there are of each status.
//!
//! A page is a range of an index for each status, so that it costs the same among ten thousand users and among a
//! million.

use uuid::Uuid;

use super::rows::number;
use super::statement::Statement;
use super::users::UserRow;
use super::{StoreError, Transaction};
use crate::domain::{
    ProjectId, SortedBy, UnixTime, User, UserFilter, UserList, UserOrder, UserPlace, UserStatus,
};

/// What a page shows of a user.
pub(super) const COLUMNS: &str = "u.project, u.id, u.first_name, u.last_name, u.email, u.user_id, u.sync_id, \
                                  u.status, u.created_at, u.updated_at";
/// The statuses as they are stored: an invitation expires without anybody writing it down.
const STORED: [UserStatus; 7] = [
    UserStatus::NotInvited,
    UserStatus::Invited,
    UserStatus::Active,
    UserStatus::Suspended,
    UserStatus::Reset,
    UserStatus::DeletionPending,
    UserStatus::Deleted,
];

/// A user with the value that the list is sorted by.
#[derive(sqlx::FromRow)]
pub(super) struct PlacedRow {
    #[sqlx(flatten)]
    pub(super) user: UserRow,
    place: String,
}

impl Transaction {
    /// Up to `limit` users who pass the filter, in an order, after a place in it.
    pub(crate) async fn listed_users(
        &mut self,
        project: ProjectId,
        filter: &UserFilter,
        order: UserOrder,
        after: Option<&UserPlace>,
        limit: u32,
        now: UnixTime,
    ) -> Result<Vec<(User, UserPlace)>, StoreError> {
        let mut statement = Statement::default();
        let project = statement.octets(&project.0);
        let at_most = statement.number(limit);
        let (sign, way) = if order.is_reversed { ("<", "DESC") } else { (">", "ASC") };
        let end = if order.is_reversed { Uuid::max() } else { Uuid::nil() };
        let id = statement.id(after.map_or(end, |place| place.id));
        let (place, condition, sorted) = match order.by {
            SortedBy::Created => ("''", format!("u.id {sign} {id}"), None),
            SortedBy::Name => {
                let end = if order.is_reversed { char::MAX.to_string() } else { String::new() };
                let key = statement.text(after.map_or(end, |place| place.key.clone()));
                ("u.name_key", format!("(u.name_key, u.id) {sign} ({key}, {id})"), Some("name_key"))
            }
            SortedBy::Updated => {
                let end = if order.is_reversed { i64::MAX } else { -1 };
                let key = after.and_then(|place| place.key.parse().ok()).unwrap_or(end);
                let key = statement.number(key);
                let place = "CAST(u.updated_at AS TEXT)";
                (place, format!("(u.updated_at, u.id) {sign} ({key}, {id})"), Some("updated_at"))
            }
        };
        // The id stands there once: with it twice, SQLite takes an index that does not know the status.
        let sorting = |table: &str| {
            let first = sorted.map(|column| format!("{table}{column} {way}, ")).unwrap_or_default();
            format!("ORDER BY {first}{table}id {way}")
        };
        let now_at = statement.number(now.0);
        let ranges = stored(filter).map(|status| {
            let (name, expiry) = (status.name(), expiry(filter, status, &now_at));
            format!(
                "SELECT * FROM (SELECT {COLUMNS}, u.name_key, {place} AS place FROM users u WHERE \
                 u.project = {project} AND u.status = '{name}' AND {condition}{expiry} {} LIMIT {at_most}) s_{name}",
                sorting("u.")
            )
        });
        let ranges: Vec<String> = ranges.collect();
        let all = format!("{} {} LIMIT {at_most}", ranges.join(" UNION ALL "), sorting(""));
        let text = with_invitations(&all, &sorting("u."), &now_at);
        let rows = statement.fetch_all(text, self).await?;
        placed(rows, UserList::Sorted(order), now)
    }

    /// How many users there are of each status.
    pub(crate) async fn user_counts(
        &mut self,
        project: ProjectId,
        now: UnixTime,
    ) -> Result<[(UserStatus, u64); 8], StoreError> {
        let rows: Vec<(String, i64)> = self
            .query("SELECT status, count(*) FROM users WHERE project = $1 GROUP BY status")
            .bind(project.0.as_slice())
            .fetch_all()
            .await?;
        let (expired,): (i64,) = self
            .query(
                "SELECT count(*) FROM invitations WHERE project = $1 AND state = 'open' AND expires_at <= $2",
            )
            .bind(project.0.as_slice())
            .bind(i64::from(now.0))
            .fetch_one()
            .await?;
        let expired = number(expired, "count")?;
        let mut counts = UserStatus::ALL.map(|status| (status, 0));
        for (status, count) in &mut counts {
            let stored = rows.iter().find(|(name, _)| name == status.name());
            let stored = stored.map_or(Ok(0), |(_, count)| number(*count, "count"))?;
            *count = match status {
                UserStatus::InvitationExpired => expired,
                UserStatus::Invited => u64::saturating_sub(stored, expired),
                _ => stored,
            };
        }
        Ok(counts)
    }
}

/// The statuses to look for in the table.
pub(super) fn stored(filter: &UserFilter) -> impl Iterator<Item = UserStatus> {
    STORED.into_iter().filter(|status| {
        let expired = *status == UserStatus::Invited && filter.has(UserStatus::InvitationExpired);
        expired || filter.has(*status)
    })
}

/// The condition that tells invited users from those who let the invitation expire, where only one of them is wanted.
pub(super) fn expiry(filter: &UserFilter, status: UserStatus, now: &str) -> String {
    let expired = format!(
        "EXISTS (SELECT 1 FROM invitations e WHERE e.project = u.project AND e.holder = u.id AND e.state = 'open' \
         AND e.expires_at <= {now})"
    );
    match (status, filter.has(UserStatus::Invited), filter.has(UserStatus::InvitationExpired)) {
        (UserStatus::Invited, true, false) => format!(" AND NOT {expired}"),
        (UserStatus::Invited, false, true) => format!(" AND {expired}"),
        _ => String::new(),
    }
}

/// The page of users that `page` selects, each with the invitation that is open.
pub(super) fn with_invitations(page: &str, sorting: &str, now: &str) -> String {
    // Each placeholder stands somewhere: PostgreSQL has to know its type.
    format!(
        "SELECT u.*, i.expires_at, i.opened_at FROM ({page}) u LEFT JOIN invitations i ON i.project = u.project \
         AND i.holder = u.id AND i.state = 'open' WHERE {now} >= 0 {sorting}"
    )
}

pub(super) fn placed(
    rows: Vec<PlacedRow>,
    list: UserList,
    now: UnixTime,
) -> Result<Vec<(User, UserPlace)>, StoreError> {
    rows.into_iter()
        .map(|PlacedRow { user, place }| {
            let user = user.into_user(now)?;
            let id = user.id;
            Ok((user, UserPlace { list, key: place, id }))
        })
        .collect()
}
