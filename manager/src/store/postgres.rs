//! PostgreSQL, for more than one process and more than one machine.

mod primary;

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};

use super::location::DatabaseUrl;
use super::transaction::{Inner, Transaction};
use super::{PREPARED_STATEMENTS, StoreError, schema};
use primary::primary;

/// Batches that one process has under way at the same time, while other requests have connections left.
pub(super) const WRITERS: usize = 4;

/// Connections that one process has at most.
const CONNECTIONS: u32 = 16;
/// For how long a request waits at a time for a connection that others use or that is being made.
const ACQUIRE_PATIENCE: Duration = Duration::from_secs(2);
/// After what time a server that says nothing is given up.
const SILENCE: Duration = Duration::from_secs(6);
/// For how long a request waits in all for a server that takes writes and for a connection to it.
const FAILOVER_PATIENCE: Duration = Duration::from_secs(8);
/// Between two rounds of asking all servers.
const PAUSE: Duration = Duration::from_millis(250);

/// Connections to that server of a cluster that takes writes, whichever it is at the time.
#[derive(Clone, Debug)]
pub(super) struct Server(Arc<Cluster>);

#[derive(Debug)]
struct Cluster {
    servers: Vec<PgConnectOptions>,
    chosen: RwLock<Chosen>,
    /// When no server was found the last time, and why; held while servers are asked.
    choosing: Mutex<Option<(Instant, String)>>,
    is_closed: AtomicBool,
}

#[derive(Clone, Debug)]
struct Chosen {
    pool: PgPool,
    suspicion: Suspicion,
}

/// Whether the server that a transaction is on was lost or takes no writes any more, so that another has to be chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspicion(Arc<AtomicBool>);

impl Server {
    /// Connects to the database, which may be empty, and brings its tables up to date; one that was restored half-way is
    /// for the restoration only.
    pub(super) async fn open(url: &DatabaseUrl, may_be_unfinished: bool) -> Result<Self, StoreError> {
        let servers: Vec<PgConnectOptions> = url.servers.clone();
        let pool = match primary(&servers).await {
            Ok(server) => pool(server),
            Err(reasons) => return Err(StoreError::Unreachable(reasons)),
        };
        let (is_unfinished,): (bool,) =
            sqlx::query_as("SELECT to_regclass('unfinished_restoration') IS NOT NULL")
                .fetch_one(&pool)
                .await?;
        if is_unfinished && !may_be_unfinished {
            return Err(StoreError::Unfinished);
        }
        schema::postgres().run(&pool).await?;
        let chosen = RwLock::new(Chosen { pool, suspicion: Suspicion::default() });
        let cluster =
            Cluster { servers, chosen, choosing: Mutex::new(None), is_closed: AtomicBool::new(false) };
        Ok(Self(Arc::new(cluster)))
    }

    /// Each statement sees what was committed before it: who waited for a row finds its newest state.
    pub(super) async fn write(&self) -> Result<Transaction, StoreError> {
        self.0.begin("BEGIN ISOLATION LEVEL READ COMMITTED").await
    }

    /// All statements see the same state.
    pub(super) async fn read(&self) -> Result<Transaction, StoreError> {
        self.0.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await
    }

    /// The name of each pool, its connections, and those that nobody uses.
    pub(super) fn connections(&self) -> Vec<(&'static str, u32, usize)> {
        let pool = self.0.chosen().pool;
        vec![("all", pool.size(), pool.num_idle())]
    }

    pub(super) async fn close(&self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
        self.0.chosen().pool.close().await;
    }
}

impl Cluster {
    fn chosen(&self) -> Chosen {
        self.chosen.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins on the server that takes writes; looks for another one while there is none.
    async fn begin(&self, statement: &'static str) -> Result<Transaction, StoreError> {
        let began = Instant::now();
        loop {
            if self.is_closed.load(Ordering::SeqCst) {
                return Err(StoreError::Unavailable(sqlx::Error::PoolClosed));
            }
            let Chosen { pool, suspicion } = self.chosen();
            if !suspicion.is_raised() {
                let failed = match timeout(SILENCE, pool.begin_with(statement)).await {
                    Ok(Ok(tx)) => return Ok(Transaction::new(Inner::Postgres(tx, suspicion))),
                    Ok(Err(error)) => error,
                    Err(_) => sqlx::Error::Io(ErrorKind::TimedOut.into()),
                };
                // A pool that is not full tries to connect for all the time that it has.
                let is_full = matches!(failed, sqlx::Error::PoolTimedOut) && pool.size() >= CONNECTIONS;
                let failed = match suspicion.judge(failed) {
                    StoreError::Busy(error) if !is_full => {
                        suspicion.judge(sqlx::Error::Io(io::Error::other(error)))
                    }
                    other => other,
                };
                let is_over = began.elapsed() >= FAILOVER_PATIENCE;
                match failed {
                    StoreError::Busy(_) if !is_over => continue,
                    StoreError::Unavailable(_) if !is_over => {}
                    other => return Err(other),
                }
            }
            match self.choose(&suspicion).await {
                Ok(()) => {}
                Err(error) if began.elapsed() >= FAILOVER_PATIENCE => return Err(error),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Chooses a server anew, unless that was done since the suspicion was raised.
    async fn choose(&self, suspicion: &Suspicion) -> Result<(), StoreError> {
        let mut failed = self.choosing.lock().await;
        if !self.chosen().suspicion.is(suspicion) {
            return Ok(());
        }
        // Whoever waited meanwhile need not ask all servers again.
        if let Some((_, reasons)) = failed.as_ref().filter(|(at, _)| at.elapsed() < PAUSE) {
            return Err(StoreError::Unreachable(reasons.clone()));
        }
        match primary(&self.servers).await {
            Ok(server) => {
                tracing::warn!(
                    host = server.get_host(),
                    port = server.get_port(),
                    "connecting to the database anew"
                );
                let newer = Chosen { pool: pool(server), suspicion: Suspicion::default() };
                let mut chosen = self.chosen.write().unwrap_or_else(PoisonError::into_inner);
                let older = std::mem::replace(&mut *chosen, newer);
                tokio::spawn(async move { older.pool.close().await });
                *failed = None;
                Ok(())
            }
            Err(reasons) => {
                *failed = Some((Instant::now(), reasons.clone()));
                Err(StoreError::Unreachable(reasons))
            }
        }
    }
}

impl Suspicion {
    fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Sorts an error, and remembers what it says of the server.
    pub(super) fn judge(&self, error: sqlx::Error) -> StoreError {
        let error = StoreError::from(error);
        if matches!(error, StoreError::Unavailable(_)) {
            self.raise();
        }
        error
    }
}

fn pool(server: &PgConnectOptions) -> PgPool {
    let options = server.clone().statement_cache_capacity(PREPARED_STATEMENTS);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(ACQUIRE_PATIENCE);
    pool.connect_lazy_with(options)
}
