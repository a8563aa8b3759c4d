//! The lab: a street of doors and a rack of phones on one page, where a tap is watched message by message.
//!
//! Everything that is done there is a step of a scenario, which can be saved and run from the command line.

mod building;
mod keeper;
mod lamp;
mod library;
mod script;
mod server;
mod view;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

use building::refused;
use keeper::Keeper;
use script::Script;

/// Where the lab is, unless something else is there already.
const PORT: u16 = 8_470;

/// How much slower than in the world a tap is shown at first: a tap takes a second or two.
const SLOWNESS: u32 = 20;

/// How the lab begins.
#[derive(Args, Clone, Debug, Default)]
pub struct LabArgs {
    /// A scenario to begin with, whose steps are done at once; without one, a street with three people.
    #[arg(value_name = "FILE")]
    scenario: Option<PathBuf>,

    /// The port of the page, on this machine only; 0 for any that is free [default: 8470, or any if that is taken].
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

/// Serves the lab until the program is ended.
///
/// # Errors
/// When the scenario is wrong, or the port is taken.
pub fn run(args: &LabArgs) -> Result<()> {
    let text = match &args.scenario {
        Some(file) => {
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?
        }
        None => library::STREET.to_owned(),
    };
    let script = Script::parse(&text).map_err(refused)?;
    let (keeper, building) = Keeper::start(script, SLOWNESS)?;
    let runtime = Builder::new_current_thread().enable_all().build().context("the runtime does not start")?;
    let served = runtime.block_on(async {
        let listener = listen(args.port).await?;
        let address = listener.local_addr()?;
        println!("The lab is at http://{address}/ until you end it with Ctrl-C.");
        tokio::select! {
            served = axum::serve(listener, server::router(keeper)) => served.context("the lab has ended"),
            () = manager::stop_signal() => Ok(()),
        }
    });
    // Pages that still listen are let go, so that nobody can ask the building any more: it puts its things away.
    drop(runtime);
    if building.join().is_err() {
        bail!("the building has come down");
    }
    served
}

async fn listen(port: Option<u16>) -> Result<TcpListener> {
    let at = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    match port {
        Some(port) => {
            at(port).await.with_context(|| format!("port {port} is taken; choose another with --port"))
        }
        None => match at(PORT).await {
            Ok(listener) => Ok(listener),
            Err(_) => at(0).await.context("no port is free"),
        },
    }
}
