//! Several servers of one cluster: which of them takes writes now.
//!
//! A replica that is promoted begins a new timeline. Of several servers that would take writes, the one of the newest
//! timeline is the primary, so that a former primary that comes back unannounced is not written to.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Error, PgConnection, PgPool, query_scalar};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// How often the primary is asked whether it still is one.
const LOOK: Duration = Duration::from_millis(500);
/// For how long a manager that starts waits for a primary.
const START: Duration = Duration::from_secs(30);
/// For how long a server may take to say what it is.
const PATIENCE: Duration = Duration::from_secs(2);
/// The timeline of a primary, as hexadecimal digits of the same number; nothing for a replica.
const TIMELINE: &str = "SELECT CASE WHEN pg_is_in_recovery() THEN NULL \
     ELSE substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END";

/// The servers of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Cluster {
    servers: Arc<[PgConnectOptions]>,
    /// Since when the primary is the one that it is now.
    since: Arc<Mutex<Option<Instant>>>,
}

/// A server that takes writes, and a connection over which it is asked whether it still does.
pub(super) struct Primary {
    pub(super) options: PgConnectOptions,
    connection: PgConnection,
}

impl Cluster {
    pub(super) fn new(servers: impl IntoIterator<Item = PgConnectOptions>) -> Self {
        Self { servers: servers.into_iter().collect(), since: Arc::default() }
    }

    /// The server that takes writes; one that is about to is waited for.
    ///
    /// # Errors
    /// What the last server said that could not be asked, if none takes writes.
    pub(super) async fn await_primary(&self) -> Result<Primary, Error> {
        let began = Instant::now();
        loop {
            match self.primary().await {
                Err(error) if is_passing(&error) && began.elapsed() < START => sleep(LOOK).await,
                found => return found,
            }
        }
    }

    async fn primary(&self) -> Result<Primary, Error> {
        let mut newest: Option<(String, Primary)> = None;
        let mut failure = Error::Io(io::Error::new(ErrorKind::ConnectionRefused, "all servers are replicas"));
        for options in self.servers.iter() {
            match asked(options).await {
                Ok(Some((timeline, primary))) => {
                    if newest.as_ref().is_none_or(|(known, _)| *known < timeline) {
                        newest = Some((timeline, primary));
                    }
                }
                Ok(None) => {}
                Err(error) => failure = error,
            }
        }
        newest.map(|(_, primary)| primary).ok_or(failure)
    }

    /// Whether a connection of this age was made to the server that is the primary now.
    pub(super) fn is_current(&self, age: Duration) -> bool {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_none_or(|since| age < since.elapsed())
    }

    /// Looks after the primary, and leads the pool to another one when it fails; ends with the pool.
    pub(super) async fn follow(self, pool: PgPool, primary: Primary) {
        let mut primary = Some(primary);
        let mut due = interval(LOOK);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = pool.close_event() => return,
                _ = due.tick() => {}
            }
            if let Some(current) = &mut primary {
                if timeout(PATIENCE, timeline(&mut current.connection))
                    .await
                    .is_ok_and(|said| matches!(said, Ok(Some(_))))
                {
                    continue;
                }
                tracing::warn!(server = %shown(&current.options), "the primary of the database does not answer");
                primary = None;
            }
            if let Ok(found) = self.primary().await {
                tracing::warn!(server = %shown(&found.options), "writing to this server of the database from now on");
                pool.set_connect_options(found.options.clone());
                *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                primary = Some(found);
            }
        }
    }
}

/// Whether a server may be starting, or a replica about to be promoted.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Asks a server over a new connection; nothing if it is a replica.
async fn asked(options: &PgConnectOptions) -> Result<Option<(String, Primary)>, Error> {
    let ask = async {
        let mut connection = PgConnection::connect_with(options).await?;
        let timeline = timeline(&mut connection).await?;
        Ok(timeline.map(|timeline| (timeline, Primary { options: options.clone(), connection })))
    };
    timeout(PATIENCE, ask).await.unwrap_or(Err(Error::PoolTimedOut))
}

async fn timeline(connection: &mut PgConnection) -> Result<Option<String>, Error> {
    query_scalar(TIMELINE).fetch_one(connection).await
}

/// A server without user and password.
fn shown(options: &PgConnectOptions) -> String {
    format!("{}:{}", options.get_host(), options.get_port())
}
