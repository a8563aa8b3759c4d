//! Which server of a cluster takes writes now.
//!
//! A replica that is promoted begins a new timeline. Of several servers that would take writes, the one of the newest
//! timeline is the primary, so that a former primary that comes back unannounced is not written to.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Error, PgConnection, query_as};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// For how long a server may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(3);
/// The timeline of a server that takes writes, as hexadecimal digits of the same number; nothing for any other.
const TIMELINE: &str = "SELECT CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean \
     THEN NULL ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END";

/// The server that takes writes, the first of those of the newest timeline; or why there is none.
pub(super) async fn primary(servers: &[PgConnectOptions]) -> Result<&PgConnectOptions, String> {
    let mut asking = JoinSet::new();
    for (place, server) in servers.iter().cloned().enumerate() {
        asking.spawn(async move {
            let said = timeout(PATIENCE, timeline(&server)).await;
            let answer = match said {
                Ok(Ok(Some(timeline))) => Ok(timeline),
                Ok(Ok(None)) => Err("takes no writes".to_owned()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            };
            (place, answer)
        });
    }
    let mut answers = asking.join_all().await;
    answers.sort_unstable_by_key(|(place, _)| *place);
    let mut newest: Option<(String, &PgConnectOptions)> = None;
    let mut reasons = Vec::new();
    for ((_, answer), server) in answers.into_iter().zip(servers) {
        match answer {
            Ok(timeline) if newest.as_ref().is_none_or(|(known, _)| *known < timeline) => {
                newest = Some((timeline, server));
            }
            Ok(_) => {}
            Err(reason) => reasons.push(format!("{}:{}: {reason}", server.get_host(), server.get_port())),
        }
    }
    newest.map(|(_, server)| server).ok_or_else(|| reasons.join("; "))
}

async fn timeline(server: &PgConnectOptions) -> Result<Option<String>, Error> {
    let mut connection = PgConnection::connect_with(server).await?;
    let (timeline,) = query_as(TIMELINE).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(timeline)
}
