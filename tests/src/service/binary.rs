//! Where the manager's command is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Names another command than the one that belongs to this build.
const COMMAND: &str = "OSTIARY_MANAGER";

/// The manager's command, built with the profile of whoever asks.
///
/// # Panics
/// When it does not build.
pub fn manager() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| env::var_os(COMMAND).map_or_else(build, PathBuf::from))
}

/// A test may be run without the command having been built, or having been built from other sources.
fn build() -> PathBuf {
    let this = env::current_exe().unwrap();
    let profile_dir = this.ancestors().nth(2).unwrap();
    let profile = match profile_dir.file_name().unwrap().to_str().unwrap() {
        "debug" => "dev",
        other => other,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // Both packages together, so that their libraries are built once for both.
    command.args(["build", "--quiet", "--package", "manager", "--package", env!("CARGO_PKG_NAME")]);
    command.args(["--bin", "manager", "--profile", profile]);
    command.arg("--manifest-path").arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"));
    command.arg("--target-dir").arg(profile_dir.parent().unwrap());
    assert!(command.status().unwrap().success(), "the manager does not build");
    profile_dir.join("manager").with_extension(env::consts::EXE_EXTENSION)
}
