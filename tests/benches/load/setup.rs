//! The installations that are measured, and how.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::service::http::{Client, Request};
use tests::service::postgres::{Durability, Postgres};
use tests::service::process::{Installation, Process};

use crate::bare;
use crate::cpu;
use crate::devices::{Device, text_member};
use crate::generator::{self, Window};
use crate::table::Row;

/// Windows of renewals; the figure is their median.
const WINDOWS: usize = 5;
/// People of the import that is measured.
const IMPORTED: usize = 10_000;

/// One installation.
pub(crate) struct Setup {
    /// As it is called on the command line.
    pub(crate) key: &'static str,
    /// As it is called in the table.
    pub(crate) name: &'static str,
    /// How many processes serve.
    processes: usize,
    /// Threads of each, if not as many as there are cores.
    threads: Option<u32>,
    is_postgres: bool,
}

/// All of them, in the order of the table.
pub(crate) const SETUPS: &[Setup] = &[
    Setup { key: "sqlite", name: "SQLite", processes: 1, threads: None, is_postgres: false },
    Setup {
        key: "postgres-one-thread",
        name: "PostgreSQL, one process of one thread",
        processes: 1,
        threads: Some(1),
        is_postgres: true,
    },
    Setup {
        key: "postgres-two-threads",
        name: "PostgreSQL, two processes of one thread",
        processes: 2,
        threads: Some(1),
        is_postgres: true,
    },
    Setup {
        key: "postgres",
        name: "PostgreSQL, one process",
        processes: 1,
        threads: None,
        is_postgres: true,
    },
    Setup {
        key: "postgres-two",
        name: "PostgreSQL, two processes",
        processes: 2,
        threads: None,
        is_postgres: true,
    },
];

impl Setup {
    /// Measures import, activation and renewal.
    pub(crate) fn measure(&self, devices: usize, window: Duration) -> Vec<Row> {
        let server = self.is_postgres.then(|| Postgres::start(Durability::Disk));
        let installation =
            server.as_ref().map_or_else(Installation::new, |server| Installation::on(&server.url()));
        let threads = self.threads.map(|threads| ("TOKIO_WORKER_THREADS", threads.to_string()));
        let managers: Vec<Process> =
            (0..self.processes).map(|_| installation.start_with(threads.as_slice())).collect();
        let addresses: Vec<SocketAddr> = managers.iter().map(|manager| manager.address).collect();
        let mut ids: Vec<u32> = managers.iter().map(Process::id).collect();
        ids.extend(server.as_ref().map(Postgres::id));
        let mut rows = Vec::new();

        let names: Vec<String> = (0..IMPORTED.max(devices)).map(|number| format!("{number:06}")).collect();
        let began = Instant::now();
        let users = installation.populate(addresses[0], &names);
        let import = Window { done: names.len() as u64, took: began.elapsed() };
        rows.push(Row::new(self.name, "users imported", &[import], &[]));

        let devices = invited(&installation, addresses[0], &users[..devices]);
        let activated = Mutex::new(HashMap::new());
        let activation = generator::once(&addresses, &devices, |device, body| {
            let id = text_member(body, "device_id").expect("a device").to_owned();
            activated.lock().unwrap().insert(std::ptr::from_ref(device) as usize, id);
        });
        rows.push(Row::new(self.name, "activations", &[activation], &[]));
        let activated = activated.into_inner().unwrap();
        let ids_of: Vec<String> =
            devices.iter().map(|device| activated[&(std::ptr::from_ref(device) as usize)].clone()).collect();
        let devices: Vec<Device> =
            devices.into_iter().zip(&ids_of).map(|(device, id)| device.renewing(id)).collect();

        generator::once(&addresses, &devices, |_, _| ());
        let (mut windows, mut bares) = (Vec::new(), vec![bare::rate()]);
        let cpu_of_all = || (cpu::of(&ids), cpu::own());
        let mut used = (Duration::ZERO, Duration::ZERO);
        for _ in 0..WINDOWS {
            let before = cpu_of_all();
            windows.push(generator::again_and_again(&addresses, &devices, window));
            let after = cpu_of_all();
            used.0 += after.0.saturating_sub(before.0);
            used.1 += after.1.saturating_sub(before.1);
            bares.push(bare::rate());
        }
        rows.push(Row::new(self.name, "renewals", &windows, &bares).with_cpu(used.0, used.1));
        rows
    }
}

/// Invites users; a device for each.
fn invited(installation: &Installation, manager: SocketAddr, users: &[String]) -> Vec<Device> {
    let (mut client, mut rng) = (Client::new(manager), StdRng::seed_from_u64(1));
    let mut invite = |user: &String| {
        let answer = client.send(&Request::invite(user, &installation.token)).unwrap().expect(201);
        Device::to_activate(&mut rng, &answer["code"].as_str().unwrap().replace('-', ""))
    };
    users.iter().map(&mut invite).collect()
}
