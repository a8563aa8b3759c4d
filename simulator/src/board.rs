//! A board at a serial line, for whoever looks after it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use credential::crypto::SoftwareSigner;
use indicatif::ProgressBar;
use reader_firmware::serial::{Check, DoorState, SelfTest, Status};
use reader_firmware::update::BoardName;
use serde_json::{Map, Value, json};

use crate::unit::{BoardUnit, DoorUnit, FIRMWARE, firmware};

/// What a board is asked for.
#[derive(Args, Clone, Debug)]
pub struct BoardArgs {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand, Clone, Debug)]
enum Question {
    /// What the board is and has.
    Status(At),
    /// Has it test flash, random source, P-256, clock, log and configuration; nothing that it holds changes.
    SelfTest(At),
    /// Prints the public key that the board has made, for `manager reader enrol`.
    PublicKey(At),
    /// Gives the board what a manager has written to files: the first configuration makes a door of it.
    Give(Giving),
    /// Makes a key that signs firmware, and prints its public half for the build of the firmware.
    FirmwareKey {
        /// The file for the private key, which must not be there yet.
        file: PathBuf,
    },
    /// Signs a firmware for updates.
    Sign(Signing),
    /// Sends a signed firmware: the board verifies it, starts anew with it, and keeps it once it has tested itself.
    Update {
        #[command(flatten)]
        at: At,
        /// The signed firmware.
        image: PathBuf,
    },
}

/// What is given.
#[derive(Args, Clone, Debug)]
struct Giving {
    #[command(flatten)]
    at: At,
    /// A sealed configuration, as `manager reader enrol --out` and `manager reader config` write it.
    #[arg(long, value_name = "FILE")]
    configuration: Option<PathBuf>,
    /// A signed revocation list.
    #[arg(long, value_name = "FILE")]
    revocation_list: Option<PathBuf>,
    /// A signed time token.
    #[arg(long, value_name = "FILE")]
    time_token: Option<PathBuf>,
}

/// What is signed.
#[derive(Args, Clone, Debug)]
struct Signing {
    /// The firmware, as the linker made it.
    elf: PathBuf,
    /// Its version: boards take none that is not higher than the highest that they ever confirmed.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    version: u32,
    /// The file with the firmware key.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The kind of board that it is for.
    #[arg(long, default_value = "qemu-mps2-an386", value_name = "NAME")]
    board: String,
    /// Where the signed firmware goes.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Where a board is.
#[derive(Args, Clone, Debug)]
struct At {
    /// The path of a serial device, or the directory of a `simulator door --board qemu` that is not running.
    at: PathBuf,

    /// The firmware for the emulated board.
    #[arg(long, value_name = "FILE", default_value = FIRMWARE, hide_default_value = true)]
    firmware: PathBuf,

    /// JSON, for programs.
    #[arg(long)]
    json: bool,
}

/// Asks; says whether the board is sound.
///
/// # Errors
/// When the board does not answer, or nothing can be written.
pub fn run(args: &BoardArgs) -> Result<bool> {
    match &args.question {
        Question::Status(at) => {
            let status = at.board()?.board_status()?;
            at.say(&told(&status))?;
            Ok(true)
        }
        Question::SelfTest(at) => {
            let found = at.board()?.self_test()?;
            at.say(&checks(&found))?;
            Ok(found.is_sound())
        }
        Question::PublicKey(at) => {
            let key = firmware::hexadecimal(&at.board()?.public_key()?.0);
            at.say(&[("public_key".to_owned(), json!(key))].into_iter().collect())?;
            Ok(true)
        }
        Question::Give(giving) => give(giving),
        Question::FirmwareKey { file } => {
            let (signer, scalar) = SoftwareSigner::generate(&mut rand::rng())?;
            write_new_key(file, &firmware::hexadecimal(scalar.expose()))?;
            print(&firmware::public(&signer))?;
            Ok(true)
        }
        Question::Sign(signing) => {
            let board = BoardName::new(&signing.board).context("a board's name has 1 to 16 characters")?;
            let signer = firmware::key(&signing.key)?;
            let image = firmware::signed(firmware::flat(&signing.elf)?, board, signing.version, &signer)?;
            fs::write(&signing.out, &image)
                .with_context(|| format!("cannot write {}", signing.out.display()))?;
            print(&format!("{} octets, version {}, for {board}", image.len(), signing.version))?;
            Ok(true)
        }
        Question::Update { at, image } => update(at, &read(image)?),
    }
}

/// Hands over files, the configuration first: the others are believed by its keys.
fn give(giving: &Giving) -> Result<bool> {
    let mut board = giving.at.board()?;
    if let Some(file) = &giving.configuration {
        board.configure(&read(file)?)?;
    }
    if let Some(file) = &giving.time_token {
        board.take_time_token(&read(file)?)?;
    }
    if let Some(file) = &giving.revocation_list {
        let _version = board.take_revocation_list(&read(file)?)?;
    }
    giving.at.say(&told(&board.board_status()?))?;
    Ok(true)
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Sends a firmware and says what runs afterwards; `false` if the board has gone back to the one before.
fn update(at: &At, image: &[u8]) -> Result<bool> {
    let (header, ..) = firmware::split(image)?;
    let mut board = at.board()?;
    let bar = if at.json { ProgressBar::hidden() } else { ProgressBar::new(header.octets.into()) };
    board.update(image, &mut |sent| bar.set_position(u64::try_from(sent).unwrap_or(u64::MAX)))?;
    bar.finish_and_clear();
    let (running, confirmed) = board.board_status()?.firmware;
    let said = [("running", json!(running)), ("newest_confirmed", json!(confirmed))];
    at.say(&said.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())?;
    Ok(running == header.version && confirmed == header.version)
}

fn write_new_key(file: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let opened = options.open(file).with_context(|| format!("cannot make {}", file.display()))?;
    writeln!(&opened, "{text}").context("cannot write the key")
}

fn print(line: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{line}")?)
}

impl At {
    fn board(&self) -> Result<BoardUnit> {
        if self.at.is_dir() {
            BoardUnit::qemu(&self.firmware, &flash_of(&self.at))
        } else {
            BoardUnit::serial(&self.at)
        }
    }

    fn say(&self, said: &Map<String, Value>) -> Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            writeln!(out, "{}", Value::from(said.clone()))?;
            return Ok(());
        }
        for (name, value) in said {
            let name = name.replace('_', " ");
            match value {
                Value::String(text) => writeln!(out, "{name}: {text}")?,
                other => writeln!(out, "{name}: {other}")?,
            }
        }
        Ok(())
    }
}

/// The flash image of a door on the emulated board.
fn flash_of(dir: &Path) -> PathBuf {
    dir.join("flash")
}

fn told(status: &Status) -> Map<String, Value> {
    let (state, reader, configuration) = match status.state {
        DoorState::Unseeded => ("waits for its seed", None, None),
        DoorState::Keyed { .. } => ("not enrolled", None, None),
        DoorState::Enrolled { reader, configuration_version, .. } => {
            ("enrolled", Some(reader), Some(configuration_version))
        }
    };
    let events = status.log.1.saturating_sub(status.log.0);
    let pairs = [
        ("state", json!(state)),
        ("reader", json!(reader)),
        ("configuration", json!(configuration)),
        ("revocation_list", json!(status.list_version)),
        ("time", json!((status.time > 0).then_some(status.time))),
        ("events_held", json!(events)),
        ("damaged_frames", json!(status.damaged)),
        ("pages_erased", json!(status.erases)),
        ("firmware", json!(status.firmware.0)),
        ("newest_firmware", json!(status.firmware.1)),
        ("flash_octets", json!(status.footprint.flash_octets)),
        ("static_octets", json!(status.footprint.static_octets)),
        ("stack_octets", json!(status.footprint.stack_octets)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn checks(found: &SelfTest) -> Map<String, Value> {
    let word = |check| match check {
        Check::Passed => "passed",
        Check::Failed => "failed",
        Check::Absent => "not there",
    };
    found.checks().into_iter().map(|(name, check)| (name.replace(' ', "_"), json!(word(check)))).collect()
}
