//! A phone without an app: the wallet of the SDK on a command line.

mod arguments;
#[cfg(feature = "ble")]
mod ble;
mod cards;
mod holder;
mod id_card;
mod output;
mod picture;
mod present;
mod stream;
mod virtual_card;

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use phone_sdk::port::TlsClient;
use phone_sdk::{DeviceLabel, Ports, Wallet};

use arguments::{Arguments, CardCommand, Command};
use output::Ended;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.json;
    match run(arguments) {
        Ok(ended) => ended.exit_code(),
        Err(error) => output::error(json, &error),
    }
}

fn run(arguments: Arguments) -> anyhow::Result<Ended> {
    let wallet = open(&arguments)?;
    let json = arguments.json;
    match arguments.command {
        Command::Activate(activate) => cards::activate(&wallet, &activate, json),
        Command::Cards(shown) => cards::list(&wallet, &shown, json),
        Command::Card(CardCommand::Show(shown)) => picture::show(&wallet, &shown, json),
        Command::Renew(renew) => cards::renew(&wallet, &renew, json),
        Command::Prefer(prefer) => cards::prefer(&wallet, &prefer, json),
        Command::Remove(remove) => cards::remove(&wallet, &remove, json),
        Command::Reset(reset) => cards::reset(&wallet, &reset, json),
        Command::Present(present) => present::present(&wallet, &present, json),
        #[cfg(feature = "ble")]
        Command::Readers(readers) => present::readers(&wallet, &readers, json),
    }
}

fn open(arguments: &Arguments) -> anyhow::Result<Wallet> {
    let directory = match &arguments.wallet {
        Some(directory) => directory.clone(),
        None => default_directory().context("there is no home directory; say where with --wallet DIR")?,
    };
    let cannot = || format!("cannot open the wallet in {}", directory.display());
    let ports = Ports::desktop(&directory, Arc::new(TlsClient::new()))
        .map_err(phone_sdk::Error::from)
        .with_context(cannot)?;
    let label = DeviceLabel { name: arguments.name.clone(), platform: std::env::consts::OS.to_owned() };
    Wallet::open(ports, label).with_context(cannot)
}

/// Where programs of this system keep what is theirs.
fn default_directory() -> io::Result<std::path::PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(std::path::PathBuf::from);
    let data = set("XDG_DATA_HOME").or_else(|| set("LOCALAPPDATA"));
    let data = data.or_else(|| std::env::home_dir().map(|home| home.join(".local/share")));
    data.map(|data| data.join("ostiary/phone")).ok_or_else(|| io::ErrorKind::NotFound.into())
}
