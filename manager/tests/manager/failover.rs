//! Several addresses of one PostgreSQL: the manager moves on when the one that it uses is lost.
//!
//! Each address is a door of its own to the same server, which a test can shut.

use std::sync::Arc;

use manager::clock::ManualClock;
use manager::domain::NewProject;
use manager::{Home, Manager, Unlock};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::database::TestDatabase;
use crate::support::START;

/// A way to the server that can be shut, for connections under way too.
struct Door {
    address: String,
    shut: watch::Sender<bool>,
}

impl Door {
    async fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (shut, mut is_shut) = watch::channel(false);
        tokio::spawn(async move {
            loop {
                let mut told = is_shut.clone();
                let (mut client, _) = tokio::select! {
                    _ = is_shut.wait_for(|shut| *shut) => return,
                    accepted = listener.accept() => accepted.unwrap(),
                };
                let server = server.clone();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    tokio::select! {
                        _ = told.wait_for(|shut| *shut) => {}
                        _ = copy_bidirectional(&mut client, &mut server) => {}
                    }
                });
            }
        });
        Self { address, shut }
    }

    fn shut(&self) {
        self.shut.send_replace(true);
    }
}

#[tokio::test]
async fn a_lost_server_is_replaced_by_the_next_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let database = TestDatabase::empty(dir.path()).await;
    let Some((server, url)) = database.server_and_url() else { return };
    let (first, second) = (Door::to(server.clone()).await, Door::to(server.clone()).await);
    let through = |door: &Door| url.replacen(&server, &door.address, 1);
    let both = format!("{},{}", through(&first), through(&second)).parse().unwrap();
    let home = Home::from(dir.path()).with_database(Some(both));
    let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
    let clock = Arc::new(ManualClock::new(START));
    let (manager, token) = Manager::init(home, &NewProject::named("Works"), &unlock, clock).await.unwrap();

    first.shut();
    manager.authorize(&token).await.unwrap();
    manager.keep_up().await.unwrap();

    second.shut();
    let lost = manager.keep_up().await.unwrap_err().to_string();
    assert!(lost.starts_with("no server of the database takes writes: 127.0.0.1:"), "{lost}");
    manager.close().await;
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named_without_its_password() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("postgres://somebody:secret@{address}/doors").parse().unwrap();
    let home = Home::from(dir.path()).with_database(Some(url));
    let unlock = Unlock::KeyFile(dir.path().join("unlock.key"));
    let failed = Manager::open(home, &unlock, ManualClock::new(START)).await.unwrap_err().to_string();
    assert!(failed.contains(&address.to_string()) && failed.contains("refused"), "{failed}");
    assert!(!failed.contains("secret") && !failed.contains("somebody"), "{failed}");
}
