//! The manager, which serves HTTP on loopback from threads of its own.

use std::fmt::Write as _;
use std::io;

use anyhow::{Context, Result};
use manager::domain::{Actor, NewProject, ReaderId, User};
use manager::{Manager, NewReader, ServeOptions, Unlock};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::world::{Scratch, WorldClock, enrol};

/// For how long a credential is good; a phone renews it when a third of that is over.
const CREDENTIAL_LIFE_S: u32 = 3 * 86_400;

/// Users asked for at a time.
const PAGE: u32 = 500;

/// The number of the first user ID.
const FIRST_ID: usize = 1_000_001;

/// One manager and its database, which is in memory where that is possible.
pub(super) struct Site {
    runtime: Runtime,
    manager: Manager,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
    _directory: Scratch,
}

impl Site {
    /// Founds a project and serves it with so many threads.
    pub(super) fn open(clock: &WorldClock, threads: usize) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
            .context("the runtime does not start")?;
        let directory = Scratch::new()?;
        let home = directory.path().join("manager");
        let unlock = Unlock::KeyFile(directory.path().join("issuer.key"));
        let (stop, stopped) = oneshot::channel();
        let (manager, server) = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.context("no port on loopback")?;
            let project = NewProject {
                public_url: format!("http://{}", listener.local_addr()?),
                credential_life_s: CREDENTIAL_LIFE_S,
                ..NewProject::named("Load")
            };
            let (manager, _token) = Manager::init(home, &project, &unlock, clock.clone()).await?;
            // What comes due is done in the nights of virtual time.
            let options = ServeOptions { no_jobs: true, ..ServeOptions::default() };
            let serving = manager.clone();
            let server = tokio::spawn(async move {
                let stopped = async {
                    let _ = stopped.await;
                };
                serving.serve_with(listener, options, stopped).await
            });
            anyhow::Ok((manager, server))
        })?;
        Ok(Self { runtime, manager, stop, server, _directory: directory })
    }

    /// Imports so many people from one file; the users in the order of the file.
    pub(super) fn import(&self, people: usize) -> Result<Vec<User>> {
        let mut file = String::from("First name,Last name,E-mail address,ID\n");
        for id in (FIRST_ID..).take(people) {
            let _ = writeln!(file, "Person,{id},person.{id}@example.org,{id}");
        }
        self.runtime.block_on(async {
            let plan = self.manager.plan_import(file.into_bytes()).await?.summary;
            self.manager.apply_import(Actor::Operator, plan.id, false).await?;
            let mut users: Vec<User> = Vec::new();
            loop {
                let page = self.manager.users(users.last().map(|user| user.id), PAGE).await?;
                if page.is_empty() {
                    break;
                }
                users.extend(page);
            }
            users.sort_by(|one, other| one.person.user_id.cmp(&other.person.user_id));
            Ok(users)
        })
    }

    /// Invites somebody; the link.
    pub(super) fn invite(&self, user: Uuid) -> Result<String> {
        Ok(self.runtime.block_on(self.manager.invite(Actor::Operator, user))?.link)
    }

    /// Enrols a door: its number and its sealed configuration.
    pub(super) fn enrol(&self, new: NewReader) -> Result<(ReaderId, Vec<u8>)> {
        self.runtime.block_on(enrol(&self.manager, new))
    }

    /// What time it is, signed.
    pub(super) fn time_token(&self) -> Result<Vec<u8>> {
        Ok(self.runtime.block_on(self.manager.time_token())?.to_vec())
    }

    /// Somebody leaves; the version of the list that says so.
    pub(super) fn revoke(&self, user: Uuid) -> Result<u32> {
        Ok(self.runtime.block_on(self.manager.revoke_user(Actor::Operator, user))?.list_version)
    }

    /// Does what has come due.
    pub(super) fn work(&self) -> Result<()> {
        self.runtime.block_on(self.manager.run_due())?;
        Ok(())
    }

    /// Stops serving and closes the database.
    pub(super) fn close(self) -> Result<()> {
        let _ = self.stop.send(());
        self.runtime.block_on(async {
            self.server.await??;
            self.manager.close().await;
            Ok(())
        })
    }
}
