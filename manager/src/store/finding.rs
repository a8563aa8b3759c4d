//! Pages of users who are found by the beginning of a name, an address or an ID.
//!
//! Each key has an index; those who are found by the first key come first. A user who was found by one key is not shown
//! again with the next.

use uuid::Uuid;

use super::listing::{COLUMNS, PlacedRow, expiry, placed, stored, with_invitations};
use super::statement::Statement;
use super::{StoreError, Transaction};
use crate::domain::{
    ProjectId, Search, UnixTime, User, UserFilter, UserList, UserPlace, UserStatus, prefix_end,
};

/// By what a user is found, in the order in which those who are found are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Name,
    Given,
    Words,
    Mail,
    UserId,
    SyncId,
}

/// The project and the moment, as the statement names them.
struct Scope {
    project: String,
    now: String,
}

impl Transaction {
    /// Up to `limit` users who pass the filter and are found, after a place among those who are found.
    pub(crate) async fn found_users(
        &mut self,
        project: ProjectId,
        filter: &UserFilter,
        search: &Search,
        after: Option<&UserPlace>,
        limit: u32,
        now: UnixTime,
    ) -> Result<Vec<(User, UserPlace)>, StoreError> {
        let first = match after {
            Some(UserPlace { list: UserList::Found(rank), .. }) => *rank,
            _ => 0,
        };
        let mut found = Vec::new();
        for (rank, key) in (0_u8..).zip(Key::ALL).filter(|(rank, _)| *rank >= first) {
            let room = limit.saturating_sub(u32::try_from(found.len()).unwrap_or(limit));
            if room == 0 {
                break;
            }
            let Some(prefix) = key.prefix(search) else { continue };
            let mut statement = Statement::default();
            let scope = Scope { project: statement.octets(&project.0), now: statement.number(now.0) };
            let after = after.filter(|place| place.list == UserList::Found(rank));
            let range = range(&mut statement, key, prefix, after);
            let at_most = statement.number(room);
            let missed: Vec<String> = Key::ALL
                .into_iter()
                .take_while(|before| *before != key)
                .filter_map(|before| before.prefix(search).map(|prefix| (before, prefix)))
                .map(|(before, prefix)| before.is_missed(&mut statement, prefix))
                .collect();
            let conditions = format!("{range}{}", missed.concat());
            let text = match key {
                Key::Name => by_name(filter, &conditions, &scope, &at_most),
                _ => by_key(key, filter, &conditions, &scope, &at_most),
            };
            let rows: Vec<PlacedRow> = statement.fetch_all(text, self).await?;
            found.extend(placed(rows, UserList::Found(rank), now)?);
        }
        Ok(found)
    }
}

impl Key {
    const ALL: [Self; 6] = [Self::Name, Self::Given, Self::Words, Self::Mail, Self::UserId, Self::SyncId];

    const fn column(self) -> &'static str {
        match self {
            Self::Name => "u.name_key",
            Self::Given => "u.given_key",
            Self::Words => "f.word",
            Self::Mail => "u.mail_key",
            Self::UserId => "u.id_key",
            Self::SyncId => "u.sync_key",
        }
    }

    /// What the key has to begin with; `None` where nothing can be found by it.
    fn prefix(self, search: &Search) -> Option<&str> {
        match self {
            Self::Name | Self::Given | Self::Words => search.name.as_deref(),
            Self::Mail => search.email.as_deref(),
            Self::UserId => search.user_id.as_deref(),
            Self::SyncId => search.sync_id.as_deref(),
        }
    }

    /// The condition that a user is not found by this key.
    fn is_missed(self, statement: &mut Statement, prefix: &str) -> String {
        let (begin, end) = (statement.text(prefix), statement.text(prefix_end(prefix)));
        match self {
            Self::Words => format!(
                " AND NOT EXISTS (SELECT 1 FROM user_words w WHERE w.project = u.project AND w.holder = u.id \
                 AND w.word >= {begin} AND w.word < {end})"
            ),
            other => format!(" AND NOT ({column} >= {begin} AND {column} < {end})", column = other.column()),
        }
    }
}

/// The range of a key behind a place.
fn range(statement: &mut Statement, key: Key, prefix: &str, after: Option<&UserPlace>) -> String {
    let column = key.column();
    let end = statement.text(prefix_end(prefix));
    let begin = statement.text(after.map_or(prefix, |place| &place.key));
    let id = statement.id(after.map_or(Uuid::nil(), |place| place.id));
    let once = if key == Key::Words {
        let first = statement.text(prefix);
        format!(
            " AND NOT EXISTS (SELECT 1 FROM user_words o WHERE o.project = f.project AND o.holder = f.holder \
             AND o.word >= {first} AND o.word < f.word)"
        )
    } else {
        String::new()
    };
    format!(" AND {column} < {end} AND ({column}, u.id) > ({begin}, {id}){once}")
}

/// One range of the index for each status, which stands before the name in it.
fn by_name(filter: &UserFilter, conditions: &str, scope: &Scope, at_most: &str) -> String {
    let Scope { project, now } = scope;
    let ranges: Vec<String> = stored(filter)
        .map(|status| {
            let (name, expiry) = (status.name(), expiry(filter, status, now));
            format!(
                "SELECT * FROM (SELECT {COLUMNS}, u.name_key AS place FROM users u WHERE u.project = {project} \
                 AND u.status = '{name}'{conditions}{expiry} ORDER BY u.name_key, u.id LIMIT {at_most}) s_{name}"
            )
        })
        .collect();
    let page = format!("{} ORDER BY place, id LIMIT {at_most}", ranges.join(" UNION ALL "));
    with_invitations(&page, "ORDER BY u.place, u.id", now)
}

fn by_key(key: Key, filter: &UserFilter, conditions: &str, scope: &Scope, at_most: &str) -> String {
    let Scope { project, now } = scope;
    let column = key.column();
    let from = match key {
        Key::Words => format!(
            "user_words f JOIN users u ON u.project = f.project AND u.id = f.holder WHERE f.project = {project}"
        ),
        _ => format!("users u WHERE u.project = {project}"),
    };
    let statuses: Vec<String> = stored(filter).map(|status| format!("'{}'", status.name())).collect();
    let statuses = statuses.join(", ");
    let expiry = match expiry(filter, UserStatus::Invited, now) {
        none if none.is_empty() => none,
        condition => format!(" AND (u.status <> 'invited' OR (1 = 1{condition}))"),
    };
    let page = format!(
        "SELECT {COLUMNS}, {column} AS place FROM {from}{conditions} AND u.status IN ({statuses}){expiry} \
         ORDER BY {column}, u.id LIMIT {at_most}"
    );
    with_invitations(&page, "ORDER BY u.place, u.id", now)
}
